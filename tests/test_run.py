"""The command: the whole way through at a tiny size, and every way to be refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py has no types
import numpy as np
import pytest
import torch

from hthm.choices.run import RunConfig
from hthm.command.expected_memory import expected_bytes
from hthm.learning.weights import load_weights
from hthm.pages.decimals import with_error
from hthm.run import main
from hthm.simulate import simulate
from hthm.trajectories import Trajectories
from run_results import results, without_times

TINY = [
    *("--n", "60", "--diameter", "0.03", "--runs", "5", "--frames", "12", "--rate-runs", "2"),
    *("--frame-rates", "20", "60", "--widths", "4", "8", "--epochs", "2", "--batch", "16", "--threads", "1"),
]
PRODUCTS = [
    "config.json",
    "figures/fig2_frame_rate.pdf",
    "figures/fig2_frame_rate.png",
    "figures/fig3_speeds.pdf",
    "figures/fig3_speeds.png",
    "figures/fig5_boltzmann.pdf",
    "figures/fig5_boltzmann.png",
    "figures/fig5_fits.pdf",
    "figures/fig5_fits.png",
    "figures/losses.pdf",
    "figures/losses.png",
    "history/d4-seed0.jsonl",
    "history/d8-seed0.jsonl",
    "models/d4-seed0.safetensors",
    "models/d8-seed0.safetensors",
    "report.html",
    "results.json",
    "series.h5",
    "tables.md",
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    out = tmp_path_factory.mktemp("run") / "results"
    assert main([*TINY, "--out", str(out)]) == 0
    return out


def test_everything_is_written_and_nothing_else(finished: Path) -> None:
    written = sorted(str(path.relative_to(finished)) for path in finished.rglob("*") if path.is_file())
    assert written == PRODUCTS


def test_results_have_the_keys_that_others_rely_on(finished: Path) -> None:
    content = results(finished)
    assert set(content) == {"simulation", "models", "published", "H", "stages", "boltzmann", "config", "environment"}
    simulation = content["simulation"]
    assert isinstance(simulation, dict)
    assert {"engine", "runs", "frames", "seed", "start_sha256", "collisions_per_run", "seconds"} <= set(simulation)
    assert set(simulation["collisions_per_run"]) == {"mean", "sem"}
    models = content["models"]
    assert isinstance(models, dict)
    assert list(models) == ["4", "8"]
    (training,) = models["4"]["trainings"]
    assert set(training) == {"seed", "final_loss", "final_loss0", "critical_epoch", "seconds", "fit"}
    assert set(training["fit"]) == {"mse", "a", "b", "unexplained"}
    assert set(training["fit"]["mse"]) == {"mean", "sem"}
    assert set(training["fit"]["a"]) == set(training["fit"]["b"]) == {"mean", "cv"}
    published = content["published"]
    assert isinstance(published, dict)
    assert list(published) == ["16", "32", "64"]
    assert published["64"]["trainings"][0]["fit"]["mse"]["mean"] == 0.0171351
    environment = content["environment"]
    assert isinstance(environment, dict)
    assert set(environment) == {"hthm", "python", "numpy", "torch", "compiler", "cpu", "threads"}


def test_series_hold_h_of_every_frame(finished: Path) -> None:
    with h5py.File(finished / "series.h5") as file:
        shapes: list[tuple[int, ...]] = []
        file.visititems(lambda _, item: shapes.append(item.shape) if isinstance(item, h5py.Dataset) else None)
    assert shapes.count((5, 12)) == 4  # H, that of the Boltzmann equation, and two h


def test_the_report_is_one_page_that_needs_nothing_else(finished: Path) -> None:
    page = (finished / "report.html").read_text()
    assert "data:image/png;base64," in page
    for outside in ('src="http', "<link", "@import", "<script src"):  # links that a reader may follow fetch nothing
        assert outside not in page
    assert 'href="https://arxiv.org/abs/2508.14003"' in page


@pytest.mark.usefixtures("unrendered")
def test_config_repeats_the_run(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    assert main(["--config", str(finished / "config.json"), "--out", str(out)]) == 0
    assert without_times(results(out)) == without_times(results(finished))
    ours, theirs = (load_weights(folder / "models/d8-seed0.safetensors").state_dict() for folder in (out, finished))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.usefixtures("unrendered")
def test_given_weights_replace_training(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "given"
    weights = [str(finished / "models" / f"d{width}-seed0.safetensors") for width in (8, 4)]
    assert main([*TINY, "--weights", weights[0], "--weights", weights[1], "--out", str(out)]) == 0
    models, trained = results(out)["models"], results(finished)["models"]
    assert isinstance(models, dict)
    assert isinstance(trained, dict)
    for width in ("4", "8"):
        (given,) = models[width]["trainings"]
        assert given["seed"] is given["final_loss"] is given["critical_epoch"] is given["seconds"] is None
        assert given["fit"] == trained[width]["trainings"][0]["fit"]
    assert not list((out / "history").iterdir())


@pytest.mark.usefixtures("unrendered")
def test_another_runs_results_are_kept_unless_told_otherwise(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "copy"
    assert main([*TINY, "--widths", "3", "--out", str(out)]) == 0
    before = (out / "results.json").read_bytes()
    assert main([*TINY, "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "holds the results of another run" in said
    assert "--overwrite" in said
    assert said.count("\n") == 1
    assert main([*TINY, "--out", str(out), "--resume"]) == 1
    assert "other choices" in capsys.readouterr().err
    assert (out / "results.json").read_bytes() == before
    (out / "mine.txt").write_text("kept")
    assert main([*TINY, "--out", str(out), "--overwrite"]) == 0
    assert without_times(results(out)) == without_times(results(finished))
    assert (out / "mine.txt").read_text() == "kept"
    assert not (out / "models" / "d3-seed0.safetensors").exists()


@pytest.mark.usefixtures("unrendered")
def test_resume_keeps_finished_trainings(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "stopped"
    assert main([*TINY, "--out", str(out)]) == 0
    (out / "results.json").unlink()
    (out / "models" / "d8-seed0.safetensors").unlink()
    capsys.readouterr()
    assert main(["--resume", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Train D = 4, seed 0: finished before" in said
    assert "Train D = 8, seed 0 (" in said
    assert without_times(results(out)) == without_times(results(finished))


def test_figures_are_drawn_again_without_the_simulation(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = finished / "figures" / "fig5_fits.png"
    figure.unlink()
    assert main(["figures", "--out", str(finished)]) == 0
    assert figure.stat().st_size > 10_000
    assert "Simulate" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--runs", "0"], "--runs: must be at least 1"),
        (["--frames", "1"], "--frames: must be at least 2"),
        (["--diameter", "0.7"], "--diameter: must be at most half the box"),
        (["--engine", "quadtree"], "--engine: must be one of auto, all_pairs"),
        (["--batch", "1000000"], "--batch: must be at most the number of frame pairs"),
        (["--threads", "0"], "--threads: must be at least 1"),
        (["--widths", "4", "4"], "--widths: must differ"),
        (["--weights", "missing.safetensors"], "--weights: must be a file"),
        (["--config", "missing.json"], "--config: No such file"),
        (["--resume"], "--resume: must find a run to go on with"),
        (["--runs", "many"], "runs"),
        (["--no-such-option"], "no-such-option"),
        (["figures"], "--out: must be the folder of a finished run"),
    ],
)
def test_wrong_arguments_exit_with_2_and_name_the_option(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert said in output.out + output.err
    assert "Traceback" not in output.out + output.err
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_model_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"nothing")
    assert main([*TINY, "--weights", str(path), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert str(path) in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main([*TINY, "--out", str(tmp_path / "file" / "results")]) == 1
    said = capsys.readouterr().err
    assert "file" in said
    assert said.count("\n") == 1
    assert main([*TINY, "--out", str(tmp_path / "file" / "results"), "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_too_much_memory_is_said_before_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--runs", "100000", "--frames", "100000", "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "GB" in said
    assert "--runs" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("unrendered")
def test_the_exact_engine_says_how_its_starts_are_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "--engine", "event", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "--engine: must be one of fixed step where disks overlap at the start" in said
    assert "--overlaps reject" in said
    assert not (tmp_path / "out").exists()
    assert main([*TINY, "--engine", "event", "--overlaps", "reject", "--out", str(tmp_path / "out")]) == 0


@pytest.mark.usefixtures("unrendered")
def test_no_frames_of_all_runs_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is read run by run: the paper's frames at once would be 4 GB."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("made dense")

    monkeypatch.setattr(Trajectories, "dense", refused)
    monkeypatch.setattr(Trajectories, "velocities", property(refused))
    assert main([*TINY, "--out", str(tmp_path / "out")]) == 0


def test_the_memory_that_is_expected_is_what_the_log_takes() -> None:
    config = RunConfig(runs=4, frames=200, weights=(Path("model.safetensors"),))
    expected, start = expected_bytes(config), config.start()
    logs = [simulate(start, 200, config.dt, engine=engine, record="log").nbytes for engine in ("auto", "dsmc")]
    assert sum(logs) < expected < 2 * sum(logs)


@pytest.mark.usefixtures("unrendered")
def test_quick_says_that_it_is_not_the_papers_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--preset", "quick", *TINY, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "not the paper's size" in said
    assert "Expected:" in said


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "hthm.run", *TINY, "--epochs", "100000", "--out", str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"}
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Count collisions"):
                break
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume goes on" in said
    assert "Traceback" not in said
    assert not [path for path in out.rglob("*") if path.name.endswith(".part")]


def test_histories_and_tables_agree_with_the_results(finished: Path) -> None:
    lines = (finished / "history" / "d4-seed0.jsonl").read_text().splitlines()
    models = results(finished)["models"]
    assert isinstance(models, dict)
    (training,) = models["4"]["trainings"]
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1]
    assert json.loads(lines[-1])["loss"] == training["final_loss"]
    tables = (finished / "tables.md").read_text()
    mse = training["fit"]["mse"]
    assert f"| {with_error(mse['mean'], mse['sem'])} |" in tables
    assert np.isfinite(training["final_loss0"])
