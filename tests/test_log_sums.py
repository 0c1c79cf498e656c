"""Sums over the disks of the frames of a log are those over the disks of the dense frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import hthm
from hthm.recording import log_sums
from hthm.recording.log_sums import frame_sums

Array = NDArray[np.float64]


def counts(velocities: Array) -> Array:
    """Whole numbers, whose sums are exact in any order: signs and quarters of the components, and 1."""
    quarters = np.round(velocities * 4)
    return np.concatenate([np.sign(velocities), quarters, np.ones((len(velocities), 1))], axis=1)


def sums(of: Callable[[Array], Array], traj: hthm.Trajectories, run: int) -> Array:
    """Of a run of a log."""
    log = traj.log
    return frame_sums(of, traj.initial.velocities[run], log.frame_offsets[run], log.pairs, log.velocities)


@pytest.mark.parametrize("at_a_time", [1, 7, 100, 2**14])
@pytest.mark.parametrize(("n", "diameter", "frames"), [(60, 0.04, 30), (300, 0.03, 9), (1, 0.1, 4), (40, 0.2, 5)])
def test_sums_are_those_of_the_dense_frames(
    at_a_time: int, n: int, diameter: float, frames: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no disk collides, and where many do several times in a frame."""
    monkeypatch.setattr(log_sums, "_DISKS_AT_A_TIME", at_a_time)
    traj = hthm.simulate(hthm.DiskGas(n=n, diameter=diameter, speed=1.0).sample(3, seed=0), frames, record="log")
    for run, dense in enumerate(traj.dense()):
        expected = np.stack([counts(frame).sum(axis=0) for frame in dense])
        assert_array_equal(sums(counts, traj, run), expected)


def test_a_function_is_asked_for_what_changes_alone() -> None:
    asked = 0

    def counted(velocities: Array) -> Array:
        nonlocal asked
        asked += len(velocities)
        return counts(velocities)

    traj = hthm.simulate(hthm.paper.GAS.sample(1, seed=0), record="log")
    sums(counted, traj, 0)
    assert asked <= 2 * 1000 + 2 * traj.log.rows < 0.05 * 1000 * traj.frames
