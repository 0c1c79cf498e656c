"""Networks trained by the workers of a Dask cluster: those of one process, and results that do not say who trained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dask_cluster import quiet, two_workers
from hthm import DiskGas, simulate
from hthm.deepsets import new_model
from hthm.experiments.pieces import ArrivalError
from hthm.experiments.shipped_trainings import Runs, Training, finish_training
from hthm.integrity import without_checksum
from hthm.learning.checkpoint import CheckpointError
from hthm.learning.history import Epoch
from hthm.learning.tensor_file import unpacked
from hthm.run import main
from hthm.train import TrainConfig, train
from run_results import without_times

GAS = ("--n", "40", "--diameter", "0.03", "--runs", "6", "--frames", "12", "--threads", "1")
NETWORKS = ("--widths", "4", "--epochs", "2", "--batch", "8", "--held-out-runs", "3")
ENTROPIES = ("--widths", "4", "--updates", "6", "--held-out-runs", "4", "--trainings", "1", "--steps", "frames")
STUDIES = {
    "tables": ("tables", *GAS, *NETWORKS, "--trainings", "2"),
    "compare": ("compare", *GAS, *NETWORKS, "--trainings", "1", "--compared", "gradient"),
    "ablate": ("ablate", *GAS, *ENTROPIES, "--changes", "recipe", "relu"),
    "universal": ("universal", *GAS, *ENTROPIES, "--sizes", "30", "--trained-on", "equal speeds"),
}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with two_workers() as connected:
        yield connected


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("study", STUDIES)
def test_networks_that_workers_train_are_those_of_one_process(
    study: str,
    client: Any,  # noqa: ANN401 -- distributed ships no types
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert main([*STUDIES[study], "--out", str(here)]) == 0
    capsys.readouterr()
    for module, name in (("hthm.train", "_Loop.epoch"), ("hthm.experiments.shipped_trainings", "_learn")):
        monkeypatch.setattr(f"{module}.{name}", not_here)
    assert main([*STUDIES[study], "--out", str(there), "--scheduler", client.scheduler.address]) == 0
    assert "networks on the workers (" in capsys.readouterr().out
    assert found(there) == found(here)


def not_here(*_: object, **__: object) -> None:
    raise AssertionError("is trained in this process")


def test_a_begun_training_goes_on_where_it_was(tmp_path: Path) -> None:
    traj = simulate(DiskGas(n=20, diameter=0.03).sample(4, seed=1), 12, record="log")
    config = TrainConfig(epochs=3, batch=8)
    training = Training("Train", new_model, (4, 0), config, tmp_path / "d4.safetensors")

    def stop(epoch: Epoch) -> None:
        if epoch.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(new_model(4, 0), traj, config, epoch_done=stop, checkpoint_path=training.path)
    begun = replace(training, checkpoint=training.path.read_bytes())
    one, other = (
        unpacked(finish_training(given, Runs.of(traj), 1, quiet), formats=("hthm checkpoint 2",))[0]
        for given in (training, begun)
    )
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    damaged = replace(training, checkpoint=begun.checkpoint[:-1])
    with pytest.raises(CheckpointError, match=f"^{training.path}: must be the checkpoint of a training"):
        finish_training(damaged, Runs.of(traj), 1, quiet)
    sent = Runs.of(traj)
    with pytest.raises(ArrivalError, match="must arrive as they were sent"):
        finish_training(training, replace(sent, content=sent.content[:-1] + b"!"), 1, quiet)


def found(folder: Path) -> tuple[list[object], dict[str, bytes]]:
    """Results without times, and the trained networks."""
    networks = {path.name: path.read_bytes() for path in folder.glob("models/*")}
    results = [without_checksum(json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    return [without_times(content) for content in results], networks
