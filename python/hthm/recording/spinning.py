"""Spins of what was simulated, whichever way they were recorded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from hthm import checks

if TYPE_CHECKING:
    from hthm.arrays import FloatArray, IntArray
    from hthm.gas import State
    from hthm.recording.collision_log import CollisionLog

_TOGETHER: Final = 16
"""Runs whose log is read at a time, where it is in a store."""


class Spinning(ABC):
    """What `hthm.trajectories.Trajectories` say of the spins of disks that have them."""

    initial: State
    collisions: IntArray
    _spins: FloatArray | None

    @property
    @abstractmethod
    def recording(self) -> str:
        """What was recorded."""

    @property
    @abstractmethod
    def log(self) -> CollisionLog:
        """Collisions of all runs."""

    @abstractmethod
    def __getitem__(self, runs: slice) -> Self: ...

    @property
    def spins(self) -> FloatArray:
        """Spins after each frame, (runs, frames, n) float64, radians per unit time: no copy.

        Raises
        ------
        AttributeError
            If disks have none, they were not recorded, or as a log, from which only `dense_spins` makes an array.
        """
        self._check_spins()
        if self._spins is None:
            raise AttributeError(
                "spins: were recorded as a log. Make the array with dense_spins(), or simulate with "
                "record='velocities'."
            )
        return self._spins

    def dense_spins(self) -> FloatArray:
        """Spins after each frame as an array, whichever way they were recorded.

        Returns
        -------
        (runs, frames, n) float64
            Made anew from a log, the same bits that ``record="velocities"`` would have recorded; `spins` itself where
            there is one.

        Raises
        ------
        AttributeError
            If disks have none, or neither was recorded.
        MemoryError
            If the array does not fit into the available memory.
        """
        self._check_spins()
        if self._spins is not None:
            return self._spins
        runs, frames = self.collisions.shape
        checks.memory("dense_spins", runs * frames * self.initial.n * 8, "Take fewer runs at a time: traj[:10].")
        spins = np.empty((runs, frames, self.initial.n))
        for first in range(0, runs, _TOGETHER):
            of_part = slice(first, min(runs, first + _TOGETHER))
            _fill(spins[of_part], self[of_part])
        return spins

    def run_spins(self, run: int) -> FloatArray:
        """Spins of a run at its start and after each frame, (frames + 1, n) float64, of either recording.

        Raises
        ------
        TypeError, ValueError
            If there is no such run.
        AttributeError
            If disks have none, or neither was recorded.
        """
        run = checks.integer("run", run, least=0, most=len(self.collisions) - 1)
        part = self[run : run + 1]
        after = part.dense_spins()[0]
        return np.concatenate([part.initial.spins, after])

    def _check_spins(self) -> None:
        if self.initial.spins is None:
            raise AttributeError("spins: these disks have none. Simulate a gas of rule=RoughDisks().")
        if self._spins is None and self.recording != "log":
            raise AttributeError("spins: were not recorded. Simulate with record='velocities' or 'log'.")


def _fill(spins: FloatArray, part: Spinning) -> None:
    """Replay the log of some runs."""
    start, log = part.initial.spins, part.log
    for run, of_run in enumerate(spins):
        now = start[run].copy()  # type: ignore[index]  # there are some
        for frame, to in enumerate(of_run):
            rows = slice(*log.frame_offsets[run, frame : frame + 2])
            now[log.pairs[rows].ravel()] = log.spins[rows].ravel()  # type: ignore[index]  # of several, the last stays
            to[:] = now
