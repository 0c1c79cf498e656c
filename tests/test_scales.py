"""Powers of two are exact: whatever the unit of time or length, answers are those of the usual one, or are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import hthm
from hthm.fit import affine_fit, critical_epoch, deviation_correlation, summarize
from hthm.h_functional import speed_edges
from hthm.measures.baselines import clock, speed_statistics
from hthm.measures.isotropic import isotropic_h
from hthm.measures.smooth_h import smooth_h

VELOCITIES = np.random.default_rng(5).normal(size=(3, 200, 2))


@pytest.mark.parametrize("power", [-990, -530, -519, -200, 0, 200, 480, 520, 990])
def test_h_of_velocities_at_any_power_of_two(power: int) -> None:
    scaled, shift = np.ldexp(VELOCITIES, power), 2 * power * math.log(2)
    assert_allclose(hthm.velocity_h(scaled), hthm.velocity_h(VELOCITIES) - shift, rtol=1e-13, atol=1e-13)
    if abs(power) < 500:
        at_one = hthm.velocity_h(VELOCITIES, temperature=0.9)
        found = hthm.velocity_h(scaled, temperature=math.ldexp(0.9, 2 * power))
        assert_allclose(found, at_one - shift, rtol=1e-13, atol=1e-13)
    traj = hthm.simulate(hthm.DiskGas(n=40, diameter=0.1).sample(2, seed=0), 20, record="log")
    h = hthm.velocity_h(traj)
    for array in (traj.initial.velocities, traj.log.velocities):
        np.ldexp(array, power, out=array)
    assert_allclose(hthm.velocity_h(traj), h - shift, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("temperature", [1e307, 5e-324, 1.7e308, 2.3e-308])
def test_h_at_the_ends_of_temperature_is_finite_or_of_no_disk(temperature: float) -> None:
    power = 500 if temperature > 1 else -500  # an ordinary temperature is this far away
    velocities = VELOCITIES * (1e-50 if temperature > 1 else 1e-200)  # all in the middle of the cells
    usual = hthm.velocity_h(np.ldexp(velocities, -power), temperature=math.ldexp(temperature, -2 * power))
    found = hthm.velocity_h(velocities, temperature=temperature)
    assert np.isfinite(found).all()
    assert_allclose(found, usual - 2 * power * math.log(2), rtol=1e-13)
    with np.errstate(over="ignore"):
        assert np.isnan(hthm.velocity_h(VELOCITIES * 1e160, temperature=temperature)).all()


@pytest.mark.parametrize("power", [-980, -490, 490, 980])
def test_h_of_speeds_at_any_power_of_two(power: int) -> None:
    scaled, speed = np.ldexp(VELOCITIES, power), math.ldexp(0.7, power)
    shift = power * math.log(2)
    assert_array_equal(hthm.speed_counts(scaled, speed=speed), hthm.speed_counts(VELOCITIES, speed=0.7))
    assert_array_equal(speed_edges(speed), np.ldexp(speed_edges(0.7), power))
    assert_allclose(hthm.speed_h(scaled, speed=speed), hthm.speed_h(VELOCITIES, speed=0.7) - shift, rtol=1e-12)
    assert_allclose(isotropic_h(scaled, speed=speed), isotropic_h(VELOCITIES, speed=0.7) - 2 * shift, rtol=1e-12)
    smooth = smooth_h(VELOCITIES, speed=0.7, bandwidth=0.2)
    assert smooth_h(scaled, speed=speed, bandwidth=0.2) == pytest.approx(smooth - 2 * shift, rel=1e-12)
    kurtosis = speed_statistics(scaled, speed=speed)["kurtosis"]
    assert_allclose(kurtosis, speed_statistics(VELOCITIES, speed=0.7)["kurtosis"], rtol=1e-13)


def test_speeds_beyond_float64_are_refused() -> None:
    for use in (isotropic_h, speed_statistics):
        with pytest.raises(ValueError, match="velocities: must"):
            use(np.full((1, 3, 2), 1.5e308), speed=1.0)
    for wrong in (1e-301, 5e-324, 1e301):
        with pytest.raises(ValueError, match="speed: must be between"):
            speed_edges(wrong)
    assert_allclose(clock(1, 4, 5e-324), [[1, 0, 0, 0]])


def scaled_fit(h_power: int, h_max: int = 990) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    assert abs(h_power) <= h_max
    rng = np.random.default_rng(1)
    h = rng.normal(size=(3, 50))
    return h, 2 * h + rng.normal(size=(3, 50))


@given(st.integers(-990, 990), st.integers(-440, 440))
def test_fits_at_any_powers_of_two(h_power: int, H_power: int) -> None:  # noqa: N803 -- the paper's symbol
    h, H = scaled_fit(h_power)  # noqa: N806 -- the paper's symbol
    own = affine_fit(h, H)
    correlation = deviation_correlation(h, H)
    assert deviation_correlation(np.ldexp(h, h_power), np.ldexp(H, H_power)) == pytest.approx(correlation, rel=1e-12)
    if abs(H_power - h_power) > 880:
        with pytest.raises(ValueError, match="h: must vary by what makes a slope"):
            affine_fit(np.ldexp(h, h_power - 30 * np.sign(H_power - h_power)), np.ldexp(H, H_power))
        return
    fit = affine_fit(np.ldexp(h, h_power), np.ldexp(H, H_power))
    assert_allclose(fit.a, np.ldexp(own.a, H_power - h_power), rtol=1e-12)
    assert_allclose(fit.b, np.ldexp(own.b, H_power), rtol=1e-11)
    assert_allclose(fit.mse, np.ldexp(own.mse, 2 * H_power), rtol=1e-12)
    assert_allclose(fit(np.ldexp(h, h_power)), np.ldexp(own(h), H_power), rtol=1e-9, atol=math.ldexp(1e-9, H_power))
    summary, scaled = summarize(own.mse), summarize(np.ldexp(own.mse, H_power))
    assert scaled.mean == pytest.approx(math.ldexp(summary.mean, H_power), rel=1e-14)
    assert scaled.variance == pytest.approx(math.ldexp(summary.variance, 2 * H_power), rel=1e-13)
    assert scaled.cv == pytest.approx(summary.cv, rel=1e-13)


def test_fits_of_runs_of_different_scales_are_those_of_each() -> None:
    h, H = scaled_fit(0)  # noqa: N806 -- the paper's symbol
    mixed = np.ldexp(h, np.array([[-700], [0], [700]]))
    fit = affine_fit(mixed, H)
    for run in range(3):
        alone = affine_fit(mixed[run : run + 1], H[run : run + 1])
        assert (fit.a[run], fit.b[run], fit.mse[run]) == (alone.a[0], alone.b[0], alone.mse[0])


def test_fits_that_float64_cannot_hold_are_refused() -> None:
    h, H = scaled_fit(0)  # noqa: N806 -- the paper's symbol
    constant = affine_fit(h, np.full_like(H, 3.0))
    assert_array_equal([constant.a, constant.b, constant.mse], [[0] * 3, [3] * 3, [0] * 3])
    with pytest.raises(ValueError, match="H: must vary by 0, or between"):
        affine_fit(h, H * 1e300)
    with pytest.raises(ValueError, match="H: must vary by 0, or between"):
        affine_fit(h, H * 1e-200)
    with pytest.raises(ValueError, match="values: must have a spread of 0"):
        summarize(np.array([1e300, -1e300]))
    assert summarize(np.full(3, 1.7e308)).mean == 1.7e308
    with pytest.raises(ValueError, match="h: must give a finite"):
        affine_fit(h, H * 1e10)(np.full((3, 2), 1e308))
    with pytest.raises(ValueError, match="losses: must be numbers, got NaN in epoch 2"):
        critical_epoch([-1.0, math.nan, 1.0])
    assert deviation_correlation(np.full((3, 9), 0.1), H[:, :9].copy()) is None
    with pytest.raises(ValueError, match="last: must be at least 5"):
        deviation_correlation(h, H, last=-1)


@given(
    st.integers(1, 2**31 - 1),
    st.floats(1e-100, 1e100),
    st.floats(-50, math.log10(0.5)),
    st.one_of(st.floats(-305, 151), st.none()),
)
def test_quantities_of_a_gas_are_numbers_or_refused(n: int, box: float, diameter: float, speed: float | None) -> None:
    side = min(max(10**diameter, 1.0001e-50), 0.5) * box
    gas = hthm.DiskGas(n=n, diameter=side, speed=0 if speed is None else max(10**speed, 1e-305), box=box)
    assert np.isfinite([gas.density, gas.area_fraction]).all()
    assert gas.area_fraction > 1e-101
    for name in ("temperature", "contact_value", "collision_rate", "mean_free_path", "thermal_speed"):
        try:
            value = getattr(gas, name)
        except ValueError as error:
            assert str(error).startswith(("temperature: must", "area_fraction: must", "collision_rate: must"))  # noqa: PT017 -- the message is the claim
        else:
            assert math.isfinite(value)
            assert value != 0 or gas.speed == 0 or n == 1


def test_states_serve_any_unit_of_time_and_refuse_what_has_no_energy() -> None:
    gas = hthm.DiskGas(n=50, diameter=0.02)
    state = gas.sample(2, seed=0)
    for power in (-900, -400, 400, 490):
        scaled = hthm.State(state.positions, np.ldexp(state.velocities, power), diameter=0.02)
        assert scaled.speed == math.ldexp(hthm.State(state.positions, state.velocities, diameter=0.02).speed, power)
        if power > -500:
            assert_array_equal(scaled.energy(), np.ldexp(state.energy(), 2 * power))
        else:
            with pytest.raises(ValueError, match="velocities: must have an energy that float64 holds"):
                scaled.energy()
        slow = hthm.simulate(scaled, 5, math.ldexp(0.25, -power))
        assert_array_equal(slow.velocities, np.ldexp(hthm.simulate(state, 5, 0.25).velocities, power))
    still = hthm.State(state.positions, np.zeros_like(state.velocities), diameter=0.02)
    assert_array_equal(still.energy(), [0, 0])
    with pytest.raises(ValueError, match="velocities: must have a mean square of 0, or"):
        hthm.State(state.positions, state.velocities * 1e-306, diameter=0.02)
    for wrong in (1e-161, 5e-324, 0.51):
        with pytest.raises(ValueError, match="diameter: must be at"):
            hthm.DiskGas(n=2, diameter=wrong)
    drawn = hthm.DiskGas(n=50, diameter=0.02, speed=1e-200).sample(1, seed=3, speeds="maxwell")
    usual = hthm.DiskGas(n=50, diameter=0.02, speed=1.0).sample(1, seed=3, speeds="maxwell")
    assert_allclose(drawn.velocities, 1e-200 * usual.velocities, rtol=1e-14)


def test_numbers_that_no_float_holds_and_huge_seeds_are_served_or_named() -> None:
    for wrong in (10**400, -(10**400), 10**6000):
        with pytest.raises(ValueError, match="box: must be"):
            hthm.DiskGas(n=1, box=wrong)
        with pytest.raises(ValueError, match="n: must be"):
            hthm.DiskGas(n=wrong)
    with pytest.raises(ValueError, match="temperature: must be"):
        hthm.velocity_h(VELOCITIES, temperature=10**400)
    with pytest.raises(ValueError, match="temperature: must be finite and above zero, got masked"):
        hthm.velocity_h(VELOCITIES, temperature=np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False]))
    gas = hthm.DiskGas(n=3, diameter=0.1)
    assert gas.sample(1, 10**50).sha256() == gas.sample(1, 10**50).sha256()
    assert gas.sample(np.int8(1), np.uint64(7)).sha256() == gas.sample(1, 7).sha256()  # type: ignore[arg-type]  # both are whole


def test_ranges_of_runs_are_views_or_named() -> None:
    state = hthm.DiskGas(n=3, diameter=0.1).sample(6, seed=0)
    traj = hthm.simulate(state, 4, record="log")
    for chosen in (slice(np.int64(1), np.int8(3)), slice(-5, -3), slice(1, 3, np.int32(1))):
        assert np.shares_memory(state[chosen].positions, state.positions)
        assert np.shares_memory(traj[chosen].collisions, traj.collisions)
        assert_array_equal(traj[chosen].dense(), traj.dense()[1:3])
    for wrong in (slice(0.0, 2), slice("a", "b"), slice(True, 3), np.array([0, 1]), True):
        with pytest.raises(TypeError, match="runs: must be a range"):
            traj[wrong]  # type: ignore[index]  # the mistake under test
    for empty in (slice(0, 4, 0), slice(None, None, -1), slice(0, 4, 2), slice(3, 3)):
        with pytest.raises(ValueError, match="runs: must"):
            state[empty]
