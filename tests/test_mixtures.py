"""Mixtures of kinds of disk: the rules bit for bit, what they keep, their starts, and what refuses them."""

from __future__ import annotations

import doctest
import math
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import hthm
import oracle
from hthm import Kind, disk_kinds, mixtures
from hthm.measures import encounters
from hthm.measures.encounters import collisions_of_kinds
from hthm.measures.lyapunov import random_tangent, tangent_growth
from hthm.measures.rotation import spinning_h
from hthm.measures.shear import shear
from hthm.recording import of_kinds
from hthm.rules import Rule
from starts import HardStart, hard_starts
from test_engines import FIXED_STEP, assert_same_bits

ROUGH = hthm.RoughDisks(inertia=0.4)
PAIR = (Kind(60, 0.04, 5.0), Kind(120, 0.015))
RULES: tuple[Rule, ...] = (
    hthm.SmoothDisks(),
    ROUGH,
    hthm.RoughDisks(inertia=0.3, restitution=0.7, roughness=0.4),
    hthm.ChiralDisks(0.007),
)


def gas_of(rule: Rule = RULES[0], kinds: tuple[Kind, ...] = PAIR) -> hthm.DiskGas:
    return hthm.DiskGas(kinds=kinds, speed=1.0, rule=rule)


def start_of(rule: Rule = RULES[0], *, runs: int = 2, seed: int = 1, kinds: tuple[Kind, ...] = PAIR) -> hthm.State:
    spins: dict[str, Any] = {"spins": "equilibrium"} if isinstance(rule, hthm.RoughDisks) else {}
    return gas_of(rule, kinds).sample(runs, seed=seed, overlaps="reject", **spins)


def kinds_of(start: HardStart, k: int) -> tuple[Kind, ...]:
    """Kinds of the disks of a start, up to three, the largest as large as its disks."""
    n, wide = len(start.positions), start.diameter
    parts = [(0.37, 3.7), (1.0, 0.21), (0.81, 0.21)][: min(n, 2 + k % 2)]
    counts = [n // len(parts)] * (len(parts) - 1)
    parts[k % len(parts)] = (1.0, parts[k % len(parts)][1])
    return tuple(Kind(m, part * wide, mass) for m, (part, mass) in zip([*counts, n - sum(counts)], parts, strict=True))


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_fixed_step_equals_oracle_bit_for_bit(engine: str) -> None:
    for k, start in enumerate(hard_starts()):
        kinds = kinds_of(start, k)
        wide, narrow = mixtures.widest(kinds), mixtures.narrowest(kinds, 0)
        rule = (*RULES[:3], hthm.ChiralDisks(0.6 * min(narrow, start.box / 2 - wide) * (-1) ** k))[k % 4]
        spins = None
        if isinstance(rule, hthm.RoughDisks):
            spins = np.random.default_rng(k).normal(size=(1, len(start.positions))) / start.diameter
        state = hthm.State(
            start.positions[None], start.velocities[None], box=start.box, rule=rule, kinds=kinds, spins=spins
        )
        traj = hthm.simulate(state, 8, start.dt, engine=engine, positions=True)
        special: dict[str, Any] = {"delta": rule.delta} if isinstance(rule, hthm.ChiralDisks) else {}
        if isinstance(rule, hthm.RoughDisks) and spins is not None:
            special["rough"] = oracle.Rough(0, rule.inertia, rule.restitution, rule.roughness, spins[0].copy())
        mixture = oracle.Mixture(
            np.repeat([kind.diameter for kind in kinds], [kind.n for kind in kinds]), mixtures.masses(kinds)
        )
        numbers: dict[str, Any] = {"dt": start.dt, "box": start.box, "diameter": wide}
        expected = oracle.simulate(start.positions, start.velocities, frames=8, mixture=mixture, **numbers, **special)
        label = f"{engine}, {start.name}, {rule}, {kinds}"
        assert_same_bits("velocities", traj.velocities[0], expected.velocities, label)
        assert_same_bits("positions", traj.positions[0], expected.positions, label)
        assert_same_bits("collisions", traj.collisions[0], expected.collisions, label)
        if spins is not None:
            assert_same_bits("spins", traj.spins[0], expected.spins, label)


@pytest.mark.parametrize("engine", hthm.engines())
@pytest.mark.parametrize("rule", [RULES[0], ROUGH, RULES[3]], ids=["smooth", "rough", "chiral"])
def test_kinds_that_are_alike_have_the_bits_of_a_gas_without(engine: str, rule: Rule) -> None:
    alike = hthm.DiskGas(kinds=[Kind(40, 0.03, 2.0), Kind(1, 0.03, 2.0), Kind(59, 0.03, 2.0)], rule=rule)
    plain = hthm.DiskGas(n=100, diameter=0.03, rule=rule)
    spins: dict[str, Any] = {"spins": "equilibrium"} if rule == ROUGH else {}
    one, other = (gas.sample(2, seed=3, overlaps="reject", speeds="maxwell", **spins) for gas in (plain, alike))
    assert one.sha256() == other.sha256()
    assert_array_equal(other.energy(), 2 * one.energy())
    assert_array_equal(other.momentum(), 2 * one.momentum())
    a, b = (hthm.simulate(state, 20, engine=engine, record="log") for state in (one, other))
    assert_same_bits("velocities", b.log.velocities, a.log.velocities, engine)
    assert a.final.sha256() == b.final.sha256()
    if rule == RULES[0]:
        assert_allclose(alike.collision_rate, plain.collision_rate, rtol=1e-15)
        assert (alike.area_fraction, alike.speed_of(2)) == (plain.area_fraction, plain.speed)
        assert hthm.simulate(other, 5, engine="event", precision="quad").final.kinds == alike.kinds


@pytest.mark.parametrize("rule", [RULES[0], ROUGH, RULES[3]], ids=["smooth", "rough", "chiral"])
@pytest.mark.parametrize("engine", ["sorted_cells", "event", "dsmc"])
def test_energy_and_momentum_are_kept(rule: Rule, engine: str) -> None:
    start = start_of(rule, runs=4)
    traj = hthm.simulate(start, 300, engine=engine, record="counts")
    assert traj.collisions.sum() > 5000
    assert_allclose(traj.final.energy(), start.energy(), rtol=1e-12)
    assert_allclose(traj.final.momentum(), start.momentum(), atol=1e-11 * 60 * 5)
    if engine == "event":
        assert not traj.final.overlaps().any()


def test_threads_and_recordings_change_no_bit() -> None:
    for rule in RULES:
        state = start_of(rule, runs=3)
        for engine in ("cell_list", "event"):
            dense, log = (hthm.simulate(state, 20, engine=engine, record=record) for record in ("velocities", "log"))
            assert_same_bits("velocities", log.dense(), dense.velocities, engine)
            again = hthm.simulate(state, 20, engine=engine, threads=3)
            assert_same_bits("velocities", again.velocities, dense.velocities, engine)
            assert dense[1:2].kinds == dense.kinds == PAIR


@pytest.mark.parametrize("rule", [RULES[0], ROUGH], ids=["smooth", "rough"])
def test_the_exact_engine_goes_back(rule: Rule) -> None:
    start = start_of(rule)
    there = hthm.simulate(start, 20, 1 / 240, engine="event")
    back = hthm.simulate(there.final.reversed(), 20, 1 / 240, engine="event").final.reversed()
    assert there.collisions.sum() > 150
    apart = np.abs(back.positions - start.positions)
    assert np.minimum(apart, 1 - apart).max() < 1e-6 * 0.015
    assert_allclose(back.velocities, start.velocities, atol=1e-6)


REFUSED: dict[str, tuple[Callable[[hthm.Trajectories], object], str]] = {
    "precision": (
        lambda traj: hthm.simulate(traj.initial, 1, engine="event", precision="quad"),
        "precision: must be double for disks of several kinds",
    ),
    "contact value": (lambda traj: traj.gas.contact_value, "kinds: must be of disks without kinds, got 60 of diameter"),
    "rate": (
        lambda traj: traj.gas.collision_rate,
        "It is that of equal disks; collision_rates has those of each two kinds.",
    ),
    "shear": (lambda traj: shear(traj.initial, rate=0.1, steps=1, dt=0.01), "Thermostat, stress and theory are those"),
    "growth": (
        lambda traj: tangent_growth(traj, random_tangent(traj.initial)),
        "How differences grow is worked out for equal disks.",
    ),
    "spinning h": (
        lambda _: spinning_h(hthm.simulate(start_of(ROUGH), 1)),
        "Spins are measured here by the radius of equal disks.",
    ),
    "kinds": (lambda traj: traj.of_kind(2), "kind: must be at most 1, got 2."),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_serves_no_mixture_refuses_it_with_the_reason(what: str, log_of_a_mixture: hthm.Trajectories) -> None:
    ask, message = REFUSED[what]
    with pytest.raises(ValueError, match=re.escape(message)):
        ask(log_of_a_mixture)


@pytest.fixture(scope="module")
def log_of_a_mixture() -> hthm.Trajectories:
    return hthm.simulate(start_of(), 3, engine="event", record="log")


def test_each_kind_has_an_h_of_its_own() -> None:
    state = gas_of().sample(2, seed=5, start="equilibrium")
    dense, log = (hthm.simulate(state, 4, record=record) for record in ("velocities", "log"))
    for k in range(2):
        part = np.ascontiguousarray(dense.velocities[:, :, dense.gas.disks_of(k)])
        assert dense.kinds == PAIR
        for traj in (dense, log):
            assert_array_equal(hthm.velocity_h(traj.of_kind(k)), hthm.velocity_h(part))
            expected = hthm.speed_h(part, speed=traj.gas.speed_of(k))
            assert_array_equal(hthm.speed_h(traj.of_kind(k)), expected)


def test_collisions_are_counted_by_kind() -> None:
    traj = hthm.simulate(start_of(), 30, engine="event", record="log")
    counts = collisions_of_kinds(traj)
    heavy = traj.log.pairs < 60
    rows = np.diff(traj.log.frame_offsets[:, [0, -1]], axis=1)[0, 0]
    assert counts[0, 0, 0] == 2 * heavy[:rows].all(axis=1).sum()
    assert counts[1, 0, 1] == counts[1, 1, 0] == (heavy[rows:, 0] != heavy[rows:, 1]).sum()
    assert_array_equal(counts.sum(axis=(1, 2)), 2 * traj.collisions.sum(axis=1))
    without = collisions_of_kinds(hthm.simulate(hthm.DiskGas(n=50, diameter=0.05).sample(2), 9, record="log"))
    assert without.shape == (2, 1, 1)


@pytest.mark.parametrize(("fraction", "theory"), [(0.02, 0.003), (0.15, 0.01)])
def test_pairs_of_kinds_meet_as_often_as_enskog_has_it(fraction: float, theory: float) -> None:
    """Within what the theory is good for, and 5.3 standard errors of 30 runs each: 1e-6 for all six by chance."""
    unit = math.sqrt(fraction / (math.pi / 4 * (50 * 4 + 100)))
    gas = hthm.DiskGas(kinds=[Kind(50, 2 * unit, 4.0), Kind(100, unit)], speed=1.0)
    counts = np.array([50, 100])
    start = gas.sample(30, seed=3, overlaps="reject", start="equilibrium")
    long = 300 / gas.collision_rates.sum(axis=1).mean()
    settled = hthm.simulate(start, 1, long / 40, engine="event", record="counts").final
    traj = hthm.simulate(settled, 4, long / 4, engine="event", record="log")
    mass = sum(kind.n * kind.mass for kind in gas.kinds or ())
    energy = start.energy() - np.square(start.momentum()).sum(axis=-1) / 2 / mass  # about the centre of mass
    warm = energy / (gas.n - 1) / gas.temperature  # (runs,)
    others = np.outer(counts, counts) - np.diag(counts)  # pairs: a disk never meets itself
    expected = gas.collision_rates / counts * others * long * np.sqrt(warm)[:, np.newaxis, np.newaxis]
    ratio = collisions_of_kinds(traj) / expected  # (runs, kinds, kinds)
    error = ratio.std(axis=0, ddof=1) / math.sqrt(len(ratio))
    assert traj.collisions.sum() > 500_000
    assert (np.abs(ratio.mean(axis=0) - 1) < theory + 5.3 * error).all()
    assert error.max() < 0.007


def test_kinds_come_to_one_temperature() -> None:
    """From equal speeds, at which heavy disks have four times the energy: z of 40 runs, below 5 but for 1e-6."""
    kinds = (Kind(50, 0.04, 4.0), Kind(100, 0.02))
    gas = hthm.DiskGas(kinds=kinds, speed=1.0)
    start = gas.sample(40, seed=1, overlaps="reject")
    total = sum(kind.n * kind.mass for kind in kinds)
    traj = hthm.simulate(start, 12, 2.0, engine="event")
    about = traj.velocities - (start.momentum() / total)[:, np.newaxis, np.newaxis]  # the centre of mass
    warm = [
        kind.mass * np.square(about[:, 2:, gas.disks_of(k)]).sum(axis=-1).mean(axis=(1, 2)) / (1 - kind.mass / total)
        for k, kind in enumerate(kinds)
    ]  # (kinds, runs), with the share that the centre of mass takes of each
    difference = warm[0] / warm[1] - 1
    assert abs(difference.mean()) < 5.0 * difference.std(ddof=1) / math.sqrt(40)
    assert difference.std() < 0.2


def test_a_recording_names_its_kinds(log_of_a_mixture: hthm.Trajectories) -> None:
    kept = log_of_a_mixture.to_xarray().attrs["kinds"]
    assert kept == "60 of diameter 0.04 and mass 5.0, 120 of diameter 0.015 and mass 1.0"


@pytest.mark.parametrize("module", [disk_kinds, of_kinds, encounters], ids=["kinds", "one kind", "pairs"])
def test_examples_in_the_docstrings_are_right(module: ModuleType) -> None:
    assert doctest.testmod(module).attempted
    assert not doctest.testmod(module).failed
