"""What a command finds of its trainings when it goes on: what is whole is taken, and what is damaged made anew."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

import hthm
from hthm.choices.run import RunConfig
from hthm.deepsets import DeepSets
from hthm.experiments.trainings import trained
from hthm.experiments.work import Work
from hthm.learning.checkpoint import CheckpointError
from hthm.learning.history import History
from hthm.pages.console import Stages
from hthm.pages.results import ResultsFolder

TRAJ = hthm.simulate(hthm.DiskGas(n=30, diameter=0.05, speed=1.0).sample(2, seed=0), frames=8, record="log")
CONFIG = RunConfig(n=30, diameter=0.05, speed=1.0, runs=2, frames=8, widths=(3,), epochs=3, batch=4)
MODEL, HISTORY, CHECKPOINT = "models/d3-seed0.safetensors", "history/d3-seed0.jsonl", "checkpoints/d3-seed0.safetensors"


def go_on(folder: Path, *, resume: bool = True) -> tuple[DeepSets, History, str]:
    """Train, or take what is there; return what was said too."""
    said = io.StringIO()
    for name in (MODEL, HISTORY, CHECKPOINT):
        (folder / name).parent.mkdir(exist_ok=True)
    stages = Stages(Console(file=said, soft_wrap=True))
    work = Work(CONFIG, TRAJ.initial, (), ResultsFolder(folder), stages, resume)
    model, history = trained(work, 3, 0, TRAJ)
    return model, history, said.getvalue()


def losses(history: History) -> list[float]:
    return [epoch.loss for epoch in history.epochs]


def flip(content: bytes) -> bytes:
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


def without_last_line(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[:-1])


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        (MODEL, flip, "d3-seed0.safetensors: must be a whole safetensors file"),
        (MODEL, lambda _: b"", "d3-seed0.safetensors: must be a whole safetensors file"),
        (HISTORY, without_last_line, "d3-seed0.jsonl: must have a line for each of 3 epochs, got 2"),
        (HISTORY, lambda content: content[:-5], "d3-seed0.jsonl: must have a line for each of 3 epochs, got 2"),
        (HISTORY, lambda _: b"", "d3-seed0.jsonl: must have a line for each of 3 epochs, got 0"),
        (HISTORY, lambda content: b"{}\n" + content, "d3-seed0.jsonl: line 1 must be an epoch, and is not"),
        (
            HISTORY,
            lambda content: content.replace(b'"loss": ', b'"loss": "', 1),
            "d3-seed0.jsonl: line 1 must be an epoch",
        ),
        (
            HISTORY,
            lambda content: content.replace(b'"negative_slope": 1.0', b'"negative_slope": 9.0', 1),
            "d3-seed0.jsonl: line 1 must be an epoch, and is not (its checksum is not that of its content",
        ),
        (HISTORY, None, "d3-seed0.jsonl"),
    ],
)
def test_a_damaged_file_is_named_in_a_line_and_made_anew(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes] | None, said: str
) -> None:
    _, first, _ = go_on(tmp_path, resume=False)
    _, again, heard = go_on(tmp_path)
    assert "finished before" in heard
    assert losses(again) == losses(first)
    if damage is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(damage((tmp_path / name).read_bytes()))
    _, anew, heard = go_on(tmp_path)
    lines = [line for line in heard.splitlines() if "is trained again" in line]
    assert len(lines) == 1
    assert said in lines[0]
    assert losses(anew) == losses(first)
    _, again, heard = go_on(tmp_path)
    assert "finished before" in heard


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).parent.mkdir()
    (tmp_path / CHECKPOINT).write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"d3-seed0\.safetensors: must be the checkpoint .*Remove it to begin"):
        go_on(tmp_path)
