"""Starts far from equilibrium in different ways, all of the same energy, and thus with the same equilibrium."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from hthm.gas import State

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.gas import DiskGas
    from hthm.starts.sampling import Overlaps

Velocities: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...]], FloatArray]"
"""A generator and (runs, n) to (runs, n, 2), the mean square of a velocity being 1."""

COLD: Final = 0.2
"""Share of the mean temperature that the cold half has."""
BEAM: Final = 0.8
"""Speed of a beam, in units of s0."""


def _equal(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    angle = 2 * np.pi * random.random(shape)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _uniform(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    speed = np.sqrt(3) * random.random(shape)
    velocities: FloatArray = speed[..., np.newaxis] * _equal(random, shape)
    return velocities


def _two_temperatures(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    hot = np.arange(shape[-1]) % 2 == 0
    deviation = np.sqrt(np.where(hot, 2 - COLD, COLD) / 2)  # (n,), of a component
    velocities: FloatArray = deviation[:, np.newaxis] * random.normal(size=(*shape, 2))
    return velocities


def _two_beams(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    velocities: FloatArray = np.sqrt((1 - BEAM**2) / 2) * random.normal(size=(*shape, 2))
    velocities[..., 0] += np.where(np.arange(shape[-1]) % 2 == 0, BEAM, -BEAM)
    return velocities


def _equilibrium(random: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    velocities: FloatArray = np.sqrt(0.5) * random.normal(size=(*shape, 2))
    return velocities


EQUILIBRIUM: Final = "equilibrium"
STARTS: Final[Mapping[str, Velocities]] = MappingProxyType(
    {
        "equal speeds": _equal,
        "uniform speeds": _uniform,
        "two temperatures": _two_temperatures,
        "two beams": _two_beams,
        EQUILIBRIUM: _equilibrium,
    }
)
"""Velocities by the name of the start.

equal speeds
    The paper's.
uniform speeds
    Speeds uniform on [0, √3 s0), directions too.
two temperatures
    Half of the disks at a fifth of the mean temperature, the other half at nine fifths.
two beams
    Half of the disks at 0.8 s0 to the right, half to the left, with the rest of the energy as heat.
equilibrium
    Maxwell and Boltzmann's.
"""


MIXTURE: Final = "mixture"
LEAVE_ONE_OUT: Final = "leave one out"
ENSEMBLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        **{kind: (kind,) for kind in STARTS},
        MIXTURE: tuple(STARTS),
        **{f"all but {kind}": tuple(other for other in STARTS if other != kind) for kind in STARTS},
    }
)
"""What runs may be a mixture of, in equal shares, by name: one start, all of them, all but one."""


def started(gas: DiskGas, kind: str, runs: int, seed: int, overlaps: Overlaps = "allow") -> State:
    """Draw starts with velocities of one kind.

    Parameters
    ----------
    gas : DiskGas
        The mean square of a velocity is s0².
    kind : str
        One of `STARTS`.
    runs : int
        Number of runs.
    seed : int
        Of positions, and of velocities.
    overlaps : {"allow", "reject"}
        Whether disks may overlap.

    Returns
    -------
    State
        Positions as `DiskGas.sample` draws them.
    """
    state = gas.sample(runs, seed, overlaps=overlaps)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1, list(STARTS).index(kind)))))
    return _state(gas, state.positions, gas.speed * STARTS[kind](random, (runs, gas.n)))


def mixed(gas: DiskGas, ensemble: str, runs: int, seed: int, overlaps: Overlaps = "allow") -> State:
    """Draw starts of several kinds, one kind after the other.

    Parameters
    ----------
    gas : DiskGas
        The mean square of a velocity is s0².
    ensemble : str
        One of `ENSEMBLES`.
    runs : int
        Number of runs of all kinds together; what cannot be shared equally is left out, but one of each there is.
    seed : int
        Of positions, and of velocities.
    overlaps : {"allow", "reject"}
        Whether disks may overlap.

    Returns
    -------
    State
    """
    kinds = ENSEMBLES[ensemble]
    states = [started(gas, kind, max(1, runs // len(kinds)), seed, overlaps) for kind in kinds]
    return _state(
        gas, np.concatenate([one.positions for one in states]), np.concatenate([one.velocities for one in states])
    )


def _state(gas: DiskGas, positions: FloatArray, velocities: FloatArray) -> State:
    return State(positions, np.ascontiguousarray(velocities), diameter=gas.diameter, box=gas.box, speed=gas.speed)
