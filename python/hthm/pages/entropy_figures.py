"""Figures of learned entropies: how the training went, and how they follow H from every start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.pages.print_style import BLACK, COLOURS, PAGE, STYLES, canvas
from hthm.starts.kinds import COMPARED, EQUILIBRIUM, MIXTURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLAT: Final = 0.02
"""Least height, in nats either way, of the panel of the equilibrium."""


def losses_figure(results: Mapping[str, Any]) -> Figure:
    """Loss against the updates, of the training's runs and of others, a panel for each kind of steps.

    Parameters
    ----------
    results : mapping
        As `hthm.experiments.entropy.run_entropy` makes it.

    Returns
    -------
    Figure
        A colour a width; seeds lie over each other.
    """
    kinds: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for width, model in results["models"].items():
        for one in model["trainings"]:
            if one.get("looks"):
                kinds.setdefault(one["steps"], []).append((width, one))
    with canvas(PAGE, 2.9) as figure:
        grid = figure.subplots(1, len(kinds), squeeze=False)[0]
        for axes, (steps, trainings) in zip(grid, kinds.items(), strict=True):
            axes.axhline(np.log(2), color=BLACK, linewidth=0.5, label="no idea: ln 2")
            widths = list(dict.fromkeys(width for width, _ in trainings))
            for width, one in trainings:
                colour = COLOURS[widths.index(width) % len(COLOURS)]
                update = [look["update"] for look in one["looks"]]
                for name, key, style in (("seen", "loss", STYLES[2]), ("held out", "held_out_loss", STYLES[0])):
                    loss = [look[key] for look in one["looks"]]
                    label = f"D = {width}, {name}"
                    known = label in axes.get_legend_handles_labels()[1]
                    axes.plot(update, loss, color=colour, linestyle=style, label="_" * known + label)
            axes.set_title(f"{steps} in order")
            axes.set_xlabel("update")
            axes.xaxis.get_major_locator().set_params(integer=True)
        grid[0].set_ylabel("logistic loss")
        handles = {
            label: handle for axes in grid for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5)  # no curve is there
    return figure


def universal_figure(results: Mapping[str, Any]) -> Figure:
    """H of the velocities and −h/n against time, a panel a start, after the one constant of each network.

    Parameters
    ----------
    results : mapping
        As `hthm.experiments.universal.run_universal` writes it.

    Returns
    -------
    Figure
        Of the networks as wide as the first, by the same kind of steps, at the number of disks that they were trained
        with; a line a seed. What was trained on the panel's start alone, or on all others, is in that panel only; what
        was trained on equal speeds, or on the mixture, is in all.
    """
    config, networks = results["config"], results["networks"]
    time = (np.array(results["moments"]) + 1) / config["frame_rate"]
    n, first = config["n"], networks[0]
    level = float(np.mean(results["curves"][f"{EQUILIBRIUM}, n = {n}"]))
    with canvas(PAGE, 3.9) as figure:
        grid = figure.subplots(2, -(-(len(COMPARED) + 1) // 2), sharex=True)
        for axes, kind in zip(grid.flat, COMPARED, strict=False):
            measured = np.array(results["curves"][f"{kind}, n = {n}"])
            axes.plot(time, measured - level, color="0.6", linewidth=2.2, label="H")
            for network in networks:
                drawn = _drawn(network["trained_on"], kind)
                if drawn is not None and (network["steps"], network["width"]) == (first["steps"], first["width"]):
                    (curve,) = (one["learned"] for one in network["starts"] if (one["kind"], one["n"]) == (kind, n))
                    _draw(axes, time, np.array(curve) - level, *drawn)
            axes.set_title(kind)
            axes.set_xscale("log")
            axes.set_xlim(time[0], time[-1])
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter("")  # of a short run they would lie over each other
            if kind == EQUILIBRIUM:  # flat, and not the noise of thousandths as large as all else
                low, high = axes.get_ylim()
                axes.set_ylim(min(low, -FLAT), max(high, FLAT))
        grid[0, -1].tick_params(labelbottom=True)  # below it is the legend
        for axes in grid.flat[len(COMPARED) :]:
            axes.set_axis_off()
        handles = {
            label: handle
            for axes in grid.flat[: len(COMPARED)]
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        grid.flat[len(COMPARED)].legend(handles.values(), handles.keys(), loc="center left")
        figure.supxlabel("time (time units)")
        figure.supylabel("H and −h/n, less H in equilibrium (nats)")
    return figure


def _drawn(trained_on: str, kind: str) -> tuple[str, int] | None:
    """Label and style of a network in the panel of a start."""
    if trained_on == MIXTURE:
        return "trained on all five starts", 1
    if trained_on == "equal speeds":
        return "trained on equal speeds", 0
    if trained_on == f"all but {kind}":
        return "trained on the four others", 2
    return ("trained on this start alone", 3) if trained_on == kind else None


def _draw(axes: Axes, time: Any, curve: Any, label: str, number: int) -> None:  # noqa: ANN401 -- as matplotlib takes them
    known = label in axes.get_legend_handles_labels()[1]
    axes.plot(time, curve, color=COLOURS[number], linestyle=STYLES[number], linewidth=0.9, label="_" * known + label)
