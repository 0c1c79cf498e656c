"""Deviations from the published numbers: of one network by the runs, of several by the seeds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hthm import paper
from hthm.pages import deviations
from hthm.pages.remarks import ANOTHER_GAS
from hthm.pages.tables import tables_markdown
from markdown import rows
from series_example import series, training

PUBLISHED = paper.PUBLISHED[16]


def test_one_network_differs_by_the_errors_over_the_runs() -> None:
    one = training(16, 0, runs=40)
    ours, error = one.mse.mean(), one.mse.std(ddof=1) / math.sqrt(40)
    theirs = math.sqrt(PUBLISHED.mse_variance / 499)
    found = deviations.of_fit([one], PUBLISHED)
    assert found["mse"] == pytest.approx((ours - PUBLISHED.mse) / math.hypot(error, theirs))
    cv = one.a.std() / abs(one.a.mean())
    errors = [
        value * math.sqrt(0.5 + value**2) / math.sqrt(runs - 1) for value, runs in ((cv, 40), (PUBLISHED.a_cv, 500))
    ]
    assert found["a"] == pytest.approx((cv - PUBLISHED.a_cv) / math.hypot(*errors))
    assert deviations.of_training([one], PUBLISHED) == [None, None, None]


def test_seeds_differ_by_their_spread() -> None:
    seeds = [
        replace(training(16, seed), critical_epoch=90 + seed, mse=np.full(5, 0.04 + seed / 1000)) for seed in range(3)
    ]
    spread = math.sqrt(1 + 1 / 3)  # of 90, 91 and 92, and of their mean
    assert deviations.of_training(seeds, PUBLISHED)[2] == pytest.approx((91 - PUBLISHED.critical_epoch) / spread)
    assert deviations.of_fit(seeds, PUBLISHED)["mse"] == pytest.approx((0.041 - PUBLISHED.mse) / (0.001 * spread))
    none_yet = [replace(seeds[0], critical_epoch=None), *seeds[1:]]
    assert deviations.of_training(none_yet, PUBLISHED)[2] is None, "an epoch never reached has no mean"


def test_what_cannot_be_told_is_not_told() -> None:
    dead = replace(training(16, 0), mse=np.full(5, np.nan))
    assert deviations.of_fit([dead], PUBLISHED) == {"mse": None, "a": None, "b": None}
    assert deviations.of_fit([training(16, 0, runs=1)], PUBLISHED)["mse"] is None
    assert [deviations.written(value) for value in (None, 0.04, -12.34)] == ["", "+0.0", "-12.3"]


def test_a_row_of_them_follows_the_trainings_of_a_width() -> None:
    shown = series(training(16, 0), training(8, 0), training(32, None))
    found = [row for row in rows(tables_markdown(shown.trainings, shown.H)) if "MSE" in row]
    assert [(row["D"], row["model"]) for row in found] == [
        ("16", "published"), ("16", "seed 0"), ("16", deviations.DIFFERENCE), ("8", "seed 0"),
        ("32", "published"), ("32", "given weights"), ("32", deviations.DIFFERENCE),
    ]  # fmt: skip
    expected = deviations.of_fit([shown.trainings[0]], PUBLISHED)
    assert found[2]["MSE"] == deviations.written(expected["mse"])
    assert deviations.DIFFERENCE not in tables_markdown(shown.trainings, shown.H, published=ANOTHER_GAS)
