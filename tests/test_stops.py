"""What a stop leaves behind, what a figure that fails costs, and equal content in equal bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import pytest
import torch

from hthm import files
from hthm.owner import LOCK
from hthm.run import main
from run_results import results, without_times

TINY = [
    *("--n", "60", "--diameter", "0.03", "--runs", "5", "--frames", "12", "--rate-runs", "2", "--threads", "1"),
    *("--frame-rates", "20", "60", "--widths", "4", "--epochs", "2", "--batch", "16"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, with its figures; it may not be changed."""
    out = tmp_path_factory.mktemp("stops") / "results"
    assert main([*TINY, "--out", str(out)]) == 0
    return out


# ---- Ctrl-C ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", range(8))
def test_ctrl_c_in_any_write_leaves_a_folder_to_go_on_with(
    write: int, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hthm.pages.products.save_figures", lambda *_, **__: [])
    out, to_disk, written = tmp_path / "out", files._to_disk, 0  # noqa: SLF001 -- where a write can be interrupted

    def interrupted(path: Path) -> None:
        nonlocal written
        written += path.is_file()
        if written == write + 1 and path.is_file():
            raise KeyboardInterrupt
        to_disk(path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "_to_disk", interrupted)
        assert main([*TINY, "--out", str(out)]) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert not [path for path in out.rglob("*") if path.name.endswith(".part") or path.name == LOCK]
    assert main([*(TINY if write == 0 else ["--resume"]), "--out", str(out)]) == 0
    assert without_times(results(out)) == without_times(results(finished))


def test_a_disk_that_is_full_under_the_log_is_said_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> TextIO:
        return Path("/dev/full").open("w", encoding="utf-8")

    monkeypatch.setattr("hthm.train._log", full)
    assert main([*TINY, "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"hthm: No space left on device: {tmp_path}/history/d4-seed0.jsonl\n"


# ---- Figures --------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("default")
def test_a_figure_that_fails_costs_a_line_and_its_picture(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> bytes:
        raise FileNotFoundError(2, "No such file or directory", "latex")  # as LaTeX that is missing does

    monkeypatch.setattr("hthm.pages.print_style._rendered", failing)
    out = tmp_path / "out"
    assert main([*TINY, "--out", str(out)]) == 0
    said = capfd.readouterr().err
    assert said.count("\n") == said.count("hthm: Warning: ") == 5
    assert "hthm: Warning: fig3_speeds: could not be drawn" in said
    assert without_times(results(out)) == without_times(results(finished))
    assert (out / "series.h5").exists()
    assert (out / "tables.md").read_bytes() == (finished / "tables.md").read_bytes()
    assert "<h1>" in (out / "report.html").read_text(encoding="utf-8")
    assert not list((out / "figures").iterdir())


def test_results_are_there_before_anything_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("drawn")

    monkeypatch.setattr("hthm.pages.products.report_html", failing)
    monkeypatch.setattr("hthm.pages.products.save_figures", lambda *_, **__: [])
    assert main([*TINY, "--out", str(tmp_path)]) == 1
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["models"]["4"]


# ---- Equal bytes ----------------------------------------------------------------------------------------------------


def test_equal_content_is_equal_bytes(finished: Path, tmp_path: Path) -> None:
    """Another process, another order of hashes, another second: what is drawn again has not a byte that differs."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    drawn = [
        path for folder in ("figures", ".") for path in (tmp_path / folder).glob("*.[phm][ndt]*") if path.is_file()
    ]
    assert {path.suffix for path in drawn} == {".png", ".pdf", ".html", ".md"}
    for path in drawn:
        path.unlink()
    command = [sys.executable, "-m", "hthm", "figures", "--out", str(tmp_path)]
    subprocess.run(
        command, env=os.environ | {"PYTHONHASHSEED": "7"}, check=True, timeout=120, stdout=subprocess.DEVNULL
    )
    for path in drawn:
        assert path.read_bytes() == (finished / path.relative_to(tmp_path)).read_bytes(), path


def test_the_same_run_again_differs_in_wall_clocks_only(finished: Path, tmp_path: Path) -> None:
    assert main([*TINY, "--out", str(tmp_path)]) == 0
    assert without_times(results(tmp_path)) == without_times(results(finished))
    for name in ("config.json", "tables.md", *(f"figures/{path.name}" for path in (finished / "figures").iterdir())):
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes(), name


# ---- Devices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [["--device", "cuda"], ["--backend", "fused", "--widths", "300"]])
def test_what_cannot_train_here_is_a_wrong_option(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert main([*TINY, *options, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith(f"hthm: {options[0]}: must be ")
    assert not (tmp_path / "out").exists()
