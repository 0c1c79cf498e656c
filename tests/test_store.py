"""Datasets: the bits that were recorded, read again in whole or in part, and equal bytes for equal runs."""

from __future__ import annotations

import pickle
import re
import tempfile
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hthm
from hthm.deepsets import evaluate, new_model
from hthm.recording.store import frames as store_frames
from hthm.recording.store import writer
from hthm.recording.store.dataset import Dataset
from hthm.recording.store.frames import StoredFrames
from hthm.recording.store.manifest import DatasetError
from hthm.train import TrainConfig, train
from hthm.trajectories import Recording, Trajectories

GAS = hthm.DiskGas(n=60, diameter=0.03)


@pytest.fixture(params=[7, 2**26], ids=["many shards", "one shard"])
def shards(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in shards of two, read a run at a time, of which two are kept; or all in one."""
    if request.param == 7:
        monkeypatch.setattr(writer, "_SHARD", 1)
        monkeypatch.setattr(writer, "_TOGETHER", 2)
        monkeypatch.setattr(store_frames, "_PIECE", 1)
        monkeypatch.setattr(store_frames, "_KEPT", 2**16)


def simulated(record: Recording = "log", *, engine: str = "auto", runs: int = 7, frames: int = 20) -> Trajectories:
    state = GAS.sample(runs, seed=3, overlaps="reject")
    return hthm.simulate(
        state, frames, engine=engine, record=record, positions=record == "velocities" and engine != "dsmc"
    )


def assert_same(kept: Trajectories, traj: Trajectories) -> None:
    for name in ("initial", "final"):
        assert getattr(kept, name).sha256() == getattr(traj, name).sha256(), name
        assert getattr(kept, name).gas == getattr(traj, name).gas
    assert (kept.dt, kept.engine, kept.recording) == (traj.dt, traj.engine, traj.recording)
    for name in ("collisions", "_velocities", "_positions"):
        ours, theirs = getattr(kept, name), getattr(traj, name)
        assert (ours is None) == (theirs is None)
        assert ours is None or ours.tobytes() == theirs.tobytes(), name
    if traj.recording == "log":
        for name in ("frame_offsets", "pairs", "velocities", "times"):
            ours, theirs = getattr(kept.log, name), getattr(traj.log, name)
            assert (ours is None) == (theirs is None)
            assert ours is None or (ours.dtype, ours.tobytes()) == (theirs.dtype, theirs.tobytes()), name


# ---- What is kept ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shards")
@pytest.mark.parametrize("record", ["log", "velocities", "counts"])
@pytest.mark.parametrize("engine", hthm.engines())
def test_every_engine_and_recording_comes_back_bit_for_bit(engine: str, record: Recording, tmp_path: Path) -> None:
    traj = simulated(record, engine=engine)
    traj.save(tmp_path / "kept")
    kept = hthm.open(tmp_path / "kept")
    assert_same(kept.load(), traj)
    assert_same(kept.load(slice(2, 5)), traj[2:5])
    assert kept.collisions.tobytes() == traj.collisions.tobytes()
    assert kept.initial.sha256() == traj.initial.sha256()
    assert kept.final.sha256() == traj.final.sha256()
    assert (kept.times == traj.times).all()
    assert kept.gas == traj.gas


@settings(max_examples=30)
@given(
    n=st.integers(1, 300),
    runs=st.integers(1, 3),
    frames=st.integers(1, 12),
    share=st.sampled_from([0.5, 0.2, 0.03]),
    seed=st.integers(0, 2**32),
    power=st.sampled_from([0, 0, 300, -300, -480]),
    record=st.sampled_from(["log", "velocities", "counts"]),
)
def test_any_gas_comes_back_bit_for_bit(
    n: int, runs: int, frames: int, share: float, seed: int, power: int, record: Recording
) -> None:
    speed = float(np.ldexp(1.0, power))
    state = hthm.DiskGas(n=n, diameter=share, speed=speed).sample(runs, seed, speeds="maxwell")
    traj = hthm.simulate(state, frames, 0.05 / speed, record=record)
    with tempfile.TemporaryDirectory() as folder:
        traj.save(folder)
        assert_same(hthm.open(folder).load(), traj)


def test_rows_that_no_momentum_gives_come_back(tmp_path: Path) -> None:
    traj = simulated(runs=3)
    traj.log.velocities[::7, 0, 1] += 0.5
    traj.save(tmp_path)
    kept = hthm.open(tmp_path).load(slice(1, 3)).log
    assert kept.velocities.tobytes() == traj[1:3].log.velocities.tobytes()
    with h5py.File(tmp_path / "runs-00000000-00000002.h5") as file:
        assert 0 < len(file["exact"]) <= 2 * len(traj.log.velocities[::7]) + 60


def test_equal_runs_are_equal_bytes(tmp_path: Path) -> None:
    traj = simulated()
    for name in ("a", "b"):
        traj.save(tmp_path / name)
    a, b = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("a", "b"))
    assert a == b
    assert len(a) == 3, sorted(a)


def test_the_papers_runs_take_less_than_a_fortieth(tmp_path: Path) -> None:
    hthm.simulate(hthm.paper.GAS.sample(8, seed=1), record="log").save(tmp_path)
    dense = 8 * 500 * 1000 * 16
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < dense / 45


# ---- What is read ---------------------------------------------------------------------------------------------------

KEYS = (
    np.s_[3],
    np.s_[...],
    np.s_[1:7:2, -5:, ::3, 0],
    np.s_[::-1, 4],
    np.s_[5, 6, 7, 1],
    np.s_[..., 1],
    np.s_[4:, ::5, :, ::-1],
    np.s_[5:5],
    np.s_[-1, ..., -1],
    np.s_[:, np.int64(2)],
)


@pytest.mark.usefixtures("shards")
@pytest.mark.parametrize("record", ["log", "velocities"])
def test_slices_are_those_of_the_array(record: Recording, tmp_path: Path) -> None:
    traj = simulated(record)
    traj.save(tmp_path / "kept")
    kept, dense = hthm.open(tmp_path / "kept"), traj.dense()
    assert (kept.shape, kept.ndim, kept.dtype, len(kept)) == (dense.shape, dense.ndim, dense.dtype, len(dense))
    for key in KEYS:
        part = kept[key]
        assert part.shape == dense[key].shape, key
        assert part.tobytes() == dense[key].tobytes(), key
    assert np.asarray(kept).tobytes() == dense.tobytes()
    kept.dense(tmp_path / "dense.npy")
    assert np.load(tmp_path / "dense.npy").tobytes() == dense.tobytes()


@pytest.mark.parametrize(
    ("key", "error", "says"),
    [
        (7, IndexError, "key: must be from -7 to 6 along an axis of 7, got 7."),
        (np.s_[0, 0, 0, 0, 0], IndexError, "key: must have at most 4 parts"),
        (np.s_[..., 0, ...], IndexError, "key: must have at most 4 parts and one ellipsis"),
        ([1, 2], TypeError, "key: must be of whole numbers, slices and ..., got list"),
        (np.s_[True], TypeError, "got bool"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_other_keys_are_refused(key: object, error: type[Exception], says: str, tmp_path: Path) -> None:
    simulated().save(tmp_path)
    with pytest.raises(error, match=re.escape(says)):
        hthm.open(tmp_path)[key]


@pytest.mark.usefixtures("shards")
@pytest.mark.parametrize("record", ["log", "velocities"])
def test_measures_and_trainings_have_the_bits_of_those_in_memory(record: Recording, tmp_path: Path) -> None:
    traj = simulated(record)
    traj.save(tmp_path)
    kept = hthm.open(tmp_path)
    assert hthm.speed_h(kept).tobytes() == hthm.speed_h(traj).tobytes()
    assert hthm.velocity_h(kept).tobytes() == hthm.velocity_h(traj).tobytes()
    assert hthm.speed_counts(kept).tobytes() == hthm.speed_counts(traj).tobytes()
    for backend in ("fused", "torch"):
        models = [new_model(16, seed=0) for _ in range(2)]
        config = TrainConfig(epochs=2, batch=16, backend=backend)
        losses = [list(train(models[0], kept, config).loss), list(train(models[1], traj, config).loss)]
        assert losses[0] == losses[1], backend
        assert evaluate(models[0], kept).tobytes() == evaluate(models[1], traj).tobytes(), backend


@pytest.mark.parametrize("record", ["log", "counts"])
def test_labels_are_those_of_the_whole(record: Recording, tmp_path: Path) -> None:
    traj = simulated(record)
    traj.save(tmp_path)
    part = hthm.open(tmp_path).to_xarray(slice(2, 5))
    assert part.run.to_numpy().tolist() == [2, 3, 4]
    assert part.identical(traj.to_xarray().isel(run=slice(2, 5)))


@pytest.mark.usefixtures("shards")
def test_other_processes_read_for_themselves(tmp_path: Path) -> None:
    traj = simulated()
    traj.save(tmp_path)
    kept = hthm.open(tmp_path)
    first = kept[0]
    again = pickle.loads(pickle.dumps(kept))  # noqa: S301 -- our own
    assert isinstance(again, Dataset)
    assert again[0].tobytes() == first.tobytes() == traj.dense()[0].tobytes()


# ---- What is refused ------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="must be a dataset of hthm, and has no manifest"):
        hthm.open(tmp_path)
    with pytest.raises(DatasetError, match="must be the folder of a dataset, and is none"):
        hthm.open(tmp_path / "none")
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DatasetError, match=r"must be a dataset, or an empty folder, and holds thesis\.tex"):
        simulated().save(tmp_path)


def test_a_dataset_of_other_runs_is_not_written_over(tmp_path: Path) -> None:
    simulated().save(tmp_path)
    simulated().save(tmp_path)  # the same runs: there is nothing to do
    with pytest.raises(DatasetError, match="differs: frames 20 and not 21"):
        simulated(frames=21).save(tmp_path)


def test_velocities_of_counts_are_refused(tmp_path: Path) -> None:
    simulated("counts").save(tmp_path)
    with pytest.raises(DatasetError, match="holds the number of collisions alone"):
        hthm.speed_h(hthm.open(tmp_path))


def test_a_log_of_other_offsets_is_refused(tmp_path: Path) -> None:
    traj = simulated()
    traj.log.frame_offsets[0, 3] += 1
    with pytest.raises(ValueError, match="frame_offsets: must be those of the collisions"):
        traj.save(tmp_path)


# ---- Frames in random order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", ["log", "velocities"])
@pytest.mark.usefixtures("shards")
def test_torch_reads_a_dataset_twice_however_many_batches_there_are(
    record: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traj = simulated(record)
    traj.save(tmp_path / "kept")
    kept = hthm.open(tmp_path / "kept")
    reads: list[int] = []
    read = StoredFrames._read  # noqa: SLF001 -- what is counted

    def counted(self: StoredFrames, number: int, runs: slice) -> Any:  # noqa: ANN401 -- as it is
        reads.append(runs.start)
        return read(self, number, runs)

    monkeypatch.setattr(StoredFrames, "_read", counted)
    trained = []
    for source in (kept, traj):
        model = new_model(4, 0)
        train(model, source, TrainConfig(epochs=3, batch=8, backend="torch"))
        trained.append([parameter.detach().numpy().tobytes() for parameter in model.parameters()])
    assert trained[0] == trained[1]
    assert all(reads.count(run) <= 2 for run in reads)


def test_a_log_that_does_not_fit_into_memory_is_refused_by_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated().save(tmp_path / "kept")
    monkeypatch.setattr(store_frames, "_KEPT", 2**10)
    monkeypatch.setattr("hthm.checks.NEGLIGIBLE", 0)
    monkeypatch.setattr("hthm.checks.available_memory", lambda: 2**10)
    with pytest.raises(MemoryError, match=r"^train: needs .* of memory, .* numpy\.load\(path, mmap_mode='r'\)"):
        train(new_model(4, 0), hthm.open(tmp_path / "kept"), TrainConfig(epochs=1, batch=8, backend="torch"))
