"""Pairs for a DataLoader are those of the array, in this process and in forked and spawned workers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import hthm
from hthm.learning.pairs_dataset import FramePairs

TRAJ = hthm.simulate(hthm.DiskGas(n=30, diameter=0.04).sample(3, seed=1), 9, record="log")
DENSE = TRAJ.dense()
PAIRS = np.stack([DENSE[:, :-1], DENSE[:, 1:]], axis=2).reshape(24, 2, 30, 2)


@pytest.mark.parametrize("workers", [None, "fork", "spawn"])
def test_a_loader_gives_the_pairs_of_the_array(workers: str | None, tmp_path: Path) -> None:
    TRAJ.save(tmp_path)
    pairs = FramePairs(hthm.open(tmp_path), dtype=torch.float64)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(3)).tolist()
    pairs[5]  # what this process has read does not go to the workers
    loader = DataLoader(
        pairs, batch_size=5, sampler=order, num_workers=2 if workers else 0, multiprocessing_context=workers
    )
    read = torch.cat(list(loader)).numpy()
    assert read.tobytes() == PAIRS[order].tobytes()


@pytest.mark.parametrize("velocities", [DENSE, TRAJ], ids=["array", "log"])
def test_every_recording_has_the_same_pairs(velocities: hthm.Trajectories) -> None:
    pairs = FramePairs(velocities)
    assert len(pairs) == 24
    for number in (0, 7, 8, 23, -1):
        assert pairs[number].dtype == torch.float32
        assert pairs[number].numpy().tobytes() == PAIRS[number].astype(np.float32).tobytes()


def test_what_is_no_pair_is_refused() -> None:
    with pytest.raises(IndexError, match=re.escape("numbers: must be those of the 24 pairs, got 24 to 24.")):
        FramePairs(TRAJ)[24]
    with pytest.raises(ValueError, match="must have at least 2 frames a run, got 1"):
        FramePairs(DENSE[:, :1].copy())
