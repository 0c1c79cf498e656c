"""Rough disks: the rule bit for bit, what it keeps, its way back, and what refuses it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hthm
import oracle
from hthm import rules
from hthm.measures.senses import collision_senses
from hthm.starts.spins import SPINS, Spins
from starts import HardStart, hard_starts
from test_engines import FIXED_STEP, assert_same_bits

ROUGH = hthm.RoughDisks()
GAS = hthm.DiskGas(n=120, diameter=0.03, speed=1.0, rule=ROUGH)
RULES = (
    ROUGH,
    hthm.RoughDisks(inertia=1.0),
    hthm.RoughDisks(inertia=0.3, restitution=0.7, roughness=0.4),
    hthm.RoughDisks(inertia=0.5, restitution=0.9, roughness=-0.2),
    hthm.RoughDisks(restitution=0.0, roughness=0.0),
    hthm.RoughDisks(restitution=0.5, roughness=-1.0),
)


def state_of(start: HardStart, rule: hthm.RoughDisks, seed: int) -> hthm.State:
    """With spins whose surfaces are about as fast as the disks."""
    spread = (np.sqrt(np.square(start.velocities).mean()) or 1.0) / start.diameter
    spins = spread * np.random.default_rng(seed).normal(size=len(start.positions))
    numbers: dict[str, Any] = {"diameter": start.diameter, "box": start.box, "rule": rule}
    return hthm.State(start.positions[None], start.velocities[None], spins=spins[None], **numbers)


def starts_of(rule: hthm.RoughDisks, *, runs: int = 2, seed: int = 1) -> hthm.State:
    gas = hthm.DiskGas(n=120, diameter=0.03, speed=1.0, rule=rule)
    return gas.sample(runs, seed=seed, overlaps="reject", spins="equilibrium")


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_fixed_step_equals_oracle_bit_for_bit(engine: str) -> None:
    for k, start in enumerate(hard_starts()):
        rule = RULES[k % len(RULES)]
        state = state_of(start, rule, seed=k)
        assert state.spins is not None
        traj = hthm.simulate(state, 8, start.dt, engine=engine, positions=True)
        rough = oracle.Rough(start.diameter / 2, rule.inertia, rule.restitution, rule.roughness, state.spins[0].copy())
        numbers: dict[str, Any] = {"dt": start.dt, "box": start.box, "diameter": start.diameter}
        expected = oracle.simulate(start.positions, start.velocities, frames=8, rough=rough, **numbers)
        label = f"{engine}, {start.name}, {rule}"
        assert_same_bits("velocities", traj.velocities[0], expected.velocities, label)
        assert_same_bits("positions", traj.positions[0], expected.positions, label)
        assert_same_bits("spins", traj.spins[0], expected.spins, label)
        assert_same_bits("collisions", traj.collisions[0], expected.collisions, label)


@pytest.mark.parametrize("engine", [name for name in hthm.engines() if name != "dsmc"])  # whose random numbers differ
def test_perfectly_smooth_ones_have_the_bits_of_smooth_disks(engine: str) -> None:
    rough = starts_of(hthm.RoughDisks(roughness=-1.0))
    smooth = hthm.State(rough.positions, rough.velocities, diameter=0.03, speed=1.0)
    assert rough.spins is not None
    assert rough.spins.all()
    one, other = (hthm.simulate(state, 40, engine=engine) for state in (smooth, rough))
    assert one.collisions.sum() > 100
    assert_same_bits("velocities", other.velocities, one.velocities, engine)
    assert_same_bits("collisions", other.collisions, one.collisions, engine)
    assert_same_bits("spins", other.spins[:, -1], rough.spins, engine)


@pytest.mark.parametrize("engine", hthm.engines())
def test_threads_and_recordings_change_no_bit(engine: str) -> None:
    state = GAS.sample(3, seed=4, overlaps="reject")
    dense = hthm.simulate(state, 30, engine=engine, threads=1)
    log = hthm.simulate(state, 30, engine=engine, threads=3, record="log")
    assert log.dense().tobytes() == dense.velocities.tobytes()
    assert log.dense_spins().tobytes() == dense.spins.tobytes()
    assert log[1:2].dense_spins().tobytes() == dense[1:2].spins.tobytes()
    assert log.final.spins is not None
    assert log.final.spins.tobytes() == dense.spins[:, -1].tobytes()
    assert np.abs(log.final.spins).min() >= 0
    assert np.abs(log.final.spins).mean() > 1
    np.testing.assert_allclose(log.final.energy(), state.energy(), rtol=1e-12)
    np.testing.assert_allclose(log.final.momentum(), state.momentum(), atol=1e-11)
    assert log.final.rule == ROUGH
    counts = hthm.simulate(state, 30, engine=engine, record="counts")
    assert counts.final.sha256() == dense.final.sha256()
    if engine in FIXED_STEP:
        parts = hthm.simulate(hthm.simulate(state, 12, engine=engine).final, 18, engine=engine)
        assert parts.final.sha256() == dense.final.sha256()


@pytest.mark.parametrize("engine", ["sorted_cells", "event"])
def test_powers_of_two_change_no_bit(engine: str) -> None:
    state = starts_of(ROUGH, runs=1)
    assert state.spins is not None
    far = hthm.State(
        state.positions * 2.0**20,
        state.velocities * 2.0**50,
        spins=state.spins * 2.0**30,
        diameter=0.03 * 2.0**20,
        box=2.0**20,
        rule=ROUGH,
    )
    one = hthm.simulate(state, 20, 1 / 64, engine=engine)
    other = hthm.simulate(far, 20, 2.0**-36, engine=engine)
    assert one.collisions.sum() > 20
    assert (other.velocities * 2.0**-50).tobytes() == one.velocities.tobytes()
    assert (other.spins * 2.0**-30).tobytes() == one.spins.tobytes()


def test_the_exact_engine_comes_back_with_velocities_and_spins_negated() -> None:
    gas = hthm.DiskGas(n=100, diameter=0.03, speed=1.0, rule=ROUGH)
    start = gas.sample(4, seed=3, overlaps="reject", spins="equilibrium")
    there = hthm.simulate(start, 1, 0.3, engine="event")
    back = hthm.simulate(there.final.reversed(), 1, 0.3, engine="event").final
    assert (there.collisions >= 20).all()
    assert start.spins is not None
    assert back.spins is not None
    np.testing.assert_allclose(back.positions, start.positions, rtol=0, atol=1e-9)
    np.testing.assert_allclose(back.velocities, -start.velocities, rtol=0, atol=1e-7)
    np.testing.assert_allclose(back.spins, -start.spins, rtol=0, atol=1e-5)
    moved = np.abs(there.final.velocities - start.velocities).max()
    assert moved > 0.1  # something did happen on the way


@pytest.mark.parametrize("rule", RULES[2:], ids=repr)
def test_granular_disks_cool_down_in_every_engine(rule: hthm.RoughDisks) -> None:
    state = starts_of(rule)
    for engine in hthm.engines():
        if engine == "event" and not rule.restitution:
            continue  # disks that stay in contact collide without end
        traj = hthm.simulate(state, 60, engine=engine)
        assert (traj.final.energy() < state.energy()).all(), engine
        np.testing.assert_allclose(traj.final.momentum(), state.momentum(), atol=1e-11)


@pytest.mark.parametrize("engine", ["event", "dsmc"])
@pytest.mark.parametrize("spins", ["all in translation", "all in spin"])
def test_energy_is_shared_in_the_end(engine: str, spins: Spins) -> None:
    """Two thirds of it are translation: false alarm below 1e-6, by five standard errors of 8 runs x 400 disks."""
    gas = hthm.DiskGas(n=400, diameter=0.02, speed=1.0, rule=ROUGH)
    start = gas.sample(8, seed=5, overlaps="reject", spins=spins)
    final = hthm.simulate(start, 1, 12.0, engine=engine, record="counts").final
    share = np.square(final.velocities).sum() / 2 / start.energy().sum()
    assert abs(share - 2 / 3) < 5 * math.sqrt(2 / 9 / (1.5 * 8 * 400))
    np.testing.assert_allclose(final.energy(), start.energy(), rtol=1e-11)


def test_named_spins_share_the_energy_as_they_say() -> None:
    gas = hthm.DiskGas(n=2000, speed=1.0, rule=hthm.RoughDisks(inertia=0.8))
    plain = gas.sample(2, seed=1)
    assert plain.spins is not None
    assert not plain.spins.any()
    wanted: dict[Spins, tuple[float, float]] = {"equilibrium": (0.5, 0.75), "all in spin": (0.005, 0.5)}
    assert set(SPINS) == {"all in translation", *wanted}
    for name, (translation, total) in wanted.items():
        state = gas.sample(2, seed=1, spins=name)
        assert state.positions.tobytes() == plain.positions.tobytes()
        np.testing.assert_allclose(np.square(state.velocities).sum(axis=(1, 2)) / 2, 2000 * translation, rtol=1e-12)
        np.testing.assert_allclose(state.energy(), 2000 * total, rtol=0.15)
        again = gas.sample(1, seed=1, first=1, spins=name)
        assert again.sha256() == state[1:2].sha256()


def test_tables_have_spins() -> None:
    traj = hthm.simulate(GAS.sample(2, seed=8), 4, record="log")
    np.testing.assert_array_equal(traj.to_xarray()["spin"].to_numpy(), traj.dense_spins())
    assert traj.to_xarray().attrs["rule"] == "rough disks, inertia 0.5, restitution 1.0, roughness 1.0"
    assert traj.log.spins is not None
    table = traj.log.to_pandas()
    np.testing.assert_array_equal(table[["spin_i", "spin_j"]].to_numpy(), traj.log.spins)
    assert hthm.speed_h(traj).shape == (2, 4)
    assert np.isfinite(hthm.velocity_h(traj)).all()


def test_what_cannot_serve_the_rule_says_why() -> None:
    state = GAS.sample(1, seed=9, overlaps="reject")
    traj = hthm.simulate(state, 2, record="log")
    assert GAS.collision_rate == hthm.DiskGas(n=120, diameter=0.03, speed=1.0).collision_rate
    with pytest.raises(
        ValueError, match=r"^rule: must keep energy for an equilibrium, got rough disks, inertia 0\.5, r"
    ):
        _ = hthm.DiskGas(rule=hthm.RoughDisks(roughness=0.5)).collision_rate
    with pytest.raises(ValueError, match=r"^traj: must be of disks without spins, got rough disks.*line of centres"):
        collision_senses(traj)
    for precision in ("quad", "extended"):
        with pytest.raises(ValueError, match=r"^precision: must be double for disks that are not smooth"):
            hthm.simulate(state, 2, engine="event", precision=precision)
    with pytest.raises(AttributeError, match=r"^spins: were recorded as a log\. Make the array with dense_spins\(\)"):
        _ = traj.spins
    with pytest.raises(AttributeError, match=r"^spins: were not recorded"):
        _ = hthm.simulate(state, 2, record="counts").spins
    smooth = hthm.simulate(hthm.DiskGas(n=5).sample(1), 2)
    assert smooth.final.spins is None
    with pytest.raises(AttributeError, match=r"^spins: these disks have none\."):
        smooth.dense_spins()


@given(
    inertia=st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(1e-7, 2)),
    restitution=st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-0.1, 1.1)),
    roughness=st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-1.1, 1.1)),
)
@settings(max_examples=200, deadline=None)
def test_numbers_are_taken_or_refused_by_name(inertia: float, restitution: float, roughness: float) -> None:
    wrong = []
    if not 1e-6 <= inertia <= 1e6:
        wrong.append("inertia")
    if not 0 <= restitution <= 1:
        wrong.append("restitution")
    if not -1 <= roughness <= 1:
        wrong.append("roughness")
    if wrong:
        with pytest.raises(ValueError, match=rf"^{wrong[0]}: must be .*, got .*\."):
            hthm.RoughDisks(inertia, restitution, roughness)
        return
    rule = hthm.RoughDisks(inertia, restitution, roughness)
    assert rules.of_text(rules.text_of(rule)) == rule
    assert hthm.DiskGas(rule=rule).reach == hthm.DiskGas().diameter
    assert rule.keeps_energy == (restitution == 1 and abs(roughness) == 1)


@pytest.mark.parametrize("name", ["inertia", "restitution", "roughness"])
@pytest.mark.parametrize("wrong", ["0.1", None, True, 1j])
def test_what_is_no_number_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(TypeError, match=rf"^{name}: must be a number, got"):
        hthm.RoughDisks(**{name: wrong})  # type: ignore[arg-type]  # wrong on purpose


@given(
    spins=st.sampled_from(
        [
            np.zeros((2, 4)),
            np.zeros((3, 5)),
            np.zeros((2, 5, 1)),
            np.zeros(10),
            np.zeros((2, 5), dtype=np.float32),
            np.zeros((2, 5), dtype=np.int64),
            np.zeros((5, 2)).T,
            np.full((2, 5), np.nan),
            np.full((2, 5), -np.inf),
            np.full((2, 5), 1e151),
            [[0.0] * 5] * 2,
            0.0,
        ]
    )
)
@settings(deadline=None)
def test_spins_of_another_kind_are_refused(spins: object) -> None:
    x, v = np.random.default_rng(1).random((2, 2, 5, 2))
    with pytest.raises((TypeError, ValueError), match=r"^spins: must (be|have) .*, got "):
        hthm.State(x, v, diameter=0.1, rule=ROUGH, spins=spins)  # type: ignore[arg-type]  # wrong on purpose


def test_spins_without_a_rule_for_them_are_refused() -> None:
    x, v = np.random.default_rng(1).random((2, 2, 5, 2))
    with pytest.raises(ValueError, match=r"^spins: must be None for disks that do not spin"):
        hthm.State(x, v, diameter=0.1, spins=np.zeros((2, 5)))
    with pytest.raises(ValueError, match=r"^spins: must not be given for disks that do not spin, got 'all in spin'"):
        hthm.DiskGas().sample(1, spins="all in spin")
    with pytest.raises(ValueError, match=r"^spins: must be one of all in translation, all in spin, equilibrium"):
        GAS.sample(1, spins="none")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match=r"^velocities: must be at most 1e\+150 radii in a unit of time"):
        hthm.State(x, 1e10 * v, diameter=1e-145, rule=ROUGH)
    state = hthm.State(x, v, diameter=0.1, rule=ROUGH)
    assert state.spins is not None
    state.spins[1, 2] = np.nan
    for use in (state.check, state.reversed, state.energy, state.sha256, lambda: hthm.simulate(state, 1)):
        with pytest.raises(ValueError, match=r"^spins: must be finite, got nan at \[1, 2\]"):
            use()


@pytest.mark.parametrize("restitution", [0.0, 0.3])
def test_collisions_without_end_are_told_and_no_hang(restitution: float) -> None:
    gas = hthm.DiskGas(n=60, diameter=0.09, speed=1.0, rule=hthm.RoughDisks(restitution=restitution, roughness=0.0))
    start = gas.sample(1, seed=1, overlaps="reject")
    with pytest.raises(ValueError, match=r"^state: in run 0 the disks are jammed: .* lose energy may follow one"):
        hthm.simulate(start, 20, 1.0, engine="event", record="counts")
    assert hthm.simulate(start, 20, engine="auto").final.energy() < 0.9 * start.energy()
