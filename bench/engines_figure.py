"""How `bench.compare` draws what it measured."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe & Ito, Color universal design (2008); markers say the same in grey.
STYLES = {
    "all_pairs": ("#000000", "s"),
    "cell_list": ("#E69F00", "^"),
    "sorted_cells": ("#0072B2", "o"),
    "neighbor_list": ("#009E73", "v"),
    "sweep_and_prune": ("#CC79A7", "D"),
    "event": ("#D55E00", "*"),
}


def draw(content: dict[str, Any]) -> bytes:
    """Return the picture as PNG.

    Parameters
    ----------
    content : dict
        As `bench.compare` makes it.

    Returns
    -------
    bytes
    """
    figure = Figure(figsize=(9.5, 3.9), layout="constrained")
    FigureCanvasAgg(figure)
    sizes, fractions, accuracy = figure.subplots(1, 3)
    _costs(sizes, content["by_size"])
    sizes.set_xlabel("disks, at the paper's area fraction")
    sizes.set_ylabel("cost (ns a disk and frame of 1/60)")
    _costs(fractions, content["by_area_fraction"])
    fractions.set_xlabel("area fraction, 1000 disks")
    shown = list(content["by_area_fraction"]["sorted_cells"])
    fractions.set_xticks(shown, [f"{fraction:.2g}" for fraction in shown])
    fractions.minorticks_off()
    fractions.sharey(sizes)
    rates = list(content["missed"])
    accuracy.errorbar(
        rates,
        [100 * share for share, _ in content["missed"].values()],
        [100 * error for _, error in content["missed"].values()],
        color=STYLES["sorted_cells"][0],
        marker="o",
        markersize=4,
        capsize=2,
        linewidth=1,
        label="any fixed step",
    )
    accuracy.axhline(0, color=STYLES["event"][0], linestyle="--", linewidth=1, label="event: exact")
    accuracy.set_xscale("log")
    accuracy.set_xticks(rates, [str(rate) for rate in rates])
    accuracy.minorticks_off()
    accuracy.set_xlabel("frame rate (frames per unit time)")
    accuracy.set_ylabel("collisions missed (%)")
    accuracy.legend(frameon=False)
    handles, labels = sizes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(
        f"One thread of {content['machine']}, rounds: {content['rounds']}, medians and extremes", fontsize=9
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=160)
    return picture.getvalue()


def _costs(axes: Axes, costs: dict[str, dict[float, Any]]) -> None:
    for name, by in costs.items():
        colour, marker = STYLES[name]
        median = [1e9 / 60 * timed.median for timed in by.values()]
        below = [1e9 / 60 * (timed.median - timed.least) for timed in by.values()]
        above = [1e9 / 60 * (timed.most - timed.median) for timed in by.values()]
        axes.errorbar(
            list(by),
            median,
            (below, above),
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1,
            capsize=2,
            label=name,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
