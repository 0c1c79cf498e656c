"""Figures of small and of flat runs: legends clear of curves, ticks that a person reads, type of one size."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from hthm.gas import DiskGas
from hthm.pages import plots
from hthm.pages.boltzmann import boltzmann_figure
from hthm.pages.captions import words_around
from hthm.pages.print_style import save_figure
from hthm.pages.report import Report, report_html
from hthm.pages.series import Series
from series_example import series, training


def tick_labels(figure: Figure) -> list[str]:
    figure.canvas.draw()
    return [
        text.get_text()
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for text in axis.get_ticklabels(which="both")
        if text.get_visible()
    ]


@pytest.mark.parametrize("size", [1e-8, 9e-5, 9.2e-4, 0.12, 0.0])
def test_ticks_of_losses_are_powers_of_ten_and_the_scale_is_stated(size: float) -> None:
    one = replace(training(16, 0, epochs=3), loss=np.array([-size / 9, size, size / 40]), critical_epoch=2)
    figure = plots.losses_figure(series(one))
    labels = tick_labels(figure)
    assert not [label for label in labels if re.search(r"\d\.\d{2,}", label)], labels
    assert "linear within" in figure.axes[0].get_ylabel()
    assert not [label for label in labels if "." in label], labels  # epochs are whole numbers


@pytest.mark.parametrize("draw", [plots.frame_rate_figure, plots.speeds_figure, boltzmann_figure, plots.fits_figure])
def test_no_legend_lies_over_a_panel(draw: Callable[[Series], Figure]) -> None:
    figure = draw(series(training(16, 0), training(32, 0)))
    figure.canvas.draw()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert not [axes for axes in figure.axes if axes.axison and axes.get_window_extent().overlaps(box)]
    assert not [axes for axes in figure.axes if axes.get_legend() is not None]


def test_no_panel_without_numbers_on_its_axis_stands_above_nothing() -> None:
    three = plots.fits_figure(series(training(16, 0, runs=3), runs=3))
    assert [axes.xaxis.get_tick_params()["labelbottom"] for axes in three.axes] == [False, True, True, True]


def test_all_counts_of_few_runs_are_inside_the_figure() -> None:
    few = series(runs=2, gas=DiskGas(n=60, diameter=0.03))
    counts = np.array([[0, 9], [5, 7], [6, 8], [2, 30]])
    few = replace(few, frame_rates=replace(few.frame_rates, collisions=counts, time=1 / 3, exact=np.array([1, 60])))
    above, below = plots.frame_rate_figure(few).axes
    assert above.get_ylim()[1] > 30.5 + 29.5
    expected = few.gas.collision_rate * 30 / 3
    low, high = below.get_ylim()
    assert low < 100 * ((16 - 14) / expected - 1)
    assert high > 100 * ((16 + 14) / expected - 1)


def test_a_figure_of_one_column_is_half_as_wide_in_the_report(tmp_path: Path) -> None:
    shown = series(training(16, 0))
    drawn = {"fig2_frame_rate": plots.frame_rate_figure, "fig5_fits": plots.fits_figure}
    pictures = [path for name in drawn for path in save_figure(partial(drawn[name], shown), tmp_path, name)]
    page = report_html(Report(facts={}, tables="", figures=pictures))
    widths = dict(re.findall(r'alt="(Fig. \d)[^"]*" style="width: (\d+)%"', page))
    assert int(widths["Fig. 5"]) == 100
    assert 45 <= int(widths["Fig. 2"]) <= 52


def test_a_caption_promises_no_line_that_may_not_be_there() -> None:
    assert "dotted" not in words_around(Path("losses.png")).picture
