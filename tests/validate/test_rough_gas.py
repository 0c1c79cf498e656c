"""Rough disks in equilibrium, on the way there, and over many collisions.

Slow: ``python -m pytest -m validate``. Fixed starts; what is left to chance has its false-alarm rate beside it.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import hthm
from hthm.arrays import FloatArray

pytestmark = pytest.mark.validate

FOUR = 6.3e-5
"""How often chance alone is more than four standard errors away."""


def gas_of(n: int, area_fraction: float, inertia: float) -> hthm.DiskGas:
    return hthm.DiskGas.from_area_fraction(n, area_fraction, speed=1.0, rule=hthm.RoughDisks(inertia=inertia))


def warm(gas: hthm.DiskGas, runs: int, seed: int, spin: float) -> hthm.State:
    """Maxwellian velocities of temperature 1/2, and Maxwellian spins of `spin` times that."""
    state = gas.sample(runs, seed=seed, overlaps="reject", start="equilibrium", spins="equilibrium")
    assert state.spins is not None
    spins = state.spins * math.sqrt(spin)
    return hthm.State(state.positions, state.velocities, diameter=gas.diameter, speed=1.0, rule=gas.rule, spins=spins)


def temperatures(velocities: FloatArray, spins: FloatArray, gas: hthm.DiskGas) -> tuple[FloatArray, FloatArray]:
    """Of translation and of spin, over the last axes."""
    assert isinstance(gas.rule, hthm.RoughDisks)
    surface = spins * (gas.diameter / 2)
    return np.square(velocities).sum(axis=-1).mean(axis=-1) / 2, gas.rule.inertia * np.square(surface).mean(axis=-1)


@pytest.mark.parametrize("inertia", [0.5, 1.0])
@pytest.mark.parametrize("spin", [0.25, 3.0])
def test_a_pair_exchanges_what_theory_says(inertia: float, spin: float) -> None:
    """2κ(T_t - T_r)/(1 + κ)² a collision, to four standard errors: `FOUR` a case.

    Of the Boltzmann equation in its first 0.02 collisions of a disk; T_t - T_r falls by 1.5 % meanwhile, half of which
    is allowed for.
    """
    gas = gas_of(4000, 0.001, inertia)
    start = warm(gas, 600, 1, spin)
    traj = hthm.simulate(start, 1, 0.02 / gas.rate_at(1.0), engine="dsmc", record="log")
    assert traj.log.spins is not None
    assert start.spins is not None
    gained = np.empty(traj.log.rows)
    scale = inertia * (gas.diameter / 2) ** 2 / 2
    now = start.spins.copy()
    for run, ends in enumerate(traj.log.frame_offsets):
        for row in range(*ends):
            pair, after = traj.log.pairs[row], traj.log.spins[row]
            gained[row] = scale * (np.square(after).sum() - np.square(now[run, pair]).sum())
            now[run, pair] = after
    first = np.subtract(*temperatures(start.velocities, start.spins, gas)).mean()
    expected = 2 * inertia * first / (1 + inertia) ** 2 * (1 - 0.01 * 3 * inertia / (1 + inertia) ** 2)
    error = gained.std(ddof=1) / math.sqrt(len(gained))
    assert abs(gained.mean() - expected) < 4 * error < 0.1 * abs(expected)


@pytest.mark.parametrize("spins", ["all in translation", "all in spin"])
def test_temperatures_become_equal_in_the_exact_engine(spins: str) -> None:
    """T_t = T_r in time and over runs, to four standard errors of 16 runs: `FOUR` a case."""
    gas = gas_of(1000, 0.1, 0.5)
    start = gas.sample(16, seed=2, overlaps="reject", spins=spins)  # type: ignore[arg-type]  # one of them
    between = 1 / gas.collision_rate
    traj = hthm.simulate(start, 40, 5 * between, engine="event")
    slow = 12 if spins == "all in translation" else 20
    translation, spin = temperatures(traj.velocities[:, slow:], traj.spins[:, slow:], gas)
    off = (translation - spin).mean(axis=1) / start.energy().mean() * 1000 * 1.5  # of each run, in units of T
    assert abs(off.mean()) < 4 * off.std(ddof=1) / 4 < 0.02


def test_they_collide_as_often_as_smooth_disks() -> None:
    """Collisions in equilibrium over 100 of a disk, beside those of smooth disks, to four standard errors: `FOUR`."""
    counts = []
    for rule in (hthm.RoughDisks(), hthm.SmoothDisks()):
        gas = hthm.DiskGas.from_area_fraction(500, 0.3, speed=1.0, rule=rule)
        spins = {"spins": "equilibrium"} if isinstance(rule, hthm.RoughDisks) else {}
        start = gas.sample(24, seed=3, overlaps="reject", start="equilibrium", **spins)  # type: ignore[arg-type]  # names
        freed = hthm.simulate(start, 1, 10 / gas.collision_rate, engine="event", record="counts").final
        traj = hthm.simulate(freed, 1, 100 / gas.collision_rate, engine="event", record="counts")
        share = start.energy() / (1.5 if isinstance(rule, hthm.RoughDisks) else 1.0) / 500  # T of each run
        counts.append(traj.collisions[:, 0] / np.sqrt(share))
    rough, smooth = counts
    error = math.sqrt((rough.var(ddof=1) + smooth.var(ddof=1)) / 24)
    assert abs(rough.mean() - smooth.mean()) < 4 * error < 0.01 * smooth.mean()


def test_ten_million_collisions_keep_energy_and_momentum() -> None:
    """Energy to 1e-10 and momentum to 1e-10 n s0 in each of ten runs of a million collisions and more."""
    gas = gas_of(1000, 0.1, 0.5)
    start = gas.sample(10, seed=2, overlaps="reject")
    traj = hthm.simulate(start, 1, 2600 / gas.collision_rate, engine="event", record="counts")
    assert traj.collisions.sum() > 10_000_000
    np.testing.assert_allclose(traj.final.energy(), start.energy(), rtol=1e-10)
    np.testing.assert_allclose(traj.final.momentum(), start.momentum(), rtol=0, atol=1e-10 * gas.n * gas.speed)
    assert traj.final.overlaps().sum() == 0
