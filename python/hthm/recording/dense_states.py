"""Frames that are an array of states with other numbers than the two of a velocity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hthm import checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.frames import Frames
from hthm.reprs import one_line


class DenseStates(Frames):
    """Frames of an array of states.

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
        """Copy frames.

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
