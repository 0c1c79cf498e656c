"""What collisions exchanged, from a log."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

import hthm

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def before_and_after(traj: hthm.Trajectories) -> tuple[Array, Array]:
    """Velocities of both disks of every collision just before it and just after it, (rows, 2, 2) each."""
    log, n = traj.log, traj.gas.n
    run = np.repeat(np.arange(traj.runs), np.diff(log.frame_offsets[:, [0, -1]], axis=1)[:, 0])  # (rows,)
    disk = (run[:, np.newaxis] * n + log.pairs).ravel()  # (2 rows,)
    after = log.velocities.reshape(-1, 2)
    order = np.argsort(disk, kind="stable")  # by disk, in the order of time
    before = np.empty_like(after)
    before[order[1:]] = after[order[:-1]]
    first = order[np.flatnonzero(np.diff(disk[order], prepend=-1))]
    before[first] = traj.initial.velocities.reshape(-1, 2)[disk[first]]
    return before.reshape(-1, 2, 2), log.velocities


def exchanged(traj: hthm.Trajectories) -> Array:
    """Momentum |p| exchanged in every collision, (rows,): what the velocity of its first disk changed by."""
    before, after = before_and_after(traj)
    change = after[:, 0] - before[:, 0]  # (rows, 2)
    return np.hypot(change[:, 0], change[:, 1])
