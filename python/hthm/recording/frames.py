"""Frames of velocities, whichever way they were recorded, for all that reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from hthm import checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.collision_log import LogArrays
from hthm.trajectories import Trajectories

_DISKS_AT_A_TIME: Final = 2**20
"""Disks of a block that is made of a log: 16 MB, two runs of the paper."""


class Frames:
    """Frames, numbered through all runs: frame k of run r is number r·frames + k.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, or Trajectories
        Box sides per unit time. Neither copied nor looked through for what is not finite.

    Attributes
    ----------
    recorded : (frames, n, 2) float64, or LogArrays
        Where they are: a view of the array, or the log.
    leading : tuple of int
        Shape of one value a frame: the axes before (n, 2), and (runs, frames) of Trajectories.
    n : int
        Disks of a frame.

    Raises
    ------
    TypeError, ValueError
        If an array has another dtype, shape or order.
    AttributeError
        If Trajectories have no velocities.
    """

    recorded: FloatArray | LogArrays
    leading: tuple[int, ...]
    n: int

    def __init__(self, velocities: FloatArray | Trajectories) -> None:
        if isinstance(velocities, Trajectories) and velocities.recording == "log":
            self.recorded = velocities.log_arrays
            self.leading, self.n = (velocities.runs, velocities.frames), velocities.initial.n
            return
        array = velocities.velocities if isinstance(velocities, Trajectories) else velocities
        checks.array("velocities", array, dtype=np.float64, shape=("...", "n", 2), finite=False)
        *leading, self.n, _ = array.shape
        self.leading = tuple(leading)
        self.recorded = array.reshape(len(self), self.n, 2)

    def __len__(self) -> int:
        return math.prod(self.leading)

    def take(self, numbers: IntArray, *, threads: int | None = None) -> FloatArray:
        """Return a copy of the frames with these numbers, (len(numbers), n, 2).

        Raises
        ------
        IndexError, ValueError
            If there is no such frame.
        """
        if not isinstance(self.recorded, LogArrays):
            return self.recorded[numbers]
        taken = np.empty((len(numbers), self.n, 2))
        self.recorded.frames(numbers, taken, threads=threads)
        return taken

    def chunks(self, count: int) -> Iterator[tuple[int, FloatArray]]:
        """Go through all frames, at most `count` at a time, the same ones from either recording.

        Yields
        ------
        int
            Number of the first frame of the chunk.
        (count, n, 2) float64
            The frames: a view of the array, or of a block that the next ones overwrite.
        """
        if not isinstance(self.recorded, LogArrays):
            for first in range(0, len(self), count):
                yield first, self.recorded[first : first + count]
            return
        at_a_time = count * max(1, _DISKS_AT_A_TIME // (count * self.n))
        block = np.empty((min(at_a_time, len(self)), self.n, 2))
        for first in range(0, len(self), at_a_time):
            numbers = np.arange(first, min(first + at_a_time, len(self)), dtype=np.int64)
            frames = block[: len(numbers)]
            self.recorded.frames(numbers, frames)
            for k in range(0, len(frames), count):
                yield first + k, frames[k : k + count]


def start_speed(velocities: FloatArray | Trajectories, speed: float | None) -> float:
    """Return s0: the one that is given, or that of the gas of Trajectories.

    Raises
    ------
    TypeError
        If an array comes without.
    """
    if speed is not None:
        return speed
    if isinstance(velocities, Trajectories):
        return velocities.gas.speed
    raise TypeError("speed: must be given with an array of velocities. It is the gas's: speed=gas.speed.")
