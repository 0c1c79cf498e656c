"""What the report's charts show is what was measured, to a level, and small enough for a page."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hthm.pages import charts_data
from hthm.pages.charts_data import charts, history
from series_example import series, training

NONE: dict[str, Any] = {"models": {}}


def unpacked(curve: dict[str, Any], shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float64]]:
    levels = np.frombuffer(base64.b64decode(curve["base64"]), "<u2").astype(float)
    levels[levels == 65535] = np.nan
    low, high = float(curve["low"]), float(curve["high"])
    return (low + levels * (high - low) / 65534).reshape(shape)


def test_h_and_fits_come_back_to_half_a_level() -> None:
    shown = series(training(16, 0), training(16, 1), training(32, None))
    found = history(shown)
    assert (found["runs"], found["all"], found["first"]) == (5, 5, 0)
    assert [curve["label"] for curve in found["curves"]] == ["H", "a·h + b, D = 16, seed 0", "a·h + b, D = 32, given"]
    first, _, other = shown.trainings
    fits = [one.a[:, np.newaxis] * one.h + one.b[:, np.newaxis] for one in (first, other)]
    for curve, values in zip(found["curves"], [shown.H, *fits], strict=True):
        half = 0.5001 * np.ptp(values) / 65534
        np.testing.assert_allclose(unpacked(curve, values.shape), values, rtol=0, atol=half)
    np.testing.assert_allclose(found["means"][0]["values"], shown.H.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found["curves"][1]["mse"], first.mse, rtol=1e-5)


def test_a_dead_network_has_no_numbers_and_a_constant_one_does_not_divide_by_zero() -> None:
    dead = replace(training(16, 0), a=np.full(5, np.nan), mse=np.full(5, np.nan))
    found = charts(series(dead), NONE)
    json.dumps(found, allow_nan=False)
    assert np.isnan(unpacked(found["history"]["curves"][1], (5, 12))).all()
    assert found["history"]["curves"][1]["mse"] == [None] * 5
    flat = replace(series(), H=np.full((5, 12), 1.5))
    np.testing.assert_array_equal(unpacked(history(flat)["curves"][0], (5, 12)), flat.H)


def test_more_than_fits_is_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = series(training(16, 0))
    monkeypatch.setattr(charts_data, "MOST_NUMBERS", 3 * 2 * 12)
    fewer = history(shown)
    assert (fewer["runs"], fewer["all"], len(fewer["times"])) == (3, 5, 12)
    np.testing.assert_allclose(unpacked(fewer["curves"][0], (3, 12)), shown.H[:3], atol=1e-4)
    monkeypatch.setattr(charts_data, "MOST_NUMBERS", 12)
    one = history(shown)
    assert (one["runs"], one["every"]) == (1, 2)
    np.testing.assert_allclose(one["times"], shown.times[1::2], rtol=1e-5)
    np.testing.assert_allclose(unpacked(one["curves"][0], (1, 6)), shown.H[:1, 1::2], atol=1e-4)


def test_the_papers_runs_take_less_than_four_megabytes() -> None:
    """Beside figures and a run to be played, some 1.4 MB: docs/report.md promises less than 6."""
    random = np.random.default_rng(0)
    few = series(
        *(training(width, 0, runs=500, frames=500, epochs=120) for width in (16, 32, 64)), runs=500, frames=500
    )
    edges = few.speeds.edges
    by_frame = replace(
        few.speeds, times=few.times, counts=random.integers(0, 10**5, (500, len(edges) - 1)), total=10**5
    )
    found = charts(replace(few, speeds_by_frame=by_frame), NONE)
    assert (found["history"]["runs"], found["history"]["every"]) == (500, 1)
    assert len(json.dumps(found)) < 4_000_000


def test_counts_are_those_of_the_series() -> None:
    shown = series(training(16, 0))
    assert "speeds" not in charts(shown, NONE), "older files have none"
    found = charts(replace(shown, speeds_by_frame=shown.speeds), NONE)["speeds"]
    counts = np.frombuffer(base64.b64decode(found["counts"]["base64"]), "<u4").reshape(shown.speeds.counts.shape)
    np.testing.assert_array_equal(counts, shown.speeds.counts)
    np.testing.assert_allclose(np.array(found["edges"]) * shown.gas.speed, shown.speeds.edges, rtol=1e-5, atol=1e-9)
    large = replace(shown.speeds, counts=shown.speeds.counts * 2**33)
    assert charts(replace(shown, speeds_by_frame=large), NONE)["speeds"]["counts"]["kind"] == "float64"


def test_losses_are_by_epoch_or_by_update() -> None:
    assert "losses" not in charts(series(training(16, None)), NONE)
    stopped = replace(training(32, 1, epochs=4), critical_epoch=None)
    found = charts(series(training(16, 0), stopped), NONE)["losses"]
    assert found["at"] == [1, 2, 3, 4, 5, 6]
    assert found["curves"][1]["values"]["loss"] == [*np.round(stopped.loss, 6), None, None]
    assert [curve["critical"] for curve in found["curves"]] == [6, None]
    looks = [{"update": update, "loss": 0.6, "held_out_loss": None if update else 0.7} for update in (0, 50)]
    rows = [{"seed": 0, "steps": "frames", "looks": looks}, {"seed": None, "steps": None}]
    found = charts(series(training(16, None)), {"models": {"16": {"trainings": rows}}})["losses"]
    assert (found["x"], found["at"]) == ("update", [0, 50])
    assert [curve["values"]["held_out_loss"] for curve in found["curves"]] == [[0.7, None]]
