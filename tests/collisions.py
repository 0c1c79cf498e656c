"""What collisions exchanged, from a log."""

from __future__ import annotations

import numpy as np

import hthm


def exchanged(traj: hthm.Trajectories) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Momentum |p| exchanged in every collision, (rows,): what the velocity of its first disk changed by."""
    log, n = traj.log, traj.gas.n
    run = np.repeat(np.arange(traj.runs), np.diff(log.frame_offsets[:, [0, -1]], axis=1)[:, 0])  # (rows,)
    disk = (run[:, np.newaxis] * n + log.pairs).ravel()  # (2 rows,)
    after = log.velocities.reshape(-1, 2)
    order = np.argsort(disk, kind="stable")  # by disk, in the order of time
    before = np.empty_like(after)
    before[order[1:]] = after[order[:-1]]
    first = order[np.flatnonzero(np.diff(disk[order], prepend=-1))]
    before[first] = traj.initial.velocities.reshape(-1, 2)[disk[first]]
    change = (after - before)[::2]  # (rows, 2)
    size: np.ndarray[tuple[int], np.dtype[np.float64]] = np.hypot(change[:, 0], change[:, 1])
    return size
