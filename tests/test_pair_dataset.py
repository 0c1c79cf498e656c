"""Pairs of frames for a DataLoader: every pair once, of any recording, in any worker."""

from __future__ import annotations

import doctest
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import hthm
from hthm.learning import pair_dataset
from hthm.learning.pair_dataset import FramePairs
from hthm.recording.reading import FramesLike

STATE = hthm.DiskGas(n=40, diameter=0.04, speed=1.0).sample(3, seed=1)


@pytest.fixture(scope="module")
def velocities() -> hthm.Trajectories:
    return hthm.simulate(STATE, 7, 0.05)


@pytest.mark.parametrize("recording", ["array", "velocities", "log", "store"])
def test_every_recording_has_the_same_pairs(velocities: hthm.Trajectories, recording: str, tmp_path: Path) -> None:
    log = hthm.simulate(STATE, 7, 0.05, record="log")
    log.save(tmp_path / "kept")
    of: FramesLike = {
        "array": velocities.velocities,
        "velocities": velocities,
        "log": log,
        "store": hthm.open(tmp_path / "kept"),
    }[recording]  # type: ignore[assignment]  # what they have in common is found by mypy as object
    pairs = FramePairs(of, dtype=torch.float64)
    assert len(pairs) == 18
    for number in (0, 5, 6, 17, -1):
        run, frame = divmod(number % 18, 6)
        before, after = pairs[number]
        np.testing.assert_array_equal(before.numpy(), velocities.velocities[run, frame])
        np.testing.assert_array_equal(after.numpy(), velocities.velocities[run, frame + 1])
    assert FramePairs(of)[3][0].dtype == torch.float32


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # torch, where there is one processor
@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.parametrize("kept", [False, True])
def test_workers_read_for_themselves(
    velocities: hthm.Trajectories, context: str, *, kept: bool, tmp_path: Path
) -> None:
    log = hthm.simulate(STATE, 7, 0.05, record="log")  # the pool has threads, which a fork does not inherit
    if kept:
        log.save(tmp_path / "kept")
    pairs = FramePairs(hthm.open(tmp_path / "kept") if kept else log, dtype=torch.float64)
    loader = DataLoader(pairs, batch_size=5, num_workers=2, multiprocessing_context=context)
    before = torch.cat([batch[0] for batch in loader])
    np.testing.assert_array_equal(before.numpy(), velocities.velocities[:, :-1].reshape(18, 40, 2))


def test_a_pickle_reads_the_same(velocities: hthm.Trajectories) -> None:
    pairs = pickle.loads(pickle.dumps(FramePairs(velocities)))  # noqa: S301 -- our own
    assert torch.equal(pairs[4][1], FramePairs(velocities)[4][1])


def test_what_cannot_be_is_named(velocities: hthm.Trajectories) -> None:
    pairs = FramePairs(velocities)
    for number in (18, -19):
        with pytest.raises(IndexError, match="number: must be that of one of 18 pairs"):
            pairs[number]
    with pytest.raises(ValueError, match=r"dtype: must be torch\.float32 or torch\.float64"):
        FramePairs(velocities, dtype=torch.float16)
    with pytest.raises(ValueError, match="frames of a run: must be at least 2"):
        FramePairs(velocities.velocities[:, :1].copy())


def test_the_example_of_the_docstring_runs() -> None:
    results = doctest.testmod(pair_dataset)
    assert results.attempted
    assert not results.failed
