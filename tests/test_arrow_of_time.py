"""`hthm arrow`: states tell nothing and collisions do, a stop costs a row at most, and all of it is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hthm.choices.arrow import ARROW_PRESETS, ArrowOfTimeConfig
from hthm.command.commands import asked
from hthm.command.measurement_options import Arrow
from hthm.experiments.arrow_summary import at_zero
from hthm.pages.arrow_figures import both_figure, order_figure
from hthm.pages.arrow_tables import arrow_markdown
from hthm.run import main
from markdown import rows

SMALL = [
    "--preset", "quick", "--n", "200", "--free-times", "8", "--runs", "3", "--held-out-runs", "3", "--width", "8",
    "--updates", "100", "--state-updates", "2", "--threads", "1",
]  # fmt: skip
DENSITIES = ["--area-fractions", "0.02", "0.01"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("arrow") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hthm.pages.print_style._rendered", lambda *_: b"figure")  # a test below draws the figures, small
        assert main(["arrow", *SMALL, *DENSITIES, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def results(finished: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((finished / "arrow.json").read_text())
    return content


def test_the_rows_are_the_densities_the_control_and_both_arrows(results: dict[str, Any]) -> None:
    found = [(row["part"], row["area_fraction"], row["ratio"]) for row in results["rows"]]
    assert found == ArrowOfTimeConfig(area_fractions=(0.02, 0.01)).parts
    assert results["summary"]["expected"]["odds"] == pytest.approx(1.0986, abs=1e-4)
    assert results["summary"]["expected"]["nats"] == pytest.approx(0.5493, abs=1e-4)


def test_states_tell_nothing_and_collisions_do(results: dict[str, Any]) -> None:
    chiral, control = results["rows"][0], results["rows"][2]
    for row in (chiral, control):
        for of in row["state"].values():
            assert abs(of["loss"]["mean"]) < 0.01
            assert abs(of["rise"]["mean"]) < 0.1 < chiral["rate"]["nats"]["mean"] * 8 / 2
    assert chiral["trainings"][0]["loss"]["mean"] < -0.02 < control["trainings"][0]["loss"]["mean"]
    assert chiral["trainings"][0]["nats"]["mean"] > 0.1 > abs(control["trainings"][0]["nats"]["mean"])
    assert abs(chiral["outer"]["mean"] - 0.75) < 0.05 > abs(control["outer"]["mean"] - 0.5)


def test_in_the_mirror_image_the_arrow_points_the_other_way(results: dict[str, Any]) -> None:
    row = results["rows"][0]
    assert row["mirror"]["mean"] < -0.1 < 0.1 < row["trainings"][0]["nats"]["mean"]


def test_the_gas_of_minus_delta_has_the_same_table_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The larger distance is first whatever the sign of δ."""
    monkeypatch.setattr("hthm.command.arrow.save_figure", lambda *_: [])
    monkeypatch.setattr("hthm.command.arrow.expected_seconds", lambda *_: 1.0)
    mirrored = ["--ratio", "-0.5", "--area-fractions", "0.02", "--out", str(tmp_path)]
    assert main(["arrow", *SMALL, *mirrored]) == 0
    row, _, both, _ = json.loads((tmp_path / "arrow.json").read_text())["rows"]
    for of in (row, both):
        assert abs(of["outer"]["mean"] - 0.76) < 0.05
    assert row["trainings"][0]["atoms"]["outer"]["quantiles"][2] > 0.1 > row["mirror"]["mean"]
    assert row["theorem"]["windows"][0]["gas"]["value"] > 0.8
    assert both["losses"]["both"]["mean"] < both["losses"]["state"]["mean"] - 0.05
    assert both["sum"]["sense"]["mean"] > 0.3


def test_the_tables_and_the_figures_have_every_row(finished: Path, results: dict[str, Any]) -> None:
    text = (finished / "arrow.md").read_text()
    assert text == arrow_markdown(results)
    assert len(rows(text)) == 5 + 3 + 6 + 9 + 2
    for name, draw, panels in (("order", order_figure, 3), ("beside-entropy", both_figure, 2)):
        assert (finished / "figures" / f"{name}.png").stat().st_size
        figure = draw(results)
        assert len(figure.axes) == panels
        figure.set_dpi(20)
        figure.canvas.draw()


def test_resumed_with_another_density_it_ends_with_the_same_numbers(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hthm.command.arrow.save_figure", lambda *_: [])  # they take most of the time
    monkeypatch.setattr("hthm.command.arrow.expected_seconds", lambda *_: 1.0)
    out = tmp_path / "out"
    kept = json.loads((finished / "arrow.json").read_text())
    out.mkdir()
    config = kept["config"] | {"area_fractions": [0.02]}
    (out / "config.json").write_text(json.dumps(config))
    missing = [row for row in kept["rows"] if row["area_fraction"] != 0.01]
    (out / "arrow.json").write_text(json.dumps({"rows": missing, "config": config}))
    assert main(["arrow", "--resume", *DENSITIES, "--threads", "1", "--out", str(out)]) == 0
    assert (out / "arrow.md").read_text() == (finished / "arrow.md").read_text()


def test_a_preset_begins_and_options_change_single_choices() -> None:
    _, options = asked(["arrow", "--preset", "quick", "--width", "9"])
    assert isinstance(options, Arrow)
    assert (options.preset, options.choices.width) == ("quick", 9)
    assert options.choices.runs == ARROW_PRESETS["quick"].runs
    _, plain = asked(["arrow"])
    assert isinstance(plain, Arrow)
    assert plain.choices == ARROW_PRESETS["full"] == ArrowOfTimeConfig()


def test_a_line_to_density_zero_has_the_error_of_least_squares() -> None:
    values = [{"mean": 0.5 + 2 * x, "error": 0.1} for x in (0.1, 0.2)]
    found = at_zero([0.1, 0.2], values)
    assert found == pytest.approx({"mean": 0.5, "error": 0.1 * 5**0.5, "slope": 2.0})
    assert at_zero([0.1], values[:1]) is None


def test_what_cannot_be_is_refused(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arrow", *SMALL, *DENSITIES, "--out", str(finished)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    for given, said in (
        (["--ratio", "0"], "--ratio: must be above zero"),
        (["--ratio", "1"], "--ratio: must be above zero and at most 0.9"),
        (["--area-fractions", "0.01", "0.01"], "--area-fractions: must be one or more that differ"),
        (["--area-fractions", "0.5"], "--area-fractions: must be so small that disks"),
        (["--held-out-runs", "1"], "--held-out-runs: must be"),
        (["--n", "10"], "--n: must be"),
        (["--free-times", "1"], "--free-times: must be"),
    ):
        assert main(["arrow", *given, "--out", str(finished)]) == 2
        assert said in capsys.readouterr().err, given
