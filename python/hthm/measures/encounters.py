"""Who collides with whom: how often the same two meet again, and what two know of each other that are to collide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm.mixtures import slices

if TYPE_CHECKING:
    from hthm.arrays import FloatArray, IntArray
    from hthm.recording.collision_log import CollisionLog
    from hthm.trajectories import Trajectories


def recollisions(log: CollisionLog, n: int) -> FloatArray:
    """Share of the collisions of each run whose two disks have collided with each other before in that run.

    Parameters
    ----------
    log : CollisionLog
        Of any engine.
    n : int
        Disks of a run.

    Returns
    -------
    (runs,) float64
        NaN for a run without collisions.

    Notes
    -----
    What meets again by chance counts, too: among n disks that forget each other, a share of about half the collisions
    of a disk over n. The engine "dsmc" measures that.
    """
    i, j = log.pairs.T.astype(np.int64)
    return np.array([_again(i[rows] * n + j[rows]) for rows in _rows(log)])


def velocity_correlation(log: CollisionLog) -> FloatArray:
    """Mean of v_i · v_j over the collisions of each run, which is the same before and after each of them.

    Parameters
    ----------
    log : CollisionLog
        Of any engine.

    Returns
    -------
    (runs,) float64
        Box sides² per unit time²; NaN for a run without collisions. Disks that know nothing of each other, with a
        Maxwell and Boltzmann distribution at T, have -T/2: they meet the more often the faster they approach.

    Notes
    -----
    (v_i + v_j)² and (v_i - v_j)² are conserved by the collision of two equal, smooth disks, and so is what is between.
    """
    products = np.einsum("rk,rk->r", log.velocities[:, 0], log.velocities[:, 1])
    return np.array([products[rows].mean() if rows.stop > rows.start else np.nan for rows in _rows(log)])


def collisions_of_kinds(traj: Trajectories) -> IntArray:
    """Count how often disks of each kind of a mixture have met one of each.

    Parameters
    ----------
    traj : Trajectories
        With a log.

    Returns
    -------
    (runs, kinds, kinds) int64
        Row a, column b: collisions that disks of kind a had with one of kind b. One between two of the same kind is one
        of either, and counts twice: divided by the disks of kind a and the time, this is what
        `hthm.equilibrium.Equilibrium.collision_rates` expects.

    Raises
    ------
    AttributeError
        If there is no log in memory.

    Examples
    --------
    >>> import hthm
    >>> gas = hthm.DiskGas(kinds=[hthm.Kind(300, 0.01), hthm.Kind(100, 0.01, mass=9.0)])
    >>> traj = hthm.simulate(gas.sample(2), frames=30, record="log")
    >>> bool((collisions_of_kinds(traj).sum(axis=(1, 2)) == 2 * traj.collisions.sum(axis=1)).all())
    True
    """
    log, of_kinds = traj.log, slices(traj.kinds, traj.initial.n)
    count = len(of_kinds)
    kind = np.repeat(np.arange(count), [disks.stop - disks.start for disks in of_kinds])  # (n,)
    i, j = kind[log.pairs].T
    counts = [np.bincount(i[rows] * count + j[rows], minlength=count**2) for rows in _rows(log)]
    each = np.array(counts, dtype=np.int64).reshape(-1, count, count)
    return each + each.transpose(0, 2, 1)


def _rows(log: CollisionLog) -> list[slice]:
    """Rows of each run."""
    return [slice(int(offsets[0]), int(offsets[-1])) for offsets in log.frame_offsets]


def _again(keys: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    return 1 - len(np.unique(keys)) / len(keys) if len(keys) else float("nan")
