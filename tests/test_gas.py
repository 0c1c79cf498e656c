"""The gas and its starts: theory's numbers, and random starts that are the same wherever they are drawn."""

from __future__ import annotations

import doctest
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import hthm
import hthm.gas as module_of_gas
from hthm.starts.kinds import Speeds


def generator(seed: int, run: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(run,))))


def test_the_papers_gas_has_enskogs_numbers() -> None:
    gas = hthm.paper.GAS
    assert gas == hthm.DiskGas(n=1000, diameter=0.006, speed=hthm.paper.S0, box=1.0)
    assert gas.speed == 0.12374368670764582
    assert_allclose(gas.area_fraction, 0.02827, atol=5e-6)
    assert_allclose(gas.contact_value, 1.04594, atol=5e-6)
    assert_allclose(gas.collision_rate, 1.94658, atol=5e-6)
    assert_allclose(gas.mean_free_path, 0.05634, atol=5e-6)
    assert_allclose(gas.collision_rate * gas.n / 2 * 500 / 60, 8110.7, atol=0.05)


@pytest.mark.parametrize(
    ("area_fraction", "z"),
    [(0.02827, 1.059137), (0.1, 1.236111), (0.3, 2.063261), (0.5, 4.106364), (0.6, 6.455337), (0.67, 9.362462)],
)
def test_the_equation_of_state_is_the_published_one(area_fraction: float, z: float) -> None:
    """Below 0.3 Henderson's; from there on Kolafa and Rottner's, with the values that others found from their fit."""
    gas = hthm.DiskGas.from_area_fraction(1000, area_fraction)
    assert_allclose(gas.compressibility, z, atol=6e-7)
    assert_allclose(gas.compressibility, 1 + 2 * gas.area_fraction * gas.contact_value, rtol=1e-15)
    rate = 2 * gas.density * gas.diameter * gas.contact_value * math.sqrt(math.pi * gas.temperature)
    assert_allclose(gas.collision_rate, rate, rtol=1e-14)


def test_the_equations_of_state_join_as_documented() -> None:
    """χ steps down by 0.05 % at 0.3; beyond 0.7, where no fluid is in equilibrium, it is Henderson's, 16 % higher."""
    below, above, frozen = (
        hthm.DiskGas.from_area_fraction(10**6, x).contact_value for x in (0.299999, 0.300001, 0.7001)
    )
    assert above / below - 1 == pytest.approx(-4.8e-4, abs=3e-5)
    fluid = hthm.DiskGas.from_area_fraction(10**6, 0.6999).contact_value
    assert frozen / fluid - 1 == pytest.approx(0.16, abs=0.01)
    assert hthm.DiskGas.from_area_fraction(10**6, 0.75).contact_value == pytest.approx((1 - 7 * 0.75 / 16) / 0.0625)


def test_a_pressure_beyond_the_fluid_is_refused_and_a_disk_alone_meets_nobody() -> None:
    assert hthm.DiskGas.from_area_fraction(1000, 0.7).compressibility > 10
    for covered in (0.71, 0.95):
        with pytest.raises(ValueError, match=r"area_fraction: must be at most 0\.7 for a pressure"):
            hthm.DiskGas.from_area_fraction(1000, covered).compressibility  # noqa: B018 -- what is tested
    assert hthm.DiskGas(n=1, diameter=0.1).collision_rate == 0
    assert hthm.DiskGas(n=2, diameter=0.1).collision_rate > 0


def test_mean_free_path_is_mean_speed_over_collision_rate() -> None:
    gas = hthm.DiskGas(n=77, diameter=0.1, speed=3.0, box=2.5)
    assert_allclose(gas.mean_free_path, math.sqrt(math.pi * gas.temperature / 2) / gas.collision_rate)


@given(st.integers(1, 10**6), st.floats(1e-6, 1), st.floats(1e-3, 1e3))
def test_a_gas_of_an_area_fraction_has_it_at_any_scale(n: int, part: float, length: float) -> None:
    fraction = part * min(n * math.pi / 16, 0.9)
    by_box = hthm.DiskGas.from_area_fraction(n, fraction, box=length)
    by_diameter = hthm.DiskGas.from_area_fraction(n, fraction, diameter=length, speed=2.0)
    assert (by_box.n, by_box.box, by_box.speed) == (n, length, hthm.paper.S0)
    assert (by_diameter.n, by_diameter.diameter, by_diameter.speed) == (n, length, 2.0)
    for gas in (hthm.DiskGas.from_area_fraction(n, fraction), by_box, by_diameter):
        assert gas.area_fraction == pytest.approx(fraction, rel=1e-14)
    assert hthm.DiskGas.from_area_fraction(n, fraction) == hthm.DiskGas.from_area_fraction(n, fraction, box=1.0)


@given(
    st.lists(st.builds(hthm.Kind, st.integers(1, 1000), st.floats(0.01, 1)), min_size=1, max_size=4),
    st.floats(1e-6, 1),
)
def test_a_mixture_of_an_area_fraction_has_it(kinds: list[hthm.Kind], part: float) -> None:
    widest = max(kind.diameter for kind in kinds)
    covered = sum(kind.n * kind.diameter**2 for kind in kinds) * math.pi / 4
    fraction = part * min(covered / (2 * widest) ** 2, 0.9) * (1 - 1e-12)
    gas = hthm.DiskGas.from_area_fraction(area_fraction=fraction, kinds=kinds, speed=2.0)
    assert (gas.kinds, gas.speed, gas.diameter) == (tuple(kinds), 2.0, widest)
    assert gas.area_fraction == pytest.approx(fraction, rel=1e-13)
    assert covered / gas.box**2 == pytest.approx(fraction, rel=1e-13)


def test_the_widest_disks_are_half_the_box() -> None:
    both: tuple[dict[str, Any], ...] = ({"box": 0.3}, {"diameter": 0.7})
    for n in (1, 2, 3, 7, 1000, 2**31 - 1):
        for lengths in both:
            gas = hthm.DiskGas.from_area_fraction(n, n * math.pi / 16, **lengths)
            assert gas.box == 2 * gas.diameter


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"area_fraction": 0.2},
            ValueError,
            "area_fraction: must be at most 0.19635, where the largest disk is half as wide",
        ),
        ({"area_fraction": 0.0}, ValueError, "area_fraction: must be a finite number above zero, got 0.0."),
        ({"area_fraction": "0.1"}, TypeError, "area_fraction: must be a number, got str."),
        (
            {"box": 1.0, "diameter": 0.1},
            ValueError,
            "box: must not be given beside diameter or kinds, got 1.0",
        ),
        ({"diameter": -1.0}, ValueError, "diameter: must be a finite number above zero, got -1.0."),
        ({"box": math.inf}, ValueError, "box: must be a finite number above zero, got inf."),
        ({"n": 0}, ValueError, "n: must be at least 1, got 0."),
        ({"area_fraction": None}, TypeError, "area_fraction: must be a number, got None."),
        ({"kinds": [hthm.Kind(2, 0.1)]}, ValueError, "n: must be 2, which follows from kinds, 2 of diameter 0.1"),
        ({"kinds": [hthm.Kind(1, 0.1)], "box": 1.0}, ValueError, "box: must not be given beside diameter or kinds"),
        ({"kinds": [hthm.Kind(1, 0.1)], "diameter": 0.2}, ValueError, "diameter: must be 0.1, which follows from"),
        ({"speed": -1}, ValueError, "speed: must be a finite number, zero or more, got -1."),
    ],
)
def test_a_gas_of_no_area_fraction_is_refused_by_name(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        hthm.DiskGas.from_area_fraction(**{"n": 1, "area_fraction": 0.1} | arguments)


def test_examples_in_the_docstrings_are_right() -> None:
    assert doctest.testmod(module_of_gas).attempted
    assert not doctest.testmod(module_of_gas).failed


def test_sample_draws_positions_then_directions() -> None:
    gas = hthm.DiskGas(n=50, diameter=0.01, box=2.0)
    state = gas.sample(3, seed=9)
    for run in range(3):
        random = generator(9, run)
        assert_array_equal(state.positions[run], random.uniform(0, gas.box, (50, 2)))
        angles = random.uniform(0, 2 * np.pi, 50)
        assert_array_equal(state.velocities[run, :, 0], gas.speed * np.cos(angles))
        assert_array_equal(state.velocities[run, :, 1], gas.speed * np.sin(angles))


def test_reject_draws_a_position_again_at_its_turn() -> None:
    gas = hthm.DiskGas(n=60, diameter=0.09)
    state = gas.sample(2, seed=5, overlaps="reject")
    for run in range(2):
        random = generator(5, run)
        positions: list[np.ndarray] = []
        while len(positions) < gas.n:
            x = random.random(2)
            d = np.abs(np.array(positions).reshape(-1, 2) - x)
            d = np.minimum(d, 1 - d)
            if ((d * d).sum(axis=1) >= gas.diameter**2).all():
                positions.append(x)
        assert_array_equal(state.positions[run], positions)
        angles = random.random(gas.n) * (2 * np.pi)
        assert_array_equal(state.velocities[run, :, 0], gas.speed * np.cos(angles))


@pytest.mark.parametrize("speeds", ["equal", "uniform", "maxwell"])
def test_run_k_is_the_same_whatever_else_is_drawn(speeds: Speeds) -> None:
    gas = hthm.DiskGas(n=30, diameter=0.05)
    few, many = gas.sample(2, seed=1, speeds=speeds), gas.sample(5, seed=1, speeds=speeds)
    assert_array_equal(few.positions, many.positions[:2])
    assert_array_equal(few.velocities, many.velocities[:2])
    assert few.sha256() == many[:2].sha256()
    assert few.sha256() != gas.sample(2, seed=2, speeds=speeds).sha256()


def test_reject_leaves_no_overlap_up_to_half_the_area() -> None:
    for n, area_fraction in ((1, 0.19), (2, 0.39), (100, 0.3), (1000, 0.5)):
        gas = hthm.DiskGas.from_area_fraction(n, area_fraction)
        assert_array_equal(gas.sample(2, seed=3, overlaps="reject").overlaps(), [0, 0])


def test_overlaps_are_counted_as_the_rule_counts_them() -> None:
    gas = hthm.DiskGas(n=40, diameter=0.11)
    state = gas.sample(4, seed=2)
    for run, count in enumerate(state.overlaps()):
        i, j = np.triu_indices(gas.n, k=1)
        d = state.positions[run][i] - state.positions[run][j]
        d -= np.round(d)
        assert count == ((d * d).sum(axis=1) < gas.diameter**2).sum()


def test_speeds_have_the_distribution_asked_for() -> None:
    """A Kolmogorov-Smirnov test each, false-alarm rate 1e-6; the seed is fixed."""
    gas = hthm.DiskGas(n=20_000, diameter=1e-4)
    speeds = {name: np.hypot(*gas.sample(1, seed=8, speeds=name).velocities[0].T) for name in ("uniform", "maxwell")}
    assert stats.kstest(speeds["uniform"], "uniform", args=(0, 2 * gas.speed)).pvalue > 1e-6
    assert stats.kstest(speeds["maxwell"], "rayleigh", args=(0, math.sqrt(gas.temperature))).pvalue > 1e-6
    assert_allclose(np.hypot(*gas.sample(1, seed=8).velocities[0].T), gas.speed, rtol=1e-15)


def test_energy_momentum_and_reversal() -> None:
    state = hthm.DiskGas(n=10, diameter=0.1).sample(3, seed=1, speeds="maxwell")
    assert_allclose(state.energy(), [(v**2).sum() / 2 for v in state.velocities])
    assert_allclose(state.momentum(), [v.sum(axis=0) for v in state.velocities])
    back = state.reversed()
    assert_array_equal(back.velocities, -state.velocities)
    assert_array_equal(back.positions, state.positions)


def test_a_users_state_is_taken_as_it_is() -> None:
    x, v = np.full((1, 2, 2), [[[0.1, 0.2], [0.6, 0.7]]]), np.array([[[3.0, 4.0], [0.0, 0.0]]])
    state = hthm.State(x, v, diameter=0.1)
    assert state.positions is x
    assert state.velocities is v
    assert_allclose(state.speed, math.sqrt(25 / 2))  # the root of the mean square
    assert state.gas == hthm.DiskGas(n=2, diameter=0.1, speed=state.speed)
    assert hthm.State(x, v, diameter=0.1, speed=2.0).speed == 2.0


def test_a_range_of_runs_is_a_view_with_the_same_gas() -> None:
    state = hthm.DiskGas(n=5, diameter=0.1).sample(6)
    part = state[2:5]
    assert len(part) == 3
    assert np.shares_memory(part.positions, state.positions)
    assert part.speed == state.speed
    for wrong in (3, [1, 2], (0, 1)):
        with pytest.raises(TypeError, match="runs: must be a range"):
            state[wrong]  # type: ignore[index]  # the mistake under test
    for empty in (slice(0, 6, 2), slice(4, 4), slice(9, 12)):
        with pytest.raises(ValueError, match="runs: must"):
            state[empty]


def test_no_room_is_said_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"overlaps: 'reject' must have an area fraction of at most 0.5, got 0.6"):
        hthm.DiskGas.from_area_fraction(1000, 0.6).sample(1, overlaps="reject")
