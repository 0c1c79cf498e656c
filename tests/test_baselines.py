"""Baselines are what their names say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import hthm
from hthm.fit import affine_fit, summarize
from hthm.measures.baselines import SPEED_STATISTICS, clock, ensemble_mean, speed_statistics

S0 = hthm.paper.S0


def test_statistics_worked_by_hand() -> None:
    # Speeds 0.5, 0.503, 0.3, 0; s0 = 0.5.
    frame = np.array([[0.3, -0.4], [0.503, 0.0], [0.0, 0.3], [0.0, 0.0]])
    values = {name: value.item() for name, value in speed_statistics(frame, speed=0.5).items()}
    assert values == {
        "near_start": 0.5,
        "log_distance": pytest.approx(np.log(0.002 * 0.005 * 0.202 * 0.502) / 4),
        "distance": pytest.approx((0.003 + 0.2 + 0.5) / 4),
        "speed": pytest.approx(1.303 / 4),
        "kurtosis": pytest.approx(4 * (0.5**4 + 0.503**4 + 0.3**4) / (0.5**2 + 0.503**2 + 0.3**2) ** 2),
    }


@given(st.lists(st.integers(0, 3), max_size=2), st.sampled_from([1, 7, 30_000, 70_000]), st.integers(0, 9))
def test_statistics_of_many_frames_are_those_of_each(leading: list[int], n: int, seed: int) -> None:
    velocities = np.random.default_rng(seed).normal(scale=S0, size=(*leading, n, 2))
    together = speed_statistics(velocities, speed=S0)
    assert together.keys() == SPEED_STATISTICS.keys()
    for index in np.ndindex(*leading):
        alone = speed_statistics(velocities[index], speed=S0)
        for name, value in together.items():
            assert value.shape == tuple(leading)
            assert value[index] == alone[name]


def test_kurtosis_of_equal_speeds_is_one_and_of_equilibrium_two() -> None:
    """2 is the mean; 1e6 disks have a standard error of 0.004 (from ⟨s⁸⟩), and 6 of them fail once in 5e8."""
    gas = hthm.DiskGas(n=1000)
    equal = speed_statistics(gas.sample(3, seed=0).velocities, speed=S0)
    assert_allclose(equal["kurtosis"], 1, rtol=1e-12)
    assert_array_equal(equal["near_start"], 1)
    maxwell = np.random.default_rng(1).normal(size=(1_000_000, 2))
    assert speed_statistics(maxwell, speed=1.0)["kurtosis"] == pytest.approx(2, abs=0.024)
    mean, mean_speed = stats.rayleigh.mean(), speed_statistics(maxwell, speed=1.0)["speed"]
    assert mean_speed == pytest.approx(mean, abs=6 * stats.rayleigh.std() / 1000)


def test_disks_at_rest_have_no_kurtosis() -> None:
    assert np.isnan(speed_statistics(np.zeros((2, 5, 2)), speed=1.0)["kurtosis"]).all()


def test_trajectories_bring_their_speed() -> None:
    trajectories = hthm.simulate(hthm.DiskGas(n=80, speed=0.7).sample(2, seed=0), frames=3)
    given_speed = speed_statistics(trajectories.velocities, speed=0.7)
    for name, value in speed_statistics(trajectories).items():
        assert_array_equal(value, given_speed[name])


def test_what_statistics_cannot_take_is_named() -> None:
    velocities = np.ones((2, 3, 2))
    with pytest.raises(TypeError, match="speed: must be given"):
        speed_statistics(velocities)
    with pytest.raises(ValueError, match="speed: must be a finite number above zero"):
        speed_statistics(velocities, speed=0.0)
    with pytest.raises(ValueError, match="velocities: must have shape"):
        speed_statistics(velocities[..., :1].copy(), speed=1.0)
    velocities[1, 0, 0] = np.inf
    with pytest.raises(ValueError, match="velocities: must be finite"):
        speed_statistics(velocities, speed=1.0)


def test_clock_decays_alike_in_every_run() -> None:
    values = clock(3, 51, 25)
    assert values.shape == (3, 51)
    assert_allclose(values[:, [0, 25, 50]], np.tile(np.exp([0.0, -1.0, -2.0]), (3, 1)))


def test_ensemble_mean_leaves_the_fluctuations_of_each_run() -> None:
    rng = np.random.default_rng(0)
    fall, noise = np.exp(-np.arange(400) / 25), 0.01 * rng.normal(size=(50, 400))
    H = fall + noise  # noqa: N806 -- the paper's symbol
    mean = ensemble_mean(H)
    assert_array_equal(mean, np.broadcast_to(H.mean(axis=0), H.shape))
    # Residual variance (1 - 1/50) of the noise less two parameters a run; 20000 values: 1 % is its standard error.
    assert affine_fit(mean, H).mse.mean() == pytest.approx(1e-4 * 0.98 * (398 / 400), rel=0.06)


MEASURED = {
    "ensemble mean": (0.0004, 4),
    "clock, 25 frames": (0.0005, 4),
    "clock, 40 frames": (0.0129, 4),
    "near_start": (0.0077, 4),
    "log_distance": (0.0146, 4),
    "distance": (0.034, 3),
    "speed": (0.059, 3),
    "kurtosis": (0.083, 3),
}
"""MSE of the fit to H, by an independent program on 20 runs of its own, and the digits that were given of it."""


def test_fits_of_baselines_are_as_good_as_measured_elsewhere() -> None:
    """Within both standard errors; 8 comparisons at a false-alarm rate of 1e-6 together, two-sided.

    Theirs are taken to be ours, which are known from 20 runs: Student's t.
    """
    traj = hthm.simulate(hthm.paper.GAS.sample(20, seed=3), record="log")
    H = hthm.speed_h(traj)  # noqa: N806 -- the paper's symbol
    functionals = {
        "ensemble mean": ensemble_mean(H),
        "clock, 25 frames": clock(20, traj.frames, 25),
        "clock, 40 frames": clock(20, traj.frames, 40),
        **speed_statistics(traj),
    }
    assert functionals.keys() == MEASURED.keys()
    quantile = stats.t.isf(0.5e-6 / 8, 19)
    for name, h in functionals.items():
        mse, (measured, digits) = summarize(affine_fit(h, H).mse), MEASURED[name]
        bound = quantile * 2**0.5 * mse.sem + 0.5 * 10**-digits
        assert abs(mse.mean - measured) < bound, f"{name}: {mse}, not {measured}"
