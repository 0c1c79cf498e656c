"""What two disks do when they collide, and on which side they pass: the sense that chiral disks are told apart by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm.rules import no_spins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hthm.arrays import FloatArray, IntArray
    from hthm.recording.collision_log import CollisionLog
    from hthm.trajectories import Trajectories


def collision_senses(traj: Trajectories) -> NDArray[np.int8]:
    """Return the sense of every collision of a log: the sign of the z component of v × n.

    Parameters
    ----------
    traj : Trajectories
        With a log. v = v_i - v_j, and n points from j to i: along what the collision gave to i. A collision keeps the
        sense; its reverse has the other.

    Returns
    -------
    (rows,) int8
        -1, of chiral disks those that touch at σ + δ; 1, at σ - δ; 0 where two met head-on or exchanged nothing.

    Raises
    ------
    AttributeError
        If there is no log in memory.
    ValueError
        If disks rub: what they give each other does not say where the other was.

    Examples
    --------
    >>> import hthm
    >>> gas = hthm.DiskGas(n=50, diameter=0.01, rule=hthm.ChiralDisks(delta=0.005))
    >>> traj = hthm.simulate(gas.sample(4, overlaps="reject"), 20, 1.0, engine="event", record="log")
    >>> bool((collision_senses(traj) == -1).mean() > 0.6)
    True
    """
    wrong = no_spins(traj.initial.rule, "traj", "What rough disks give each other is not along the line of centres.")
    if wrong:
        raise ValueError(wrong)
    before_i, _, after_i, after_j = np.moveaxis(before_and_after(traj), 1, 0)  # (rows, 2) each
    given, v = after_i - before_i, after_i - after_j
    senses: NDArray[np.int8] = np.sign(v[:, 0] * given[:, 1] - v[:, 1] * given[:, 0]).astype(np.int8)
    return senses


def before_and_after(traj: Trajectories) -> FloatArray:
    """Return the velocities of the two disks of every collision of a log, before it and after.

    Parameters
    ----------
    traj : Trajectories
        With a log.

    Returns
    -------
    (rows, 4, 2) float64
        Of i and of j before, then of i and of j after, in box sides per unit time.

    Raises
    ------
    AttributeError
        If there is no log in memory.
    """
    log, start = traj.log, traj.initial.velocities
    disks = (log.pairs + (run_of_rows(log) * traj.initial.n)[:, np.newaxis]).reshape(-1)  # (2 rows,), through all runs
    velocities = np.empty((log.rows, 4, 2))
    velocities[:, 2:] = log.velocities
    after = log.velocities.reshape(-1, 2)  # (2 rows, 2), in the order in which they change
    order = np.argsort(disks, kind="stable")  # the changes of a disk one after the other
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = disks[order[1:]] != disks[order[:-1]]
    before = np.empty_like(after)
    before[order[1:]] = after[order[:-1]]
    before[order[is_first]] = start.reshape(-1, 2)[disks[order[is_first]]]
    velocities[:, :2] = before.reshape(-1, 2, 2)
    return velocities


def run_of_rows(log: CollisionLog) -> IntArray:
    """Return which run each collision of a log is of, (rows,) int64."""
    return np.repeat(np.arange(len(log.frame_offsets)), np.diff(log.frame_offsets[:, [0, -1]], axis=1)[:, 0])
