"""The log holds what the dense recording holds, to the last bit, in memory that the core filled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import hthm
from hthm import _core, checks
from hthm.deepsets import evaluate, new_model
from hthm.learning.whole_runs import whole_runs
from hthm.recording import pieces
from hthm.recording.collision_log import CollisionLog
from starts import HardStart, hard_starts

STARTS = hard_starts()
FIXED_STEP = [name for name in hthm.engines() if name not in ("event", "dsmc")]


def legal(n: int, diameter: float, runs: int, seed: int) -> hthm.State:
    """A start that every engine takes."""
    return hthm.DiskGas(n=n, diameter=diameter).sample(runs, seed=seed, overlaps="reject")


def replayed(traj: hthm.Trajectories) -> NDArray[np.float64]:
    """What `dense` makes, row by row in Python."""
    log = traj.log
    frames = np.empty((traj.runs, traj.frames, traj.initial.n, 2))
    for run in range(traj.runs):
        now = traj.initial.velocities[run].copy()
        for frame in range(traj.frames):
            for row in range(*log.frame_offsets[run, frame : frame + 2]):
                now[log.pairs[row]] = log.velocities[row]
            frames[run, frame] = now
    return frames


@pytest.mark.parametrize("engine", hthm.engines())
def test_dense_is_the_dense_recording_bit_for_bit(engine: str) -> None:
    state = legal(120, 0.03, 9, 1)
    expected = hthm.simulate(state, frames=40, engine=engine)
    for threads in (1, 2, 4, 7):
        traj = hthm.simulate(state, frames=40, engine=engine, record="log", threads=threads)
        label = f"{engine}, {threads} threads"
        assert traj.dense(threads=threads).tobytes() == expected.velocities.tobytes(), label
        assert traj.collisions.tobytes() == expected.collisions.tobytes(), label
        assert traj.final.velocities.tobytes() == expected.final.velocities.tobytes(), label
        assert traj.final.positions.tobytes() == expected.final.positions.tobytes(), label
    assert replayed(traj).tobytes() == expected.velocities.tobytes()


@pytest.mark.parametrize("start", STARTS, ids=[start.name for start in STARTS])
def test_hard_starts_are_logged_to_the_last_bit(start: HardStart) -> None:
    state = hthm.State(start.positions[None], start.velocities[None], diameter=start.diameter, box=start.box)
    expected = hthm.simulate(state, frames=25, dt=start.dt)
    traj = hthm.simulate(state, frames=25, dt=start.dt, record="log")
    assert traj.dense().tobytes() == expected.velocities.tobytes()


@given(
    n=st.integers(1, 40),
    area_fraction=st.floats(0.001, 0.4),
    runs=st.integers(1, 5),
    frames=st.integers(1, 12),
    engine=st.sampled_from(hthm.engines()),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_random_gases_are_logged_to_the_last_bit(
    n: int, area_fraction: float, runs: int, frames: int, engine: str, seed: int
) -> None:
    state = legal(n, min(float(np.sqrt(4 * area_fraction / (np.pi * n))), 0.5), runs, seed)
    expected = hthm.simulate(state, frames=frames, dt=0.2, engine=engine)
    traj = hthm.simulate(state, frames=frames, dt=0.2, engine=engine, record="log")
    assert traj.dense().tobytes() == expected.velocities.tobytes()
    assert traj.log.rows == expected.collisions.sum()
    np.testing.assert_array_equal(np.diff(traj.log.frame_offsets, axis=1), expected.collisions)
    assert (traj.log.pairs[:, 0] < traj.log.pairs[:, 1]).all()


@pytest.mark.parametrize("engine", hthm.engines())
def test_split_into_calls_changes_no_row(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = legal(100, 0.04, 5, 2)
    whole = hthm.simulate(state, frames=30, engine=engine, record="log", threads=2)
    monkeypatch.setattr(pieces, "PIECE", 1e-9)  # a frame of two runs a call
    split = hthm.simulate(state, frames=30, engine=engine, record="log", threads=2)
    for name in ("frame_offsets", "pairs", "velocities", "times"):
        ours, theirs = getattr(split.log, name), getattr(whole.log, name)
        assert (ours is None and theirs is None) or ours.tobytes() == theirs.tobytes(), name


def test_rows_are_the_memory_that_the_core_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    handed_over = []

    class Spy(_core.LogRows):
        def release(
            self,
        ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]:
            handed_over.append(super().release())
            return handed_over[-1]

    monkeypatch.setattr(_core, "LogRows", Spy)
    start = legal(100, 0.04, 5, 3)
    rough = hthm.State(start.positions, start.velocities, diameter=start.diameter, rule=hthm.RoughDisks())
    log = hthm.simulate(rough, frames=30, engine="event", record="log").log
    for array, core in zip((log.pairs, log.velocities, log.times, log.spins), handed_over[0], strict=True):
        assert array is not None
        assert array is core, "the array must be the core's own"
        assert not array.flags.owndata, "a capsule owns the memory, NumPy must not have copied it"
        assert type(array.base).__name__ == "PyCapsule"
    part = log[1:3]
    first = log.frame_offsets[1, 0]
    assert part.velocities.ctypes.data == log.velocities.ctypes.data + 32 * first
    assert part.pairs.base is not None
    rows = part.velocities.copy()
    del log, handed_over[:]
    assert part.velocities.tobytes() == rows.tobytes(), "a view must keep the memory alive"


def test_times_ascend_within_a_run_and_lie_in_their_frames() -> None:
    dt = 1 / 60
    log = hthm.simulate(legal(150, 0.03, 4, 4), frames=50, dt=dt, engine="event", record="log").log
    assert log.times is not None
    for offsets in log.frame_offsets:
        times = log.times[offsets[0] : offsets[-1]]
        assert (np.diff(times) >= 0).all()
        frame = np.repeat(np.arange(50), np.diff(offsets))
        assert (times > frame * dt - 1e-12).all()  # both are rounded
        assert (times < (frame + 1) * dt + 1e-12).all()


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_a_fixed_step_knows_no_times(engine: str) -> None:
    assert hthm.simulate(legal(20, 0.05, 1, 5), frames=3, engine=engine, record="log").log.times is None


@pytest.mark.parametrize("engine", hthm.engines())
def test_a_single_disk_has_no_rows(engine: str) -> None:
    state = hthm.DiskGas(n=1, diameter=0.1).sample(3, seed=6)
    traj = hthm.simulate(state, frames=5, engine=engine, record="log")
    assert traj.log.rows == 0
    assert traj.log.pairs.shape == (0, 2)
    assert traj.log.velocities.shape == (0, 2, 2)
    assert not traj.log.frame_offsets.any()
    np.testing.assert_array_equal(traj.dense(), np.broadcast_to(state.velocities[:, None], (3, 5, 1, 2)))


def test_a_range_of_runs_is_a_log_of_its_own() -> None:
    traj = hthm.simulate(legal(100, 0.04, 8, 7), frames=30, engine="event", record="log")
    dense = traj.dense()
    for part, expected in ((traj[3:7], dense[3:7]), (traj[3:7][1:2], dense[4:5]), (traj[:], dense)):
        assert part.dense().tobytes() == expected.tobytes()
        assert part.log.frame_offsets[0, 0] == 0
        assert part.log.frame_offsets[-1, -1] == part.log.rows == part.collisions.sum()
        assert part.log.times is not None
        assert len(part.log.times) == part.log.rows


def test_nbytes_counts_the_log() -> None:
    traj = hthm.simulate(legal(100, 0.04, 8, 8), frames=30, engine="event", record="log")
    assert traj.nbytes == 8 * 30 * 8 + 8 * 31 * 8 + 48 * traj.log.rows
    assert traj.recording == "log"


def test_what_was_recorded_otherwise_is_said() -> None:
    state = legal(20, 0.05, 1, 9)
    log = hthm.simulate(state, frames=3, record="log")
    with pytest.raises(AttributeError, match=r"recorded as a log. Make the array with dense\(\)"):
        _ = log.velocities
    dense = hthm.simulate(state, frames=3)
    with pytest.raises(AttributeError, match=r"log: was not recorded. Simulate with record='log'"):
        _ = dense.log
    assert dense.dense() is dense.velocities
    with pytest.raises(AttributeError, match="velocities: were not recorded"):
        hthm.simulate(state, frames=3, record="counts").dense()
    with pytest.raises(ValueError, match=r"positions: must be False with record='log'"):
        hthm.simulate(state, frames=3, record="log", positions=True)


def test_dense_is_refused_where_it_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    traj = hthm.simulate(legal(100, 0.04, 8, 10), frames=30, record="log")
    monkeypatch.setattr(checks, "NEGLIGIBLE", 0)
    monkeypatch.setattr(checks, "available_memory", lambda: 100_000)
    with pytest.raises(MemoryError, match=r"dense: needs .* traj\[:10\].dense\(\)"):
        traj.dense()
    assert traj[:1].dense().shape == (1, 30, 100, 2)


def test_where_memory_ends_the_finished_runs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    state = legal(100, 0.04, 12, 11)
    expected = hthm.simulate(state, frames=30)
    left = iter([10**9] * 130 + [1000] * 1000)
    monkeypatch.setattr(checks, "NEGLIGIBLE", 0)
    monkeypatch.setattr(checks, "available_memory", lambda: next(left))
    monkeypatch.setattr(pieces, "PIECE", 1e-9)  # a frame of two runs a call
    with pytest.raises(
        hthm.LogMemoryError, match=r"simulate: ran out of memory .* with 8 of 12 runs finished"
    ) as stopped:
        hthm.simulate(state, frames=30, record="log", threads=2)
    finished = stopped.value.finished
    assert finished is not None
    assert finished.runs == 8
    monkeypatch.undo()
    assert finished.dense().tobytes() == expected.velocities[:8].tobytes()
    assert finished.final.positions.tobytes() == expected.final.positions[:8].tobytes()
    assert finished.initial.positions.tobytes() == state.positions[:8].tobytes()


def test_where_memory_ends_at_once_nothing_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    state = legal(100, 0.04, 2, 12)
    left = iter([10**9, 1000])
    monkeypatch.setattr(checks, "NEGLIGIBLE", 0)
    monkeypatch.setattr(checks, "available_memory", lambda: next(left))
    with pytest.raises(hthm.LogMemoryError, match=r"with 0 of 2 runs finished\. simulate: needs") as stopped:
        hthm.simulate(state, frames=30, record="log")
    assert stopped.value.finished is None


def test_a_log_that_points_outside_of_itself_is_refused() -> None:
    traj = hthm.simulate(legal(100, 0.04, 2, 13), frames=30, record="log")
    traj.log.pairs[3, 1] = 100
    with pytest.raises(ValueError, match="pairs: must be numbers of disks"):
        traj.dense()
    traj.log.pairs[3, 1] = 5
    traj.log.frame_offsets[1, 7] = traj.log.rows + 1
    with pytest.raises(ValueError, match="frame_offsets: must ascend"):
        traj.dense()


# ---- Logs that a user wrote to --------------------------------------------------------------------------------------

DAMAGE: dict[str, Callable[[CollisionLog], object]] = {
    "a disk beyond the last": lambda log: log.pairs.__setitem__((0, 0), 10**6),
    "a disk before the first": lambda log: log.pairs.__setitem__((-1, 1), -1),
    "a frame before the first row": lambda log: log.frame_offsets.__setitem__((0, 0), -5),
    "a frame that ends after the last row": lambda log: log.frame_offsets.__setitem__((-1, -1), 10**12),
    "a frame that ends before it begins": lambda log: log.frame_offsets.__setitem__((1, 3), 2**62),
    "a frame far before the first row": lambda log: log.frame_offsets.__setitem__((1, 0), -(2**63)),
}

READERS: dict[str, Callable[[hthm.Trajectories], object]] = {
    "speed_counts": hthm.speed_counts,
    "speed_h": hthm.speed_h,
    "velocity_h": hthm.velocity_h,
    "dense": lambda traj: traj.dense(),
    "training data": lambda traj: traj.as_frames().pair_loss(1),
    "evaluate": lambda traj: evaluate(new_model(3, 0), traj),
    "whole runs by frames": lambda traj: whole_runs(traj, "frames"),
    "whole runs by collisions": lambda traj: whole_runs(traj, "collisions"),
}


def damaged(name: str) -> hthm.Trajectories:
    traj = hthm.simulate(legal(60, 0.1, 3, 9), frames=6, engine="event", record="log")
    DAMAGE[name](traj.log)
    return traj


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_log_that_points_outside_of_itself_is_refused_by_every_reader(damage: str, reader: str) -> None:
    with pytest.raises(ValueError, match=r"^(pairs|frame_offsets): must"):
        READERS[reader](damaged(damage))


@pytest.mark.parametrize("damage", [name for name in DAMAGE if "frame" in name])
def test_runs_of_a_log_whose_offsets_were_written_to_are_refused(damage: str) -> None:
    log = damaged(damage).log
    with pytest.raises(ValueError, match=r"^frame_offsets: must ascend"):
        log[0:3]
