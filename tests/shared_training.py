"""Trainings in several processes, for test_torchrun.py: each process writes what it found to a file of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import distributed, nn

import hthm
from hthm.deepsets import DeepSets, new_model
from hthm.learning.history import Epoch
from hthm.recording.store import frames as store_frames
from hthm.train import TrainConfig, train

CONFIG = TrainConfig(epochs=3, batch=33)
MODELS = ("fused", "torch", "stored", "own loss")


def recorded() -> hthm.Trajectories:
    state = hthm.DiskGas(n=130, diameter=0.02).sample(6, seed=1)
    return hthm.simulate(state, 30, record="log", threads=1)


def trained(name: str, traj: Any, **others: Any) -> tuple[list[float], list[float]]:  # noqa: ANN401 -- whatever train takes
    """Weights and losses of a training, by the name of what is special to it."""
    model: nn.Module = new_model(16, 0) if name != "torch" else DeepSets(16, dtype=torch.float64)
    if name == "torch":  # in float64: what float32 makes of a small difference of sums depends on how they are taken
        model.load_state_dict(new_model(16, 0).double().state_dict())
    if name == "own loss":
        model, others["loss"] = model.double(), torch.nn.functional.softplus
    history = train(model, traj, CONFIG, **others)
    weights = torch.cat([parameter.detach().double().reshape(-1) for parameter in model.parameters()])
    return weights.tolist(), [float(loss) for loss in history.loss]


def fails(rank: int, where: int, error: BaseException) -> Any:  # noqa: ANN401 -- a loss
    """A loss that fails in one process."""

    def loss(change: torch.Tensor) -> torch.Tensor:
        if rank == where:
            raise error
        return torch.nn.functional.softplus(-change)

    return loss


def main() -> None:
    folder = Path(sys.argv[1])
    rank = int(os.environ["RANK"])
    distributed.init_process_group("gloo")
    traj, found = recorded(), dict[str, Any]()
    kept = hthm.open(folder / "kept")
    vars(store_frames)["IN_MEMORY"] = 0  # what is trained on from a dataset comes from a file
    for name in MODELS:
        found[name] = trained(name, kept if name == "stored" else traj)
    # What is written and reported, by whom; an error between two epochs, and going on after it.
    seen: list[int] = []

    def stopped(epoch: Epoch) -> None:
        seen.append(epoch.epoch)
        if epoch.epoch == 1:
            raise OSError("a full disk")

    files = {"log_path": folder / "log.jsonl", "checkpoint_path": folder / "checkpoint"}
    found["stopped"] = refused(lambda: trained("fused", traj, epoch_done=stopped, **files))
    found["seen"] = seen
    found["resumed"] = trained("fused", traj, **files)
    for name, where, error in (("one fails", 1, ValueError("no cost")), ("Ctrl-C", 0, KeyboardInterrupt())):
        start = time.monotonic()
        loss = fails(rank, where, error)
        found[name] = refused(lambda loss=loss: trained("fused", traj, loss=loss))
        found[f"{name}, seconds"] = time.monotonic() - start
    found["others"] = refused(lambda: train(new_model(16, 0), traj, replace(CONFIG, seed=rank)))
    found["unequal"] = refused(lambda: train(new_model(16, 0), traj[: 5 + rank], CONFIG))
    (folder / f"found-{rank}.json").write_text(json.dumps(found), encoding="utf-8")
    distributed.destroy_process_group()


def refused(training: Any) -> str:  # noqa: ANN401 -- a function
    """What it says that cannot be done."""
    try:
        training()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- looked at by the test
        return f"{type(error).__name__}: {error}"
    return "nothing"


if __name__ == "__main__":
    main()
