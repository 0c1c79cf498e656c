"""Every fixed-step engine is the rule of docs/rule.md, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import hthm
import oracle
from hthm.engines import choice as engine_choice
from simd import FLAGS, needs_level, run_at_level
from starts import HardStart, hard_starts

FIXED_STEP = [name for name in hthm.engines() if name not in ("event", "dsmc")]
STARTS = hard_starts()
Array = NDArray[np.float64]


def assert_same_bits(name: str, ours: NDArray[np.generic], theirs: NDArray[np.generic], label: str) -> None:
    """Compare bytes, so that -0.0 is not 0.0; name the first difference."""
    assert ours.shape == theirs.shape
    if ours.tobytes() != theirs.tobytes():
        differ = np.argwhere(ours.view(np.uint64) != theirs.view(np.uint64))
        first = tuple(differ[0])
        pytest.fail(f"{label}: {name}{list(map(int, first))} is {ours[first]!r}, must be {theirs[first]!r}")


def state_of(start: HardStart) -> hthm.State:
    return hthm.State(start.positions[None], start.velocities[None], diameter=start.diameter, box=start.box)


def assert_is_the_oracle(engine: str, start: HardStart, frames: int, threads: int = 1) -> None:
    traj = hthm.simulate(state_of(start), frames=frames, dt=start.dt, engine=engine, positions=True, threads=threads)
    expected = oracle.simulate(
        start.positions, start.velocities, frames=frames, dt=start.dt, box=start.box, diameter=start.diameter
    )
    label = f"{engine}, {start.name}"
    assert_same_bits("velocities", traj.velocities[0], expected.velocities, label)
    assert_same_bits("positions", traj.positions[0], expected.positions, label)
    assert_same_bits("collisions", traj.collisions[0], expected.collisions, label)
    assert_same_bits("final positions", traj.final.positions[0], expected.positions[-1], label)
    assert_same_bits("final velocities", traj.final.velocities[0], expected.velocities[-1], label)


@pytest.mark.parametrize("start", STARTS, ids=[start.name for start in STARTS])
@pytest.mark.parametrize("engine", FIXED_STEP)
def test_engine_equals_oracle_bit_for_bit(engine: str, start: HardStart) -> None:
    assert_is_the_oracle(engine, start, frames=25)


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_engine_equals_oracle_at_the_papers_state(engine: str) -> None:
    gas = hthm.paper.GAS
    state = gas.sample(1, seed=4)
    start = HardStart("the paper's", state.positions[0], state.velocities[0], gas.diameter)
    assert_is_the_oracle(engine, start, frames=12)


@given(
    n=st.integers(1, 60),
    area_fraction=st.floats(0.001, 0.9),
    speed=st.floats(1e-6, 1e4),
    box=st.sampled_from([1.0, 0.1, 3.7, 1024.0]),
    dt=st.sampled_from([1 / 60, 1.0, 3e-4]),
    snap=st.sampled_from([0, 4, 64]),
    threads=st.integers(1, 3),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_engines_equal_oracle_on_random_states(
    n: int, area_fraction: float, speed: float, box: float, dt: float, snap: int, threads: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    x = random.random((n, 2))
    if snap:
        x = np.floor(x * snap) / snap  # equal coordinates, cell borders, exact contacts
    v = random.normal(size=(n, 2)) * speed * box
    diameter = min(float(np.sqrt(4 * area_fraction / (np.pi * n))), 0.5) * box
    for engine in (*FIXED_STEP, "auto"):
        start = HardStart(f"seed {seed}", x * box, v, diameter, box, dt)
        assert_is_the_oracle(engine, start, frames=8, threads=threads)


@pytest.mark.parametrize("level", FLAGS)
def test_engines_equal_oracle_at_every_instruction_set(level: str) -> None:
    """The level is chosen once a process; all other tests run at the highest that the machine has."""
    needs_level(level)
    tests = f"{__file__}::{test_engines_equal_oracle_on_random_states.__name__}"
    arguments = ["-q", "-p", "no:cacheprovider", tests]
    said = run_at_level(level, f"import sys, pytest\nsys.exit(pytest.main({arguments!r}))")
    assert "1 passed" in said, said


def test_auto_names_the_engine_that_it_picked() -> None:
    gas = hthm.DiskGas(n=200, diameter=0.01, speed=0.5)
    state = gas.sample(2, seed=6)
    auto, named = hthm.simulate(state, frames=20), hthm.simulate(state, frames=20, engine="sorted_cells")
    assert auto.engine == "sorted_cells"
    assert_same_bits("velocities", auto.velocities, named.velocities, "auto")
    assert hthm.simulate(state, frames=2, dt=1e-5).engine == "neighbor_list"
    assert hthm.simulate(state[:1], frames=2, dt=1e-5).engine == "neighbor_list"
    assert hthm.simulate(hthm.DiskGas(n=10, diameter=0.1, speed=1.0).sample(1), frames=2).engine == "all_pairs"
    assert "auto" not in hthm.engines()


@given(n=st.integers(1, 10**7), area_fraction=st.floats(0, 10), moved=st.floats(0, 1e15))
def test_auto_picks_a_fixed_step_engine_for_every_gas(n: int, area_fraction: float, moved: float) -> None:
    assert engine_choice.fastest(n, area_fraction, moved) in FIXED_STEP


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_threads_change_no_bit(engine: str) -> None:
    state = hthm.DiskGas(n=200, diameter=0.02).sample(9, seed=1)
    one = hthm.simulate(state, frames=40, engine=engine, threads=1, positions=True)
    for threads in (2, 4, 7):
        many = hthm.simulate(state, frames=40, engine=engine, threads=threads, positions=True)
        assert_same_bits("velocities", many.velocities, one.velocities, f"{engine}, {threads} threads")
        assert_same_bits("positions", many.positions, one.positions, f"{engine}, {threads} threads")
        assert_same_bits("collisions", many.collisions, one.collisions, f"{engine}, {threads} threads")


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_consecutive_calls_change_no_bit(engine: str) -> None:
    state = hthm.DiskGas(n=150, diameter=0.03).sample(3, seed=2)
    whole = hthm.simulate(state, frames=30, engine=engine)
    for split in ((1, 29), (13, 17), (10, 10, 10), (1,) * 30):
        part, velocities = state, []
        for frames in split:
            traj = hthm.simulate(part, frames=frames, engine=engine)
            velocities.append(traj.velocities)
            part = traj.final
        label = f"{engine}, {split}"
        assert_same_bits("velocities", np.concatenate(velocities, axis=1), whole.velocities, label)
        assert_same_bits("final positions", part.positions, whole.final.positions, label)


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_exchanging_the_axes_exchanges_the_answer(engine: str) -> None:
    state = hthm.DiskGas(n=120, diameter=0.03).sample(2, seed=3)
    exchanged = hthm.State(
        np.ascontiguousarray(state.positions[..., ::-1]),
        np.ascontiguousarray(state.velocities[..., ::-1]),
        diameter=state.diameter,
        speed=state.speed,
    )
    one = hthm.simulate(state, frames=50, engine=engine)
    other = hthm.simulate(exchanged, frames=50, engine=engine)
    np.testing.assert_array_equal(one.velocities, other.velocities[..., ::-1])


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_doubled_velocities_and_halved_dt_give_doubled_velocities(engine: str) -> None:
    state = hthm.DiskGas(n=120, diameter=0.03).sample(2, seed=4)
    doubled = hthm.State(state.positions, 2 * state.velocities, diameter=state.diameter)
    one = hthm.simulate(state, frames=50, dt=1 / 60, engine=engine)
    other = hthm.simulate(doubled, frames=50, dt=1 / 120, engine=engine)
    np.testing.assert_array_equal(2 * one.velocities, other.velocities)


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_energy_and_momentum_are_conserved(engine: str) -> None:
    state = hthm.paper.GAS.sample(2, seed=5)
    final = hthm.simulate(state, frames=200, engine=engine, record="counts").final
    np.testing.assert_allclose(final.energy(), state.energy(), rtol=1e-12)
    np.testing.assert_allclose(final.momentum(), state.momentum(), atol=1e-12 * state.n * state.speed)


def test_flush_to_zero_in_the_calling_thread_changes_no_bit() -> None:
    random = np.random.default_rng(3)
    x, v = random.random((1, 30, 2)) * 1e-160, random.normal(size=(1, 30, 2)) * 1e-160  # squares are subnormal
    x[0, 0], v[0, 0] = 0.5, 1.0  # one goes somewhere: a step in which none does is refused
    state = hthm.State(x, v, diameter=1e-155, box=1.0)
    expected = hthm.simulate(state, frames=5, threads=1)
    assert torch.set_flush_denormal(True), "this processor cannot flush subnormal numbers to zero"
    try:
        flushed = hthm.simulate(state, frames=5, threads=1)
        assert float(np.float64(1e-310) * np.float64(0.5)) == 0, "simulate must leave the caller's setting as it was"
    finally:
        torch.set_flush_denormal(False)
    assert_same_bits("velocities", flushed.velocities, expected.velocities, "flush to zero")
