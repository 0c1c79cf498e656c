"""Fig. 3: the speeds of all runs at the times that it shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import hthm
from hthm.experiments import speeds as counted
from hthm.experiments.speeds import speed_distributions, speeds_by_frame


@pytest.mark.parametrize(
    ("frames", "dt", "shown"),
    [
        (150, 1 / 60, [0, 14, 29, 59, 119, 149]),  # after a frame, a quarter, a half, one and two units, at the end
        (30, 1 / 60, [0, 14, 29]),
        (4, 0.25, [0, 1, 3]),  # a sixtieth is before the first frame
    ],
)
def test_speeds_are_counted_in_the_frames_of_their_times(frames: int, dt: float, shown: list[int]) -> None:
    traj = hthm.simulate(hthm.DiskGas(n=80, diameter=0.04).sample(3, seed=1), frames, dt)
    found = speed_distributions(traj)
    assert_array_equal(found.times, dt * np.array(shown) + dt)
    edges = np.linspace(0, 2 * traj.gas.speed, 51)
    speeds = np.hypot(traj.velocities[..., 0], traj.velocities[..., 1])
    assert_array_equal(found.edges, edges)
    assert_array_equal(found.counts, [np.histogram(speeds[:, frame], edges)[0] for frame in shown])
    assert found.total == 3 * 80


@pytest.mark.parametrize(("most", "shown"), [(1000, [*range(30)]), (12, [2, 5, 8, 11, 14, 17, 20, 23, 26, 29])])
@pytest.mark.parametrize("kept", [False, True])
def test_speeds_are_counted_frame_by_frame(
    most: int,
    shown: list[int],
    kept: bool,  # noqa: FBT001 -- a parameter of the test
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counted, "POOLED_RUNS", 2)
    monkeypatch.setattr(counted, "MOST_FRAMES", most)
    monkeypatch.setattr(counted, "_DISKS_AT_A_TIME", 1000)
    traj = hthm.simulate(hthm.DiskGas(n=80, diameter=0.04).sample(3, seed=1), 30, 1 / 30, record="log")
    if kept:
        traj.save(tmp_path / "kept")
    found = speeds_by_frame(hthm.open(tmp_path / "kept") if kept else traj)
    velocities = traj.dense()[:2]
    speeds = np.hypot(velocities[..., 0], velocities[..., 1])
    assert_array_equal(found.counts, [np.histogram(speeds[:, frame], found.edges)[0] for frame in shown])
    assert_array_equal(found.times, traj.times[shown])
    assert found.total == 2 * 80
