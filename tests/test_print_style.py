"""Figures look the same whatever a user has set, and one that fails costs its picture alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.subset import Options  # type: ignore[import-untyped]  # fontTools has no types
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hthm.pages import plots, print_style
from hthm.run import main
from series_example import series, training

HOSTILE = """
savefig.transparent: True
savefig.bbox: tight
savefig.facecolor: pink
axes.grid: True
axes.facecolor: yellow
axes.prop_cycle: cycler('color', ['r'])
mathtext.fontset: cm
text.usetex: True
font.size: 30
font.family: serif
figure.dpi: 20
lines.linestyle: --
axes.formatter.use_locale: True
"""

DRAW = f"""
import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]
from pathlib import Path
from series_example import series, training
from hthm.pages.plots import save_figures
print(*save_figures(series(training(16, 0), training(64, None)), Path(sys.argv[1])), sep="\\n")
import matplotlib
print(matplotlib.rcParams["font.size"], matplotlib.rcParams["text.usetex"])
"""


def drawn(folder: Path, environment: dict[str, str]) -> tuple[dict[str, bytes], list[str]]:
    folder.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MPLB")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DRAW, str(folder)],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in folder.iterdir()}, done.stdout.splitlines()[-1].split()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return drawn(tmp_path_factory.mktemp("plain") / "out", {"PYTHONHASHSEED": "1"})[0]


@pytest.mark.parametrize("backend", ["nonsense", "module://matplotlib_inline.backend_inline"])
def test_a_users_settings_and_a_notebooks_backend_change_no_byte_of_a_figure(
    backend: str, plain: dict[str, bytes], tmp_path: Path
) -> None:
    rc = tmp_path / "matplotlibrc"
    rc.write_text(HOSTILE)
    same, settings = drawn(tmp_path / "same", {"MATPLOTLIBRC": str(rc), "MPLBACKEND": backend, "PYTHONHASHSEED": "2"})
    assert len(plain) == 10
    assert same.keys() == plain.keys()
    assert [name for name, content in same.items() if content != plain[name]] == []
    assert settings == ["30.0", "True"]  # the user's own settings are as they were


def test_a_backend_that_there_is_stays_the_users() -> None:
    program = (
        "from hthm.pages import plots, print_style\n"
        "with print_style.canvas(1, 1): pass\n"
        "import matplotlib, os; print(matplotlib.get_backend(), os.environ['MPLBACKEND'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"MPLBACKEND": "svg"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == ["svg", "svg"]


def test_settings_made_in_the_session_change_nothing_and_stay(plain: dict[str, bytes], tmp_path: Path) -> None:
    with mpl.rc_context({"text.usetex": True, "savefig.transparent": True, "font.size": 3}):
        settings = dict(mpl.rcParams)
        written = plots.save_figures(series(training(16, 0), training(64, None)), tmp_path)
        assert {path.name: path.read_bytes() for path in written} == plain
        assert dict(mpl.rcParams) == settings


def test_a_figure_that_fails_costs_a_warning_and_its_picture(tmp_path: Path) -> None:
    def failing() -> Figure:
        raise RuntimeError("latex could not\nbe found")

    old = [tmp_path / "losses.png", tmp_path / "losses.pdf"]
    for path in old:
        path.write_bytes(b"of another run")
    with pytest.warns(print_style.FigureWarning, match="losses: could not be drawn.* RuntimeError: latex could not be"):
        assert print_style.save_figure(failing, tmp_path, "losses") == []
    assert list(tmp_path.iterdir()) == []


def test_each_file_is_one_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawings, draw = [], Figure.draw

    def counted(figure: Figure, renderer: RendererBase) -> None:
        drawings.append(figure)
        draw(figure, renderer)

    monkeypatch.setattr(Figure, "draw", counted)
    print_style.save_figure(lambda: plots.losses_figure(series(training(16, 0))), tmp_path, "losses")
    assert len(drawings) == 2, "savefig draws twice where a figure has a layout, if only one that does nothing"


@pytest.mark.parametrize("limits", [(2e-3, 70.0), (3.0, 8.0)])
def test_minor_ticks_at_once_are_those_of_matplotlib(limits: tuple[float, float]) -> None:
    def pixels(*, at_once: bool) -> NDArray[np.int64]:
        with print_style.canvas(3.4, 2.8) as figure:
            panels = figure.subplots(1, 2, sharey=True)
            panels[0].set_yscale("log")
            panels[0].set_ylim(*limits)
            if at_once:
                print_style.minor_ticks_at_once(panels)
            figure.canvas.draw()
            return np.asarray(figure.canvas.buffer_rgba()).astype(np.int64)  # type: ignore[attr-defined]  # the canvas is Agg's

    once = pixels(at_once=True)
    assert np.abs(once - pixels(at_once=False)).max() <= 1  # rounding where marks overlap


def test_fonts_are_embedded_whatever_fonttools_can_leave_out(
    plain: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(Options._drop_tables_default)  # noqa: SLF001 -- what is to be left as it was
    monkeypatch.setattr(print_style, "_LEFT_OUT", "of_another_version")
    written = print_style.save_figure(lambda: plots.losses_figure(series(training(16, 0))), tmp_path, "losses")
    for content in (plain["losses.pdf"], written[1].read_bytes()):
        assert content.count(b"/FontFile2") == content.count(b"/CIDFontType2") > 0
    assert before == Options._drop_tables_default  # noqa: SLF001 -- likewise


def test_a_folder_that_is_not_there_is_no_fault_of_a_figure(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        plots.save_figures(series(training(16, 0)), tmp_path / "absent")


@pytest.mark.filterwarnings("default")
def test_a_run_whose_figures_fail_has_its_results_and_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Figure, "savefig", failing)
    tiny = ["--n", "30", "--diameter", "0.05", "--runs", "3", "--frames", "12", "--widths", "4", "--epochs", "1"]
    few = ["--batch", "8", "--frame-rates", "60", "--rate-runs", "2", "--threads", "1"]
    assert main([*tiny, *few, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "losses: could not be drawn" in said.out + said.err  # the command's line in place of a warning
    assert json.loads((tmp_path / "out" / "results.json").read_text())["models"]["4"]
    assert "Table 3" in (tmp_path / "out" / "report.html").read_text()
    assert list((tmp_path / "out" / "figures").iterdir()) == []
