"""Trainings of more runs than memory holds: the same bits, from a file that leaves nothing behind."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import hthm
from hthm.deepsets import new_model
from hthm.recording.store import frames as store_frames
from hthm.recording.store.dataset import Dataset
from hthm.train import TrainConfig, train

GAS = hthm.DiskGas(n=140, diameter=0.02)  # of fewer disks no sketches are kept
CONFIG = TrainConfig(epochs=2, batch=32)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    traj = hthm.simulate(GAS.sample(9, seed=3), 40, record="log")
    folder = tmp_path_factory.mktemp("kept")
    traj.save(folder)
    return hthm.open(folder)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that TMPDIR names, and memory for no run."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(store_frames, "IN_MEMORY", 0)
    monkeypatch.setattr(store_frames, "_PIECE", 2**16)
    return tmp_path


@contextmanager
def full_disk() -> Iterator[None]:
    """Files that may not grow, as on a full disk; in a block, for what pytest itself writes may go to a file, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def trained(dataset: Dataset) -> tuple[bytes, list[float]]:
    model = new_model(16, seed=0)
    history = train(model, dataset, CONFIG)
    return b"".join(weight.numpy().tobytes() for weight in model.state_dict().values()), list(history.loss)


@pytest.mark.parametrize("in_memory", [0, 150_000])
def test_a_training_from_a_file_has_the_bits_of_one_in_memory(
    in_memory: int, kept: Dataset, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_frames, "IN_MEMORY", in_memory)
    from_file = trained(kept)
    assert not list(temporary.iterdir())
    monkeypatch.setattr(store_frames, "IN_MEMORY", 2**30)
    assert from_file == trained(kept)
    assert np.isfinite(from_file[1]).all()


def test_a_full_disk_is_told_with_its_folder_and_what_to_do(kept: Dataset, temporary: Path) -> None:
    message = r"could not be written.* Set TMPDIR to a folder on a disk with room"
    with pytest.raises(OSError, match=message) as refused, full_disk():
        trained(kept)
    assert refused.value.filename == str(temporary)
    assert not list(temporary.iterdir())


def test_a_temporary_folder_that_is_none_is_told(
    kept: Dataset, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(temporary / "none"))
    with pytest.raises(FileNotFoundError, match=r"could not be made.* Set TMPDIR") as refused:
        trained(kept)
    assert refused.value.filename == str(temporary / "none")
