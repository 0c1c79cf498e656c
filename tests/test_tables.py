"""`hthm tables`: several seeds, held-out runs, baselines, and what is said of the published values."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from hthm import paper
from hthm.choices.seeds import TablesConfig
from hthm.pages.decimals import number, with_error
from hthm.pages.spread import QUANTITIES, published_values, seeds_markdown, spread_json
from hthm.run import main

TINY = [
    *("tables", "--n", "60", "--diameter", "0.04", "--runs", "4", "--frames", "40", "--widths", "8", "16"),
    *("--epochs", "2", "--batch", "16", "--threads", "1", "--held-out-runs", "3", "--trainings", "2"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished tables of two widths with two seeds."""
    out = tmp_path_factory.mktemp("tables") / "out"
    assert main([*TINY, "--out", str(out)]) == 0
    return out


def tables(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "tables.json").read_text())
    return content


def training(mse: float, critical_epoch: int | None) -> dict[str, Any]:
    fit = {"mse": {"mean": mse, "sem": None}, "a": {"mean": 1.0, "cv": 0.1}, "b": {"mean": 1.0, "cv": 0.2}}
    return {
        "seed": 0,
        "critical_epoch": critical_epoch,
        "final_loss": 0.0,
        "final_loss0": 0.0,
        "fit": fit,
        "held_out": None,
        "traps": None,
    }


def test_every_width_has_every_seed_on_both_kinds_of_runs(finished: Path) -> None:
    found = tables(finished)
    assert list(found["models"]) == ["8", "16"]
    for model in found["models"].values():
        assert [one["seed"] for one in model["trainings"]] == [0, 1]
        assert set(model["spread"]) == set(QUANTITIES)
    assert found["simulation"]["start_sha256"] != found["held_out"]["start_sha256"]
    assert (found["simulation"]["runs"], found["held_out"]["runs"]) == (4, 3)
    assert all(set(fits) == {"fit", "held_out"} for fits in found["baselines"].values())
    assert sorted(path.name for path in (finished / "models").iterdir()) == [
        f"d{width}-seed{seed}.safetensors" for width in (16, 8) for seed in (0, 1)
    ]


def test_tables_say_what_the_numbers_say(finished: Path) -> None:
    found, text = tables(finished), (finished / "tables.md").read_text()
    assert text == seeds_markdown(found)
    mse = found["baselines"]["mean speed"]["held_out"]["mse"]
    assert f"| {with_error(mse['mean'], mse['sem'])} |" in text
    assert f"| 16 | MSE | {number(paper.PUBLISHED[16].mse)} |" in text


def test_resume_takes_what_is_finished_and_may_go_further(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, before = tmp_path / "copy", tables(finished)
    shutil.copytree(finished, out)
    assert main(["tables", "--resume", "--out", str(out), "--trainings", "3"]) == 0
    said = capsys.readouterr().out
    assert said.count("finished before") == 4
    after = tables(out)
    for width, model in before["models"].items():
        assert after["models"][width]["trainings"][:2] == model["trainings"]
        assert after["models"][width]["spread"]["mse"]["trainings"] == 3
    assert main(["tables", "--resume", "--out", str(out), "--epochs", "3"]) == 1
    assert "other choices" in capsys.readouterr().err


def test_given_networks_are_fitted_beside_the_others(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = finished / "models" / "d8-seed0.safetensors"
    few = ["--widths", "8", "--trainings", "1"]
    assert main([*TINY, *few, "--weights", str(weights), "--out", str(tmp_path / "out")]) == 0
    assert "Train D = 8, seed 0" in capsys.readouterr().out
    found, trained = tables(tmp_path / "out"), tables(finished)["models"]["8"]["trainings"][0]
    fits = {kind: trained[kind] for kind in ("fit", "held_out", "traps")}
    assert found["given"] == [{"weights": str(weights), "width": 8, **fits}]
    assert f"| given network, D = 8: {weights} |" in (tmp_path / "out" / "tables.md").read_text()


def test_rounding_moves_h_and_the_fits_with_it(finished: Path) -> None:
    """The edge between two bins is s0 to within an ulp: H in the first frame falls by up to ln 2 (float32)."""
    training = tables(finished)["models"]["16"]["trainings"][0]
    exact, float32, few_digits = training["traps"].values()
    assert {name: exact[name] for name in ("mse", "a", "b", "unexplained")} == training["fit"]
    assert exact["first_h"] - math.log(2) <= float32["first_h"] < exact["first_h"] - 0.2
    assert few_digits["first_h"] < exact["first_h"] - 0.2
    assert float32["mse"]["mean"] != exact["mse"]["mean"]
    assert "| D = 16 | velocities in float32 | " in (finished / "tables.md").read_text()


def test_a_spread_covers_what_there_is() -> None:
    spread = spread_json([training(0.1, 3), training(0.3, None), training(0.2, 4)])
    assert spread["mse"] == {
        "trainings": 3,
        "mean": pytest.approx(0.2),
        "std": pytest.approx(0.1),
        "least": 0.1,
        "most": 0.3,
    }
    assert spread["critical_epoch"]["trainings"] == 2
    assert spread["held_out_mse"] == {"trainings": 0, "mean": None, "std": None, "least": None, "most": None}
    assert spread_json([training(0.1, 3)])["mse"]["std"] is None


def test_a_published_value_is_inside_if_it_lies_between_ours() -> None:
    published = published_values(16)["mse"]
    for others, inside in ((0.9, 1.1), "yes"), ((1.1, 1.2), "no"):
        trainings = [training(factor * published, 1) for factor in others]
        results = {
            "models": {"16": {"trainings": trainings, "spread": spread_json(trainings)}},
            "baselines": {},
            "given": [],
        }
        (row,) = [line for line in seeds_markdown(results).splitlines() if line.startswith("| 16 | MSE |")]
        assert row.endswith(f"| 2 | {inside} |")
    assert published_values(17) == {}


def test_no_run_is_held_out_and_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "--held-out-seed", "0", "--out", str(tmp_path / "out")]) == 2
    assert "--held-out-seed: must differ from seed" in capsys.readouterr().err
    config = TablesConfig(held_out_runs=7, held_out_seed=5)
    assert (config.held_out.runs, config.held_out.seed, config.held_out.n) == (7, 5, config.n)
    assert config.recorded_runs == 1007
