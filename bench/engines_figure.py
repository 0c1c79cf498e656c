"""How `bench.compare` draws what it measured."""

from __future__ import annotations

import io
import itertools
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Point = dict[str, Any]

# Okabe & Ito, Color universal design (2008); markers say the same in grey.
_LOOKS: Final = {
    "all_pairs": ("#E69F00", "v"),
    "cell_list": ("#56B4E9", "s"),
    "sorted_cells": ("#0072B2", "o"),
    "neighbor_list": ("#009E73", "^"),
    "sweep_and_prune": ("#CC79A7", "D"),
    "event": ("#D55E00", "P"),
    "author's NumPy": ("0.45", "x"),
    "SciPy k-d tree": ("0.45", "+"),
}
_OTHERS: Final = (("#000000", "*"), ("#000000", "h"), ("#000000", "1"))
"""Of programs beside the engines, in their order."""
_BY_DENSITY: Final = (("#0072B2", "o"), ("#009E73", "^"), ("#CC79A7", "D"))
_SETTINGS: Final[dict[Any, Any]] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.0,
    "lines.markersize": 4,
    "xtick.direction": "in",
    "ytick.direction": "in",
}


def draw(found: dict[str, Any]) -> bytes:
    """Return the picture as PNG.

    Parameters
    ----------
    found : dict
        As `bench.compare` makes it.

    Returns
    -------
    bytes
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(7, 6.8), layout="constrained")
        FigureCanvasAgg(figure)
        (size, density), (accuracy, price) = figure.subplots(2, 2)
        _draw_costs(size, found["by_size"], "n")
        size.set_title("a  cost against size, the paper's area fraction")
        size.set_xlabel("disks")
        engines = [cost for cost in found["by_density"] if not cost["name"].startswith(("author", "SciPy"))]
        _draw_costs(density, engines, "area_fraction")
        density.set_title("b  cost against density, 1000 disks")
        density.set_xlabel("area fraction")
        shown = sorted({cost["area_fraction"] for cost in engines})
        density.set_xticks(shown, [f"{fraction:.2g}" for fraction in shown])
        density.minorticks_off()
        _draw_missed(accuracy, found["missed"])
        _draw_price(price, found)
        handles, labels = size.get_legend_handles_labels()
        title = "filled: the fastest at that point"
        figure.legend(handles, labels, loc="outside upper center", ncols=5, title=title, title_fontsize=7)
        figure.supxlabel(_small_print(found), fontsize=6, x=0.01, ha="left")
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=200)
        return picture.getvalue()


def _draw_costs(axes: Axes, costs: list[Point], key: str) -> None:
    fastest: dict[float, float] = {}
    for cost in costs:
        fastest[cost[key]] = min(fastest.get(cost[key], cost["seconds"]["median"]), cost["seconds"]["median"])
    names = dict.fromkeys(cost["name"] for cost in costs)
    looks = _LOOKS | dict(zip((name for name in names if name not in _LOOKS), itertools.cycle(_OTHERS), strict=False))
    for name in names:
        colour, marker = looks[name]
        mine = [cost for cost in costs if cost["name"] == name]
        at = [cost[key] for cost in mine]
        spreads = [cost["seconds"] for cost in mine]
        medians = [1e9 * spread["median"] for spread in spreads]
        below = [1e9 * (spread["median"] - spread["least"]) for spread in spreads]
        above = [1e9 * (spread["most"] - spread["median"]) for spread in spreads]
        axes.errorbar(
            at,
            medians,
            (below, above),
            color=colour,
            linestyle="-" if name in _LOOKS and colour != "0.45" else "--",
            marker=marker,
            markerfacecolor="none",
            elinewidth=0.7,
            label=name,
        )
        won = [k for k, spread in enumerate(spreads) if spread["median"] == fastest[at[k]]]
        axes.plot([at[k] for k in won], [medians[k] for k in won], linestyle="none", marker=marker, color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylabel("cost (ns a disk and unit of time)")


def _draw_missed(axes: Axes, missed: list[Point]) -> None:
    for (colour, marker), (fraction, mine) in zip(_BY_DENSITY, _by_fraction(missed), strict=False):
        axes.errorbar(
            [point["frame_rate"] for point in mine],
            [100 * point["share"] for point in mine],
            [100 * point["error"] for point in mine],
            color=colour,
            marker=marker,
            markerfacecolor="none",
            elinewidth=0.7,
            label=f"fixed step, area fraction {fraction:.2g}",
        )
    axes.axhline(0, color=_LOOKS["event"][0], linestyle=":", label="event: none")
    axes.set_xscale("log")
    rates = sorted({point["frame_rate"] for point in missed})
    axes.set_xticks(rates, [str(rate) for rate in rates])
    axes.minorticks_off()
    axes.set_title("c  what a fixed step misses")
    axes.set_xlabel("frame rate (frames per unit time)")
    axes.set_ylabel("collisions missed (%)")
    axes.set_ylim(top=118)  # room for the legend
    axes.legend(loc="upper right")


def _draw_price(axes: Axes, found: dict[str, Any]) -> None:
    exact = {cost["area_fraction"]: cost["seconds"] for cost in found["by_density"] if cost["name"] == "event"}
    for (colour, marker), (fraction, mine) in zip(_BY_DENSITY, _by_fraction(found["missed"]), strict=False):
        known = [point for point in mine if point["share"] > 2 * point["error"]]  # the rest may as well be none
        axes.plot(
            [100 * point["share"] for point in known],
            [1e9 * point["seconds"] for point in known],
            color=colour,
            marker=marker,
            markerfacecolor="none",
        )
        if fraction in exact:
            axes.axhline(1e9 * exact[fraction]["median"], color=colour, linestyle=":")
    axes.plot([], [], color="0.3", marker="o", markerfacecolor="none", label="fastest fixed step, by frame rate")
    axes.plot([], [], color="0.3", linestyle=":", label="event, which misses none")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.invert_xaxis()
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top * 6)  # room for the legend
    axes.set_title("d  what accuracy costs, colours as in c")
    axes.set_xlabel("collisions missed (%)")
    axes.set_ylabel("cost (ns a disk and unit of time)")
    axes.legend(loc="upper left")


def _by_fraction(missed: list[Point]) -> list[tuple[float, list[Point]]]:
    fractions = sorted({point["area_fraction"] for point in missed})
    return [(fraction, [point for point in missed if point["area_fraction"] == fraction]) for fraction in fractions]


def _small_print(found: dict[str, Any]) -> str:
    return (
        f"{found['machine']}, {found['vectors']}; {found['compiler']}; hthm {found['hthm']}, {found['date']}. "
        f"CPU time of one thread on one core, medians of {found['rounds']} interleaved rounds, bars: least and most.\n"
        "Disks as large and fast as the paper's, 60 frames per unit time in a and b, set-up and recording left out."
    )
