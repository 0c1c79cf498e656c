"""The figures show what is in the series, and are written whole."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from PIL import Image

from hthm import paper
from hthm.gas import DiskGas
from hthm.pages import plots, print_style
from hthm.pages.captions import words_around
from series_example import series, training


def labels(axes: Axes) -> list[str]:
    return [str(label) for label in axes.get_legend_handles_labels()[1]]


def every_label(figure: Figure) -> str:
    return " / ".join(label for axes in figure.axes for label in labels(axes))


def line(axes: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    found = next(line for line in axes.lines if str(line.get_label()).startswith(label))
    return np.asarray(found.get_xdata(orig=True)), np.asarray(found.get_ydata(orig=True))


def test_frame_rates_are_drawn_with_their_standard_errors() -> None:
    shown = series()
    axes = plots.frame_rate_figure(shown).axes[0]
    (bars,) = [container for container in axes.containers if isinstance(container, ErrorbarContainer)]
    drawn = bars.lines[0]
    assert drawn is not None
    counts = shown.frame_rates.collisions
    np.testing.assert_array_equal(drawn.get_xdata(), shown.frame_rates.rates)
    np.testing.assert_allclose(np.asarray(drawn.get_ydata()), counts.mean(axis=1))
    heights = [segment[1, 1] - segment[0, 1] for segment in bars.lines[2][0].get_segments()]
    np.testing.assert_allclose(heights, 2 * counts.std(axis=1, ddof=1) / np.sqrt(counts.shape[1]))
    # REFERENCE: 8110.7 collisions in a run of the paper by Enskog's theory.
    assert line(axes, "Enskog")[1][0] == pytest.approx(8110.7, abs=0.1)


def test_exact_engine_is_drawn_where_there_is_one() -> None:
    assert "event-driven" in every_label(plots.frame_rate_figure(series(exact=True)))
    assert "event-driven" not in every_label(plots.frame_rate_figure(series(exact=False)))


def test_fig_2_of_the_boltzmann_equation_says_so_and_is_set_beside_its_rate() -> None:
    shown = series()
    axes = plots.frame_rate_figure(replace(shown, frame_rates=replace(shown.frame_rates, engine="dsmc"))).axes[0]
    assert "fixed step" not in " ".join(labels(axes))
    assert "dsmc, which has no step (runs: 5)" in labels(axes)
    assert line(axes, "Boltzmann, in equilibrium")[1][0] == pytest.approx(8110.7 / 1.04594, abs=0.1)


@pytest.mark.parametrize("exact", [False, True])
def test_a_gas_beyond_enskogs_theory_is_drawn_without_it_and_says_so(exact: bool, tmp_path: Path) -> None:  # noqa: FBT001 -- a parameter of the test
    covered = replace(series(exact=exact), gas=DiskGas(diameter=0.03743))  # overlaps allowed: area fraction 1.1
    figure = plots.frame_rate_figure(covered)
    (axes,) = figure.axes
    assert "Enskog" not in " ".join(labels(axes))
    assert axes.get_xlabel().endswith("(no line of Enskog's:\ndisks cover more than the box)")
    figure.draw_without_rendering()
    assert figure.bbox.contains(*axes.xaxis.label.get_window_extent().max), "the label is cut off"
    assert axes.containers, "the counts are drawn"
    assert "fig2_frame_rate.pdf" in {path.name for path in plots.save_figures(covered, tmp_path)}


def test_one_run_and_one_rate_have_no_error_and_no_warning(tmp_path: Path) -> None:
    alone = series(training(16, 0, runs=1), runs=1)
    alone = replace(alone, frame_rates=replace(alone.frame_rates, rates=np.array([60]), collisions=np.array([[7465]])))
    assert len(plots.save_figures(alone, tmp_path)) == 10


def test_speeds_are_a_density_over_all_disks() -> None:
    shown = series(gas=DiskGas(speed=3.0))
    axes = plots.speeds_figure(shown).axes[0]
    step = next(patch for patch in axes.patches if patch.get_label() == "measured")
    values, edges, _ = step.get_data()  # type: ignore[attr-defined]  # a StepPatch
    inside = shown.speeds.counts[0].sum() / shown.speeds.total
    assert (values * np.diff(edges)).sum() == pytest.approx(inside)
    at, density = line(axes, "Maxwell")
    assert np.trapezoid(density, at) == pytest.approx(1, abs=2e-3)


def test_many_times_are_thinned_evenly_with_both_ends() -> None:
    many = series()
    times = np.arange(1.0, 21.0)
    many = replace(many, speeds=replace(many.speeds, times=times, counts=np.repeat(many.speeds.counts[:1], 20, axis=0)))
    titles = [axes.get_title() for axes in plots.speeds_figure(many).axes]
    assert len(titles) == plots.MOST_PANELS
    assert (titles[0], titles[-1]) == ("t = 1 time unit", "t = 20 time units")


def test_losses_show_both_critical_epochs() -> None:
    figure = plots.losses_figure(series(training(16, 0, epochs=120), training(16, 1, epochs=120), training(64, 0)))
    assert [axes.get_title() for axes in figure.axes] == ["D = 16", "D = 64"]
    assert labels(figure.axes[0]) == [
        "seed 0: critical epoch 120",
        "seed 1: critical epoch 120",
        f"published: {paper.PUBLISHED[16].critical_epoch}",
    ]
    epochs, losses = line(figure.axes[0], "seed 0")
    assert (epochs[0], epochs[-1]) == (1, 120)
    np.testing.assert_array_equal(losses, training(16, 0, epochs=120).loss)


def test_published_epoch_is_not_marked_on_a_shorter_training() -> None:
    figure = plots.losses_figure(series(training(16, 0, epochs=8), training(8, 0, epochs=120)))
    assert "published" not in every_label(figure)  # and width 8 is not in the paper


def test_training_that_never_crosses_says_so() -> None:
    never = replace(training(16, 0), critical_epoch=None)
    axes = plots.losses_figure(series(never)).axes[0]
    assert labels(axes) == ["seed 0: none yet"]
    legend = axes.get_legend()
    assert legend is not None
    assert not any(line.get_marker() == "o" for line in legend.get_lines())  # no curve has a mark


def test_losses_of_given_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="series: must have a training with losses"):
        plots.losses_figure(series(training(16, None)))


def test_fits_are_of_the_papers_runs_where_there_are_that_many() -> None:
    runs = 500
    figure = plots.fits_figure(series(training(16, 0, runs=runs), runs=runs))
    assert [axes.get_title() for axes in figure.axes] == [f"run {run}" for run in paper.SHOWN_RUNS]
    few = plots.fits_figure(series(training(16, 0, runs=10), runs=10))
    assert [axes.get_title() for axes in few.axes] == ["run 0", "run 3", "run 6", "run 9"]
    three = plots.fits_figure(series(training(16, 0, runs=3), runs=3))
    assert [axes.get_title() for axes in three.axes if axes.axison] == ["run 0", "run 1", "run 2"]


def test_fits_draw_a_h_plus_b_of_the_first_model_of_a_width() -> None:
    first, second = training(32, 7), replace(training(32, 8), h=np.zeros((5, 12)))
    axes = plots.fits_figure(series(first, second)).axes[0]
    assert labels(axes) == ["H", "a h + b, D = 32"]
    np.testing.assert_array_equal(line(axes, "a h")[1], first.a[0] * first.h[0] + first.b[0])


def test_files_are_written_for_screen_and_print(tmp_path: Path) -> None:
    shown = series(training(16, 0), training(32, 0), training(64, None))
    written = plots.save_figures(shown, tmp_path)
    names = ["fig2_frame_rate", "fig3_speeds", "losses", "fig5_boltzmann", "fig5_fits"]
    assert [path.name for path in written] == [f"{name}.{suffix}" for name in names for suffix in ("png", "pdf")]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    for path in written[::2]:
        with Image.open(path) as image:
            assert image.info["dpi"] == pytest.approx((print_style.DPI, print_style.DPI), abs=0.1)
            widths = [print_style.DPI * width for width in (print_style.COLUMN, print_style.PAGE)]
            assert min(abs(image.width - width) for width in widths) <= 2
    for path in written[1::2]:
        assert path.read_bytes().startswith(b"%PDF")
    assert len({words_around(path).picture for path in written}) == len(names)


def test_losses_are_left_out_for_given_weights(tmp_path: Path) -> None:
    written = plots.save_figures(series(training(16, None), boltzmann=False), tmp_path)
    assert {path.stem for path in written} == {"fig2_frame_rate", "fig3_speeds", "fig5_fits"}


def test_same_series_gives_the_same_bytes(tmp_path: Path) -> None:
    draw = partial(plots.frame_rate_figure, series())  # test_print_style.py compares all, between processes
    before = [path.read_bytes() for path in print_style.save_figure(draw, tmp_path, "same")]
    assert [path.read_bytes() for path in print_style.save_figure(draw, tmp_path, "same")] == before


def test_drawing_needs_no_pyplot_and_leaves_the_users_settings() -> None:
    program = (
        f"import sys, matplotlib; sys.path[:0] = {sys.path!r}; from series_example import series; "
        "from hthm.pages import plots; matplotlib.rcParams['font.size'] = 5; plots.frame_rate_figure(series()); "
        "assert matplotlib.rcParams['font.size'] == 5; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
