"""Enskog's theory of a mixture: how much nearer its disks are to each other than anywhere, and how often they meet."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hthm.mixtures import Kind


def contact_values(kinds: tuple[Kind, ...], box: float) -> NDArray[np.float64]:
    """Return the pair correlation of each two kinds at contact, (kinds, kinds).

    Parameters
    ----------
    kinds : tuple of Kind
        Of the gas.
    box : float
        Its side.

    Raises
    ------
    ValueError
        If disks cover more than the box.

    Notes
    -----
    Jenkins and Mancini, J. Appl. Mech. 54, 27 (1987), doi:10.1115/1.3172990:
    χ_ab = 1/(1 - φ) + (9/16)(σ_a σ_b/σ_ab)(Σ φ_k/σ_k)/(1 - φ)², σ_ab the distance at contact; Henderson's where all
    diameters are equal. What is above 1 in it is right within 8 % of that for diameters up to 1 : 2 in a dilute gas,
    compared with the exact first order in the density; in simulations at area fractions up to 0.35, rates of collision
    came out within 2.5 % of it.
    """
    diameters = np.array([kind.diameter for kind in kinds])
    covered = math.pi / 4 * np.array([kind.n for kind in kinds]) * np.square(diameters / box)
    fraction = float(covered.sum())
    if fraction >= 1:
        raise ValueError(f"kinds: must cover less than the box for a contact value, got {fraction:.3g}. Take fewer.")
    reduced = 2 * np.outer(diameters, diameters) / np.add.outer(diameters, diameters)
    values: NDArray[np.float64] = (
        1 / (1 - fraction) + 9 / 16 * reduced * (covered / diameters).sum() / (1 - fraction) ** 2
    )
    return values


def collision_rates(kinds: tuple[Kind, ...], box: float, temperature: float) -> NDArray[np.float64]:
    """Return how often a disk of each kind meets one of each, (kinds, kinds), by Enskog's theory.

    Parameters
    ----------
    kinds : tuple of Kind
        Of the gas.
    box : float
        Its side.
    temperature : float
        In units of 1/k_B.

    Returns
    -------
    (kinds, kinds) float64

    Raises
    ------
    ValueError
        If disks cover more than the box.
    """
    counts = np.array([kind.n for kind in kinds])
    partners = counts - np.diag(counts == 1)  # who is alone of its kind meets none of it
    diameters, weights = (np.array([getattr(kind, name) for kind in kinds]) for name in ("diameter", "mass"))
    distances = np.add.outer(diameters, diameters) / 2
    reduced = np.outer(weights, weights) / np.add.outer(weights, weights)
    rates: NDArray[np.float64] = (
        2 * partners / box**2 * distances * contact_values(kinds, box) * np.sqrt(math.pi * temperature / (2 * reduced))
    )
    return rates


def mean_rate(kinds: tuple[Kind, ...], box: float, temperature: float) -> float:
    """Return how often a disk collides, the mean over all.

    Parameters
    ----------
    kinds, box, temperature
        As `collision_rates` takes them.

    Raises
    ------
    ValueError
        If disks cover more than the box.
    """
    rates = collision_rates(kinds, box, temperature).sum(axis=1)  # (kinds,)
    return float(np.average(rates, weights=[kind.n for kind in kinds]))
