"""Named starts: velocities of one run or of many, by name, for `sample`, the command and the experiments alike.

They know s0 and how many disks there are, and nothing of gases. What they draw they draw from one generator, in the
order said below: `hthm.gas.DiskGas.sample` gives each run its own, after its positions (`hthm.randomness.of_run`), and
`hthm.experiments.ensembles` one for all runs of a start (`hthm.randomness.of_ensemble`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from hthm import mechanics
from hthm.arrays import FloatArray

Speeds: TypeAlias = Literal["equal", "uniform", "maxwell"]
NamedStart: TypeAlias = Literal[
    "equal",
    "uniform",
    "maxwell",
    "equal speeds",
    "uniform speeds",
    "two temperatures",
    "two beams",
    "equilibrium",
]
OwnStart: TypeAlias = "Callable[[np.random.Generator, int], FloatArray]"
"""A user's own: a generator and n to velocities (n, 2) float64, in box sides per unit time."""
Start: TypeAlias = NamedStart | OwnStart

SPEEDS: Final[tuple[Speeds, ...]] = get_args(Speeds)
"""The starts that a distribution of speeds makes, directions being uniform."""

COLD: Final = 0.2
"""Share of the mean temperature that the cold half has."""
BEAM: Final = 0.8
"""Speed of a beam, in units of s0."""


def _directions(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    angle = random.random(shape) * (2 * math.pi)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _equal(random: np.random.Generator, shape: tuple[int, ...], s0: float) -> FloatArray:
    return s0 * _directions(random, shape)


def _uniform(random: np.random.Generator, shape: tuple[int, ...], s0: float) -> FloatArray:
    directions = _directions(random, shape)
    velocities: FloatArray = (random.random(shape) * (2 * s0))[..., np.newaxis] * directions
    return velocities


def _maxwell(random: np.random.Generator, shape: tuple[int, ...], s0: float) -> FloatArray:
    directions = _directions(random, shape)
    velocities: FloatArray = random.rayleigh(mechanics.thermal_speed(s0), shape)[..., np.newaxis] * directions
    return velocities


def _uniform_speeds(random: np.random.Generator, shape: tuple[int, ...], s0: float) -> FloatArray:
    speed = np.sqrt(3) * random.random(shape)
    velocities: FloatArray = s0 * (speed[..., np.newaxis] * _directions(random, shape))
    return velocities


def _two_temperatures(random: np.random.Generator, shape: tuple[int, ...], s0: float) -> FloatArray:
    hot = np.arange(shape[-1]) % 2 == 0
    deviation = np.sqrt(np.where(hot, 2 - COLD, COLD) / 2)  # (n,), of a component
    velocities: FloatArray = s0 * (deviation[:, np.newaxis] * random.normal(size=(*shape, 2)))
    return velocities


def _two_beams(random: np.random.Generator, shape: tuple[int, ...], s0: float) -> FloatArray:
    velocities: FloatArray = np.sqrt((1 - BEAM**2) / 2) * random.normal(size=(*shape, 2))
    velocities[..., 0] += np.where(np.arange(shape[-1]) % 2 == 0, BEAM, -BEAM)
    return s0 * velocities


def _equilibrium(random: np.random.Generator, shape: tuple[int, ...], s0: float) -> FloatArray:
    velocities: FloatArray = s0 * (np.sqrt(0.5) * random.normal(size=(*shape, 2)))
    return velocities


EQUILIBRIUM: Final = "equilibrium"
STARTS: Final[Mapping[NamedStart, Callable[[np.random.Generator, tuple[int, ...], float], FloatArray]]] = (
    MappingProxyType(
        {
            "equal": _equal,
            "uniform": _uniform,
            "maxwell": _maxwell,
            "equal speeds": _equal,
            "uniform speeds": _uniform_speeds,
            "two temperatures": _two_temperatures,
            "two beams": _two_beams,
            EQUILIBRIUM: _equilibrium,
        }
    )
)
"""Velocities by the name of the start: of a generator, (…, n) and s0, (…, n, 2) in box sides per unit time.

equal, equal speeds
    All disks at s0, as the paper's. Directions are drawn.
uniform
    Speeds uniform on [0, 2 s0), which has 4/3 of the energy of the others. Directions are drawn, then speeds.
maxwell
    Maxwell and Boltzmann's at T = s0²/2. Directions are drawn, then speeds.
uniform speeds
    Speeds uniform on [0, √3 s0). Speeds are drawn, then directions.
two temperatures
    Every second disk at a fifth of the mean temperature, the others at nine fifths. Components are drawn, x and y of a
    disk in turn, as in all that follow.
two beams
    Every second disk at 0.8 s0 to the left, the others to the right, with the rest of the energy as heat.
equilibrium
    Maxwell and Boltzmann's, as maxwell, drawn by components.
"""

THERMAL: Final[tuple[NamedStart, ...]] = ("maxwell", "two temperatures", EQUILIBRIUM)
"""Starts by temperatures, at which heavy disks of a mixture are slower; all others are by speeds, whatever the mass.

A velocity is √(mean mass/mass) times what it is of disks that are alike: the energy is that of the equilibrium.
"""

COMPARED: Final[tuple[NamedStart, ...]] = (
    "equal speeds",
    "uniform speeds",
    "two temperatures",
    "two beams",
    EQUILIBRIUM,
)
"""Starts of one energy, and thus of one equilibrium, that `hthm universal` compares.

Where they stand here is the number of their streams, and part of every result: never change it.
"""

MIXTURE: Final = "mixture"
LEAVE_ONE_OUT: Final = "leave one out"
ENSEMBLES: Final[Mapping[str, tuple[NamedStart, ...]]] = MappingProxyType(
    {
        **{kind: (kind,) for kind in COMPARED},
        MIXTURE: COMPARED,
        **{f"all but {kind}": tuple(other for other in COMPARED if other != kind) for kind in COMPARED},
    }
)
"""What runs may be a mixture of, in equal shares, by name: one start, all of them, all but one."""
