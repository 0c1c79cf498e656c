"""A training that was stopped at any moment goes on to the bits of one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import nn

import hthm
from hthm.deepsets import DeepSets, new_model
from hthm.learning.checkpoint import CheckpointError
from hthm.learning.history import History, read_history
from hthm.learning.recipes import BACKENDS, Architecture, Backend, TrainConfig
from hthm.learning.weights import load_weights
from hthm.run import main
from hthm.train import train

Array = NDArray[np.float64]
SMALL = TrainConfig(epochs=6, batch=8, learning_rate=1e-2, seed=1)
KILLS = 5


@pytest.fixture(scope="module")
def velocities() -> Array:
    """Velocities of a small, dense gas that relaxes, (4, 9, 60, 2): 32 pairs."""
    return hthm.simulate(hthm.DiskGas(n=60, diameter=0.04, speed=1.0).sample(4, seed=0), frames=9).velocities


def bits(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


def without_seconds(history: History) -> list[object]:
    return [replace(epoch, seconds=0.0) for epoch in history.epochs]


def stopped(velocities: Array, config: TrainConfig, folder: Path, step: int, model: DeepSets | None = None) -> None:
    """Train until a step, where Ctrl-C comes."""

    def interrupt(done: int, _total: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            model or new_model(5, 0),
            velocities,
            config,
            progress=interrupt,
            log_path=folder / "log",
            checkpoint_path=folder / "checkpoint",
        )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("step", [5, 8, 9, 23])
def test_a_training_goes_on_to_the_same_bits(velocities: Array, tmp_path: Path, backend: Backend, step: int) -> None:
    config, whole, resumed = replace(SMALL, backend=backend), new_model(5, 0), new_model(5, 7)
    expected = train(whole, velocities, config)
    stopped(velocities, config, tmp_path, step)
    steps: list[int] = []
    history = train(
        resumed,
        velocities,
        config,
        progress=lambda done, _: steps.append(done),
        log_path=tmp_path / "log",
        checkpoint_path=tmp_path / "checkpoint",
    )
    assert steps[0] == (step - 1) // 4 * 4 + 1  # the epoch that was interrupted, from its first step
    assert bits(resumed) == bits(whole)
    assert without_seconds(history) == without_seconds(expected)
    assert read_history(tmp_path / "log").epochs == history.epochs


def test_a_finished_training_is_finished(velocities: Array, tmp_path: Path) -> None:
    whole, again = new_model(5, 0), new_model(5, 7)
    expected = train(whole, velocities, SMALL, checkpoint_path=tmp_path / "checkpoint")
    assert train(again, velocities, SMALL, checkpoint_path=tmp_path / "checkpoint").epochs == expected.epochs
    assert bits(again) == bits(whole)


def test_any_module_goes_on(velocities: Array, tmp_path: Path) -> None:
    def plain(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(120, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)).double()

    with torch.random.fork_rng(devices=[]):
        whole, first, second = plain(0), plain(0), plain(1)
    train(whole, velocities, SMALL)
    stopped(velocities, SMALL, tmp_path, 14, first)  # type: ignore[arg-type]  # any module will do
    train(second, velocities, SMALL, checkpoint_path=tmp_path / "checkpoint")
    assert bits(second) == bits(whole)


def test_a_log_that_is_ahead_of_its_checkpoint_is_put_right(velocities: Array, tmp_path: Path) -> None:
    stopped(velocities, SMALL, tmp_path, 9)
    with (tmp_path / "log").open("a") as log:
        log.write('{"epoch": 2, "loss"')  # killed between the two, and cut short
    history = train(
        new_model(5, 7), velocities, SMALL, log_path=tmp_path / "log", checkpoint_path=tmp_path / "checkpoint"
    )
    assert read_history(tmp_path / "log").epochs == history.epochs


def test_another_training_does_not_go_on(velocities: Array, tmp_path: Path) -> None:
    stopped(velocities, SMALL, tmp_path, 9)
    path, model = tmp_path / "checkpoint", new_model(5, 7)
    before = bits(model)
    with pytest.raises(
        CheckpointError, match=r"checkpoint: must be the checkpoint of this training, .* in epochs\. Go"
    ):
        train(model, velocities, replace(SMALL, epochs=7), checkpoint_path=path)
    with pytest.raises(CheckpointError, match=r"differs in pairs\."):
        train(model, velocities[:3], SMALL, checkpoint_path=path)
    with pytest.raises(CheckpointError, match="must hold the weights of this model"):
        train(new_model(6, 0), velocities, SMALL, checkpoint_path=path)
    assert bits(model) == before


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"labels": 0}, "labels"),
        ({"velocity_scale": 0.2}, "velocity_scale"),
        ({"activation": "silu", "pooling": "mean", "extensive": True}, "activation, extensive, pooling"),
        ({"components": 2, "labels": 1}, "components"),
    ],
)
def test_a_training_of_another_architecture_does_not_go_on(
    velocities: Array, tmp_path: Path, other: dict[str, Any], named: str
) -> None:
    begun = Architecture(components=3, labels=1, velocity_scale=0.1)
    states = np.concatenate([velocities, np.ones((*velocities.shape[:-1], 1))], axis=-1)
    stopped(states, SMALL, tmp_path, 9, new_model(5, 0, begun))
    path, model = tmp_path / "checkpoint", new_model(5, 7, replace(begun, **other))
    with pytest.raises(CheckpointError, match=rf"differs in {named}\. Go on with the choices that it was made by"):
        train(model, states[..., : model.components].copy(), SMALL, checkpoint_path=path)
    assert bits(model) == bits(new_model(5, 7, replace(begun, **other)))
    whole, same = new_model(5, 0, begun), new_model(5, 7, begun)
    train(whole, states, SMALL)
    train(same, states, SMALL, checkpoint_path=path)
    assert bits(same) == bits(whole)


def test_a_checkpoint_without_an_architecture_is_of_the_paper_s(velocities: Array, tmp_path: Path) -> None:
    stopped(velocities, SMALL, tmp_path, 9)
    with safetensors.safe_open(tmp_path / "checkpoint", "pt") as file:  # as those before said it
        assert json.loads(file.metadata()["made_by"]) == {**SMALL.as_json(), "pairs": 32}
    whole, resumed = new_model(5, 0), new_model(5, 7)
    with pytest.raises(CheckpointError, match=r"differs in activation\."):
        train(
            new_model(5, 0, Architecture(activation="tanh")), velocities, SMALL, checkpoint_path=tmp_path / "checkpoint"
        )
    train(whole, velocities, SMALL)
    train(resumed, velocities, SMALL, checkpoint_path=tmp_path / "checkpoint")
    assert bits(resumed) == bits(whole)


def test_what_is_no_checkpoint_is_refused_with_its_path(velocities: Array, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    contents = [b"", b"nothing", safetensors.torch.save({"shuffle": torch.zeros(2)}, {"epochs": "[]"})]
    stopped(velocities, SMALL, tmp_path, 9)
    contents += [path.read_bytes()[:length] for length in (7, 100, 2000)]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="checkpoint: must be the checkpoint of a training, and is not"):
            train(new_model(5, 0), velocities, SMALL, checkpoint_path=path)


@pytest.mark.usefixtures("unrendered")
def test_a_command_that_is_killed_at_random_moments_goes_on_to_the_same_results(tmp_path: Path) -> None:
    """Killed KILLS times while it trains, at moments drawn from its start to well past its first epochs."""
    choices = ["--n", "60", "--diameter", "0.04", "--runs", "4", "--frames", "40", "--rate-runs", "1"]
    choices += ["--frame-rates", "60", "--widths", "8", "--epochs", "120", "--batch", "16", "--threads", "1"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main([*choices, "--out", str(whole)]) == 0
    drawn = np.random.default_rng(0)
    checkpoint = killed / "checkpoints" / "d8-seed0.safetensors"
    epochs: list[int] = []
    for kill in range(KILLS):
        resume = ["--resume"] if kill else []
        command = [sys.executable, "-m", "hthm.run", *(resume or choices), "--out", str(killed)]
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"}
        ) as process:
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                if checkpoint.exists() and checkpoint.stat().st_mtime_ns != before:
                    break
                time.sleep(0.002)
            time.sleep(drawn.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
            _, said = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, f"kill {kill} came too late: {said.decode()}"
        with safetensors.safe_open(checkpoint, "pt") as file:
            epochs.append(len(json.loads(file.metadata()["epochs"])))
    assert epochs == sorted(set(epochs)), f"every go went further: {epochs}"
    assert main(["--resume", "--out", str(killed)]) == 0
    models = [load_weights(folder / "models" / "d8-seed0.safetensors") for folder in (whole, killed)]
    assert bits(models[0]) == bits(models[1])
    histories = [read_history(folder / "history" / "d8-seed0.jsonl") for folder in (whole, killed)]
    assert without_seconds(histories[0]) == without_seconds(histories[1])
    assert not checkpoint.exists()
