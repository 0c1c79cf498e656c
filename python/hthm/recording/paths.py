"""Where disks were, from how fast they went: paths of a run without its box."""

from __future__ import annotations

import numpy as np

from hthm.arrays import FloatArray
from hthm.recording.collision_log import CollisionLog


def unwrapped(start: FloatArray, velocities: FloatArray, dt: float, log: CollisionLog | None) -> FloatArray:
    """Positions at the start and after each frame, whoever goes round the box being as many boxes away.

    Angles likewise, of which spins are the velocities: all arrays have one component then, those of the log too.

    Parameters
    ----------
    start : (n, 2) float64
        Positions at the start.
    velocities : (frames + 1, n, 2) float64
        At the start and after each frame.
    dt : float
        Time between two frames.
    log : CollisionLog, optional
        Of this run alone, with times; without it or them, disks collide at the ends of the frames, as those of a fixed
        step.

    Returns
    -------
    (frames + 1, n, 2) float64
    """
    path = np.empty_like(velocities)
    path[0] = start
    path[1:] = velocities[:-1] * dt  # with the velocity at the beginning of the frame, but for collisions
    if log is not None and log.times is not None:
        _turn(path[1:], velocities[0], dt, log, log.times)
    np.cumsum(path, axis=0, out=path)
    return path


def wrapped(path: FloatArray, box: float) -> FloatArray:
    """Positions in the box, each coordinate in [0, box), of positions anywhere."""
    inside: FloatArray = np.mod(path, box)
    inside[inside >= box] = 0.0  # rounded up, of a tiny negative number
    return inside


def _turn(steps: FloatArray, first: FloatArray, dt: float, log: CollisionLog, times: FloatArray) -> None:
    """Add to steps (frames, n, 2) what the collisions on the way change, disk by disk."""
    frames = np.repeat(np.arange(len(steps)), np.diff(log.frame_offsets[0]))  # (rows,)
    left = dt * (frames + 1) - times  # of the frame, (rows,)
    disks = log.pairs.reshape(-1)  # (2 rows,), in the order in which they change
    after = log.velocities.reshape(-1, steps.shape[-1])
    order = np.argsort(disks, kind="stable")  # the changes of a disk one after the other
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = disks[order[1:]] != disks[order[:-1]]
    before = np.empty_like(after)
    before[order[1:]] = after[order[:-1]]
    before[order[is_first]] = first[disks[order[is_first]]]
    np.add.at(steps, (np.repeat(frames, 2), disks), (after - before) * np.repeat(left, 2)[:, np.newaxis])
