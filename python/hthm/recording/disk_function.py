"""A function of a disk's velocity that is summed over the disks of frames, as a learned functional is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hthm.arrays import FloatArray, IntArray


class DiskFunction(Protocol):
    """A function of the velocity of a disk, and its sum over the disks of frames."""

    def sums(self, frames: FloatArray, where: str) -> FloatArray:
        """Return its sum over the disks, (frames, n, 2) -> (frames, features) float64; `where`, for a message."""

    def log_sums(
        self, start: FloatArray, offsets: IntArray, pairs: NDArray[np.int32], velocities: FloatArray
    ) -> Iterator[FloatArray]:
        """Go through the runs of a log.

        Parameters
        ----------
        start, offsets, pairs, velocities : (runs, n, 2), (runs, frames + 1), (rows, 2), (rows, 2, 2)
            As `hthm.recording.collision_log.CollisionLog` has them.

        Yields
        ------
        (frames, features) float64
            Its sum over the disks of every frame of a run.
        """
