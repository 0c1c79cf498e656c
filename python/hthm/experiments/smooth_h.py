"""H of the velocities from a smooth density of all runs together, whatever the distribution is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import checks

if TYPE_CHECKING:
    from hthm.gas import FloatArray

CELLS: Final = 320
"""Cells a component."""
REACH: Final = 3.2
"""How far they reach either way, in units of s0."""


def smooth_h(velocities: FloatArray, *, speed: float, bandwidth: float) -> float:
    """Boltzmann's H of disks that are all drawn from one distribution, by a kernel density estimate.

    Parameters
    ----------
    velocities : (..., n, 2) float64
        Of all runs at one moment, in box sides per unit time.
    speed : float
        s0, box sides per unit time.
    bandwidth : float
        Standard deviation of the normal kernel, in units of s0; 0.02 or more.

    Returns
    -------
    float
        Nats: the mean of ln f over the disks, f at a disk from all others.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    Notes
    -----
    The leave-one-out estimate of Silverman, Density estimation (1986), sec. 3.4, on a grid. Disks beyond 3.2 s0, 1 in
    28 000 of a gas in equilibrium, are left out.
    """
    checks.positive("speed", speed)
    checks.positive("bandwidth", bandwidth, least=2 * REACH / CELLS)
    flat = velocities.reshape(-1, 2) / speed  # (disks, 2)
    edges = np.linspace(-REACH, REACH, CELLS + 1)
    counts, _, _ = np.histogram2d(flat[:, 0], flat[:, 1], bins=(edges, edges))  # (CELLS, CELLS)
    centres = (edges[1:] + edges[:-1]) / 2
    kernel = np.exp(-np.square(centres[:, np.newaxis] - centres) / (2 * bandwidth**2)) / (
        np.sqrt(2 * np.pi) * bandwidth
    )
    others = kernel @ counts @ kernel - 1 / (2 * np.pi * bandwidth**2)  # the disk itself is left out
    total = counts.sum()
    seen = (counts > 0) & (others > 0)
    return float((counts[seen] * np.log(others[seen] / (total - 1))).sum() / counts[seen].sum() - 2 * np.log(speed))
