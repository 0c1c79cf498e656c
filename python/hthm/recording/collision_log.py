"""The log of a simulation: one row a collision, from which with the start every frame can be made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hthm import ranges
from hthm.arrays import FloatArray, IntArray
from hthm.recording.formats.labelled import table
from hthm.reprs import OneLine

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # its stubs are a package apart

ROW_BYTES: Final = 48
"""Bytes of a collision in the log, its time included."""

SPIN_BYTES: Final = 16
"""Bytes more where disks have spins."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CollisionLog(OneLine):
    """Collisions of every run, in the order in which they happened: all rows of run 0, then those of run 1, and so on.

    Attributes
    ----------
    frame_offsets : (runs, frames + 1) int64
        ``frame_offsets[r, k]`` is the first row of frame k of run r, and ``frame_offsets[r, k + 1]`` is the one after
        its last.
    pairs : (rows, 2) int32
        Disks i < j of each collision.
    velocities : (rows, 2, 2) float64
        Their velocities just after it.
    times : (rows,) float64, or None
        When it happened, since the start of the run. Engines of fixed step do not know: None from them.
    spins : (rows, 2) float64, or None
        Their spins just after it, of disks that have them.
    """

    frame_offsets: IntArray
    pairs: NDArray[np.int32]
    velocities: FloatArray
    times: FloatArray | None
    spins: FloatArray | None = None

    @property
    def rows(self) -> int:
        """Number of collisions of all runs."""
        return len(self.pairs)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.frame_offsets, self.pairs, self.velocities, self.times, self.spins)
        return sum(array.nbytes for array in arrays if array is not None)

    def _parts(self) -> list[tuple[str, Any]]:
        runs, edges = self.frame_offsets.shape
        return [("runs", runs), ("frames", edges - 1), ("rows", self.rows), ("timed", self.times is not None)]

    def _nbytes(self) -> int:
        return self.nbytes

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas.DataFrame, a collision each.

        Returns
        -------
        pandas.DataFrame
            Columns run, frame (counted from 1, as the start is no frame), i, j, vx_i, vy_i, vx_j, vy_j, in box sides
            per unit time, spin_i and spin_j where disks have them, and time where the engine knows it.

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed; the extra `formats` brings it.
        """
        return table(self.frame_offsets, self.pairs, self.velocities, self.times, self.spins)

    def __getitem__(self, runs: slice) -> CollisionLog:
        """Return the log of a range of runs: views of their rows, with offsets counted from the first of them.

        Raises
        ------
        ValueError
            If its offsets, which are a user's to write to, do not ascend within its rows.
        """
        chosen = self.frame_offsets[ranges.runs(runs, len(self.frame_offsets))]
        first, end = int(chosen[0, 0]), int(chosen[-1, -1])
        if not (0 <= first <= end <= self.rows and (np.diff(chosen.ravel()) >= 0).all()):
            raise ValueError(
                f"frame_offsets: must ascend from 0 to the {self.rows} rows of the log, and do not in the runs chosen. "
                "Simulate again, or take a copy before you write to a log."
            )
        rows = slice(first, end)
        return CollisionLog(
            frame_offsets=chosen - first,
            pairs=self.pairs[rows],
            velocities=self.velocities[rows],
            times=None if self.times is None else self.times[rows],
            spins=None if self.spins is None else self.spins[rows],
        )


def frame_offsets(collisions: IntArray) -> IntArray:
    """Return the first row of every frame, and the end of each run, where every collision has a row.

    Parameters
    ----------
    collisions : (runs, frames) int64
        Collisions during each frame.

    Returns
    -------
    (runs, frames + 1) int64
    """
    runs, frames = collisions.shape
    offsets = np.zeros((runs, frames + 1), dtype=np.int64)
    np.cumsum(collisions, axis=1, out=offsets[:, 1:])
    offsets[1:] += np.cumsum(offsets[:-1, -1])[:, np.newaxis]
    return offsets


def concatenated(logs: Sequence[CollisionLog]) -> CollisionLog | None:
    """Return the log of the runs of several logs, one after the other; None of none."""
    if not logs:
        return None
    firsts = np.cumsum([0, *(log.rows for log in logs)])
    times = [log.times for log in logs if log.times is not None]
    spins = [log.spins for log in logs if log.spins is not None]
    return CollisionLog(
        frame_offsets=np.concatenate([log.frame_offsets + first for log, first in zip(logs, firsts, strict=False)]),
        pairs=np.concatenate([log.pairs for log in logs]),
        velocities=np.concatenate([log.velocities for log in logs]),
        times=np.concatenate(times) if times else None,
        spins=np.concatenate(spins) if spins else None,
    )
