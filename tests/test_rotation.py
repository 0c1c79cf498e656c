"""Temperatures of disks that spin, and H of velocity and spin together."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hthm
from hthm.estimators import Histogram, Neighbours, sample_h, sample_h_with_error
from hthm.measures.rotation import spinning_h, temperatures

NORMAL = -1.5 * math.log(2 * math.pi * math.e)
"""H of three components of variance 1."""


@pytest.mark.parametrize(
    "estimator", [Neighbours(), Neighbours(k=20), Histogram(low=-5, high=5, bins=10, correction="grassberger")]
)
def test_h_of_three_components_is_that_of_a_normal_distribution(estimator: Neighbours | Histogram) -> None:
    """To 0.1 nats, which is the bias at 4000 samples, and to five of the errors that are stated besides."""
    samples = np.random.default_rng(1).normal(size=(2, 4000, 3))
    h, error, _ = sample_h_with_error(samples, estimator=estimator)
    assert np.abs(h - NORMAL).max() < 0.1 + 5 * error.max()
    assert error.max() < 0.05
    np.testing.assert_array_equal(h, sample_h(samples, estimator=estimator))
    np.testing.assert_allclose(sample_h(2 * samples, estimator=Neighbours()), sample_h(samples) - 3 * math.log(2))


def test_h_falls_while_spin_gives_to_translation_and_ends_where_theory_says() -> None:
    """Of the Boltzmann equation, where no correlations get in the way, from all in spin: every fall is seen."""
    gas = hthm.DiskGas(n=3000, diameter=0.005, speed=1.0, rule=hthm.RoughDisks(inertia=0.7))
    start = gas.sample(6, seed=1, spins="all in spin")
    traj = hthm.simulate(start, 8, 0.5 / gas.rate_at(1.0) * 2, engine="dsmc", record="log")
    h = spinning_h(traj)
    moving, turning = temperatures(traj)
    energies = start.energy()[:, np.newaxis] / gas.n
    np.testing.assert_allclose(moving + turning / 2, np.broadcast_to(energies, moving.shape), rtol=1e-12)
    assert (np.diff(h.mean(axis=0)) < 0.02).all()
    assert h.mean(axis=0)[0] - h.mean(axis=0)[-1] > 0.3
    late = hthm.simulate(traj.final, 2, 30 / gas.rate_at(1.0), engine="dsmc")
    ended = NORMAL - 1.5 * np.log(energies / 1.5)
    np.testing.assert_allclose(spinning_h(late), np.broadcast_to(ended, (6, 2)), atol=0.1)
    assert spinning_h(late).max() < h.min()
    ratio = temperatures(late).translation.mean() / temperatures(late).spin.mean()
    assert abs(ratio - 1) < 5 * math.sqrt(3 / (6 * 3000))


def test_other_disks_have_neither() -> None:
    traj = hthm.simulate(hthm.DiskGas(n=10).sample(1), 2)
    for measure in (temperatures, spinning_h):
        with pytest.raises(ValueError, match=r"^traj: must be of disks that spin, got smooth disks"):
            measure(traj)
    rough = hthm.DiskGas(n=10, rule=hthm.RoughDisks()).sample(1)
    with pytest.raises(AttributeError, match=r"^velocities: were not recorded"):
        temperatures(hthm.simulate(rough, 2, record="counts"))
