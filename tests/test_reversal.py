"""`hthm reversal`: what it says of a small gas, that it goes on where it stopped, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hthm
from hthm.choices.reversal import ReversalConfig
from hthm.command.reversal import not_enough
from hthm.engines.precision import bits_needed
from hthm.experiments.learned_back import WAYS, pairs_of
from hthm.experiments.reversal import growth_line
from hthm.integrity import with_checksum, without_checksum
from hthm.pages.reversal_figures import growth_figure, learned_figure, return_figure
from hthm.pages.reversal_tables import reversal_markdown
from hthm.run import main

SMALL = [
    *("--n", "30", "--diameter", "0.04", "--speed", "0.5", "--runs", "2", "--frames", "240", "--frame-rate", "30"),
    *("--turns", "4", "--turned-runs", "2", "--widths", "4", "--epochs", "1", "--threads", "1"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reversal") / "out"
    assert main(["reversal", *SMALL, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def results(finished: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((finished / "reversal.json").read_text())
    return content


def test_extended_comes_back_and_double_does_not(results: dict[str, Any]) -> None:
    double, _, extended = results["legs"]
    assert (double["precision"], double["returned"]) == ("double", [False, False])
    assert extended["returned"] == [True, True]
    assert extended["retraced"] == [1.0, 1.0]
    for bins in ("50", "51"):
        assert extended["won"][bins] == [1.0, 1.0]
        assert extended["differs"][bins] == [None, None]
        assert extended["back"][bins][::-1] == extended["there"][bins]
    assert max(double["retraced"]) < 1


def test_the_gas_loses_its_way_by_so_many_decades_a_unit_of_time(results: dict[str, Any]) -> None:
    frames = results["growth"][-1]["frames"]
    assert frames == [60, 120, 180, 240]
    worst = np.array(results["growth"][-1]["worst"])
    assert (np.diff(np.log10(worst), axis=0) > 1).all(), "extended: digits that doubles do not show are looked at"
    assert results["line"]["slope"] > 1
    assert growth_line([], ReversalConfig()) is None


def test_a_fixed_step_does_not_come_back_even_from_its_best_moment(results: dict[str, Any]) -> None:
    after, between = results["fixed_step"]
    for row in (after, between):
        assert all(frame is not None for frame in row["first"])
        assert sum(row["reasons"].values()) == 2
    assert max(after["first"]) <= min(between["first"])


def test_h_is_the_same_of_frames_that_come_back_and_the_loss_is_not(results: dict[str, Any]) -> None:
    (row,) = results["learned"]
    assert row["mirror"] == 0
    assert list(row["pairs"]) == list(WAYS)
    h = np.array([[0.0, 1.0, 3.0, 2.0]])
    there, back = pairs_of(h, 2, home=False), pairs_of(h[:, ::-1], 2, home=True)
    assert there["all"]["change"] == -back["all"]["change"] == pytest.approx(2 / 3)
    assert (there["near the start"]["change"], back["near the start"]["change"]) == (1.5, -1.5)
    penalty = hthm.paper.PENALTY * 2.5  # the mean square of 1 and 2
    assert there["near the start"]["tilted"] == pytest.approx(penalty - hthm.paper.FINAL_SLOPE * 1.5)
    assert back["near the start"]["tilted"] == pytest.approx(penalty + 1.5), "what earned a share costs its whole"


def test_the_table_and_the_figures_show_it(finished: Path, results: dict[str, Any]) -> None:
    text = (finished / "reversal.md").read_text()
    assert text == reversal_markdown(results)
    quad = sum(results["legs"][1]["returned"])
    assert f"| come back to the bit | 0 of 2 | {quad} of 2 | 2 of 2 |" in text
    for draw, name in ((return_figure, "return"), (growth_figure, "growth"), (learned_figure, "learned")):
        assert (finished / "figures" / f"{name}.png").stat().st_size
        assert draw(results).axes


def test_what_a_precision_lacks_is_said_beforehand() -> None:
    assert bits_needed(hthm.paper.GAS, 500 / 60) == 209
    assert bits_needed(hthm.paper.GAS, 0.0) == 62
    double, quad = not_enough(ReversalConfig())
    assert double.startswith("Warning: double has 53 bits, and 209 are needed to come back to the bit after 500 frames")
    assert quad.endswith("the gas is lost on the way back.")
    assert not_enough(ReversalConfig(frames=10))[0].endswith("the gas comes back, but not to the bit.")
    assert not not_enough(ReversalConfig(precisions=("extended",)))


def test_resumed_it_ends_with_the_same_numbers(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hthm.command.reversal.save_figure", lambda *_: [])  # seconds, and drawn from the same numbers
    out = tmp_path / "out"
    out.mkdir()
    content = without_checksum(json.loads((finished / "reversal.json").read_text()))
    stopped = {**content, "legs": content["legs"][:1], "learned": None}
    (out / "config.json").write_text((finished / "config.json").read_text())
    (out / "reversal.json").write_text(json.dumps(with_checksum(stopped)))
    assert main(["reversal", "--resume", "--out", str(out)]) == 0
    again = without_checksum(json.loads((out / "reversal.json").read_text()))
    for key in ("legs", "growth", "line", "fixed_step", "learned"):
        assert again[key] == content[key], key
    assert (out / "reversal.md").read_text() == (finished / "reversal.md").read_text()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--precisions", "octuple"], 2, "--precisions"),
        (["--precisions", "quad", "quad"], 2, "precisions: must be one or more that differ"),
        (["--diameter", "0.4"], 2, "area fraction"),
        (["--weights", "missing.safetensors"], 2, "--weights: must be a file"),
        (["--weights", __file__], 1, "must end in"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, message: str
) -> None:
    assert main(["reversal", *SMALL[:-2], *options, "--out", str(tmp_path / "out")]) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
