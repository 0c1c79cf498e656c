"""Tables 2 and 3 of a run: every cell is the number it stands for, beside those that the paper printed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hthm import paper
from hthm.arrays import FloatArray
from hthm.pages.deviations import DIFFERENCE
from hthm.pages.tables import published_json, tables_markdown
from markdown import rounded, rows
from series_example import series, training

SHOWN = series(training(16, 0), training(16, 1), training(32, None))
TEXT = rows(tables_markdown(SHOWN.trainings, SHOWN.H))
TABLE_2 = [row for row in TEXT if "final loss" in row]
TABLE_3 = [row for row in TEXT if "CV a" in row and row["model"] != DIFFERENCE]


def assert_says(cell: str, value: float, error: float | None = None) -> None:
    mean, _, spread = cell.partition(" ± ")
    assert rounded(mean, value), f"{cell} is not {value}"
    assert bool(spread) == (error is not None), cell
    assert error is None or rounded(spread, error), f"{cell} is not ± {error}"


def mean_and_error(values: FloatArray) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))


def cv_and_error(values: FloatArray) -> tuple[float, float]:
    """Of the population, as the paper has it; the error is that of normally distributed values."""
    cv = float(values.std()) / abs(float(values.mean()))
    return cv, cv * math.sqrt((1 + 2 * cv**2) / (2 * (len(values) - 1)))


def test_rows_are_the_trainings_with_the_published_one_before_the_first_of_its_width() -> None:
    for table, name in ((TABLE_2, "training"), (TABLE_3, "model")):
        assert [(row["D"], row[name]) for row in table] == [
            ("16", "published"), ("16", "seed 0"), ("16", "seed 1"), ("32", "published"), ("32", "given weights"),
        ]  # fmt: skip


def test_table_2_has_the_end_of_every_training() -> None:
    for row in (TABLE_2[1], TABLE_2[2]):
        assert_says(row["final loss"], 0.02)
        assert_says(row["final Loss0"], -0.02)
        assert row["critical epoch"] == "6"
    assert [TABLE_2[4][title] for title in ("final loss", "final Loss0", "critical epoch")] == ["–"] * 3
    for row, width in ((TABLE_2[0], 16), (TABLE_2[3], 32)):
        published = paper.PUBLISHED[width]
        assert_says(row["final loss"], published.final_loss)
        assert_says(row["final Loss0"], published.final_loss0)
        assert row["critical epoch"] == str(published.critical_epoch)


def test_table_3_has_means_and_variations_over_the_runs_with_their_errors() -> None:
    for row, shown in zip((TABLE_3[1], TABLE_3[2], TABLE_3[4]), SHOWN.trainings, strict=True):
        assert_says(row["MSE"], *mean_and_error(shown.mse))
        assert_says(row["a"], *mean_and_error(shown.a))
        assert_says(row["b"], *mean_and_error(shown.b))
        assert_says(row["CV a"], *cv_and_error(shown.a))
        assert_says(row["CV b"], *cv_and_error(shown.b))
        assert_says(row["1 − R²"], float(shown.mse.mean() / SHOWN.H.var(axis=1).mean()))


@pytest.mark.parametrize("width", [16, 32])
def test_the_papers_row_has_its_means_with_the_errors_of_500_runs(width: int) -> None:
    (row,) = [row for row in TABLE_3 if (row["D"], row["model"]) == (str(width), "published")]
    published = paper.PUBLISHED[width]
    for title, mean, variance in (
        ("MSE", published.mse, published.mse_variance),
        ("a", published.a, published.a_variance),
        ("b", published.b, published.b_variance),
    ):
        assert_says(row[title], mean, math.sqrt(variance / 499))
        if title != "MSE":
            cv = math.sqrt(variance) / abs(mean)
            assert_says(row[f"CV {title}"], cv, cv * math.sqrt((1 + 2 * cv**2) / (2 * 499)))


def test_what_a_run_writes_of_the_paper_is_the_papers() -> None:
    for width, published in paper.PUBLISHED.items():
        (one,) = published_json()[str(width)]["trainings"]
        assert (one["final_loss"], one["final_loss0"]) == (published.final_loss, published.final_loss0)
        assert one["critical_epoch"] == published.critical_epoch
        assert one["fit"]["mse"] == {
            "mean": published.mse,
            "sem": pytest.approx(math.sqrt(published.mse_variance / 499)),
        }
        for name, mean, variance in (
            ("a", published.a, published.a_variance),
            ("b", published.b, published.b_variance),
        ):
            assert one["fit"][name] == {"mean": mean, "cv": pytest.approx(math.sqrt(variance) / abs(mean))}


def test_the_example_varies() -> None:
    """Else the errors above would be told from nothing."""
    assert all(np.ptp(values) > 0.1 for shown in SHOWN.trainings for values in (shown.mse, shown.a, shown.b))
