"""The classifier of single collisions, what it sees, and the fluctuation theorem of what collisions add up to."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import hthm
from hthm.arrays import FloatArray
from hthm.deepsets import new_model
from hthm.learning.collision_order import (
    CollisionOrder,
    CollisionOrderConfig,
    log_odds,
    new_collision_order,
    train_collision_order,
)
from hthm.measures.fluctuation import at_once, disk_sums, lag_correlations, ratios, symmetry_slope, window_sums
from hthm.measures.senses import before_and_after, collision_senses, run_of_rows

DIAMETER = 0.005
FEW = CollisionOrderConfig(updates=5, batch=64)


@pytest.fixture(scope="module")
def traj() -> hthm.Trajectories:
    """A gas of the Boltzmann equation at δ = σ/2, in equilibrium: nobody meets a third, and shares are exact."""
    gas = hthm.DiskGas(n=400, diameter=DIAMETER, rule=hthm.ChiralDisks(DIAMETER / 2))
    start = gas.sample(4, 3, start="maxwell")
    return hthm.simulate(start, 4, 4 / gas.rate_at(1.0), engine="dsmc", record="log")


@pytest.fixture(scope="module")
def timed() -> hthm.Trajectories:
    gas = hthm.DiskGas(n=20, diameter=0.03, rule=hthm.ChiralDisks(0.015))
    return hthm.simulate(gas.sample(3, 0, overlaps="reject"), 6, 1.0, engine="event", record="log")


@pytest.fixture(scope="module")
def collisions(traj: hthm.Trajectories) -> FloatArray:
    return before_and_after(traj)


# ---- What it sees ---------------------------------------------------------------------------------------------------


def test_velocities_before_are_those_that_the_disks_had(timed: hthm.Trajectories) -> None:
    found, log = before_and_after(timed), timed.log
    assert np.array_equal(found[:, 2:], log.velocities)
    for run, (first, end) in enumerate(log.frame_offsets[:, [0, -1]]):
        had = timed.initial.velocities[run].copy()
        for row in range(first, end):
            assert np.array_equal(found[row, :2], had[log.pairs[row]]), (run, row)
            had[log.pairs[row]] = log.velocities[row]
    assert np.array_equal(np.bincount(run_of_rows(log)), timed.collisions.sum(axis=1))


def test_the_sense_is_in_the_velocities_alone(traj: hthm.Trajectories, collisions: FloatArray) -> None:
    """v × v' of the relative velocities before and after has the sign of v × n, for v' - v is along n."""
    v, after = (collisions[:, k] - collisions[:, k + 1] for k in (0, 2))
    crossed = v[:, 0] * after[:, 1] - v[:, 1] * after[:, 0]
    assert np.array_equal(np.sign(crossed), collision_senses(traj))


# ---- The classifier -------------------------------------------------------------------------------------------------


def test_the_log_odds_of_the_reverse_are_the_negative(collisions: FloatArray) -> None:
    model = new_collision_order(16, 0, 0.1)
    reverse = np.ascontiguousarray(-collisions[:, [2, 3, 0, 1]])
    f = log_odds(model, collisions)
    assert np.ptp(f) > 1e-3
    np.testing.assert_allclose(log_odds(model, reverse), -f, atol=1e-6)


def test_it_finds_the_closed_form_where_collisions_have_no_third(
    traj: hthm.Trajectories, collisions: FloatArray
) -> None:
    """0.549 nats a collision, of which a small network finds nine tenths from 6000 collisions in a second."""
    model = new_collision_order(16, 0, traj.gas.speed)
    half = traj.log.frame_offsets[2, 0]
    losses = train_collision_order(
        model, collisions[:half], CollisionOrderConfig(updates=300, batch=256, learning_rate=1e-2)
    )
    f, outer = log_odds(model, collisions[half:]), collision_senses(traj)[half:] == -1
    assert np.mean(losses[-20:]) < 0.62 < math.log(2) < losses[0] + 0.05
    assert ((f > 0) == outer).mean() > 0.93
    assert abs(np.median(f[outer]) - math.log(3)) < 0.3 > abs(np.median(f[~outer]) + math.log(3))
    assert 0.4 < f.mean() < 0.65


def test_a_seed_gives_the_same_bits_again_and_another_others(collisions: FloatArray) -> None:
    odds = []
    for seed in (5, 5, 6):
        model = new_collision_order(8, seed, 0.1)
        torch.rand(3)  # torch's own generator has no part in it
        train_collision_order(model, collisions, CollisionOrderConfig(updates=5, batch=64, blur=0.1, seed=seed))
        odds.append(log_odds(model, collisions, blur=0.1, seed=seed))
    assert odds[0].tobytes() == odds[1].tobytes() != odds[2].tobytes()


def test_its_numbers_are_drawn_from_streams_of_their_own() -> None:
    state, pairs = next(new_model(8, 0).parameters()), next(new_collision_order(8, 0).parameters())
    assert not torch.isclose(state.flatten()[:4], pairs.flatten()[:4] * 2).any()  # as bounds of 2 and 8 inputs have it


def test_blur_is_in_units_of_the_velocity_scale(collisions: FloatArray) -> None:
    model = new_collision_order(8, 0, 0.1)
    f = log_odds(model, collisions)
    little, much = (float(np.abs(log_odds(model, collisions, blur=blur) - f).max()) for blur in (1e-3, 1.0))
    assert 0 < 100 * little < much


def test_what_cannot_be_is_refused(collisions: FloatArray) -> None:
    model = new_collision_order(4, 0)
    with pytest.raises(ValueError, match=r"collisions: must have shape \(rows, 4, 2\)"):
        train_collision_order(model, collisions[:, :3].copy(), FEW)
    with pytest.raises(ValueError, match="collisions: "):
        log_odds(model, collisions[:0])
    with pytest.raises(TypeError, match="collisions: must be float64"):
        log_odds(model, collisions.astype(np.float32))
    with pytest.raises(ValueError, match="width: must be"):
        CollisionOrder(0)
    with pytest.raises(ValueError, match="velocity_scale: must be"):
        CollisionOrder(4, 0.0)
    with pytest.raises(ValueError, match="batch: must be"):
        CollisionOrderConfig(batch=0)
    with pytest.raises(hthm.train.TrainingDivergedError, match="Lower the learning rate"):
        train_collision_order(model, collisions * 1e30, CollisionOrderConfig(learning_rate=1e30, updates=5, batch=8))


def test_progress_is_told_after_every_update(collisions: FloatArray) -> None:
    told: list[tuple[int, int]] = []
    train_collision_order(new_collision_order(4, 0), collisions, FEW, progress=lambda *now: told.append(now))
    assert told == [(k, 5) for k in range(1, 6)]
    assert FEW.as_json()["updates"] == 5


# ---- The fluctuation theorem ----------------------------------------------------------------------------------------


def test_windows_have_what_their_collisions_add_up_to(timed: hthm.Trajectories) -> None:
    log, duration, window = timed.log, 6.0, 1.7
    values = np.arange(1.0, log.rows + 1)
    gas, disks = np.zeros((3, 3)), np.zeros((3, 20, 3))
    assert log.times is not None
    for row, run in enumerate(run_of_rows(log)):
        number = int(log.times[row] / window)
        if number < 3:
            gas[run, number] += values[row]
            for disk in log.pairs[row]:
                disks[run, disk, number] += values[row]
    np.testing.assert_allclose(window_sums(log, values, window, duration), gas)
    np.testing.assert_allclose(disk_sums(log, values, window, duration, 20), disks.reshape(3, -1))


def test_windows_need_times(traj: hthm.Trajectories) -> None:
    stepped = hthm.simulate(hthm.DiskGas(n=20, diameter=0.03).sample(1, 0), 9, 0.1, record="log")
    with pytest.raises(ValueError, match="log: must have the times"):
        window_sums(stepped.log, np.ones(stepped.log.rows), 1.0, 1.0)
    assert len(traj.log.pairs) > 5000


def test_pairs_that_are_turned_round_collide_at_once_and_at_the_larger_distance() -> None:
    gas = hthm.DiskGas(n=100, diameter=0.02, rule=hthm.ChiralDisks(0.01))
    traj = hthm.simulate(gas.sample(4, 0, overlaps="reject"), 20, 1.0, engine="event", record="log")
    found, log = at_once(traj.log, 1e-12), traj.log
    assert log.times is not None
    rows = np.flatnonzero(found)
    assert 0.01 < len(rows) / log.rows < 0.2
    assert np.ptp(log.times[rows] - log.times[rows - 1]) <= 1e-12
    assert (collision_senses(traj)[rows] == -1).mean() > 0.9
    assert not found[log.frame_offsets[:, 0]].any()
    for row in rows:
        assert set(log.pairs[row]) & set(log.pairs[max(0, row - 3) : row].ravel()), "a disk of it has just collided"


def test_independent_senses_have_the_slope_of_their_odds() -> None:
    """Whatever the number of collisions of a window: ln 3 of 3 : 1, within five errors, 6e-7."""
    random = np.random.default_rng(1)
    counts = random.poisson(5, size=(30, 2000))
    net = np.asarray(2 * random.binomial(counts, 0.75) - counts, dtype=np.float64)
    slope = symmetry_slope(net)
    assert slope.value is not None
    assert slope.error is not None
    assert 0 < slope.error < 0.02
    assert abs(slope.value - math.log(3)) < 5 * slope.error
    for of in ratios(net):
        assert abs(of["ratio"] - of["k"] * math.log(3)) < 5 * of["error"]
    scaled = symmetry_slope(7 * net)
    assert scaled.value == pytest.approx(slope.value / 7)


def test_errors_are_those_of_runs_that_differ() -> None:
    """A run in two is all +, the others all -: half a million windows tell no more than ten runs."""
    one = np.where(np.arange(10) % 2, 1.0, -1.0)
    slope = symmetry_slope(np.repeat(one[:, np.newaxis], 50_000, axis=1))
    assert slope.value == pytest.approx(0, abs=1e-9)
    assert slope.error == pytest.approx(2 / 3, rel=1e-6)  # 4 · (1/2) / √9


def test_sums_of_one_sign_have_no_slope() -> None:
    assert symmetry_slope(np.ones((2, 3))) == (None, None)
    assert symmetry_slope(np.zeros((2, 3))) == (None, None)
    assert ratios(np.ones((2, 3))) == []


def test_signs_that_alternate_are_seen_and_chance_is_not(timed: hthm.Trajectories, traj: hthm.Trajectories) -> None:
    alternating = np.where(np.arange(timed.log.rows) % 2, 1.0, -1.0)
    in_gas, _ = lag_correlations(alternating, timed.log)
    assert np.all(in_gas < -0.9)
    senses = collision_senses(traj).astype(np.float64)
    for found in lag_correlations(senses, traj.log):
        assert abs(found.mean()) < 5 / math.sqrt(traj.log.rows) + 0.005
