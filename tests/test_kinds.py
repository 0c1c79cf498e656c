"""Kinds of disk: what a gas is told, where its disks start, theory of their collisions, and what is refused."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import hthm
from hthm import Kind
from hthm.enskog import contact_values
from hthm.measures.rotation import temperatures
from test_mixtures import PAIR, ROUGH, gas_of


def test_a_gas_without_kinds_is_one_kind() -> None:
    gas = hthm.DiskGas()
    assert gas.kinds is None
    assert gas.disks_of(0) == slice(0, 1000)
    assert gas.speed_of(0) == gas.speed
    assert_allclose(gas.collision_rates, [[gas.collision_rate]], rtol=1e-14)


def test_starts_keep_each_pair_at_its_own_distance() -> None:
    gas = hthm.DiskGas(kinds=[Kind(30, 0.08), Kind(300, 0.02)])
    state = gas.sample(2, seed=4, overlaps="reject")
    diameters = np.repeat([0.08, 0.02], [30, 300])
    nearest = []
    for x in state.positions:
        d = x[:, None] - x
        distance = np.hypot(*np.moveaxis(d - np.rint(d), -1, 0)) / np.add.outer(diameters, diameters) * 2
        nearest.append(distance[np.triu_indices(330, 1)].min())
    assert min(nearest) >= 1
    assert max(nearest) < 1.05  # nobody was kept farther away than need be
    close = hthm.DiskGas(kinds=gas.kinds, box=0.7)
    assert hthm.State(state.positions * 0.7, state.velocities, kinds=gas.kinds, box=0.7).overlaps().min() > 0
    assert close.area_fraction == pytest.approx(gas.area_fraction / 0.49)
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(4, spawn_key=(0,))))
    assert_array_equal(gas.sample(1, seed=4).positions[0], random.random((330, 2)))


def test_a_lattice_has_the_distance_of_the_largest_and_mixes_kinds() -> None:
    gas = hthm.DiskGas(kinds=[Kind(50, 0.06), Kind(100, 0.02)])
    state = gas.lattice_state(1, seed=2)
    assert state.overlaps()[0] == 0
    assert abs(state.positions[0, gas.disks_of(0), 1].mean() - 0.5) < 0.2


@pytest.mark.parametrize("start", ["maxwell", "equilibrium"])
def test_each_kind_starts_at_the_temperature(start: str) -> None:
    """z of the mean m v²/2 of each kind: chi-squared, 1e-6 for both starts and kinds."""
    gas = gas_of()
    state = gas.sample(200, seed=7, start=start)  # type: ignore[arg-type]  # one of the names
    for k, kind in enumerate(PAIR):
        energies = kind.mass * np.square(state.velocities[:, gas.disks_of(k)]).sum(axis=-1) / 2
        error = gas.temperature / math.sqrt(energies.size)
        assert abs(energies.mean() - gas.temperature) < 5.2 * error
        assert gas.speed_of(k) == pytest.approx(math.sqrt(2 * gas.temperature / kind.mass))
    assert_allclose(state.energy().mean(), gas.n * gas.temperature, rtol=0.02)


def test_equal_speeds_are_equal_whatever_the_mass() -> None:
    state = gas_of().sample(2, seed=1)
    assert_allclose(np.hypot(state.velocities[..., 0], state.velocities[..., 1]), 1.0, rtol=1e-15)
    assert_allclose(state.energy(), 180 * gas_of().temperature, rtol=1e-13)


def test_spins_start_at_the_temperature_with_the_inertia_of_their_kind() -> None:
    gas = gas_of(ROUGH)
    state = gas.sample(100, seed=2, start="equilibrium", spins="equilibrium")
    assert state.spins is not None
    for k, kind in enumerate(PAIR):
        inertia = ROUGH.inertia * kind.mass * (kind.diameter / 2) ** 2
        assert_allclose(inertia * np.square(state.spins[:, gas.disks_of(k)]).mean(), gas.temperature, rtol=0.07)
    still = gas.sample(2, seed=2, spins="all in spin")
    assert_allclose(still.energy(), 180 * gas.temperature, rtol=0.35)


GOOD = {"kinds": list(PAIR)}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kinds": []}, ValueError, "kinds: must be from 1 to 64 kinds, got 0. Those that are alike are one"),
        ({"kinds": 3}, TypeError, "kinds: must be a list of hthm.Kind, got int."),
        ({"kinds": Kind(3, 0.1)}, TypeError, "kinds: must be a list of hthm.Kind, got Kind."),
        ({"kinds": [(500, 0.1)]}, TypeError, "kinds: must be a list of hthm.Kind, got tuple in it."),
        (GOOD | {"n": 1000}, ValueError, "n: must be 180, which follows from kinds, 60 of diameter 0.04 and mass 5,"),
        (GOOD | {"diameter": 0.015}, ValueError, "diameter: must be 0.04, which follows from kinds,"),
        ({"kinds": [Kind(2, 0.3), Kind(1, 0.6)]}, ValueError, "diameter: must be at most half the box, 0.5, got 0.6."),
        (
            GOOD | {"rule": hthm.ChiralDisks(0.02)},
            ValueError,
            "delta: must be smaller in size than the diameter, 0.015",
        ),
        (GOOD | {"box": 0.09, "rule": hthm.ChiralDisks(0.01)}, ValueError, "delta: must be at most 0.005 in size"),
        ({"kinds": [Kind(2**31 - 1, 1e-9)] * 2}, ValueError, "n: must be at most 2147483647, got 4294967294."),
    ],
)
def test_a_gas_of_no_such_kinds_is_refused_by_name(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        hthm.DiskGas(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 0.1), ValueError, "n of a kind: must be at least 1, got 0."),
        ((2.5, 0.1), TypeError, "n of a kind: must be a whole number, got float."),
        ((5, -0.1), ValueError, "diameter of a kind: must be a finite number above zero, got -0.1."),
        ((5, 0.1, 0.0), ValueError, "mass of a kind: must be "),
        ((5, 0.1, math.inf), ValueError, "mass of a kind: must be "),
        ((5, 0.1, 1e7), ValueError, "mass of a kind: must be "),
        ((5, "0.1"), TypeError, "diameter of a kind: must be a number, got str."),
    ],
)
def test_no_kind_is_refused_by_name(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Kind(*arguments)


@given(
    n=st.one_of(st.integers(-3, 10), st.floats(), st.none(), st.booleans()),
    diameter=st.one_of(st.floats(), st.integers(), st.none(), st.text()),
    mass=st.one_of(st.floats(), st.integers(), st.none(), st.booleans()),
)
def test_whatever_is_given_is_a_kind_or_one_clear_error(n: object, diameter: object, mass: object) -> None:
    numbers: Any = (n, diameter, mass)
    error = None
    try:
        kind = Kind(*numbers)
        gas = hthm.DiskGas(kinds=[kind, Kind(2, 0.01)])
    except (TypeError, ValueError) as refused:
        error = str(refused)
    if error is not None:
        assert re.match(r"(n|diameter|mass|kinds)( of a kind)?: must ", error)
        return
    assert gas.n == kind.n + 2
    assert gas.diameter == max(kind.diameter, 0.01)
    assert math.isfinite(gas.temperature)


def test_n_and_diameter_may_be_said_again() -> None:
    gas = gas_of()
    assert hthm.DiskGas(n=180, diameter=0.04, speed=1.0, kinds=PAIR) == gas
    assert dataclasses.replace(gas, speed=1.0) == gas
    assert gas.sample(1).gas == gas
    assert "kinds=(Kind(n=60" in repr(gas)
    assert hthm.State(gas.sample(1).positions, gas.sample(1).velocities, kinds=PAIR).diameter == 0.04
    with pytest.raises(ValueError, match="kinds: must have 3 disks together, as positions has, got "):
        hthm.State(np.zeros((1, 3, 2)), np.zeros((1, 3, 2)), kinds=PAIR)
    with pytest.raises(TypeError, match=r"diameter: must be given, got None\. Give it, or the kinds of a mixture"):
        hthm.State(np.zeros((1, 3, 2)), np.zeros((1, 3, 2)))
    with pytest.raises(ValueError, match="kind: must be at most 1, got 2"):
        gas.disks_of(2)


def test_velocities_that_a_light_disk_could_not_take_over_are_refused() -> None:
    kinds = [Kind(1, 0.1, 1e6), Kind(1, 0.1, 1e-6)]
    x, v = np.array([[[0.1, 0.1], [0.5, 0.5]]]), np.array([[[1e145, 0.0], [0.0, 0.0]]])
    with pytest.raises(ValueError, match="velocities of disks of mass 1e"):
        hthm.State(x, v, kinds=kinds)


def test_contact_values_reduce_to_those_that_are_known() -> None:
    """Henderson's of equal disks; 1/(1 - φ) of points; to the first order in the density the exact integral."""
    for fraction in (0.03, 0.2, 0.45):
        wide = math.sqrt(4 * fraction / math.pi / 100)
        one = contact_values((Kind(70, wide), Kind(30, wide, 4.0)), 1.0)
        assert_allclose(one, (1 - 7 * fraction / 16) / (1 - fraction) ** 2, rtol=1e-14)
        point = contact_values((Kind(100, wide), Kind(1, 1e-9)), 1.0)
        assert_allclose(point[1], 1 / (1 - fraction), rtol=1e-6)
    for ratio, worst in ((1.0, 0.001), (0.7, 0.03), (0.5, 0.08)):
        sizes = np.array([1.0, ratio]) * 1e-4
        kinds = (Kind(40, sizes[0]), Kind(60, sizes[1]))
        reach = np.add.outer(sizes, sizes) / 2
        first = sum(
            kind.n * np.array([[_lens(reach[a, k], reach[b, k], reach[a, b]) for b in (0, 1)] for a in (0, 1)])
            for k, kind in enumerate(kinds)
        )
        assert_allclose(contact_values(kinds, 1.0) - 1, first, rtol=worst)


def _lens(a: float, b: float, d: float) -> float:
    """Area that two circles of these radii have in common, their centres d apart."""
    if d <= abs(a - b):
        return math.pi * min(a, b) ** 2
    part_a, part_b = (d * d + a * a - b * b) / (2 * d), (d * d + b * b - a * a) / (2 * d)
    return sum(r * r * math.acos(x / r) - x * math.sqrt(r * r - x * x) for r, x in ((a, part_a), (b, part_b)))


def test_the_rates_of_equal_disks_add_up_to_enskogs() -> None:
    gas = hthm.DiskGas(kinds=[Kind(30, 0.02, 3.0), Kind(70, 0.02, 3.0000001)])
    plain = hthm.DiskGas(n=100, diameter=0.02)
    assert_allclose(gas.collision_rates.sum(axis=1), plain.collision_rate, rtol=1e-6)
    rates, counts = gas_of().collision_rates, np.array([60, 120])
    assert_allclose(rates[0, 1] * counts[0], rates[1, 0] * counts[1], rtol=1e-14)  # each is one of either


def test_who_is_alone_of_its_kind_meets_none_of_it() -> None:
    rates = hthm.DiskGas(kinds=[Kind(1, 0.1), Kind(1, 0.05, 3.0)]).collision_rates
    assert rates[0, 0] == rates[1, 1] == 0
    assert_allclose(rates[0, 1], rates[1, 0], rtol=1e-14)
    assert rates[0, 1] > 0


@pytest.mark.parametrize("kinds", [[Kind(400, 0.005, 4.0)], [Kind(300, 0.002, 1e4), Kind(100, 0.003)]])
def test_velocities_alone_know_the_temperature_of_their_gas(kinds: list[Kind]) -> None:
    gas = hthm.DiskGas(kinds=kinds)
    start = gas.sample(2, seed=4, start="equilibrium")
    own = hthm.State(start.positions, start.velocities, kinds=kinds)
    assert_allclose(own.gas.temperature, own.energy().mean() / own.n, rtol=1e-12)
    assert_allclose(own.gas.speed_of(0), gas.speed_of(0), rtol=0.1)


def test_temperatures_of_disks_that_are_alike_have_their_mass() -> None:
    gas = hthm.DiskGas(kinds=[Kind(300, 0.005, 4.0)], rule=hthm.RoughDisks())
    start = gas.sample(4, seed=1, start="equilibrium", spins="equilibrium")
    both = temperatures(hthm.simulate(start, frames=1))
    assert_allclose(np.array([part.mean() for part in both]), gas.temperature, rtol=0.2)
    assert_allclose(
        300 * (np.array(both[0])[:, 0] + np.array(both[1])[:, 0] / 2), start.energy(), rtol=1e-2
    )  # after a frame: nearly the energy of the start


def test_kinds_have_as_many_disks_as_there_are_positions() -> None:
    start = hthm.DiskGas(n=3, diameter=0.1).sample(1)
    with pytest.raises(ValueError, match="kinds: must have 3 disks together, as positions has, got "):
        hthm.State(start.positions, start.velocities, kinds=[Kind(2, 0.1)])
