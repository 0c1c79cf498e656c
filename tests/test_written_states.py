"""Arrays that a user wrote to after they were checked are checked again where they are used, by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import hthm
from hthm.fit import affine_fit
from hthm.measures.baselines import ensemble_mean, speed_statistics
from hthm.measures.isotropic import isotropic_h
from hthm.measures.smooth_h import smooth_h

Array = NDArray[np.float64]

OF_A_STATE: dict[str, Callable[[hthm.State], object]] = {
    "overlaps": hthm.State.overlaps,
    "sha256": hthm.State.sha256,
    "reversed": hthm.State.reversed,
    "a slice": lambda state: state[:],
    "simulate": lambda state: hthm.simulate(state, 1),
    "the exact engine": lambda state: hthm.simulate(state, 1, engine="event"),
}
OF_VELOCITIES: dict[str, Callable[[hthm.State], object]] = OF_A_STATE | {
    "energy": hthm.State.energy,
    "momentum": hthm.State.momentum,
}
OF_A_LOG: dict[str, Callable[[hthm.Trajectories], object]] = {
    "dense": hthm.Trajectories.dense,
    "speed_h": hthm.speed_h,
    "speed_counts": hthm.speed_counts,
    "velocity_h": hthm.velocity_h,
    "isotropic_h": isotropic_h,
    "speed_statistics": speed_statistics,
}


def some_state() -> hthm.State:
    return hthm.DiskGas(n=30, diameter=0.05).sample(2, seed=1, overlaps="reject")


@pytest.mark.parametrize("wrong", [1e9, np.nan, -1e6, -5.0, 1.0, np.inf, -5e-324])
@pytest.mark.parametrize("use", OF_A_STATE)
def test_positions_written_to_are_checked_where_they_are_used(use: str, wrong: float) -> None:
    state = some_state()
    state.positions[0, 0, 0] = wrong
    with pytest.raises(ValueError, match=r"positions: must (lie in \[0, 1\)|be finite), got"):
        OF_A_STATE[use](state)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("use", OF_VELOCITIES)
def test_velocities_written_to_are_checked_where_they_are_used(use: str, wrong: float) -> None:
    state = some_state()
    state.velocities[1, 3, 1] = wrong
    if use == "momentum" and np.isfinite(wrong):
        assert state.momentum()[1, 1] == pytest.approx(wrong)
        return
    with pytest.raises(ValueError, match=r"velocities: must be (finite|at most 1e\+153)"):
        OF_VELOCITIES[use](state)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("use", OF_A_LOG)
def test_logs_and_frames_written_to_are_checked_where_they_are_used(use: str, wrong: float) -> None:
    for record in ("log", "velocities"):
        traj = hthm.simulate(some_state(), 30, record=record)
        if record == "log":
            traj.log.velocities[-1, 0, 0] = wrong
        elif use == "dense":
            continue  # the array itself: nothing is read
        else:
            traj.velocities[1, 4, 2, 0] = wrong
        with pytest.raises(ValueError, match="velocities: must be finite"):
            OF_A_LOG[use](traj)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log: log.pairs.__setitem__((0, 1), 30),
        lambda log: log.pairs.__setitem__((0, 0), -1),
        lambda log: log.frame_offsets.__setitem__((0, 0), -7),
        lambda log: log.frame_offsets.__setitem__((1, 30), 2**40),
    ],
    ids=["no such disk", "a disk before the first", "a row before the first", "a row behind the last"],
)
def test_a_log_that_points_outside_of_itself_is_refused(spoil: Callable[[object], None]) -> None:
    traj = hthm.simulate(some_state(), 30, record="log")
    spoil(traj.log)
    for use in (hthm.Trajectories.dense, hthm.speed_h, hthm.velocity_h, hthm.speed_counts):
        with pytest.raises(ValueError, match=r"(pairs|frame_offsets): must"):
            use(traj)


def test_other_arrays_are_checked_where_they_are_used() -> None:
    velocities = np.random.default_rng(0).normal(size=(40, 2))
    velocities[3, 1] = np.nan
    with pytest.raises(ValueError, match="velocities: must be finite"):
        smooth_h(velocities, speed=1.0, bandwidth=0.2)
    with pytest.raises(TypeError, match="velocities: must be float64, got float32"):
        smooth_h(velocities.astype(np.float32), speed=1.0, bandwidth=0.2)
    with pytest.raises(ValueError, match="velocities: must have two disks"):
        smooth_h(velocities[:1].copy(), speed=1.0, bandwidth=0.2)
    H = np.random.default_rng(0).normal(size=(2, 9))  # noqa: N806 -- the paper's symbol
    fit = affine_fit(H, H)
    H[1, 2] = np.inf
    for use in (lambda: affine_fit(H, H), lambda: ensemble_mean(H), lambda: fit(H)):
        with pytest.raises(ValueError, match=r"(h|H): must be finite"):
            use()


def test_a_state_whose_arrays_were_reshaped_is_refused() -> None:
    state = some_state()
    reshaped = state.positions.reshape(60, 2)
    object.__setattr__(state, "positions", reshaped)
    for use in (hthm.State.overlaps, hthm.State.sha256, hthm.simulate):
        with pytest.raises(ValueError, match="positions: must have shape"):
            use(state)


class WithUnits(np.ndarray):
    """As arrays of other libraries are, whose units would be lost."""


@pytest.mark.parametrize(
    "array",
    [
        np.ones((4, 2)).view(WithUnits),
        np.ma.masked_array(np.ones((4, 2)), mask=np.eye(4, 2, dtype=bool)),
        np.frombuffer(b"\0" * 65, dtype=np.float64, offset=1).reshape(4, 2),
        np.ones((4, 2), dtype=">f8"),
    ],
    ids=["units", "masked", "misaligned", "foreign byte order"],
)
def test_arrays_that_mean_more_than_their_memory_are_refused(array: Array) -> None:
    with pytest.raises((TypeError, ValueError), match="velocities: must be"):
        hthm.speed_h(array, speed=1.0)


def test_what_a_simulation_made_is_not_judged_as_input() -> None:
    """Head on along the diagonal, one disk takes over what two had: more than a start may have in one component."""
    positions = np.array([[[0.3, 0.5], [0.5, 0.5]]])
    velocities = np.array([[[1.0, 0.5], [-0.5, 1.0]]]) * 1e150
    for engine in ("cell_list", "event"):
        state = hthm.State(positions, velocities, diameter=0.1)
        traj = hthm.simulate(state, 40, 1e-152, engine=engine)
        assert traj.collisions.sum() > 0
        np.testing.assert_allclose(traj.final.energy(), state.energy(), rtol=1e-9)
        assert hthm.simulate(traj.final, 2, 1e-152, engine=engine).runs == 1
