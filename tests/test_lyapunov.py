"""The tangent of the motion, and twins of many digits: what they keep, and that they tell the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import hthm
from hthm.engines.precision import LongState, Precision
from hthm.measures.lyapunov import Tangent, random_tangent, separation, tangent_growth, twin

GAS = hthm.DiskGas(n=20, diameter=0.04)
DT = 1 / GAS.collision_rate
START = hthm.simulate(GAS.sample(2, seed=1, overlaps="reject"), 5, DT, engine="event").final


def followed(
    start: hthm.State = START, frames: int = 4, dt: float = DT, precision: Precision = "double"
) -> hthm.Trajectories:
    return hthm.simulate(start, frames, dt, engine="event", record="log", precision=precision)


def in_length(traj: hthm.Trajectories, seed: int) -> Tangent:
    """What a difference of length 1 becomes, not scaled."""
    growth, end = tangent_growth(traj, random_tangent(traj.initial, seed))
    return end.scaled(np.exp(growth[:, -1]))


def moved(start: hthm.State, tangent: Tangent) -> hthm.State:
    positions = np.mod(start.positions + tangent.positions, start.box)
    return hthm.State(
        positions, start.velocities + tangent.velocities, diameter=start.diameter, box=start.box, speed=start.speed
    )


def test_the_tangent_is_the_difference_of_two_runs_of_doubles() -> None:
    size, traj = 1e-8, followed(frames=1)
    step = random_tangent(START).scaled(size)
    ends = [followed(moved(START, of), frames=1).final for of in (step, step.scaled(-1))]
    apart = ends[0].positions - ends[1].positions
    expected = Tangent(apart - np.round(apart), ends[0].velocities - ends[1].velocities).scaled(0.5 / size)
    assert (traj.collisions >= GAS.n / 4).all()
    error = Tangent(*(a - b for a, b in zip(in_length(traj, 0), expected, strict=True)))
    assert (error.norm < 1e-5 * expected.norm).all()


def test_twins_grow_apart_as_the_tangent_does() -> None:
    size, tangent = 1e-60, random_tangent(START)
    along, beside = (followed(state, 12, precision="extended") for state in (START, twin(START, tangent, size)))
    growth, end = tangent_growth(along, tangent)
    one, other = along.final, beside.final
    assert isinstance(one, LongState)
    assert isinstance(other, LongState)
    apart = separation(one, other)
    assert np.log(apart.norm / size) == pytest.approx(growth[:, -1], rel=1e-6)
    assert (growth[:, -1] > 20).all()
    direction = apart.scaled(1 / apart.norm)
    assert np.allclose(direction.velocities, end.velocities, atol=1e-4)
    assert np.allclose(direction.positions, end.positions, atol=1e-4)


def test_momentum_energy_and_areas_are_kept() -> None:
    traj = followed(frames=2)
    one, two = in_length(traj, 0), in_length(traj, 1)
    largest = np.maximum(one.norm, two.norm)
    assert (np.abs(one.velocities.sum(axis=1)) < 1e-12 * largest[:, None]).all()
    assert (np.abs((one.velocities * traj.final.velocities).sum(axis=(1, 2))) < 1e-12 * largest).all()

    def area(a: Tangent, b: Tangent) -> float:  # which Hamilton's equations keep
        return float((a.positions * b.velocities - a.velocities * b.positions).sum(axis=(1, 2))[0])

    before = area(random_tangent(START, 0), random_tangent(START, 1))
    assert area(one, two) == pytest.approx(before, abs=1e-12 * one.norm[0] * two.norm[0])


def test_a_shift_stays_and_a_difference_along_the_motion_neither_grows_nor_falls() -> None:
    traj = followed()
    moving = Tangent(START.velocities, np.zeros_like(START.velocities))
    growth, end = tangent_growth(traj, moving)
    assert np.abs(growth).max() < 1e-6, "the same motion, a little later"
    ends = traj.final.velocities / moving.norm[:, None, None]
    assert np.allclose(end.positions, ends, atol=1e-5)
    shift = Tangent(np.ones_like(START.positions), np.zeros_like(START.velocities))
    assert np.abs(tangent_growth(traj, shift)[0]).max() < 1e-6


def test_long_frames_are_scaled_on_the_way() -> None:
    whole, parts = (
        tangent_growth(followed(START, frames, 12 / frames * DT, "extended"), random_tangent(START))[0][:, -1]
        for frames in (1, 12)
    )
    assert whole == pytest.approx(parts, rel=1e-6)


def test_without_collisions_a_disk_flies_on() -> None:
    start = hthm.State(np.full((1, 1, 2), 0.5), np.ones((1, 1, 2)), diameter=0.1, box=1.0, speed=1.0)
    growth, _ = tangent_growth(followed(start, 2, 1.0), Tangent(np.zeros((1, 1, 2)), np.array([[[1.0, 0.0]]])))
    assert growth[0] == pytest.approx(np.log([np.sqrt(2), np.sqrt(5)]))


def test_separation_goes_by_the_nearest_image() -> None:
    edge = hthm.State(np.zeros((1, 1, 2)), np.ones((1, 1, 2)), diameter=0.1, box=1.0, speed=1.0)
    one = LongState(edge, np.zeros((1, 1, 2, 4)), np.zeros((1, 1, 2, 4)), "extended")
    below = np.nextafter(1.0, 0)
    rests = np.zeros((1, 1, 2, 4))
    rests[..., 0], rests[..., 1] = 2.0**-54, -1e-40
    other = LongState(replace_positions(edge, below), rests, np.zeros((1, 1, 2, 4)), "extended")
    assert (separation(one, other).positions == (below - 1) + 2.0**-54).all()
    near = twin(edge, Tangent(-np.ones((1, 1, 2)), np.zeros((1, 1, 2))), 1e-50)
    assert (separation(one, near).positions == -1e-50).all()


def replace_positions(state: hthm.State, value: float) -> hthm.State:
    return replace(state, positions=np.full_like(state.positions, value))


@pytest.mark.parametrize(
    ("engine", "message"), [("auto", "traj: must have the times"), ("dsmc", "traj: must be of disks with places")]
)
def test_engines_without_an_exact_path_are_refused(engine: str, message: str) -> None:
    traj = hthm.simulate(START, 2, DT / 10, engine=engine, record="log")
    with pytest.raises(ValueError, match=message):
        tangent_growth(traj, random_tangent(START))


def test_what_cannot_be_followed_is_refused() -> None:
    tangent = random_tangent(START)
    with pytest.raises(AttributeError, match="log: was not recorded"):
        tangent_growth(hthm.simulate(START, 1, DT, engine="event"), tangent)
    with pytest.raises(ValueError, match=r"tangent\.positions: must"):
        tangent_growth(followed(frames=1), Tangent(*(part[:1] for part in tangent)))
    with pytest.raises(ValueError, match="tangent: must differ from 0"):
        tangent_growth(followed(frames=1), tangent.scaled(0.0))
    with pytest.raises(ValueError, match="size: must be"):
        twin(START, tangent, 1e-10)
    with pytest.raises(TypeError, match="state: must be one of doubles"):
        twin(twin(START, tangent, 1e-50), tangent, 1e-50)
    long = twin(START, tangent, 1e-50)
    with pytest.raises(ValueError, match="other: must be as many disks"):
        separation(long, long[:1])
    chiral = hthm.DiskGas(n=5, diameter=0.04, rule=hthm.ChiralDisks(0.01)).sample(1, seed=0, overlaps="reject")
    with pytest.raises(ValueError, match="traj: must be of smooth disks"):
        tangent_growth(followed(chiral, 1), random_tangent(chiral))
