"""Frames of velocities, wherever they are: what reads them asks for this and no more."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hthm import _core, checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.disk_function import DiskFunction
from hthm.reprs import one_line

Steps: TypeAlias = Literal["frames", "collisions"]
"""What a run goes by: from frame to frame, or from collision to collision."""

MOST_COMPONENTS: Final = 256
"""Of a disk's state, for networks: more are frames in the place of disks."""

_DISKS_AT_A_TIME: Final = 2**20
"""Disks of a block that is read: 16 MB, two runs of the paper."""


class RunChanges(NamedTuple):
    """A run as its first state and what changes then, in the order in which it does.

    Attributes
    ----------
    first : (n, 2) float64
        Velocities of the first state.
    disks : (changes,) whole numbers
        Which disk changes.
    velocities : (changes, 2) float64
        Its velocity from then on.
    step : (changes,) int64
        In which step it happens, never in descending order.
    steps : int
        How many steps there are: frames after the first, or collisions.
    """

    first: FloatArray
    disks: IntArray | NDArray[np.int32]
    velocities: FloatArray
    step: IntArray
    steps: int

    def __repr__(self) -> str:
        return one_line("RunChanges", zip(self._fields, self, strict=True))


@runtime_checkable
class Frames(Protocol):
    """Frames of velocities, numbered through all runs: frame k of run r is number r·frames + k.

    A class of your own has `leading`, `n` and `read`. All else follows from them, a block of frames at a time, and is
    only there to be written anew where a recording knows a faster way. Nothing that reads frames needs all of them at
    once, but for `pair_loss`.

    Attributes
    ----------
    leading : tuple of int
        Shape of one value a frame: the axes of an array before (n, 2), and (runs, frames) of a simulation.
    n : int
        Disks of a frame.
    speed : float or None
        s0 of the gas, box sides per unit time, where it is known.

    Examples
    --------
    >>> import numpy as np
    >>> import hthm
    >>> class AtRest(Frames):
    ...     leading, n = (3, 5), 10
    ...     def read(self, numbers, out, *, threads=None):
    ...         out[:] = 0
    >>> hthm.speed_counts(AtRest(), speed=1.0, bins=4)[2, 4]
    array([10,  0,  0,  0])
    """

    leading: tuple[int, ...]
    n: int
    speed: float | None = None

    @abstractmethod
    def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:
        """Write the frames with these numbers to memory.

        Parameters
        ----------
        numbers : (count,) int64
            Frames wanted, in any order, and none that is not there.
        out : (count, n, 2) float64, C order
            Where they go: all of it is written. Box sides per unit time.
        threads : int, optional
            As many as `hthm.machine.default_threads` finds granted unless given.

        Raises
        ------
        OSError, ValueError
            If they cannot be read, or what is there are no velocities.
        """

    def __len__(self) -> int:
        return math.prod(self.leading)

    def take(self, numbers: IntArray, *, threads: int | None = None) -> FloatArray:
        """Return a copy of the frames with these numbers, (len(numbers), n, 2).

        Raises
        ------
        IndexError
            If there is no such frame.
        """
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(self):
            wrong = numbers[(numbers < 0) | (numbers >= len(self))][0]
            raise IndexError(f"numbers: must be those of the {len(self)} frames, counted from 0, got {wrong}.")
        taken = np.empty((len(numbers), self.n, components_of(self)))
        self.read(numbers, taken, threads=threads)
        return taken

    def keep(self) -> None:
        """Get ready to be read in random order, over and over, as a training in plain torch does.

        Raises
        ------
        MemoryError
            If that would mean to read again and again from a slow place, and the frames do not fit into memory.
        """
        return  # what is in memory is ready

    def chunks(self, count: int) -> Iterator[tuple[int, FloatArray]]:
        """Go through all frames, `count` at a time and what is left at the end: the same chunks of any recording.

        Yields
        ------
        int
            Number of the first frame of the chunk.
        (count, n, 2) float64, C order
            The frames, to look at: the next ones may overwrite them.
        """
        at_a_time = count * max(1, _DISKS_AT_A_TIME // (count * self.n))
        block = np.empty((min(at_a_time, len(self)), self.n, components_of(self)))
        for first in range(0, len(self), at_a_time):
            numbers = np.arange(first, min(first + at_a_time, len(self)), dtype=np.int64)
            frames = block[: len(numbers)]
            self.read(numbers, frames)
            for k in range(0, len(frames), count):
                yield first + k, frames[k : k + count]

    def stored(self) -> Iterator[tuple[FloatArray, str]]:
        """Go through every velocity that there is, piece by piece: whoever cannot use some of them looks here.

        Yields
        ------
        array of float64, C order
            Of any shape.
        str
            What they are part of, for a message.
        """
        for first, chunk in _blocks(self):
            yield chunk, numbered(first, chunk)

    def speed_counts(self, edges: FloatArray, *, threads: int) -> IntArray:
        """Count the speeds between edges (bins + 1,) by numpy's rule, (len(self), bins); see `hthm.speed_counts`."""
        counts = np.empty((len(self), len(edges) - 1), dtype=np.int64)
        for first, chunk in _blocks(self):
            counts[first : first + len(chunk)] = _core.speed_counts(chunk, edges, threads)
        return counts

    def speed_h(
        self, edges: FloatArray, *, threads: int, terms: FloatArray | None = None
    ) -> tuple[FloatArray, IntArray]:
        """H of the speeds in these bins, and how many disks they leave out; see `hthm.speed_h`.

        Parameters
        ----------
        edges : (bins + 1,) float64
            Of the bins.
        threads : int
            As many as may be busy.
        terms : (n + 1,) float64, optional
            What a bin of 0 … n disks adds, to correct the bias of c ln c.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
            Nats, and disks out of range.
        """
        h, dropped = np.empty(len(self)), np.empty(len(self), dtype=np.int64)
        for first, chunk in _blocks(self):
            part = slice(first, first + len(chunk))
            h[part], dropped[part] = _core.speed_h(chunk, edges, terms, threads)
        return h, dropped

    def velocity_h(
        self,
        temperatures: FloatArray | None,
        bins: int,
        reach: float,
        *,
        threads: int,
        terms: FloatArray | None = None,
    ) -> tuple[FloatArray, IntArray]:
        """H of the velocities, and how many disks it leaves out; see `hthm.velocity_h`.

        Parameters
        ----------
        temperatures : (len(self),) float64, or None
            Temperature that sets the range of each frame; its own unless given.
        bins : int
            Of a component.
        reach : float
            Range of the bins either way, in thermal speeds.
        threads, terms
            As `speed_h` takes them.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
            Nats, and disks out of range.
        """
        h, dropped = np.empty(len(self)), np.empty(len(self), dtype=np.int64)
        for first, chunk in _blocks(self):
            part = slice(first, first + len(chunk))
            given = None if temperatures is None else temperatures[part]
            h[part], dropped[part] = _core.velocity_h(chunk, given, bins, reach, terms, threads)
        return h, dropped

    def disk_sums(self, of: DiskFunction, disks: int) -> Iterator[tuple[int, FloatArray]]:
        """Sum a function of the velocity over the disks of every frame, in order.

        Parameters
        ----------
        of : DiskFunction
            Its `sums` are asked for, or its `log_sums` by a recording that knows what changes.
        disks : int
            So many go into a call of `sums`, or else those of one frame.

        Yields
        ------
        int
            Number of the first frame.
        (count, features) float64
            The sums, to rounding the same of any recording.
        """
        for first, chunk in self.chunks(max(1, disks // self.n)):
            yield first, of.sums(chunk, numbered(first, chunk))

    def changes(self, run: int, steps: Steps) -> RunChanges:
        """Return a run of (runs, frames) as what changes.

        Parameters
        ----------
        run : int
            Its number.
        steps : {"frames", "collisions"}
            Frames begin with the first frame; collisions begin with the start of the run.

        Raises
        ------
        ValueError
            If collisions are asked of a recording that does not know them.
        """
        frames = self.leading[-1]
        return changes_of(self.take(np.arange(run * frames, (run + 1) * frames, dtype=np.int64)), steps)

    def pair_loss(self, threads: int) -> _core.PairLoss:
        """Return the compiled kernel's store of the pairs of consecutive frames, of (runs, frames).

        The kernel encodes an array, or a log, of all runs, and knows no other source: without a way of its own a
        recording is read into memory whole. What it asks of one that lies in several parts is the start of every run
        and, run by run, which disks change from frame to frame and to what: `changes` has it.

        Raises
        ------
        MemoryError
            If the frames do not fit into the available memory.
        """
        advice = "Train on a log, or with the backend 'torch', which reads a batch at a time."
        checks.memory("train", len(self) * self.n * 16, advice)
        everything = np.empty((*self.leading, self.n, 2))
        numbers = np.arange(len(self), dtype=np.int64)
        self.read(numbers, everything.reshape(len(self), self.n, 2), threads=threads)
        return _core.PairLoss.from_dense(everything, threads)


def changes_of(velocities: FloatArray, steps: Steps) -> RunChanges:
    """Find what changes from frame to frame of a run, (frames, n, 2).

    Raises
    ------
    ValueError
        If collisions are asked for: frames do not know them.
    """
    if steps == "collisions":
        raise ValueError(
            "velocities: must be recorded as a log, for only that knows which disks collided, got frames. "
            "Simulate with record='log'."
        )
    step, disks = np.nonzero((velocities[1:] != velocities[:-1]).any(axis=-1))  # in order of the frames
    return RunChanges(velocities[0], disks, velocities[step + 1, disks], step, len(velocities) - 1)


def components_of(frames: Frames) -> int:
    """Return how many numbers a disk of frames has: 2 of a velocity, or the `components` of wider states."""
    return getattr(frames, "components", 2)


def numbered(first: int, chunk: FloatArray) -> str:
    """Name the frames of a chunk, for a message."""
    return f"frames {first} to {first + len(chunk) - 1}, all runs counted through"


def _blocks(frames: Frames) -> Iterator[tuple[int, FloatArray]]:
    return frames.chunks(max(1, _DISKS_AT_A_TIME // frames.n))
