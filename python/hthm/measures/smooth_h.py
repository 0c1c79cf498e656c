"""H of the velocities from a smooth density of all runs together, whatever the distribution is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hthm import checks

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

REACH: Final = 3.2
"""How far the cells reach either way, in units of s0."""
CELLS: Final = 2.5
"""Cells within one bandwidth."""
ALONE: Final = 1.5e-8
"""Share of its own kernel below which what a disk sees of all others is rounding: none within six bandwidths."""
FINEST: Final = 0.005
"""Least bandwidth, in units of s0: with 3200² cells."""
WIDEST: Final = 1.0
"""Largest, in units of s0: a wider kernel would reach around the torus."""


def smooth_h(velocities: FloatArray, *, speed: float, bandwidth: float) -> float:
    """Boltzmann's H of disks that are all drawn from one distribution, by a kernel density estimate.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order
        Of all runs at one moment, in box sides per unit time.
    speed : float
        s0, box sides per unit time.
    bandwidth : float
        Standard deviation of the normal kernel, in units of s0; from `FINEST` to `WIDEST`.

    Returns
    -------
    float
        Nats: the mean of ln f over the disks, f at a disk from all others.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range, or no two disks are near enough to each other.

    Notes
    -----
    The leave-one-out estimate of Silverman, Density estimation (1986), sec. 3.4, on a grid. Disks beyond 3.2 s0, 1 in
    28 000 of a gas in equilibrium, are left out, and those that are alone within six bandwidths.
    """
    checks.array("velocities", velocities, dtype=np.float64, shape=("...", "n", 2))
    speed = checks.positive("speed", speed, least=1e-300, most=1e300)
    bandwidth = checks.positive("bandwidth", bandwidth, least=FINEST, most=WIDEST)
    with np.errstate(over="ignore"):  # of what is far out of reach
        flat = velocities.reshape(-1, 2) / speed  # (disks, 2)
    cells = round(2 * REACH * CELLS / bandwidth)
    edges = np.linspace(-REACH, REACH, cells + 1)
    counts, _, _ = np.histogram2d(flat[:, 0], flat[:, 1], bins=(edges, edges))  # (cells, cells)
    # The Gaussian's Fourier transform is known. It closes the plane to a torus, at edges where hardly a disk is.
    wave = 2 * np.pi * np.fft.fftfreq(cells, edges[1] - edges[0])
    spectrum = np.exp(-np.square(bandwidth * wave) / 2)  # of one component
    transformed = np.fft.rfft2(counts) * spectrum[:, np.newaxis] * spectrum[: cells // 2 + 1]
    smoothed = np.fft.irfft2(transformed, s=counts.shape) / (edges[1] - edges[0]) ** 2
    others = smoothed - 1 / (2 * np.pi * bandwidth**2)  # the disk itself is left out
    total = counts.sum()
    seen: NDArray[np.bool_] = (counts > 0) & (others > ALONE / (2 * np.pi * bandwidth**2))
    if not seen.any():
        raise ValueError(
            f"velocities: must have two disks within six bandwidths of each other and {REACH} s0 of rest, got none of "
            f"{len(flat)}. Take a larger bandwidth."
        )
    return float((counts[seen] * np.log(others[seen] / (total - 1))).sum() / counts[seen].sum() - 2 * np.log(speed))
