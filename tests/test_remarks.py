"""What a reader is told before the numbers: another gas, an H that does not move, disks that H leaves out."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hthm
from hthm.choices.entropy import EntropyConfig
from hthm.choices.run import RunConfig
from hthm.choices.seeds import CompareConfig, TablesConfig
from hthm.fit import affine_fit
from hthm.h_functional import speed_h_in_range
from hthm.measures.movement import movement
from hthm.pages.entropy_tables import entropy_markdown
from hthm.pages.remarks import (
    WITHOUT_EFFECT,
    another_gas,
    departures,
    departures_line,
    h_json,
    published_label,
    published_unexplained,
    remarks,
)
from hthm.pages.tables import fit_json, fit_or_none, fitted, tables_markdown
from hthm.run import main
from series_example import training

SMALL = [
    *("--n", "200", "--diameter", "0.01", "--runs", "6", "--frames", "40", "--widths", "4", "--epochs", "1"),
    *("--batch", "16", "--frame-rates", "20", "60", "--rate-runs", "2", "--threads", "1"),
]

CHANGED: dict[str, Any] = {
    "n": 999,
    "diameter": 0.005,
    "box": 2.0,
    "speed": 0.1,
    "speeds": "maxwell",
    "overlaps": "reject",
    "engine": "event",
    "runs": 499,
    "frames": 499,
    "frame_rate": 30.0,
    "epochs": 119,
    "batch": 256,
    "learning_rate": 1e-3,
    "penalty": 0.1,
    "final_slope": 0.3,
    "backend": "torch",
    "frame_rates": (60,),
    "rate_runs": 4,
}
GAS = ("n", "diameter", "box", "speed", "speeds", "overlaps", "engine")


def test_every_choice_is_named_or_known_to_have_no_effect() -> None:
    """A new option belongs to one of them, or this fails."""
    assert {one.name for one in dataclasses.fields(RunConfig)} == CHANGED.keys() | WITHOUT_EFFECT


@pytest.mark.parametrize("name", CHANGED)
def test_a_choice_that_differs_is_named_with_the_papers(name: str) -> None:
    config = dataclasses.replace(RunConfig(), **{name: CHANGED[name]})
    said = departures_line(config.as_json())
    assert f"{name.replace('_', ' ')} " in said
    assert list(departures(config.as_json())) == [name]
    assert another_gas(config.as_json()) == (name in GAS)
    assert published_label(config.as_json()) == (
        "published, of another gas" if name in GAS else "published, of other choices"
    )


@pytest.mark.parametrize(
    "config",
    [RunConfig(), RunConfig(threads=1, seed=3, trainings=2, engine="cell_list"), RunConfig(speeds="equal speeds")],
)
def test_the_papers_own_choices_are_not_spoken_of(config: RunConfig) -> None:
    assert departures_line(config.as_json()) == ""
    assert published_label(config.as_json()) == "published"


def test_other_commands_are_compared_in_what_they_share_with_the_paper() -> None:
    assert departures(TablesConfig(held_out_runs=3).as_json()) == {}
    assert list(departures(CompareConfig(penalty=0.1).as_json())) == ["penalty"]
    assert departures(EntropyConfig(runs=500, speeds="maxwell").as_json()) == {"speeds": ("maxwell", "equal")}


@pytest.mark.parametrize(("speeds", "moves"), [("equal", True), ("maxwell", False), ("uniform", True)])
@pytest.mark.parametrize("runs", [1, 2, 12])
def test_h_moves_from_equal_speeds_and_not_in_equilibrium(speeds: Any, moves: bool, runs: int) -> None:  # noqa: ANN401, FBT001 -- a literal, and what is expected
    traj = hthm.simulate(hthm.paper.GAS.sample(runs, seed=1, speeds=speeds), 150, record="log")
    found = movement(speed_h_in_range(traj).h, 1000)
    assert found.moves == moves, f"{runs} runs: {found}"


def test_noise_of_one_run_is_that_between_runs() -> None:
    """The plug-in estimate wavers by sqrt(pi² / 24 n) in equilibrium; 400 runs know it to 4 %, within 5 errors."""
    velocities = hthm.paper.GAS.sample(400, seed=2, speeds="maxwell").velocities
    H = speed_h_in_range(velocities, speed=hthm.paper.S0).h  # noqa: N806 -- the paper's symbol
    assert abs(H.std() / math.sqrt(math.pi**2 / 24 / 1000) - 1) < 5 / math.sqrt(2 * 400) + 0.05  # bins are no density
    one = movement(H[:1, np.newaxis].repeat(2, axis=1), 1000)
    assert one.noise == pytest.approx(math.sqrt(math.pi**2 / 24 / 1000))


@pytest.mark.usefixtures("unrendered")
def test_a_start_in_equilibrium_says_that_there_is_nothing_to_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--speeds", "maxwell", "--out", str(tmp_path / "out")]) == 0
    result = json.loads((tmp_path / "out" / "results.json").read_text())
    assert not result["H"]["moves"]
    assert result["H"]["beyond"] == pytest.approx(math.exp(-4), rel=0.3)
    for text in (
        capsys.readouterr().out,
        (tmp_path / "out" / "tables.md").read_text(),
        (tmp_path / "out" / "report.html").read_text(),
    ):
        assert "H moves less than its own noise" in text
        assert "% of the disks are faster than 2 s0" in text
    assert "speeds maxwell (paper: equal)" in (tmp_path / "out" / "report.html").read_text()


def test_a_fit_is_measured_by_what_it_leaves_of_h() -> None:
    random = np.random.default_rng(0)
    H = random.normal(size=(3, 500))  # noqa: N806 -- the paper's symbol
    noise, itself = fit_json(affine_fit(random.normal(size=(3, 500)), H), H), fit_json(affine_fit(-H, H), H)
    assert noise is not None
    assert itself is not None
    assert 0.98 < noise["unexplained"] <= 1
    assert itself["unexplained"] == pytest.approx(0, abs=1e-20)
    half = fit_json(affine_fit(H + random.normal(size=(3, 500)), H), H)
    assert half is not None
    assert half["unexplained"] == pytest.approx(0.5, abs=0.1)


def test_published_rows_are_of_another_gas_where_they_are() -> None:
    H = np.random.default_rng(0).normal(size=(5, 12))  # noqa: N806 -- the paper's symbol
    text = tables_markdown([training(16, 0)], H, published=published_label(RunConfig(speeds="maxwell").as_json()))
    assert text.count("| 16 | published, of another gas |") == 2
    assert "| 1 − R² |" in text
    assert tables_markdown([training(16, 0)], H).count("| 16 | published |") == 2


def test_1_minus_r2_of_a_published_mse_is_that_of_the_same_gas_and_length_only() -> None:
    h = {"variance": 0.25}
    assert published_unexplained(0.05, {"H": h, "config": RunConfig(runs=3, seed=2).as_json()}) == 0.2
    assert published_unexplained(0.05, {"H": h, "config": EntropyConfig().as_json()}) == 0.2
    for config in (RunConfig(frames=150), RunConfig(speeds="maxwell"), RunConfig(frame_rate=30.0)):
        assert published_unexplained(0.05, {"H": h, "config": config.as_json()}) is None
    assert published_unexplained(0.05, {}) is None
    assert published_unexplained(0.05, {"H": {"variance": 0.0}}) is None


def test_what_did_not_learn_anything_has_no_fit_and_a_row() -> None:
    H = np.random.default_rng(0).normal(size=(2, 6))  # noqa: N806 -- the paper's symbol
    dead = fitted(4, np.ones((2, 6)), H, seed=None, history=None)
    assert np.isnan(dead.mse).all()
    assert fit_json(fit_or_none(np.ones((2, 6)), H), H) is None
    assert "given weights: h is constant | – |" in tables_markdown([dead], H)


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize(
    "options", [[], ["--preset", "improved", "--training-frames", "12", "--held-out-runs", "3", "--updates", "4"]]
)
def test_a_dead_network_ends_no_run(options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("study", "entropy"):
        monkeypatch.setattr(
            f"hthm.experiments.{module}.evaluate", lambda _, traj: np.ones((traj.runs, traj.frames)), raising=True
        )
    few = [option for option in SMALL if not options or option not in {"--epochs", "--batch"}]
    if options:
        few.remove("1")
        few.remove("16")
    assert main([*options, *few, "--out", str(tmp_path / "out")]) == 0
    (network, *_) = json.loads((tmp_path / "out" / "results.json").read_text())["models"]["4"]["trainings"]
    assert network["fit"] is None


@pytest.mark.usefixtures("unrendered")
def test_a_dead_network_is_null_in_an_ablation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hthm.experiments.ablation.evaluate", lambda _, traj: np.ones((traj.runs, traj.frames)))
    few = ["--n", "60", "--diameter", "0.03", "--runs", "4", "--frames", "20", "--threads", "1", "--updates", "4"]
    more = ["--training-frames", "12", "--check-runs", "2", "--held-out-runs", "3", "--widths", "4"]
    changes = ["--changes", "recipe", "--trainings", "1", "--steps", "frames"]
    assert main(["ablate", *few, *more, *changes, "--out", str(tmp_path / "out")]) == 0
    (row,) = json.loads((tmp_path / "out" / "ablation.json").read_text())["trainings"]
    assert row["fit"] is row["velocity_fit"] is row["correlation"] is None
    assert "| frames | the recipe | 4 | 1 | – | – |" in (tmp_path / "out" / "ablation.md").read_text()


def test_an_older_run_without_a_word_of_h_is_drawn_all_the_same() -> None:
    assert remarks({"config": RunConfig().as_json()}) == []
    h = h_json(np.tile(np.linspace(5, 1, 50), (3, 1)), 1000, None)
    assert remarks({"config": RunConfig().as_json(), "H": h}) == []
    fit = {"mse": {"mean": 0.1, "sem": None}, "a": {"mean": -0.001, "cv": 0.1}, "b": {"mean": 1.0, "cv": 0.2}}
    old = {"seed": 0, "steps": "frames", "fit": fit, "velocity_fit": fit, "correlation": 0.5, "looks": []}
    old |= {"velocity_correlation": None, "looks": [{"calibration": None}]}
    results = {"config": EntropyConfig().as_json(), "models": {"4": {"trainings": [old]}}, "baselines": {}}
    assert "| D = 4, frames in order, seed 0 | 0.100 | – | 0.500 |" in entropy_markdown(results)
