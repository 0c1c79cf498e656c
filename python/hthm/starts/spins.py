"""Spins that runs start with, by name."""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from hthm import mechanics, mixtures
from hthm.arrays import FloatArray

Spins: TypeAlias = Literal["all in translation", "all in spin", "equilibrium"]

SPINS: Final[tuple[Spins, ...]] = get_args(Spins)
"""How the energy of a start is shared between translation and spin.

all in translation
    Spins are 0.
all in spin
    Velocities are a tenth of what they are else, and keep a hundredth of the energy: disks at rest would never meet.
    Spins have the rest, normally distributed.
equilibrium
    Spins are normally distributed, of the temperature that the velocities have: half the mean of m v².
"""

LEFT: Final = 0.1
"""Of a velocity, where all is in spin."""


def draw_spins(
    spins: Spins, bits: np.random.PCG64, velocities: FloatArray, gas: mixtures.Sized, inertia: float
) -> FloatArray:
    """Draw the spins of one run, and slow its velocities down, in place, where all is in spin.

    Parameters
    ----------
    spins : str
        One of `SPINS`.
    bits : PCG64
        What is drawn from, after positions and velocities.
    velocities : (n, 2) float64
        Of the run.
    gas : DiskGas
        Has diameter and kinds.
    inertia : float
        κ of the moment of inertia κma² of a disk.

    Returns
    -------
    (n,) float64
    """
    if spins == "all in translation":
        return np.zeros(len(velocities))
    share = 1 - LEFT**2 if spins == "all in spin" else 0.5  # of the mean of m v², κma²⟨ω²⟩
    weights, radii = mixtures.spin_weights(gas.kinds, gas.diameter)  # √m and √m a, of each disk or of all
    spread = mechanics.root_mean_square(velocities * weights[:, np.newaxis]) * math.sqrt(share / inertia) / radii
    if spins == "all in spin":
        velocities *= LEFT
    drawn: FloatArray = spread * np.random.Generator(bits).normal(size=len(velocities))
    return drawn
