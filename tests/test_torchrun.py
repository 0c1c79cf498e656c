"""Trainings in two processes: what one finds to rounding, files and reports once, and one end for both."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import shared_training
from hthm.command import together
from hthm.learning.history import read_history

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
TINY = ["--n", "60", "--diameter", "0.03", "--runs", "6", "--frames", "30", "--epochs", "2", "--batch", "32"]
QUICK = ["--preset", "quick", *TINY, "--widths", "8", "--rate-runs", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where two processes have written what they found; started once, for torch takes seconds to be imported."""
    folder = tmp_path_factory.mktemp("together")
    shared_training.recorded().save(folder / "kept")
    subprocess.run([*TORCHRUN, shared_training.__file__, str(folder)], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> list[dict[str, Any]]:
    return [json.loads((folder / f"found-{rank}.json").read_text(encoding="utf-8")) for rank in range(2)]


@pytest.mark.parametrize("name", shared_training.MODELS)
def test_two_processes_find_what_one_does(name: str, found: list[dict[str, Any]]) -> None:
    """Weights after 15 steps, to 1e-5 of the largest in float32 and 1e-7 in float64, and the losses of all epochs.

    Adam divides a gradient by its size, so that the rounding of a small one is seen in full.
    """
    assert found[0][name] == found[1][name]
    (weights, losses), (alone, losses_alone) = found[0][name], shared_training.trained(name, shared_training.recorded())
    within = 1e-7 if name in {"torch", "own loss"} else 1e-5
    assert np.abs(np.subtract(weights, alone)).max() <= within * np.abs(alone).max()
    assert_allclose(losses, losses_alone, rtol=0, atol=within * np.abs(losses_alone).max())


def test_the_first_alone_reports_and_all_stop(found: list[dict[str, Any]]) -> None:
    assert [of_one["seen"] for of_one in found] == [[0, 1], []]
    assert found[0]["stopped"] == "OSError: a full disk"
    assert found[1]["stopped"] == "OtherProcessError: Process 1 of the 2 of this training stopped: a full disk"


def test_a_training_goes_on_from_the_checkpoint_of_the_first(folder: Path, found: list[dict[str, Any]]) -> None:
    assert [of_one["resumed"] for of_one in found] == [of_one["fused"] for of_one in found]
    assert list(read_history(folder / "log.jsonl").loss) == found[0]["fused"][1]


def test_an_error_of_one_ends_both_at_once(found: list[dict[str, Any]]) -> None:
    assert [of_one["one fails"] for of_one in found] == [
        "OtherProcessError: Process 2 of the 2 of this training stopped: no cost",
        "ValueError: no cost",
    ]
    assert [of_one["Ctrl-C"] for of_one in found] == [
        "KeyboardInterrupt: ",
        "OtherProcessError: Process 1 of the 2 of this training stopped: Ctrl-C",
    ]
    assert max(of_one[f"{name}, seconds"] for of_one in found for name in ("one fails", "Ctrl-C")) < 30


def test_different_trainings_are_refused(found: list[dict[str, Any]]) -> None:
    for of_one in found:
        assert of_one["others"].startswith("ValueError: seed: must be the same in all processes")
        assert of_one["unequal"].startswith("ValueError: pairs: must be the same in all processes")


def test_the_command_shares_its_trainings(tmp_path: Path) -> None:
    done = subprocess.run(
        [*TORCHRUN, "-m", "--", "hthm.run", *QUICK, "--out", str(tmp_path / "out")],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.count("Train D = 8") == done.stdout.count("Measure H") == 1
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert np.isfinite(results["models"]["8"]["trainings"][0]["final_loss"])


def test_one_process_is_not_several(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "1"), ("MASTER_ADDR", "localhost"), ("MASTER_PORT", "1")):
        monkeypatch.setenv(name, value)
    assert not together.are_several()
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert together.are_several()
