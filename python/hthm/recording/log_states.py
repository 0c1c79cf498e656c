"""Frames that are a log of collisions which says more of the disks than their velocities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hthm import _core, checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.disk_function import DiskFunction
from hthm.recording.frames import Frames, RunChanges, Steps
from hthm.recording.log import changes_of_rows, checked_offsets
from hthm.reprs import one_line


class Part(NamedTuple):
    """Two of the components of a log of states, which the core makes frames of as of velocities.

    Attributes
    ----------
    start : (runs, n, 2) float64, C order
        What the runs started with.
    after : (rows, 2, 2) float64, C order
        What collisions left.
    """

    start: FloatArray
    after: FloatArray

    def __repr__(self) -> str:
        return one_line("Part", zip(self._fields, self, strict=True))


class LogStates(Frames):
    """Frames of a log of collisions that says more of the disks than their velocities.

    Parameters
    ----------
    frame_offsets, pairs : (runs, frames + 1) int64, (rows, 2) int32
        As `hthm.recording.collision_log.CollisionLog` has them.
    parts : sequence of Part
        The components, two by two.
    components : int
        How many they are; where they are odd in number, the last one of the last part is none.
    speed : float, optional
        s0 of the gas.
    """

    def __init__(
        self,
        frame_offsets: IntArray,
        pairs: NDArray[np.int32],
        parts: Sequence[Part],
        components: int,
        *,
        speed: float | None = None,
    ) -> None:
        runs, edges = frame_offsets.shape
        self.leading, self.n, self.speed = (runs, edges - 1), parts[0].start.shape[1], speed
        self.components = components
        self._offsets, self._pairs, self._parts = frame_offsets, pairs, tuple(parts)

    def __repr__(self) -> str:
        nbytes = self._offsets.nbytes + self._pairs.nbytes
        nbytes += sum(part.start.nbytes + part.after.nbytes for part in self._parts)
        parts = (("leading", self.leading), ("n", self.n), ("components", self.components))
        return one_line("LogStates", parts, nbytes)

    def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:
        """Make frames; each run that has one of them is gone through once for every two components.

        Parameters
        ----------
        numbers, out, threads
            As `Frames.read` takes them, but `out` is (count, n, k).

        Raises
        ------
        TypeError, ValueError
            If a number is not that of a frame, or the log is not one of these runs.
        """
        two = np.empty((len(numbers), self.n, 2))
        for k, part in enumerate(self._parts):
            _core.log_frames(part.start, self._offsets, self._pairs, part.after, numbers, two, checks.threads(threads))
            into = out[..., 2 * k : 2 * k + 2]
            into[:] = two[..., : into.shape[-1]]

    def stored(self) -> Iterator[tuple[FloatArray, str]]:
        """Go through the starts and what the collisions left; see `Frames.stored`."""
        for part in self._parts:
            yield part.start, "the log"
            yield part.after, "the log"

    def disk_sums(self, of: DiskFunction, disks: int) -> Iterator[tuple[int, FloatArray]]:  # noqa: ARG002 -- a run changes little
        """Look at disks that collided alone, a run at a time; see `Frames.disk_sums`.

        Raises
        ------
        ValueError
            If the log is not one of these runs.
        """
        runs, frames = self.leading
        for run in range(runs):
            first, offsets, pairs, after = self._of_run(run)
            (sums,) = of.log_sums(first[np.newaxis], offsets[np.newaxis], pairs, after)
            yield run * frames, sums

    def changes(self, run: int, steps: Steps) -> RunChanges:
        """Return the rows of a run, two changes each; see `Frames.changes`.

        Raises
        ------
        ValueError
            If the log is not one of these runs.
        """
        return changes_of_rows(*self._of_run(run), steps)

    def _of_run(self, run: int) -> tuple[FloatArray, IntArray, NDArray[np.int32], FloatArray]:
        """What a run started with (n, k), its offsets from its first row on, its pairs, and states (rows, 2, k)."""
        offsets = checked_offsets(self._offsets, self._pairs, self.n, run)
        rows = slice(offsets[0], offsets[-1])
        first = np.concatenate([part.start[run] for part in self._parts], axis=-1)
        after = np.concatenate([part.after[rows] for part in self._parts], axis=-1)
        k = self.components
        return (
            np.ascontiguousarray(first[..., :k]),
            offsets - offsets[0],
            self._pairs[rows],
            np.ascontiguousarray(after[..., :k]),
        )
