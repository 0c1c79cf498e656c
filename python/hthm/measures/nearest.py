"""H from distances to nearest neighbours, of one sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

COINCIDING: Final = 2.0**-48
"""Share of the largest component below which a distance is rounding: speeds of disks at s0 differ by as much."""
_BALLS: Final = {1: math.log(2), 2: math.log(math.pi), 3: math.log(4 * math.pi / 3)}
"""ln of the volume of a ball of radius 1, by the dimension."""


def nearest_h(samples: FloatArray, k: int, resolution: float | None, name: str, workers: int = 1) -> float:
    """H of one sample, Kozachenko and Leonenko's.

    Parameters
    ----------
    samples : (n, d) float64
        Finite, d 1 to 3, the largest component between 1/2 and 1 or all 0.
    k : int
        Which neighbour.
    resolution : float or None
        Nearer neighbours count as this far away; without it they are refused where they coincide.
    name : str
        What the samples are called, for a message.
    workers : int
        Threads that look for neighbours.

    Returns
    -------
    float
        Nats: −(ψ(n) − ψ(k) + ln V + d⟨ln r⟩), r the distance to the k-th neighbour, V the ball's volume for r = 1.

    Raises
    ------
    ValueError
        If there are not more than k samples, or some coincide and no resolution is given.

    Notes
    -----
    Kozachenko and Leonenko (1987), with ψ(k) for the k-th neighbour as in Kraskov, Stögbauer and Grassberger, eq. (20)
    of arXiv:cond-mat/0305641, and Euclid's distance, so that rotations change nothing.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 -- import hthm is quick
    from scipy.special import digamma  # noqa: PLC0415 -- as above

    n, d = samples.shape
    if n <= k:
        raise ValueError(
            f"{name}: must have more than k = {k} samples, for each to have that many neighbours, got {n}. "
            "Take fewer neighbours, or more samples."
        )
    # Sliding midpoints: a median would be looked for again and again among equal values.
    tree = cKDTree(samples, balanced_tree=False, compact_nodes=False)
    distances, _ = tree.query(samples, k=np.array([k + 1]), workers=workers)
    distance: FloatArray = np.asarray(distances)[:, 0]  # (n,); each is its own first
    if resolution is not None:
        distance = np.maximum(distance, resolution)
    elif distance.min() <= COINCIDING:
        many = int(np.count_nonzero(distance <= COINCIDING))
        raise ValueError(
            f"{name}: must not coincide with {k} others, for there ln of the distance has no bound, and {many} of "
            f"{n} do, as equal speeds do. Give Neighbours(k={k}, resolution=…) to say how finely to look, or count."
        )
    return float(digamma(k) - digamma(n) - _BALLS[d] - d * np.log(distance).mean())


def nearest_ceiling(n: int, d: int, k: int, resolution: float | None) -> float:
    """The largest H that samples can have: of samples that all coincide.

    Parameters
    ----------
    n, d : int
        Samples, and their components.
    k, resolution
        As `nearest_h` takes them.

    Returns
    -------
    float
        Nats; infinite without a resolution.
    """
    if resolution is None:
        return math.inf
    from scipy.special import digamma  # noqa: PLC0415 -- import hthm is quick

    return float(digamma(k) - digamma(n) - _BALLS[d] - d * math.log(resolution))
