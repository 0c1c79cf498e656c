"""Frames that are an array, of velocities or of other numbers of each disk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hthm import _core, checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.frames import Frames, RunChanges, Steps, changes_of
from hthm.reprs import one_line


class DenseStates(Frames):
    """Frames of an array of states: views of it wherever they can be.

    Parameters
    ----------
    states : (..., n, k) float64, C order
        Neither copied nor looked through for what is not finite.
    components : int, optional
        k; as many as there are unless given.
    speed : float, optional
        s0 of the gas.

    Raises
    ------
    TypeError, ValueError
        If the array has another dtype, shape or order.
    """

    def __init__(self, states: FloatArray, components: int | None = None, *, speed: float | None = None) -> None:
        shape = ("...", "n", "k" if components is None else components)
        checks.array("velocities", states, dtype=np.float64, shape=shape, finite=False)
        *leading, self.n, self.components = states.shape
        self.leading, self.speed = tuple(leading), speed
        self._states = states.reshape(len(self), self.n, self.components)  # a view

    def __repr__(self) -> str:
        parts = (("leading", self.leading), ("n", self.n), ("components", self.components))
        return one_line("DenseStates", parts, self._states.nbytes)

    def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:  # noqa: ARG002 -- of one thread
        """Copy frames; threads would not be quicker.

        Parameters
        ----------
        numbers, out, threads
            As `Frames.read` takes them, but `out` is (count, n, k).

        Raises
        ------
        ValueError
            If `out` is not as large as the frames.
        """
        np.take(self._states, numbers, axis=0, out=out, mode="clip")  # to raise, it would fill a copy of `out`

    def chunks(self, count: int) -> Iterator[tuple[int, FloatArray]]:
        """Go through views of all frames; see `Frames.chunks`."""
        for first in range(0, len(self), count):
            yield first, self._states[first : first + count]


class DenseFrames(DenseStates):
    """Frames of an array of velocities, which the core measures as they are.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order
        Box sides per unit time. Neither copied nor looked through for what is not finite.
    speed : float, optional
        s0 of the gas.

    Raises
    ------
    TypeError, ValueError
        If the array has another dtype, shape or order.
    """

    def __init__(self, velocities: FloatArray, *, speed: float | None = None) -> None:
        super().__init__(velocities, 2, speed=speed)

    def __repr__(self) -> str:
        return one_line("DenseFrames", (("leading", self.leading), ("n", self.n)), self._states.nbytes)

    def stored(self) -> Iterator[tuple[FloatArray, str]]:
        """Go through the array, run by run where it has runs; see `Frames.stored`."""
        if len(self.leading) != 2:  # noqa: PLR2004 -- (runs, frames)
            yield self._states, "the array"
            return
        for run, velocities in enumerate(self._states.reshape(*self.leading, self.n, 2)):
            yield velocities, f"run {run}"

    def speed_counts(self, edges: FloatArray, *, threads: int) -> IntArray:
        """Count the speeds of all frames at once; see `Frames.speed_counts`."""
        return _core.speed_counts(self._states, edges, threads)

    def speed_h(
        self, edges: FloatArray, *, threads: int, terms: FloatArray | None = None
    ) -> tuple[FloatArray, IntArray]:
        """H of the speeds of all frames at once.

        Parameters
        ----------
        edges, threads, terms
            As `Frames.speed_h` takes them.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
        """
        return _core.speed_h(self._states, edges, terms, threads)

    def velocity_h(
        self,
        temperatures: FloatArray | None,
        bins: int,
        reach: float,
        *,
        threads: int,
        terms: FloatArray | None = None,
    ) -> tuple[FloatArray, IntArray]:
        """H of the velocities of all frames at once.

        Parameters
        ----------
        temperatures, bins, reach, threads, terms
            As `Frames.velocity_h` takes them.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
        """
        return _core.velocity_h(self._states, temperatures, bins, reach, terms, threads)

    def changes(self, run: int, steps: Steps) -> RunChanges:
        """Compare a run's frames where they are; see `Frames.changes`."""
        frames = self.leading[-1]
        return changes_of(self._states[run * frames : (run + 1) * frames], steps)

    def pair_loss(self, threads: int) -> _core.PairLoss:
        """Encode the runs in which little changes, and keep the others where they are; see `Frames.pair_loss`."""
        return _core.PairLoss.from_dense(self._states.reshape(*self.leading, self.n, 2), threads)
