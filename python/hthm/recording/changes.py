"""Frames as what changes from one to the next, where nobody knows which disks have met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hthm.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class FrameChanges:
    """Frames of some runs, with the first frame of each beside it; lossless, in about a thirtieth of the frames.

    Attributes
    ----------
    counts : (runs, frames) int64
        How many disks are faster, slower or go elsewhere than in the frame before; 0 in the first frame.
    disks : (changes,) int32
        Which, in ascending order in a frame.
    velocities : (changes, 2) float64
        Theirs in the frame.
    """

    counts: IntArray
    disks: NDArray[np.int32]
    velocities: FloatArray

    @classmethod
    def of(cls, velocities: FloatArray) -> FrameChanges:
        """Return what changes in velocities (runs, frames, n, 2), to the last bit: the sign of a zero is one."""
        bits = velocities.view(np.int64)
        changed = (bits[:, 1:] != bits[:, :-1]).any(axis=-1)  # (runs, frames - 1, n)
        counts = np.zeros(velocities.shape[:2], dtype=np.int64)
        counts[:, 1:] = changed.sum(axis=-1)
        run, frame, disks = np.nonzero(changed)
        return cls(counts=counts, disks=disks.astype(np.int32), velocities=velocities[run, frame + 1, disks])

    @classmethod
    def joined(cls, parts: list[FrameChanges]) -> FrameChanges:
        """Return the changes of the runs of several, one after the other."""
        return cls(
            counts=np.concatenate([part.counts for part in parts]),
            disks=np.concatenate([part.disks for part in parts]),
            velocities=np.concatenate([part.velocities for part in parts]),
        )

    def two_a_row(self) -> tuple[IntArray, NDArray[np.int32], FloatArray]:
        """Return them as whatever reads frames of a log takes them: its rows are no collisions here.

        The last disk of an odd number is in its row twice, and changes to the same.

        Returns
        -------
        counts : (runs, frames) int64
            Rows of each frame.
        pairs : (rows, 2) int32
        velocities : (rows, 2, 2) float64
        """
        ends = np.cumsum(self.counts.reshape(-1))
        twice = np.ones(len(self.disks), dtype=np.int64)
        twice[ends[self.counts.reshape(-1) % 2 == 1] - 1] = 2
        pairs, velocities = np.repeat(self.disks, twice), np.repeat(self.velocities, twice, axis=0)
        return (self.counts + 1) // 2, pairs.reshape(-1, 2), velocities.reshape(-1, 2, 2)
