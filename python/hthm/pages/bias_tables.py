"""estimators.json for a reader: a table, and figures of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hthm.pages.decimals import table
from hthm.pages.print_style import BLACK, COLOURS, MARKERS, PAGE, STYLES, canvas
from hthm.published import FRAME_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure


_MOVED = (
    "H of the paper's gas; in brackets its least and its most, as the range of the bins is made up to 2 % narrower or "
    "wider.\n"
)


def bias_markdown(results: Mapping[str, Any]) -> str:
    """Content of estimators.json in Markdown.

    Parameters
    ----------
    results : mapping
        As `hthm.command.bias.measure_bias` writes it.

    Returns
    -------
    str
    """
    names = list(results["rows"][0]["estimators"]) if results["rows"] else []
    rows = []
    for row in results["rows"]:
        cells = [f"{one['bias']:+.4f} ± {one['spread']:.4f}" for one in map(row["estimators"].get, names)]
        rows.append([row["density"], f"{row['size']}", f"{row['sets']}", f"{row['exact']:.4f}", *cells])
    text = (
        "Bias of H, its mean over the sets less the exact value, ± standard deviation of one set, in nats; velocities "
        "and speeds in units of s0. Histograms have 50 bins a component, over four thermal speeds either way, and over "
        "[0, 2 s0] for speeds, of which 1.8 % are beyond: their bias includes that. Neighbours: the fourth nearest. "
        "Kernel: Silverman's bandwidth.\n\n" + table(("density", "N", "sets", "H", *names), rows, text=1)
    )
    edges = results["edges"]
    if edges is None:
        return text
    middle = len(edges["shifts"]) // 2
    lines = []
    for bins in edges["first"]:
        first, last = edges["first"][bins], edges["last"][bins]
        cells = [f"{moved[middle]:.3f} ({min(moved):.3f} … {max(moved):.3f})" for moved in (first, last)]
        lines.append([f"{bins} bins", *cells])
    lines += [[name, f"{h[0]:.3f}", f"{h[-1]:.3f}"] for name, h in edges["curves"].items() if "float32" in name]
    return "\n".join((text, _MOVED, table(("bins", "first frame", "last frame"), lines, text=1)))


def bias_figure(results: Mapping[str, Any]) -> Figure:
    """Size of the bias, and spread, of every estimator against the number of samples, a panel a density.

    Parameters
    ----------
    results : mapping
        As `bias_markdown` takes it.

    Returns
    -------
    Figure
    """
    densities = list(dict.fromkeys(row["density"] for row in results["rows"]))
    columns = min(3, len(densities))
    lines = -(-len(densities) // columns)
    with canvas(PAGE, 0.6 + 2.1 * lines) as figure:
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, density in zip(grid, densities, strict=False):
            rows = sorted((row for row in results["rows"] if row["density"] == density), key=lambda row: row["size"])
            sizes = [row["size"] for row in rows]
            for k, name in enumerate(rows[0]["estimators"]):
                bias = np.array([abs(row["estimators"][name]["bias"]) for row in rows])
                spread = np.array([row["estimators"][name]["spread"] for row in rows])
                colour = COLOURS[k % len(COLOURS)]
                axes.plot(sizes, bias, color=colour, marker=MARKERS[k % len(MARKERS)], markersize=3, label=name)
                axes.plot(sizes, spread, color=colour, linestyle=STYLES[2], linewidth=0.7)
            axes.set_title(density)
            axes.set_xscale("log")
            axes.set_yscale("log")
        for axes in grid[len(densities) :]:
            axes.set_axis_off()
        figure.supxlabel("samples N")
        figure.supylabel("|bias| (marks) and spread (dotted), nats")
        figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def edges_figure(results: Mapping[str, Any]) -> Figure:
    """H of the paper's gas in shifted bins, of the first frame and of the last, and against time.

    Parameters
    ----------
    results : mapping
        As `bias_markdown` takes it.

    Returns
    -------
    Figure
    """
    edges = results["edges"]
    with canvas(PAGE, 2.7) as figure:
        moved, followed = figure.subplots(1, 2)
        shifts = 100 * np.array(edges["shifts"])
        for k, bins in enumerate(edges["first"]):
            for style, frame in ((STYLES[0], "first"), (STYLES[1], "last")):
                label = f"{bins} bins, {frame} frame"
                moved.plot(shifts, edges[frame][bins], color=COLOURS[k], linestyle=style, label=label)
        moved.axvline(0, color=BLACK, linewidth=0.5)
        moved.set_xlabel("range of the bins beyond 2 s0 (%)")
        moved.set_ylabel("H of the speeds (nats)")
        for k, (name, values) in enumerate(edges["curves"].items()):
            times = (1 + np.arange(len(values))) / FRAME_RATE
            followed.plot(times, values, color=COLOURS[k], linestyle=STYLES[k % len(STYLES)], label=name)
        followed.set_xlabel("time")
        handles, labels = moved.get_legend_handles_labels()
        more, names = followed.get_legend_handles_labels()
        figure.legend(handles + more, labels + names, loc="outside lower center", ncols=4)
    return figure
