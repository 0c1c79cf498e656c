"""The paper's figures, each drawn from a `Series`."""

from __future__ import annotations

import math
import os
from collections import Counter
from functools import partial
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.arrays import FloatArray, IntArray
from hthm.engines.names import PLACELESS, TIMED
from hthm.equilibrium import speed_density
from hthm.pages.boltzmann import boltzmann_figure
from hthm.pages.print_style import (
    BLACK,
    BLUE,
    COLOURS,
    COLUMN,
    GREEN,
    MARKERS,
    PAGE,
    RED,
    STYLES,
    canvas,
    minor_ticks_at_once,
    save_figure,
)
from hthm.pages.series import Series, Training
from hthm.published import PUBLISHED, SHOWN_RUNS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS: Final = 6
"""Times shown in Fig. 3; of more, these many are chosen evenly."""


def frame_rate_figure(series: Series) -> Figure:
    """Fig. 2: collisions of a run in a fixed time against the frame rate, with standard errors.

    Below, the same near Enskog's rate of a gas that is in equilibrium throughout; near Boltzmann's, where the engine
    is that of the Boltzmann equation. The exact engine, where the series has it, is its mean in a band of one standard
    error. Where disks cover more than the box, as they may where they are allowed to overlap, there is no theory: the
    axis says so, and the panel below is left out.
    """
    rates = series.frame_rates
    theory = "Boltzmann" if rates.engine in PLACELESS else "Enskog"
    enskog = _enskog(series)
    mean, error = _mean(rates.collisions)
    with canvas(COLUMN, 3.8 if enskog else 2.8) as figure:
        panels = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1)) if enskog else [figure.subplots()]
        above, lowest = panels[0], panels[-1]
        for axes, scale, offset in zip(panels, (1.0, 100 / enskog if enskog else 0.0), (0.0, -100.0), strict=False):
            if enskog:
                axes.axhline(scale * enskog + offset, color=RED, linestyle=STYLES[1], label=f"{theory}, in equilibrium")
            if rates.exact is not None:
                exact, spread = (scale * value for value in _mean(rates.exact))
                band = exact + offset - spread, exact + offset + spread
                axes.axhspan(*band, color=GREEN, alpha=0.3, linewidth=0)
                axes.axhline(exact + offset, color=GREEN, linestyle=STYLES[2], label="exact, event-driven")
            axes.errorbar(
                rates.rates,
                scale * mean + offset,
                scale * error,
                color=BLUE,
                marker="o",
                markersize=3,
                capsize=2,
                linewidth=0.8,
                label=f"{_counted_by(rates.engine)} (runs: {rates.collisions.shape[1]})",
            )
        above.set_xscale("log")
        above.set_xticks(rates.rates, [str(rate) for rate in rates.rates])
        above.minorticks_off()
        counts = [*zip(mean.tolist(), error.tolist(), strict=True)]
        shown = [counts[int(np.argmax(rates.rates))]]
        if enskog:
            shown.append((enskog, 0.0))
        if rates.exact is not None:
            exact_mean, exact_error = _mean(rates.exact)
            shown.append((float(exact_mean), float(exact_error)))
        above.set_ylim(0, 1.1 * max(count + spread for count, spread in counts + shown) or 1.0)
        if enskog:
            low = min(count - spread for count, spread in shown)
            high = max(count + spread for count, spread in shown)
            lowest.set_ylim(min(-10, 100 * (low / enskog - 1) - 2), max(3, 100 * (high / enskog - 1) + 2))
            lowest.set_ylabel(f"from {theory} (%)")
        lowest.set_xlabel("frame rate (frames per unit time)" + (f"\n{_NO_THEORY}" if enskog is None else ""))
        above.set_ylabel(f"collisions in {_in_units(rates.time)}")
        figure.align_ylabels()
        figure.legend(*above.get_legend_handles_labels(), loc="outside lower center", ncols=2)  # no curve is there
    return figure


_NO_THEORY: Final = "(no line of Enskog's:\ndisks cover more than the box)"


def _counted_by(engine: str) -> str:
    """What counted the collisions at every frame rate, for the legend."""
    return f"{engine}, which has no step" if engine in TIMED else "fixed step"


def _enskog(series: Series) -> float | None:
    """Collisions of a run in the time of Fig. 2 by Enskog's rate, or Boltzmann's; None where there is no such rate."""
    gas, rates = series.gas, series.frame_rates
    if gas.area_fraction >= 1:
        return None
    in_the_way = gas.contact_value if rates.engine in PLACELESS else 1.0  # disks that are nowhere are in no one's way
    return gas.collision_rate / in_the_way * gas.n / 2 * rates.time


def speeds_figure(series: Series) -> Figure:
    """Fig. 3: distribution of the speeds at several times against Maxwell and Boltzmann's, in units of s0."""
    speeds, s0 = series.speeds, series.gas.speed
    panels = _evenly(len(speeds.times), MOST_PANELS)
    edges = speeds.edges / s0
    density = speeds.counts / (speeds.total * np.diff(edges))  # (shown, bins)
    columns = 2 if len(panels) == 4 else min(3, len(panels))  # noqa: PLR2004 -- a square leaves no hole
    rows = -(-len(panels) // columns)
    at = np.linspace(max(edges[0], 1e-3), edges[-1], 400)
    maxwell = speed_density(at, 0.5)  # of T = s0²/2
    with canvas(PAGE if columns > 1 else COLUMN, 0.7 + 1.6 * rows) as figure:
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, shown in zip(grid.flat, panels, strict=False):
            axes.stairs(density[shown], edges, color=BLUE, fill=True, alpha=0.3, linewidth=0, baseline=1e-6)
            axes.stairs(density[shown], edges, color=BLUE, linewidth=0.9, baseline=None, label="measured")
            axes.plot(at, maxwell, color=RED, linestyle=STYLES[1], label="Maxwell–Boltzmann")
            axes.set_yscale("log")
            axes.set_title(f"t = {_in_units(speeds.times[shown])}")
        least = 0.5 / (speeds.total * float(np.diff(edges).min()))
        grid[0, 0].set_ylim(max(least, 1e-5), 3 * max(1.0, float(density.max())))
        grid[0, 0].set_xlim(edges[0], edges[-1])
        grid[0, 0].locator_params(axis="x", nbins=7)
        minor_ticks_at_once([*grid.flat[: len(panels)]])
        _empty(grid, len(panels))
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
        figure.supxlabel("speed s / s₀")
        figure.supylabel("probability density × s₀")
    return figure


def losses_figure(series: Series) -> Figure:
    """Mean loss of every epoch, a panel a width, with our critical epochs and the published one.

    The published one is marked where the axis reaches it: a shorter training has another schedule.

    Raises
    ------
    ValueError
        If no training of the series has losses, as with given weights.
    """
    trainings = [training for training in series.trainings if training.has_losses]
    if not trainings:
        raise ValueError("series: must have a training with losses, got given weights only. Train, or draw the rest.")
    seeds = Counter(training.width for training in trainings)
    widths = sorted(seeds)
    with canvas(PAGE if len(widths) > 1 else COLUMN, 2.4 + 0.16 * max(seeds.values())) as figure:
        grid = figure.subplots(1, len(widths), sharex=True, sharey=True, squeeze=False)
        for number, (axes, width) in enumerate(zip(grid.flat, widths, strict=True)):
            axes.axhline(0, color=BLACK, linewidth=0.5)
            same = [training for training in trainings if training.width == width]
            for training, style, marker in zip(same, cycle(STYLES), cycle(MARKERS), strict=False):
                _draw_loss(axes, training, color=COLOURS[number % len(COLOURS)], linestyle=style, marker=marker)
            axes.set_title(f"D = {width}")
            axes.set_xlabel("epoch")
            axes.xaxis.get_major_locator().set_params(integer=True)
        # Losses end a thousand times nearer to zero than they were: linear within 1e-3, logarithmic outside.
        linear = _linear_within(max(float(np.abs(training.loss).max()) for training in trainings))
        grid[0, 0].set_yscale("symlog", linthresh=linear)
        power = round(math.log10(linear))
        grid[0, 0].set_ylabel(f"mean loss of the epoch\n(linear within $\\pm 10^{{{power}}}$)")
        for axes, width in zip(grid.flat, widths, strict=True):
            published = PUBLISHED.get(width)
            if published and published.critical_epoch <= max(len(t.loss) for t in trainings if t.width == width):
                epoch = published.critical_epoch
                axes.axvline(epoch, color=BLACK, linestyle=STYLES[2], linewidth=0.9, label=f"published: {epoch}")
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22))  # below: curves may go anywhere inside
    return figure


def _draw_loss(axes: Axes, training: Training, **style: Any) -> None:  # noqa: ANN401 -- matplotlib's own styles
    critical = training.critical_epoch
    if critical is None:  # the legend shows no mark where the curve has none
        style["marker"] = ""
    axes.plot(
        np.arange(1, len(training.loss) + 1),
        training.loss,
        **style,
        linewidth=0.9,
        markersize=4.5,
        markerfacecolor="none",  # seeds cross zero within a few epochs of each other
        markeredgecolor=BLACK,
        markevery=[] if critical is None else [critical - 1],
        label=f"seed {training.seed}: " + ("none yet" if critical is None else f"critical epoch {critical}"),
    )


def fits_figure(series: Series) -> Figure:
    """Fig. 5: H and a·h + b of the first model of every kind, for four runs.

    They are the paper's where there are that many runs, else as many evenly chosen ones.
    """
    runs = len(series.H)
    shown = SHOWN_RUNS if runs > max(SHOWN_RUNS) else _evenly(runs, len(SHOWN_RUNS))
    models: dict[tuple[int, str], Training] = {}
    for training in series.trainings:
        models.setdefault((training.width, training.steps), training)
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    with canvas(PAGE, 0.9 + 1.75 * rows) as figure:
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, run in zip(grid.flat, shown, strict=False):
            axes.plot(series.times, series.H[run], color="0.6", linewidth=1.6, label="H")
            for number, ((width, steps), training) in enumerate(sorted(models.items())):
                axes.plot(
                    series.times,
                    training.a[run] * training.h[run] + training.b[run],
                    color=COLOURS[number % len(COLOURS)],
                    linestyle=STYLES[number % len(STYLES)],
                    linewidth=0.9,
                    label=f"a h + b, D = {width}{steps and ', '}{steps}",
                )
            axes.set_title(f"run {run}")
            axes.set_xlim(0, series.times[-1])
        _empty(grid, len(shown))
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=4)
        figure.supxlabel("time (time units)")
        figure.supylabel("H (nats)")
    return figure


_FIGURES: Final = MappingProxyType(
    {
        "fig2_frame_rate": frame_rate_figure,
        "fig3_speeds": speeds_figure,
        "losses": losses_figure,
        "fig5_boltzmann": boltzmann_figure,
        "fig5_fits": fits_figure,
    }
)


def save_figures(series: Series, folder: str | os.PathLike[str]) -> list[Path]:
    """Write every figure as PNG and as PDF, each file whole or not at all.

    The figure of the losses is left out where no training has losses, as with given weights, and that of the Boltzmann
    equation where it was not solved.

    Returns
    -------
    list of Path
        Files written, figure by figure, PNG before PDF: fig2_frame_rate, fig3_speeds, losses, fig5_boltzmann and
        fig5_fits.

    Raises
    ------
    OSError
        If the folder is missing or read-only, the disk is full, and so on.

    Warns
    -----
    FigureWarning
        If a figure cannot be drawn; it is left out.
    """
    there = dict.fromkeys(_FIGURES, True)
    there["losses"] = any(training.has_losses for training in series.trainings)
    there["fig5_boltzmann"] = series.boltzmann is not None
    written = []
    for name, draw in _FIGURES.items():
        if there[name]:
            written += save_figure(partial(draw, series), folder, name)
    return written


def _in_units(time: float) -> str:
    """A time with its unit."""
    number = f"{time:.3g}"
    return f"{number} time unit{'' if number == '1' else 's'}"


def _linear_within(largest: float) -> float:
    """Up to where the axis of losses is linear: a power of ten that it reaches, and 1e-3 at most."""
    return min(1e-3, 10.0 ** math.floor(math.log10(largest))) if largest > 0 else 1e-3


def _empty(grid: Any, shown: int) -> None:  # noqa: ANN401 -- matplotlib's array of axes
    """Take away the panels after so many, and give those above them the numbers of the axis."""
    for axes in grid.flat[shown:]:
        axes.set_axis_off()
    for row in range(len(grid) - 1):
        for column in range(grid.shape[1]):
            if (row + 1) * grid.shape[1] + column >= shown:
                grid[row, column].tick_params(labelbottom=True)


def _evenly(count: int, most: int) -> tuple[int, ...]:
    """Return at most `most` of the first `count` numbers, evenly, both ends among them."""
    return tuple(int(k) for k in np.linspace(0, count - 1, min(count, most)).round())


def _mean(values: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard error over the last axis; the error of a single value is taken as zero."""
    count = values.shape[-1]
    mean: FloatArray = values.mean(axis=-1)
    return mean, values.std(axis=-1, ddof=1) / np.sqrt(count) if count > 1 else np.zeros_like(mean)
