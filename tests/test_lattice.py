"""Dense legal starts: the lattice, its bound, and what is random about it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import hthm
from hthm.starts import positions
from hthm.starts.kinds import Speeds
from hthm.starts.lattice import widest_lattice


def widest(n: int, box: float = 1.0) -> float:
    """Largest diameter that lattice_state takes, which half the box bounds too."""
    return min(widest_lattice(n).spacing * box, box / 2)


def gas_of(n: int, area_fraction: float) -> hthm.DiskGas:
    return hthm.DiskGas.from_area_fraction(n, area_fraction)


@given(st.integers(1, 400), st.floats(1e-3, 1), st.sampled_from([1.0, 0.3, 7.1, 1e-30, 1e30]), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_lattice_is_legal_up_to_its_bound(n: int, part: float, box: float, seed: int) -> None:
    gas = hthm.DiskGas(n=n, diameter=part * widest(n, box), box=box)
    state = gas.lattice_state(2, seed)
    assert_array_equal(state.overlaps(), [0, 0])
    assert len(np.unique(state.positions[0], axis=0)) == n


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 12, 30, 100, 1000, 100_000])
def test_bound_is_the_least_distance_of_two_sites(n: int) -> None:
    lattice = widest_lattice(n)
    sites = lattice.sites()
    assert lattice.rows % 2 == 0
    assert n <= len(sites) < n + lattice.rows
    d = np.abs(sites[1:] - sites[0])  # every site has the same surroundings, and so has its mirror image
    d = np.minimum(d, 1 - d)
    shifted = np.abs(sites - sites[min(lattice.columns, len(sites) - 1)])
    shifted = np.minimum(shifted, 1 - shifted)
    others = np.concatenate([d, shifted])
    distances = np.hypot(others[:, 0], others[:, 1])
    distances = distances[distances > 0]
    assert lattice.spacing == pytest.approx(min(distances.min(), 1.0), rel=1e-12)
    assert lattice.spacing <= distances.min()


def test_bound_is_near_close_packing_for_many_disks() -> None:
    fractions = {n: n * math.pi / 4 * widest_lattice(n).spacing ** 2 for n in (1000, 10_000, 1_000_000)}
    assert fractions[1000] == pytest.approx(0.873, abs=5e-4)
    assert 0.88 < fractions[10_000] < fractions[1_000_000] < math.pi / math.sqrt(12)  # close packing


def test_too_large_disks_are_refused_with_the_bound() -> None:
    with pytest.raises(ValueError, match=r"diameter: must be at most 0\.0333333, an area fraction of 0\.873, .* 1000 "):
        gas_of(1000, 0.88).lattice_state(1)
    with pytest.raises(ValueError, match=r"overlaps: 'reject' must .* or lattice_state"):
        gas_of(1000, 0.7).sample(1, overlaps="reject")


def test_wrong_arguments_are_named() -> None:
    gas = gas_of(20, 0.5)
    with pytest.raises(ValueError, match="runs: must be at least 1"):
        gas.lattice_state(0)
    with pytest.raises(TypeError, match="seed: must be a whole number"):
        gas.lattice_state(1, 1.5)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="speeds: must be one of"):
        gas.lattice_state(1, speeds="fast")  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("speeds", ["equal", "uniform", "maxwell"])
def test_run_k_draws_sites_then_directions_then_speeds(speeds: Speeds) -> None:
    gas = gas_of(23, 0.5)
    few, many = gas.lattice_state(2, 4, speeds=speeds), gas.lattice_state(5, 4, speeds=speeds)
    assert few.sha256() == many[:2].sha256()
    assert not np.array_equal(many.positions[0], many.positions[1])  # 24 sites, one of them empty
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(4, spawn_key=(1,))))
    sites = widest_lattice(23).sites()
    number = random.random(len(sites))
    assert_array_equal(few.positions[1], sites[number <= np.sort(number)[22]])
    angles = random.random(23) * (2 * math.pi)
    np.testing.assert_allclose(np.arctan2(*few.velocities[1].T[::-1]) % (2 * math.pi), angles)
    if speeds == "equal":
        np.testing.assert_allclose(np.hypot(*few.velocities[1].T), gas.speed)


def test_lattice_without_room_is_refused_by_the_exact_engine() -> None:
    state = hthm.DiskGas(n=1000, diameter=widest(1000)).lattice_state(2, 3)
    with pytest.raises(ValueError, match=r"state: in run 0 the disks are jammed: .* take a smaller diameter"):
        hthm.simulate(state, frames=20, dt=1 / 600, engine="event", record="counts")


@pytest.mark.parametrize("n", [2, 3, 4, 12, 1000])
def test_nearly_full_lattice_runs_in_the_event_engine(n: int) -> None:
    gas = hthm.DiskGas(n=n, diameter=0.995 * widest(n))
    state = gas.lattice_state(1, 3)
    traj = hthm.simulate(state, frames=20, dt=1 / 600, engine="event", record="counts")
    assert traj.collisions.sum() > 0 or n < 3
    np.testing.assert_allclose(traj.final.energy(), state.energy(), rtol=1e-10)


@pytest.mark.parametrize("count", [0, 1, 7, 500, 69_999, 70_000])
def test_the_sites_that_stay_empty_are_those_of_the_largest_numbers(count: int) -> None:
    random = np.random.default_rng(3)
    for numbers in (random.random(70_000), random.integers(0, 50, 70_000) / 50, np.zeros(70_000)):
        in_order = np.argsort(numbers, kind="stable")
        assert_array_equal(positions.largest(numbers, count), np.sort(in_order[len(numbers) - count :]))
