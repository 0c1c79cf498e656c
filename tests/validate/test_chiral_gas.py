"""Chiral disks in equilibrium, and over many collisions.

Slow: ``python -m pytest -m validate``. Fixed starts; what is left to chance has its false-alarm rate beside it.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import hthm
from hthm.measures.senses import collision_senses

pytestmark = pytest.mark.validate

SHARE = 0.5  # δ/σ


def gas_of(area_fraction: float) -> hthm.DiskGas:
    diameter = hthm.DiskGas.from_area_fraction(1000, area_fraction).diameter
    return hthm.DiskGas(n=1000, diameter=diameter, speed=1.0, rule=hthm.ChiralDisks(SHARE * diameter))


def shares(area_fraction: float, runs: int) -> tuple[float, float]:
    """Share of the collisions at σ + δ in equilibrium, and its standard error over the runs."""
    gas = gas_of(area_fraction)
    between = 1 / gas.rate_at(1.0)  # collisions of a disk, in a dilute gas
    start = gas.sample(runs, seed=1, overlaps="reject", speeds="maxwell")
    start = hthm.simulate(start, 1, 20 * between, engine="event", record="counts").final
    traj = hthm.simulate(start, 1, 100 * between, engine="event", record="log")
    senses, ends = collision_senses(traj), traj.log.frame_offsets
    of_runs = [np.mean(senses[first:end] == -1) for first, end in ends]
    return float(np.mean(of_runs)), float(np.std(of_runs, ddof=1) / math.sqrt(runs))


def test_senses_have_the_shares_of_the_dilute_gas() -> None:
    """(1 + δ/σ)/2 at density 0, by a straight line through three densities, to four standard errors: 6e-5 by chance."""
    densities = np.array([0.005, 0.01, 0.02])
    means, errors = np.array([shares(density, 24) for density in densities]).T
    line = np.polynomial.Polynomial.fit(densities, means, 1, w=1 / errors, domain=[-1, 1])
    design = np.stack([np.ones(3), densities], axis=1) / errors[:, np.newaxis]
    error = math.sqrt(np.linalg.inv(design.T @ design)[0, 0])
    assert abs(line(0.0) - (1 + SHARE) / 2) < 4 * error < 0.004
    assert means[-1] - means[0] > 4 * math.hypot(errors[0], errors[-1])  # what third disks turn round is seen


def test_ten_million_collisions_keep_energy_and_momentum() -> None:
    """Energy to 1e-10 and momentum to 1e-10 n s0 in each of ten runs of a million collisions and more."""
    gas = gas_of(0.1)
    start = gas.sample(10, seed=2, overlaps="reject")
    traj = hthm.simulate(start, 1, 2000 / gas.rate_at(1.0), engine="event", record="counts")
    assert traj.collisions.sum() > 10_000_000
    np.testing.assert_allclose(traj.final.energy(), start.energy(), rtol=1e-10)
    np.testing.assert_allclose(traj.final.momentum(), start.momentum(), rtol=0, atol=1e-10 * gas.n * gas.speed)
    assert traj.final.overlaps().sum() == 0
