"""Runs from starts that are far from equilibrium in different ways, one start after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm import randomness
from hthm.gas import State
from hthm.starts.kinds import COMPARED, ENSEMBLES, STARTS

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.choices.entropy import UniversalConfig
    from hthm.gas import DiskGas
    from hthm.starts.kinds import NamedStart
    from hthm.starts.positions import Overlaps


def started(gas: DiskGas, kind: NamedStart, runs: int, seed: int, overlaps: Overlaps = "allow") -> State:
    """Draw runs of one start: positions as `DiskGas.sample`, velocities from one stream for all runs.

    That stream, `hthm.randomness.of_ensemble`, is what the tables in docs/ were made with. ``sample(start=kind)`` has
    the same distribution, and other numbers.

    Parameters
    ----------
    gas : DiskGas
        The mean square of a velocity is s0².
    kind : str
        One of `hthm.starts.kinds.COMPARED`.
    runs : int
        Number of runs.
    seed : int
        Of positions, and of velocities.
    overlaps : {"allow", "reject"}
        Whether disks may overlap.

    Returns
    -------
    State
    """
    state = gas.sample(runs, seed, overlaps=overlaps)
    random = np.random.Generator(randomness.of_ensemble(seed, COMPARED.index(kind)))
    return _state(gas, state.positions, STARTS[kind](random, (runs, gas.n), gas.speed))


def mixed(gas: DiskGas, ensemble: str, runs: int, seed: int, overlaps: Overlaps = "allow") -> State:
    """Draw runs of several starts, one start after the other.

    Parameters
    ----------
    gas : DiskGas
        The mean square of a velocity is s0².
    ensemble : str
        One of `hthm.starts.kinds.ENSEMBLES`.
    runs : int
        Number of runs of all starts together; what cannot be shared equally is left out, but one of each there is.
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


def training_start(config: UniversalConfig, ensemble: str) -> State:
    """Draw the runs that `hthm universal` trains on, of an ensemble by its name."""
    return mixed(config.gas, ensemble, config.runs, config.seed, config.overlaps)


def held_out_start(config: UniversalConfig, kind: NamedStart, n: int) -> State:
    """Draw the runs that it follows a network on: of a start by its name, and of n disks."""
    runs = max(4, round(config.held_out_runs * config.n / n))  # as many disks
    return started(config.gas_of(n), kind, runs, config.seed + 2, config.overlaps)


def _state(gas: DiskGas, positions: FloatArray, velocities: FloatArray) -> State:
    around = np.ascontiguousarray(velocities)
    return State(positions, around, diameter=gas.diameter, box=gas.box, speed=gas.speed, rule=gas.rule)
