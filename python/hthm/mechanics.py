"""Energy, momentum and speed of arrays of velocities, over the whole range of float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_GIVEN: Final = 1e150
"""The largest component of velocities that a user gives."""

_SAFE: Final = (1e-130, 1e140)  # sums of squares of what lies between are those of exact multiples of it
_SAFE_SQUARE: Final = 1e-150  # squares of faster speeds keep all digits; below, they are taken of a multiple
_LEAST_ENERGY: Final = 2.0**-900  # above it no square that counts has lost a digit


def energy(velocities: NDArray[np.float64], check: Callable[[], None]) -> NDArray[np.float64]:
    """Kinetic energy (runs,) of velocities (runs, n, 2).

    Parameters
    ----------
    velocities : (runs, n, 2) float64
        They are read once.
    check : callable
        Raises what is wrong with them; called where an energy says that something is.

    Raises
    ------
    ValueError
        If float64 cannot hold an energy.
    """
    with np.errstate(over="ignore", under="ignore"):
        sums: NDArray[np.float64] = np.square(velocities).sum(axis=(1, 2)) / 2
    doubtful = np.flatnonzero(~((sums > _LEAST_ENERGY) & (sums < np.inf)))  # NaN among them
    if len(doubtful):
        check()
    for run in doubtful:
        largest = np.abs(velocities[run]).max()
        if largest:
            raise ValueError(
                f"velocities: must have an energy that float64 holds, got {largest:g} for the largest component of run "
                f"{run}. Choose another unit of time."
            )
    return sums


def spin_energy(spins: NDArray[np.float64], inertia: float, diameter: float) -> NDArray[np.float64]:
    """Return the energy of spins.

    Parameters
    ----------
    spins : (..., n) float64
        Of n disks.
    inertia, diameter : float
        κ and 2a of the moment of inertia κa² of a disk.

    Returns
    -------
    (...,) float64
    """
    surface = math.sqrt(inertia) * diameter / 2 * spins
    energies: NDArray[np.float64] = np.square(surface).sum(axis=-1) / 2
    return energies


def momentum(velocities: NDArray[np.float64], check: Callable[[], None]) -> NDArray[np.float64]:
    """Sum of velocities (runs, n, 2) over the disks, (runs, 2); `check` as `energy` takes it."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums: NDArray[np.float64] = velocities.sum(axis=1)
    if not np.isfinite(sums).all():
        check()
    return sums


def root_mean_square(velocities: NDArray[np.float64]) -> float:
    """Root of the mean square speed of velocities (..., 2)."""
    largest = float(np.abs(velocities).max())
    exponent = 0 if _SAFE[0] < largest < _SAFE[1] or not largest else math.frexp(largest)[1]
    scaled = np.ldexp(velocities, -exponent) if exponent else velocities
    return math.ldexp(math.sqrt(float(np.mean(np.square(scaled).sum(axis=-1)))), exponent)


def thermal_speed(speed: float) -> float:
    """Spread √(s0²/2) of each component of a velocity in equilibrium, the mean square of a velocity being s0²."""
    return speed / math.sqrt(2) if speed < _SAFE_SQUARE else math.sqrt(speed**2 / 2)


def slow_enough(name: str, velocities: NDArray[np.float64], most: float) -> None:
    """Refuse velocities with a component above `most`.

    Parameters
    ----------
    name : str
        What they are called in the message.
    velocities : (..., 2) float64
        They are finite.
    most : float
        Of either sign.

    Raises
    ------
    ValueError
        If one is larger.
    """
    largest = float(np.abs(velocities).max())
    if largest > most:
        raise ValueError(f"{name}: must be at most {most:g} in size, got {largest:g}. Choose another unit of time.")
