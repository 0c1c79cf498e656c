"""Chiral disks: the rule bit for bit, its mirror image, what keeps it, and what refuses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hthm
import oracle
from hthm import rules
from hthm.measures.senses import collision_senses
from hthm.recording.store.manifest import DatasetError
from starts import HardStart, hard_starts
from test_engines import FIXED_STEP, assert_same_bits

GAS = hthm.DiskGas(n=120, diameter=0.03, speed=1.0, rule=hthm.ChiralDisks(delta=0.012))
SHARES = (0.25, -0.6)


def state_of(start: HardStart, delta: float) -> hthm.State:
    rule = hthm.ChiralDisks(delta=delta)
    return hthm.State(start.positions[None], start.velocities[None], diameter=start.diameter, box=start.box, rule=rule)


def exchanged(state: hthm.State) -> hthm.State:
    """The image in the diagonal."""
    swap = [np.ascontiguousarray(a[..., ::-1]) for a in (state.positions, state.velocities)]
    assert isinstance(state.rule, hthm.ChiralDisks)
    return hthm.State(*swap, diameter=state.diameter, speed=state.speed, rule=hthm.ChiralDisks(-state.rule.delta))


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_fixed_step_equals_oracle_bit_for_bit(engine: str) -> None:
    for k, start in enumerate(hard_starts()):
        delta = SHARES[k % 2] * start.diameter
        if start.diameter + abs(delta) > start.box / 2:
            start.diameter /= 2
            delta /= 2
        traj = hthm.simulate(state_of(start, delta), 8, start.dt, engine=engine, positions=True)
        numbers: dict[str, Any] = {"dt": start.dt, "box": start.box, "diameter": start.diameter}
        expected = oracle.simulate(start.positions, start.velocities, frames=8, delta=delta, rough=None, **numbers)
        label = f"{engine}, {start.name}, delta {delta}"
        assert_same_bits("velocities", traj.velocities[0], expected.velocities, label)
        assert_same_bits("positions", traj.positions[0], expected.positions, label)
        assert_same_bits("collisions", traj.collisions[0], expected.collisions, label)


@pytest.mark.parametrize("engine", hthm.engines())
def test_without_delta_they_have_the_bits_of_smooth_disks(engine: str) -> None:
    smooth = hthm.DiskGas(n=120, diameter=0.03, speed=1.0).sample(2, seed=1, overlaps="reject")
    chiral = hthm.State(smooth.positions, smooth.velocities, diameter=0.03, speed=1.0, rule=hthm.ChiralDisks(0.0))
    one, other = (hthm.simulate(state, 40, engine=engine) for state in (smooth, chiral))
    assert one.collisions.sum() > 100
    assert_same_bits("velocities", other.velocities, one.velocities, engine)
    assert_same_bits("collisions", other.collisions, one.collisions, engine)


@pytest.mark.parametrize("engine", [name for name in hthm.engines() if name != "dsmc"])
def test_the_mirror_image_is_that_of_the_other_delta(engine: str) -> None:
    state = GAS.sample(2, seed=2, overlaps="reject")
    one, other = (hthm.simulate(of, 30, engine=engine) for of in (state, exchanged(state)))
    np.testing.assert_array_equal(one.velocities, other.velocities[..., ::-1])
    same = hthm.simulate(state, 30, engine=engine)
    assert same.velocities.tobytes() == one.velocities.tobytes()


def test_y_turned_round_is_the_other_delta_too() -> None:
    """Where turning y round and the drift are exact, as on a grid: a step, whose collisions then mirror each other."""
    random = np.random.default_rng(3)
    x = random.integers(1, 2**20, size=(1, 200, 2)) / 2**20
    v = random.integers(-(2**10), 2**10, size=(1, 200, 2)) / 2**10
    flip = np.array([1.0, -1.0])
    images = [hthm.State(x, v, diameter=0.04, rule=hthm.ChiralDisks(0.02))]
    images.append(hthm.State(np.where(flip < 0, 1 - x, x), v * flip, diameter=0.04, rule=hthm.ChiralDisks(-0.02)))
    one, other = (hthm.simulate(state, 1, 2.0**-7) for state in images)
    assert one.collisions.sum() > 50
    np.testing.assert_array_equal(one.velocities, other.velocities * flip)
    plain = hthm.simulate(hthm.State(x, v, diameter=0.04, rule=hthm.ChiralDisks(-0.02)), 1, 2.0**-7)
    assert (plain.velocities != one.velocities).any()


@pytest.mark.parametrize("engine", hthm.engines())
def test_threads_and_recordings_change_no_bit(engine: str) -> None:
    state = GAS.sample(3, seed=4, overlaps="reject")
    dense = hthm.simulate(state, 30, engine=engine, threads=1)
    log = hthm.simulate(state, 30, engine=engine, threads=3, record="log")
    assert log.dense().tobytes() == dense.velocities.tobytes()
    np.testing.assert_allclose(log.final.energy(), state.energy(), rtol=1e-12)
    np.testing.assert_allclose(log.final.momentum(), state.momentum(), atol=1e-11)
    assert log.final.rule == GAS.rule
    if engine in FIXED_STEP:
        parts = hthm.simulate(hthm.simulate(state, 12, engine=engine).final, 18, engine=engine)
        assert parts.final.velocities.tobytes() == dense.final.velocities.tobytes()


def test_the_exact_engine_goes_on_from_where_pairs_are_within_the_outer_distance() -> None:
    gas = hthm.DiskGas(n=200, diameter=0.03, speed=1.0, rule=hthm.ChiralDisks(0.015))
    state = gas.sample(2, seed=5, overlaps="reject")
    final = hthm.simulate(state, 1, 2.0, engine="event", record="counts").final
    assert hthm.State(final.positions, final.velocities, diameter=0.03).overlaps().sum() > 0
    assert final.overlaps().sum() == 0
    assert hthm.simulate(final, 1, 1.0, engine="event").collisions.sum() > 100


@pytest.mark.parametrize(("engine", "within"), [("event", 0.03), ("dsmc", 1e-12)])
def test_senses_come_as_often_as_the_rule_says(engine: str, within: float) -> None:
    gas = hthm.DiskGas(n=300, diameter=0.002, speed=1.0, rule=hthm.ChiralDisks(0.001))
    traj = hthm.simulate(gas.sample(8, 6, overlaps="reject", speeds="maxwell"), 4, 1.0, engine=engine, record="log")
    senses = collision_senses(traj)
    share = np.mean(senses == -1)  # those at σ + δ
    assert np.all(senses != 0)
    assert abs(share - 0.75) < 5 * np.sqrt(0.1875 / len(senses)) + within * 0.1
    assert len(senses) > 2000


def test_a_store_keeps_the_rule_and_goes_on_with_no_other(tmp_path: Path) -> None:
    state = GAS.sample(4, seed=7, overlaps="reject")
    folder = tmp_path / "kept"
    stored = hthm.simulate(state, 10, engine="event", store=folder)
    assert hthm.open(folder).gas == GAS
    assert hthm.open(folder).final.rule == GAS.rule
    assert stored.dense().tobytes() == hthm.simulate(state, 10, engine="event").velocities.tobytes()
    others: list[rules.Rule] = [hthm.ChiralDisks(-0.012), hthm.ChiralDisks(np.nextafter(0.012, 1)), hthm.SmoothDisks()]
    for rule in others:
        other = hthm.State(state.positions, state.velocities, diameter=0.03, speed=1.0, rule=rule)
        with pytest.raises(DatasetError, match=r"of the same runs, and differs: rule chiral disks, delta 0"):
            hthm.simulate(other, 10, engine="event", store=folder)


def test_exports_say_the_rule(tmp_path: Path) -> None:
    traj = hthm.simulate(GAS.sample(1, seed=8), 4, record="log")
    traj.write(tmp_path / "run.xyz")
    assert "chiral disks, delta 0.012;" in (tmp_path / "run.xyz").read_text()
    assert traj.to_xarray().attrs["rule"] == "chiral disks, delta 0.012"
    assert hthm.speed_h(traj).shape == (1, 4)
    assert np.isfinite(hthm.velocity_h(traj)).all()


def test_what_cannot_serve_the_rule_says_why() -> None:
    with pytest.raises(ValueError, match=r"rule: must be of smooth disks, got chiral disks, delta 0\.012\. No theory"):
        _ = GAS.collision_rate
    near = hthm.State(np.array([[[0.5, 0.5], [0.51, 0.5]]]), np.zeros((1, 2, 2)), diameter=0.03, rule=GAS.rule)
    with pytest.raises(ValueError, match=r"overlap, 0\.01 apart with diameter 0\.03, and by their rule come no nearer"):
        hthm.simulate(near, 1, engine="event")


@given(
    delta=st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-0.2, 0.2)),
    diameter=st.sampled_from([0.006, 0.2, 0.4, 0.5]),
)
@settings(max_examples=100, deadline=None)
def test_a_delta_is_taken_or_refused_by_name(delta: float, diameter: float) -> None:
    fits = np.isfinite(delta) and abs(delta) < diameter and diameter + abs(delta) <= 0.5
    if not fits:
        with pytest.raises(ValueError, match=r"^delta: must be .*, got .*\."):
            hthm.DiskGas(n=5, diameter=diameter, rule=hthm.ChiralDisks(delta))
        return
    gas = hthm.DiskGas(n=5, diameter=diameter, rule=hthm.ChiralDisks(delta))
    assert rules.of_text(rules.text_of(gas.rule)) == gas.rule
    assert gas.reach == diameter + abs(delta)


@pytest.mark.parametrize("wrong", [None, "chiral", hthm.ChiralDisks, 0.3])
def test_what_is_no_rule_is_refused(wrong: object) -> None:
    with pytest.raises(
        TypeError, match=r"^rule: must be SmoothDisks\(\), RoughDisks\(\.\.\.\) or ChiralDisks\(.*\), got "
    ):
        hthm.DiskGas(rule=wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("wrong", ["0.1", None, True, 1j])
def test_what_is_no_delta_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^delta: must be a number, got"):
        hthm.ChiralDisks(wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rough disks",
        "rough disks, inertia 2, restitution 1, roughness 1.5",
        "chiral disks, delta ",
        "chiral disks, delta x",
        "chiral",
    ],
)
def test_words_of_another_version_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^rule: must be one that this version of hthm knows"):
        rules.of_text(text)


def test_disks_are_placed_beyond_reach() -> None:
    for state in (GAS.sample(2, seed=1, overlaps="reject"), GAS.lattice_state(2, seed=1)):
        wide = hthm.State(state.positions, state.velocities, diameter=GAS.reach)
        assert wide.overlaps().sum() == 0
    with pytest.raises(ValueError, match=r"overlaps: 'reject' must have an area fraction of at most 0\.5, got 0\.55"):
        hthm.DiskGas(n=400, diameter=0.03, rule=hthm.ChiralDisks(0.012)).sample(1, overlaps="reject")
