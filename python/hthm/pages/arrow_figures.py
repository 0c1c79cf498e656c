"""Figures of arrow.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.pages.arrow_tables import gas_name
from hthm.pages.print_style import BLACK, BLUE, COLOURS, MARKERS, ORANGE, PAGE, RED, STYLES, canvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RANGE: Final = 2.5  # nats either way, as the histograms are counted


def order_figure(results: Mapping[str, Any]) -> Figure:
    """Log odds of held-out collisions by sense, and the fluctuation theorem of their count.

    Parameters
    ----------
    results : mapping
        Content of arrow.json.

    Returns
    -------
    Figure
    """
    rows = [row for row in results["rows"] if row["part"] == "equilibrium"]
    with canvas(PAGE, 2.7) as figure:
        first, second, third = figure.subplots(1, 3)
        _atoms(first, next((row for row in reversed(rows) if row["ratio"]), rows[0]))
        _accumulated(second, rows)
        _ratios(third, rows)
    return figure


def _atoms(axes: Axes, row: Mapping[str, Any]) -> None:
    atoms = row["trainings"][0]["atoms"]
    total = sum(sum(of["histogram"]) for of in atoms.values())
    for (name, of), colour, text in zip(atoms.items(), (BLUE, RED), ("σ + δ", "σ − δ"), strict=True):
        counts = np.array(of["histogram"])
        edges = np.linspace(-_RANGE, _RANGE, len(counts) + 1)
        axes.stairs(np.maximum(counts / total, 1e-9), edges, fill=True, color=colour, alpha=0.7, label=f"at {text}")
        axes.axvline(row["odds"]["mean"] * (1 if name == "outer" else -1), color=BLACK, linewidth=0.6, linestyle=":")
    axes.set_yscale("log")
    axes.set_ylim(1e-6, 2)
    axes.set_xlabel("f (nats)")
    axes.set_ylabel("share of the collisions")
    axes.set_title(gas_name(row))
    axes.legend(loc="upper center")


def _accumulated(axes: Axes, rows: list[Mapping[str, Any]]) -> None:
    """What the state and the steps tell along a run, for a disk: two lines, as means are all that is kept."""
    for k, row in enumerate(rows):
        colour, style = COLOURS[k % len(COLOURS)], STYLES[k % len(STYLES)]
        told = row["trainings"][0]["nats"]["mean"] * row["collisions"] / row["runs"] / row["n"]
        ends = [0, row["free_times"]]
        axes.plot(ends, [0, told], color=colour, linestyle=style, label=gas_name(row))
        rise = row["state"]["collisions"]["rise"]
        axes.errorbar(ends[1:], [rise["mean"]], [2 * rise["error"]], color=colour, marker="o", markersize=3, capsize=2)
    axes.axhline(0, color=BLACK, linewidth=0.5)
    axes.set_xlabel("mean free times")
    axes.set_ylabel("told, nats a disk")
    axes.set_title("sum of f (lines), rise of h (marks)")
    axes.legend(loc="upper left")


def _ratios(axes: Axes, rows: list[Mapping[str, Any]]) -> None:
    most = 1
    for k, row in enumerate(rows):
        colour = COLOURS[k % len(COLOURS)]
        for name, filled in (("gas", True), ("disk", False)):
            points = row["theorem"][name]
            if points:
                numbers, ratios, errors = (np.array([of[key] for of in points]) for key in ("k", "ratio", "error"))
                most = max(most, int(numbers[-1]))
                axes.errorbar(
                    numbers + 0.06 * (k - 1), ratios, errors, color=colour, marker=MARKERS[k % len(MARKERS)],
                    markersize=3, linestyle="none", linewidth=0.8, markerfacecolor=colour if filled else "white",
                )  # fmt: skip
        axes.plot([0, most], np.array([0, most]) * row["odds"]["mean"], color=colour, linewidth=0.7)
    axes.set_xlabel("net count k")
    axes.set_ylabel("ln P(+k)/P(−k)")
    axes.set_title("windows of six (open: of a disk)")


def both_figure(results: Mapping[str, Any]) -> Figure:
    """From equal speeds: what a collision tells by its step and by the states, in time.

    Parameters
    ----------
    results : mapping
        Content of arrow.json.

    Returns
    -------
    Figure
    """
    rows = [row for row in results["rows"] if row["part"] == "equal speeds"]
    with canvas(PAGE, 2.6) as figure:
        panels = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
        for axes, row in zip(panels, rows, strict=True):
            curve = row["curve"]
            times, f, change = (np.array(curve[key]) for key in ("times", "pairs", "state"))
            axes.axhline(0, color=BLACK, linewidth=0.5)
            for values, name, colour, style, text in (
                (f, "pairs", BLUE, STYLES[0], "f"),
                (change, "state", RED, STYLES[1], "Δh"),
            ):
                axes.errorbar(times, values, 2 * np.array(curve[f"{name}_error"]), color=colour, linestyle=style,
                              label=text, elinewidth=0.6)  # fmt: skip
            axes.plot(times, f - change, color=ORANGE, linestyle=STYLES[2], label="f − Δh")
            axes.axhline(row["nats"]["mean"], color=BLACK, linewidth=0.6, linestyle=":")
            axes.set_title(gas_name(row))
            axes.set_xlabel("mean free times")
        panels[0].set_ylabel("mean of a collision (nats)")
        panels[0].legend(loc="upper right")
    return figure
