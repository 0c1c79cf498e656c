"""The exact engine from Python over everything that it accepts: scales, times between frames, images, Ctrl-C."""

from __future__ import annotations

import math
import os
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import hthm


def pair(x: list[list[float]], v: list[list[float]], diameter: float, speed: float | None = None) -> hthm.State:
    positions, velocities = (np.array([values], dtype=np.float64) for values in (x, v))
    return hthm.State(positions, velocities, diameter=diameter, speed=speed)


def closest(positions: NDArray[np.float64]) -> float:
    """The least distance of two disks over all frames (frames, n, 2), in a box of side 1."""
    i, j = np.triu_indices(positions.shape[1], k=1)
    d = positions[:, i] - positions[:, j]
    d -= np.round(d)
    return float(np.hypot(d[..., 0], d[..., 1]).min())


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 40),
    area_fraction=st.floats(1e-4, 0.3),
    seed=st.integers(0, 1000),
    length=st.integers(-332, 332),
    speed=st.integers(-1000, 495),
)
def test_powers_of_two_change_no_collision(n: int, area_fraction: float, seed: int, length: int, speed: int) -> None:
    gas = hthm.DiskGas(n=n, diameter=min(0.45, math.sqrt(4 * area_fraction / math.pi / n)), speed=1.0)
    start = gas.sample(1, seed=seed, overlaps="reject")
    if abs(length - speed) > 1000:
        speed = 0  # a time between frames that is no normal number
    expected = hthm.simulate(start, 20, 0.125, engine="event", record="log")
    scaled = hthm.State(
        np.ldexp(start.positions, length),
        np.ldexp(start.velocities, speed),
        diameter=math.ldexp(gas.diameter, length),
        box=math.ldexp(1.0, length),
    )
    found = hthm.simulate(scaled, 20, math.ldexp(0.125, length - speed), engine="event", record="log")
    assert_array_equal(found.log.pairs, expected.log.pairs)
    assert_array_equal(found.log.velocities, np.ldexp(expected.log.velocities, speed))
    assert_array_equal(found.final.positions, np.ldexp(expected.final.positions, length))
    assert found.log.times is not None
    assert expected.log.times is not None
    assert_array_equal(found.log.times, np.ldexp(expected.log.times, length - speed))


@settings(max_examples=150, deadline=None)
@given(
    dt=st.floats(5e-324, 1e308),
    box=st.floats(1e-100, 1e100),
    relative_diameter=st.floats(5e-324, 0.5),
    speed=st.floats(0, 1e150),
    seed=st.integers(0, 1000),
)
def test_everything_accepted_ends_without_overlap_or_is_refused_by_name(
    dt: float, box: float, relative_diameter: float, speed: float, seed: int
) -> None:
    diameter = max(relative_diameter * box, 5e-324)
    if speed * dt > 1e3 * box:
        dt = max(1e3 * box / speed, 5e-324)  # what takes long is not what is asked here
    rng = np.random.default_rng(seed)
    positions = np.minimum(rng.uniform(size=(1, 2, 2)) * box, np.nextafter(box, 0))
    velocities = rng.uniform(-speed, speed, size=(1, 2, 2))
    try:
        start = hthm.State(positions, velocities, diameter=min(diameter, box / 2), box=box)
        traj = hthm.simulate(start, 3, dt, engine="event", positions=True)
    except ValueError as refused:
        assert str(refused).split(":")[0] in {"dt", "velocities", "diameter", "state"}  # noqa: PT017 -- or it ends well
        return
    assert closest(traj.positions[0] / box) >= start.diameter / box * (1 - 1e-12) - 2.0**-50
    unit = max(float(np.abs(start.velocities).max()), 1e-300)
    energies = [np.square(velocities / unit).sum() for velocities in (start.velocities, traj.final.velocities)]
    np.testing.assert_allclose(energies[1], energies[0], rtol=1e-10)


def test_a_slow_gas_collides_as_a_fast_one() -> None:
    state = hthm.DiskGas(n=100, diameter=0.05, speed=1.0).sample(1, seed=3, overlaps="reject")
    expected = hthm.simulate(state, 20, 0.1, engine="event").collisions
    slow = hthm.State(state.positions, state.velocities * 1e-300, diameter=0.05)
    traj = hthm.simulate(slow, 20, 1e299, engine="event", positions=True)
    assert expected.sum() > 100
    assert abs(int(traj.collisions.sum()) / int(expected.sum()) - 1) < 0.2  # rounded speeds: another way, chaos
    assert closest(traj.positions[0]) > 0.05 * (1 - 1e-12)
    assert slow.speed == pytest.approx(1e-300)


def test_what_rounding_cannot_resolve_is_refused_by_name() -> None:
    tiny = pair([[0, 0], [1e-150, 0]], [[1, 0], [-1, 0]], 1e-150)
    with pytest.raises(ValueError, match=r"diameter: must be more than 2\^-51 boxes"):
        hthm.simulate(tiny, 10, engine="event")
    subnormal = pair([[0.1, 0.1], [0.5, 0.5]], [[1e-310, 0], [0, 0]], 0.1, speed=1.0)
    with pytest.raises(ValueError, match=r"velocities: the fastest of a run must be 0 or at least 2.2.*got 1e-310"):
        hthm.simulate(subnormal, 10, 1e300, engine="event")


def test_a_time_beside_which_an_epoch_was_infinite_ends() -> None:
    state = pair([[0.1, 0.1], [0.5, 0.5]], [[1e-307, 0], [0, 1e-307]], 0.1, speed=1.0)
    assert hthm.simulate(state, 10, 1e307, engine="event").frames == 10


def test_disks_that_fill_the_box_do_not_pass_through_each_other() -> None:
    sites = [[0.0, 0.0], [0.5, 0], [0, 0.5], [0.5, 0.5]]
    for room in (1e-8, 1e-7, 1e-5):
        for seed in range(30):
            velocities = np.random.default_rng(seed).normal(size=(4, 2))
            state = pair(sites, velocities.tolist(), 0.5 * (1 - room))
            traj = hthm.simulate(state, 20, 10 * room, engine="event", positions=True)
            assert closest(traj.positions[0]) >= state.diameter * (1 - 1e-12) - 2.0**-51


@pytest.mark.parametrize("velocities", [[[1, 0], [-1, 0]], [[1, 0.3], [-1, 0.1]]])
def test_two_disks_without_room_are_told_to_be_jammed(velocities: list[list[float]]) -> None:
    state = pair([[0, 0.5], [0.5, 0.5]], velocities, 0.5)
    with pytest.raises(ValueError, match=r"run 0 the disks are jammed"):
        hthm.simulate(state, 10, 0.01, engine="event")


def test_four_disks_without_room_are_told_to_be_jammed() -> None:
    velocities = np.random.default_rng(1).normal(size=(4, 2)).tolist()
    state = pair([[0, 0], [0.5, 0], [0, 0.5], [0.5, 0.5]], velocities, 0.5)
    with pytest.raises(ValueError, match=r"run 0 the disks are jammed"):
        hthm.simulate(state, 10, 0.01, engine="event")


@pytest.mark.parametrize("n", [1, 50])
def test_a_frame_in_which_nothing_collides_hears_ctrl_c(n: int) -> None:
    positions = np.arange(n)[:, np.newaxis] / n * np.ones(2)  # side by side, at the same velocity
    state = pair(positions.tolist(), [[1.0, 0.3]] * n, 1e-3)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    began = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        hthm.simulate(state, 1, 1e12, engine="event")  # hours
    assert time.monotonic() - began < 0.3 + 2  # 0.3 s, and a busy machine


@pytest.mark.parametrize("engine", ["event", "all_pairs"])
def test_collisions_may_leave_a_disk_faster_than_a_start_may_be(engine: str) -> None:
    for angle in np.linspace(0.05, 1.5, 30):  # somewhere among them one disk takes over what the other had
        second = 0.3 + 0.101 * np.array([math.cos(angle), math.sin(angle)])
        state = pair([[0.3, 0.3], second.tolist()], [[0.7e150, 0.7e150], [-0.7e150, 0.7e150]], 0.1)
        traj = hthm.simulate(state, 40, 1e-152, engine=engine)
        if np.abs(traj.final.velocities).max() > 1e150:
            break
    else:
        pytest.fail("no start has left a disk faster than the limit")
    assert traj[:1].final.reversed().n == 2
    assert hthm.simulate(traj.final, 5, 1e-152, engine=engine).frames == 5


def test_a_fast_start_is_refused_as_velocities_and_never_as_a_speed() -> None:
    assert pair([[0.1, 0.1], [0.5, 0.5]], [[0.9e150, 0.9e150]] * 2, 0.1).gas.speed > 1e150
    with pytest.raises(ValueError, match=r"velocities: must be at most 1e\+150 in size"):
        pair([[0.1, 0.1], [0.5, 0.5]], [[1.1e150, 0]] * 2, 0.1)
    fast = hthm.DiskGas(n=50, diameter=0.01, speed=1e150).sample(1, overlaps="reject", speeds="maxwell")
    assert np.abs(fast.velocities).max() > 1e150
    assert hthm.simulate(fast, 5, 1e-152).frames == 5
