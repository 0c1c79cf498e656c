"""How disks move: known paths, sums written out, one recording beside another, and Enskog's theory."""

from __future__ import annotations

import numpy as np
import pytest

import hthm
from hthm.arrays import FloatArray
from hthm.measures.motion import (
    Lagged,
    diffusion,
    mean_square_displacement,
    velocity_autocorrelation,
)


def legal(n: int, diameter: float, runs: int, seed: int) -> hthm.State:
    """A start without overlaps, fast enough to go round the box."""
    return hthm.DiskGas(n=n, diameter=diameter, speed=1.0).sample(runs, seed, overlaps="reject", speeds="uniform")


def two_disks(engine: str) -> hthm.Trajectories:
    """Two disks on a line, head on: they exchange velocities at 0.3, and again where they meet round the box."""
    state = hthm.State(
        np.array([[[0.1, 0.5], [0.8, 0.5]]]), np.array([[[1.0, 0.25], [-1.0, 0.25]]]), diameter=0.1, box=1.0
    )
    return hthm.simulate(state, 8, 0.25, engine=engine, record="log")


def test_paths_of_two_disks_are_known() -> None:
    path = two_disks("event").unwrapped_positions(0)
    times = 0.25 * np.arange(9)

    # In contact from one side at 0.3, at 0.4 and 0.5; from the other after a way of 0.4 each, and so on.
    phase = (times - 0.3) % 0.8
    np.testing.assert_allclose(path[:, 0, 0], 0.4 - np.minimum(phase, 0.8 - phase), atol=1e-12)
    np.testing.assert_allclose(path[:, :, 1], 0.5 + 0.25 * times[:, np.newaxis] + np.zeros(2), atol=1e-12)
    np.testing.assert_allclose(path[:, 0, 0] + path[:, 1, 0], 0.9, atol=1e-12)


@pytest.mark.parametrize("engine", ["cell_list", "event"])
def test_less_whole_boxes_they_are_the_positions(engine: str) -> None:
    state = legal(60, 0.05, 2, 5)
    log = hthm.simulate(state, 40, 0.2, engine=engine, record="log")
    positions = hthm.simulate(state, 40, 0.2, engine=engine, record="velocities", positions=True).positions
    for run in range(2):
        boxes = log.unwrapped_positions(run)[1:] - positions[run]
        np.testing.assert_allclose(boxes, np.round(boxes), atol=1e-12)
        assert np.abs(np.round(boxes)).max() > 1  # some went round


def test_either_recording_of_a_fixed_step_gives_the_same() -> None:
    state = legal(60, 0.05, 3, 6)
    log, dense = (hthm.simulate(state, 40, 0.05, record=record) for record in ("log", "velocities"))
    for function in (mean_square_displacement, velocity_autocorrelation):
        np.testing.assert_array_equal(function(log).values, function(dense).values)


def written_out(path: FloatArray, lag: int, *, product: bool) -> float:
    """The mean over moments and disks, one after the other."""
    path = path - path.mean(axis=1, keepdims=True)
    found = []
    for moment in range(len(path) - lag):
        for disk in range(path.shape[1]):
            a, b = path[moment, disk], path[moment + lag, disk]
            found.append(a @ b / 2 if product else (b - a) @ (b - a))
    return float(np.mean(found))


@pytest.mark.parametrize("first", [0, 7])
def test_correlations_are_the_sums_written_out(first: int) -> None:
    traj = hthm.simulate(legal(12, 0.1, 3, 7), 20, 0.1, engine="event", record="log")
    displacement = mean_square_displacement(traj, first=first, lags=9)
    correlation = velocity_autocorrelation(traj, first=first, lags=9)
    velocities = np.concatenate([traj.initial.velocities[:, np.newaxis], traj.dense()], axis=1)
    for lag in range(9):
        moved = [written_out(traj.unwrapped_positions(run)[first:], lag, product=False) for run in range(3)]
        turned = [written_out(velocities[run, first:], lag, product=True) for run in range(3)]
        for found, expected in ((displacement, moved), (correlation, turned)):
            assert found.values[lag] == pytest.approx(np.mean(expected), rel=1e-9, abs=1e-15)
            assert found.sem[lag] == pytest.approx(np.std(expected, ddof=1) / np.sqrt(3), rel=1e-6, abs=1e-12)
    assert displacement.values[0] == 0
    assert displacement.times == pytest.approx(0.1 * np.arange(9))


def test_the_integral_of_a_memory_that_fades() -> None:
    times = np.linspace(0, 40, 40001)
    fading = Lagged(times=times, values=3 * np.exp(-times / 2), sem=np.zeros_like(times))
    assert diffusion(fading)[-1] == pytest.approx(6, rel=1e-6)
    assert diffusion(fading)[0] == 0


def test_enskogs_coefficient_at_the_papers_state() -> None:
    assert hthm.paper.GAS.self_diffusion == pytest.approx(0.004040, rel=1e-4)
    faster = hthm.DiskGas(n=1000, diameter=0.006, speed=2 * hthm.paper.S0)
    assert faster.self_diffusion == pytest.approx(2 * hthm.paper.GAS.self_diffusion)
    assert hthm.DiskGas(n=10, diameter=0.01, speed=0.0).self_diffusion == 0


def test_a_single_run_has_no_error() -> None:
    found = velocity_autocorrelation(two_disks("event"))
    assert np.isnan(found.sem).all()
    assert repr(found) == "Lagged(lags=5, 120 B)"


def test_what_does_not_say_how_disks_moved_is_refused() -> None:
    state = legal(12, 0.1, 2, 8)
    with pytest.raises(ValueError, match=r"trajectories: must say how disks moved, got counts\. Simulate with"):
        hthm.simulate(state, 3, 0.1, record="counts").unwrapped_positions(0)
    with pytest.raises(ValueError, match=r"trajectories: must say when disks collided, .* Simulate with record='log'"):
        mean_square_displacement(hthm.simulate(state, 3, 0.1, engine="event"))
    log = hthm.simulate(state, 3, 0.1, record="log")
    for call, message in (
        (lambda: log.unwrapped_positions(2), "run: must be"),
        (lambda: velocity_autocorrelation(log, first=3), "first: must be"),
        (lambda: velocity_autocorrelation(log, lags=5), "lags: must be"),
        (lambda: velocity_autocorrelation(log, first=2, lags=3), "lags: must be"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
