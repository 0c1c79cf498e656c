"""`progress=True` is a bar, where there is somebody to look at it; without it nothing is said."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import hthm
from hthm.deepsets import new_model
from hthm.learning.arrow import train_arrow
from hthm.learning.recipes import ArrowConfig, entropic
from hthm.progress import reporting
from hthm.train import TrainConfig, train

START = hthm.DiskGas(n=50, diameter=0.02).sample(2, seed=0)
TRAJ = hthm.simulate(START, 20, record="log")
PROGRAM = """
import hthm
hthm.simulate(hthm.DiskGas(n=200, diameter=0.01).sample(4), 100, progress=True)
"""


def test_a_terminal_shows_a_bar_and_nothing_goes_to_standard_output() -> None:
    above, below = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            stdout=subprocess.PIPE,
            stderr=below,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
            check=True,
        )
        os.close(below)
        below = -1
        shown = b""
        try:
            while piece := os.read(above, 4096):
                shown += piece
        except OSError:  # what a pseudo-terminal says at its end
            pass
    finally:
        os.close(above)
        if below >= 0:
            os.close(below)
    assert done.stdout == b""
    text = shown.decode()
    assert all(word in text for word in ("simulate", "100%", "elapsed", "left"))


def test_elsewhere_one_line_remains() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("simulate")
    assert "100%" in line


class Notebook:
    """IPython as a kernel has it, as far as a bar needs it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[dict[str, str]] = []
        ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
        ipython.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]  # a module made here
        display.display = self.display  # type: ignore[attr-defined]  # likewise
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, picture: dict[str, str], *, raw: bool, display_id: bool) -> Any:  # noqa: ANN401 -- as IPython's
        assert raw
        assert display_id
        self.shown.append(picture)
        return self

    def update(self, picture: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(picture)


def test_a_notebook_shows_a_bar_of_its_own(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    notebook = Notebook(monkeypatch)
    hthm.simulate(START, 10, progress=True)
    train(new_model(4, 0), TRAJ, TrainConfig(epochs=1, batch=8), progress=True)
    train_arrow(new_model(4, 0, entropic(hthm.paper.S0)), TRAJ, ArrowConfig(updates=3, looks=1), progress=True)
    ends = [picture["text/plain"] for picture in notebook.shown if " 100 %" in picture["text/plain"]]
    assert [end.partition(":")[0] for end in ends] == ["simulate", "train", "train"]
    assert all(picture["text/html"].startswith("<progress") for picture in notebook.shown)
    assert capfd.readouterr() == ("", "")


def test_a_bar_ends_where_its_block_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(monkeypatch)

    def fail() -> None:
        with reporting(True, "<b>") as report:
            assert report is not None
            report(1, 4)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert "25 %" in notebook.shown[-1]["text/plain"]
    assert "<b>" not in notebook.shown[-1]["text/html"], "what could be HTML is escaped"


def test_silent_unless_asked(capfd: pytest.CaptureFixture[str]) -> None:
    hthm.simulate(START, 5)
    hthm.simulate(START, 5, progress=False)
    train(new_model(4, 0), TRAJ, TrainConfig(epochs=1, batch=8))
    assert capfd.readouterr() == ("", "")


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^progress: must be True, False, None or a function .* got str"):
        hthm.simulate(START, 5, progress="yes")  # type: ignore[arg-type]  # the mistake this is about
    seen: list[tuple[int, int]] = []
    hthm.simulate(START, 5, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (10, 10)
