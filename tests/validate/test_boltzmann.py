"""The engine of the Boltzmann equation against what is known of that equation: rates of relaxation, equilibrium.

Slow: ``python -m pytest -m validate``. Each test says how often it fails by chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
import scipy.stats

import hthm
from collisions import before_and_after

pytestmark = pytest.mark.validate

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Function: TypeAlias = Callable[[Array], Array]

N, RUNS = 10_000, 40
GAS = hthm.DiskGas(n=N, diameter=0.001, speed=math.sqrt(2.0))  # T = 1
RATE = GAS.collision_rate / GAS.contact_value


def reduced(velocities: Array) -> Array:
    """Energies x = v²/2T, whose distribution in equilibrium is exp(-x)."""
    energies: Array = np.square(velocities).sum(axis=-1) / 2
    return energies


def velocity(v: Array) -> Array:
    """Itself, of which ⟨φ²⟩ is 1 a disk."""
    return v[..., 0]


def stress(v: Array) -> Array:
    """Second in the velocity: 4 a disk."""
    return (v[..., 0] - v[..., 1]) * (v[..., 0] + v[..., 1])


def heat(v: Array) -> Array:
    """Energy that is carried along, less what momentum carries: 8 a disk."""
    return v[..., 0] * (reduced(v) - 2) * 2


def kurtosis(v: Array) -> Array:
    """The second Sonine polynomial, twice: 4 a disk."""
    x = reduced(v)
    return x * (x - 4) + 2


RATES: dict[str, tuple[Function, float, float]] = {
    "a tagged disk's velocity": (velocity, 1.0, 1.0),
    "stress": (stress, 4.0, 1.0),
    "heat": (heat, 8.0, 0.5),
    "kurtosis": (kurtosis, 4.0, 0.5),
}
"""What relaxes, its ⟨φ²⟩ a disk, and the rate in units of ω."""


@pytest.fixture(scope="module")
def measured() -> dict[str, Array]:
    """Rates of every run, (RUNS,), in units of ω, from 50 collisions a disk in equilibrium: 10 million in all.

    A fluctuation of φ, a sum of f(v) over the disks, falls at first at the rate at which collisions change it,
    ⟨(Δφ)²⟩/2⟨φ²⟩ times collisions a time: the diagonal element of the linear Boltzmann operator. Of a tagged disk, φ is
    f(v) of one disk. The momentum of each run is zero and its T is 1 exactly.
    """
    start = GAS.sample(RUNS, 5, start="equilibrium")
    v = start.velocities - start.velocities.mean(axis=1, keepdims=True)
    v *= np.sqrt(2 * (N - 1) / np.square(v).sum(axis=(1, 2), keepdims=True))
    state = hthm.State(start.positions, v, diameter=GAS.diameter, speed=GAS.speed)
    traj = hthm.simulate(state, 1, 50 / RATE, engine="dsmc", record="log")
    found: dict[str, Array] = {name: np.empty(RUNS) for name in RATES}
    for run in range(RUNS):
        before, after = before_and_after(traj[run : run + 1])  # (rows, 2, 2): collision, disk, component
        for name, (f, square, _) in RATES.items():
            change = f(after) - f(before)  # (rows, 2)
            of_sum = change if f is velocity else change.sum(axis=1)
            found[name][run] = np.square(of_sum).sum() / (2 * N * 50 * square)
    return found


@pytest.mark.parametrize("name", list(RATES))
def test_first_sonine_rates(name: str, measured: dict[str, Array]) -> None:
    """Within 4 standard errors over the runs, 0.06 % of the rate to 0.4 %: 6e-5 by chance each.

    In the first Sonine approximation D0 = √(1/π)/2n, η0 = √(1/π)/2 and λ0 = 2√(1/π) are T/ν, nT/ν and 2nT/ν, so that ν
    is ω, ω and ω/2 with ω = 2n√π; the isotropic mode's is the heat mode's. What 10 000 disks change is some 1/N.
    """
    rate, rates = RATES[name][2], measured[name]
    error = scipy.stats.sem(rates)
    assert error < 6e-3 * rate
    assert abs(rates.mean() - rate) < 4 * error + 4 * rate / N, f"{rates.mean()} ± {error}"


def test_the_kurtosis_of_equal_speeds_decays_at_the_rate_of_theory() -> None:
    """Between 6 and 9 mean free times, when faster modes are all but gone: 0.4358 ω within 4 standard errors.

    They are 1.7 % of it, over the runs: 6e-5 by chance. The heat mode's rate, 0.455, would be 2.6 of them away, and the
    first Sonine rate, 0.5, nearly 9.
    """
    gas = hthm.DiskGas(n=20_000, diameter=1e-3, speed=math.sqrt(2.0))
    rate = gas.collision_rate / gas.contact_value
    traj = hthm.simulate(gas.sample(400, 6), 3, 3 / rate, engine="dsmc")
    x = reduced(traj.velocities)  # (runs, frames, n)
    excess = np.square(x).mean(axis=2) / 2 - 1  # (runs, frames)
    late, last = excess[:, 1], excess[:, 2]
    decay = math.log(late.mean() / last.mean()) / 3
    error = scipy.stats.sem(late / late.mean() - last / last.mean()) / 3
    assert error < 0.01
    assert abs(decay - 0.4358) < 4 * error, f"{decay} ± {error}"


def test_velocities_become_maxwells() -> None:
    """From equal speeds, 25 collisions a disk later; one disk a run, by Kolmogorov and Smirnov: 1e-6 by chance."""
    gas = hthm.DiskGas(n=50, diameter=0.03)
    final = hthm.simulate(gas.sample(4000, 11), 1, 25 / gas.collision_rate, engine="dsmc", record="counts").final
    about = final.velocities - final.velocities.mean(axis=1, keepdims=True)
    energies = np.square(about).sum(axis=2)  # (runs, n)
    # On the sphere of given energy and momentum, (n - 1) dimensions of each component, a disk has (n - 1)/n times the
    # energy of one of these dimensions: a share that follows Beta's distribution exactly, Maxwell's for large n.
    share = energies[:, 0] / energies.sum(axis=1) * gas.n / (gas.n - 1)
    assert scipy.stats.kstest(share, scipy.stats.beta(1, gas.n - 2).cdf).pvalue > 1e-6
