"""What exact dynamics keep: energy, momentum, distances, and the way back.

Slow: ``python -m pytest -m validate``. Nothing here is left to chance: fixed starts, bounds derived or measured with
room to spare.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.spatial

import hthm

pytestmark = pytest.mark.validate


def gas_of(area_fraction: float, n: int = 1000) -> hthm.DiskGas:
    return hthm.DiskGas.from_area_fraction(n, area_fraction)


def least_distance(positions: np.ndarray[tuple[int, int], np.dtype[np.float64]], box: float) -> float:
    """Smallest distance of two disks (n, 2) round the box."""
    distances, _ = scipy.spatial.cKDTree(positions, boxsize=np.full(2, box)).query(positions, k=2)  # self first
    return float(np.asarray(distances)[:, 1].min())


@pytest.mark.parametrize("area_fraction", [0.001, 0.0283, 0.3, 0.7, 0.85])
def test_energy_momentum_and_distances_are_kept(area_fraction: float) -> None:
    """Over half a million collisions: energy to 1e-10, momentum to 1e-10 n s0, distances to σ(1 - 1e-12)."""
    gas = gas_of(area_fraction)
    start = gas.lattice_state(2, 3) if area_fraction > 0.4 else gas.sample(2, 3, overlaps="reject")
    frames = 50
    traj = hthm.simulate(start, frames, 500_000 / frames / (gas.collision_rate * gas.n), engine="event", positions=True)
    assert traj.collisions.sum() > 300_000
    np.testing.assert_allclose(traj.final.energy(), start.energy(), rtol=1e-10)
    np.testing.assert_allclose(traj.final.momentum(), start.momentum(), rtol=0, atol=1e-10 * gas.n * gas.speed)
    least = min(least_distance(frame, gas.box) for run in traj.positions for frame in run)
    assert least >= gas.diameter * (1 - 1e-12)


def test_reversed_gas_goes_back_to_its_start() -> None:
    """45 frames there and 45 back: every disk within 1e-6 σ (worst measured over many starts: 1.6e-8)."""
    gas = hthm.paper.GAS
    start = gas.sample(50, 2, overlaps="reject")
    turned = hthm.simulate(start, 45, engine="event", record="counts").final.reversed()
    back = hthm.simulate(turned, 45, engine="event", record="counts").final
    apart = np.abs(back.positions - start.positions)
    apart = np.minimum(apart, gas.box - apart)
    assert np.hypot(apart[..., 0], apart[..., 1]).max() < 1e-6 * gas.diameter


def test_fixed_step_tends_to_the_exact_engine_as_measured_elsewhere() -> None:
    """Collisions of a run of the paper against the frame rate, 40 runs, beside those of independent programs.

    Ten means at 5 standard errors of the difference, theirs and ours: by chance 6e-6.
    """
    published = {5: (1167, 4), 10: (2264, 6), 20: (4246, 8), 30: (5691, 11), 60: (7465.5, 2.7), 120: (7936, 11),
                 240: (8075, 10), 480: (8130, 15), 960: (8107, 18)}  # fmt: skip
    start = hthm.paper.GAS.sample(40, 6)
    counts = {
        rate: hthm.simulate(start, round(500 * rate / 60), 1 / rate, record="counts").collisions.sum(axis=1)
        for rate in published
    }
    counts[0] = hthm.simulate(
        hthm.paper.GAS.sample(40, 6, overlaps="reject"), engine="event", record="counts"
    ).collisions.sum(axis=1)
    for rate, (mean, error) in {**published, 0: (8116, 3)}.items():
        ours = counts[rate]
        assert abs(ours.mean() - mean) < 5 * math.hypot(error, ours.std(ddof=1) / math.sqrt(len(ours))), rate
