"""Figures of reversal.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hthm.pages.print_style import BLACK, COLOURS, MARKERS, PAGE, STYLES, canvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure


def return_figure(results: Mapping[str, Any]) -> Figure:
    """H of the speeds there and back, a panel a number of bins, and the fixed step beside it.

    Parameters
    ----------
    results : mapping
        Content of reversal.json.

    Returns
    -------
    Figure
    """
    legs, dt = results["legs"], 1 / results["config"]["frame_rate"]
    numbers = list(legs[0]["there"])
    with canvas(PAGE, 2.7) as figure:
        panels = figure.subplots(1, len(numbers), sharey=True, squeeze=False)[0]
        for axes, bins in zip(panels, numbers, strict=True):
            there = np.array(legs[0]["there"][bins])
            turn = (len(there) - 1) * dt
            axes.plot(dt * np.arange(len(there)), there, color=BLACK, label="there")
            for k, leg in enumerate(legs):
                times = turn + dt * np.arange(len(there))
                style = {"color": COLOURS[k % len(COLOURS)], "linestyle": STYLES[k % len(STYLES)]}
                axes.plot(times, leg["back"][bins], label=f"back, {leg['precision']}", **style)
            if bins == numbers[0]:
                for k, row in enumerate(results["fixed_step"] or ()):
                    style = {"color": COLOURS[(len(legs) + k) % len(COLOURS)], "linestyle": STYLES[2]}
                    label = f"fixed step, turned {row['turn']}"
                    axes.plot(turn + dt * np.arange(len(row["back"])), row["back"], label=label, linewidth=0.7, **style)
            axes.axvline(turn, color=BLACK, linewidth=0.4)
            axes.set_title(f"{bins} bins")
            axes.set_xlabel("time")
        panels[0].set_ylabel("H of the speeds (nats)")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def growth_figure(results: Mapping[str, Any]) -> Figure:
    """How far from its start the worst disk comes back, against the time of the turn, and the line through it.

    Parameters
    ----------
    results : mapping
        Content of reversal.json.

    Returns
    -------
    Figure
    """
    config, line = results["config"], results["line"]
    with canvas(PAGE / 2, 2.7) as figure:
        axes = figure.subplots()
        for k, row in enumerate(results["growth"]):
            times = np.array(row["frames"]) / config["frame_rate"]
            worst = np.array(row["worst"], dtype=np.float64)
            worst[worst == 0] = np.nan
            axes.plot(times, worst, MARKERS[k], color=COLOURS[k], markersize=2.5)
            axes.plot([], [], MARKERS[k], color=COLOURS[k], markersize=2.5, label=row["precision"])
            if line:
                ends = np.array([0.0, times[-1]])
                lost = line["intercept"] + line["slope"] * ends - results["bits"][row["precision"]] * np.log10(2)
                shown = 10.0 ** np.minimum(lost, 300) * config["box"] / config["diameter"]
                axes.plot(ends, shown, color=COLOURS[k], linestyle=STYLES[1], linewidth=0.6)
        axes.set_yscale("log")
        axes.set_ylim(top=1e4)
        axes.set_xlabel("time of the turn")
        axes.set_ylabel("worst disk from its start (diameters)")
        axes.legend(loc="lower right")
    return figure


def learned_figure(results: Mapping[str, Any]) -> Figure:
    """Learned h there and, mirrored in time, on the exact way back.

    Parameters
    ----------
    results : mapping
        Content of reversal.json.

    Returns
    -------
    Figure
    """
    dt = 1 / results["config"]["frame_rate"]
    with canvas(PAGE / 2, 2.7) as figure:
        axes = figure.subplots()
        for k, row in enumerate(results["learned"]):
            there, back = np.array(row["there"]), np.array(row["back"])
            span = float(np.ptp(there)) or 1.0
            colour = COLOURS[k % len(COLOURS)]
            axes.plot(
                dt * (1 + np.arange(len(there))), (there - there[0]) / span, label=f"{row['name']}, there", color=colour
            )
            times = dt * (2 * len(there) - np.arange(len(back)) - 1) - dt * len(there)
            axes.plot(times, (back - there[0]) / span, label="back", linestyle=STYLES[1], color=colour)
        axes.set_xlabel("time since the start")
        axes.set_ylabel("h, from its first to its last value there")
        axes.legend(loc="lower right")
    return figure
