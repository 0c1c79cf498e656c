"""`--preset improved`: a run that learns an entropy, at a tiny size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from hthm.deepsets import new_model
from hthm.experiments.entropy_tables import entropy_markdown
from hthm.run import main
from hthm.weights import load_weights, save_weights

TINY = [
    *("--preset", "improved", "--n", "60", "--diameter", "0.03", "--runs", "4", "--frames", "20", "--threads", "1"),
    *("--training-frames", "12", "--check-runs", "2", "--held-out-runs", "3", "--rate-runs", "2"),
    *("--frame-rates", "20", "60", "--widths", "4", "--updates", "8", "--trainings", "2"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, with a given network of the paper's architecture beside."""
    out = tmp_path_factory.mktemp("entropy")
    save_weights(out / "given.safetensors", new_model(3, 0))
    assert main([*TINY, "--weights", str(out / "given.safetensors"), "--out", str(out / "results")]) == 0
    return out / "results"


def results(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return content


def test_results_have_the_keys_that_others_rely_on(finished: Path) -> None:
    content = results(finished)
    assert {"simulation", "models", "published", "config", "environment"} <= set(content)
    assert list(content["models"]) == ["3", "4"]
    (given,) = content["models"]["3"]["trainings"]
    assert given["seed"] is given["final_loss"] is None
    trainings = content["models"]["4"]["trainings"]
    assert [(one["steps"], one["seed"]) for one in trainings] == [
        ("frames", 0), ("collisions", 0), ("frames", 1), ("collisions", 1)
    ]  # fmt: skip
    for one in trainings:
        assert {"seed", "final_loss", "final_loss0", "critical_epoch", "seconds", "fit"} <= set(one)
        assert set(one["fit"]["mse"]) == {"mean", "sem"}
        assert one["looks"][-1]["update"] == 8


def test_the_tables_show_all_networks_and_what_nobody_had_to_learn(finished: Path) -> None:
    text = (finished / "tables.md").read_text()
    assert text == entropy_markdown(results(finished))
    for row in (
        "D = 3, given",
        "D = 4, frames in order, seed 1",
        "collisions in order, median of 2",
        "frames)",
        "kurt",
    ):
        assert row in text
    page = (finished / "report.html").read_text()
    assert "A learned entropy" in page
    assert "data:image/png;base64," in page


def test_it_goes_on_after_a_stop_with_what_is_finished(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, path = results(finished), finished / "models" / "d4-frames-seed1.safetensors"
    weights = load_weights(path).state_dict()
    path.unlink()
    assert main(["--preset", "improved", "--resume", "--out", str(finished)]) == 0
    assert capsys.readouterr().out.count("finished before") == 3
    again = load_weights(path).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in weights.items())
    for one, other in zip(
        results(finished)["models"]["4"]["trainings"], before["models"]["4"]["trainings"], strict=True
    ):
        assert one["fit"] == other["fit"]


def test_its_figures_are_drawn_again(finished: Path) -> None:
    before = (finished / "report.html").read_bytes()
    (finished / "report.html").unlink()
    assert main(["figures", "--out", str(finished)]) == 0
    assert (finished / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--updates", "0"], "--updates: must be"), (["--steps", "runs"], "steps"), (["--blur", "-1"], "--blur: must be")],
)
def test_choices_that_cannot_be_are_refused(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TINY, *options, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
