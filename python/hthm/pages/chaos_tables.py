"""chaos.json for a reader: tables, and figures of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.pages.decimals import NONE, number, table, with_error
from hthm.pages.print_style import BLACK, BLUE, COLOURS, PAGE, RED, STYLES, canvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

TITLES: Final = {
    "speeds": "H of the speeds (nats)",
    "velocities": "H of the velocities (nats)",
    "contact": "pairs at contact",
    "rate": "collisions, of Enskog's",
    "correlation": "v₁ · v₂ / T at collision",
    "recollisions": "share of recollisions",
}
"""What is measured, as tables and panels call it."""
_SIDES: Final = ("gas", "equation", "difference")
_HEAD: Final = (
    "The gas beside its Boltzmann equation of as many disks, from the same starts, Nσ = {:g}: means over 16 mean free "
    "times and all runs, with standard errors. What is measured: docs/chaos.md.\n"
)
_EXPONENTS: Final = (
    "Exponent with which the difference vanishes, N^(−exponent); misfit: χ² over its degrees of freedom, by whose root "
    "the error is widened where it is above 1: the difference is then no single power.\n"
)
_CONTROL: Final = (
    "The control: velocities turned round a mean free time after the start. H of the gas less that of the equation, a "
    "mean free time later.\n"
)


def chaos_markdown(results: Mapping[str, Any]) -> str:
    """Content of chaos.json in Markdown.

    Parameters
    ----------
    results : mapping
        As `hthm.command.chaos.measure_chaos` writes it.

    Returns
    -------
    str
    """
    config, found = results["config"], results["summary"]
    rows = [
        [
            title,
            f"{of['size']}",
            f"{of['runs']}",
            *(with_error(*of["measures"][name][side].values()) for side in _SIDES),
        ]
        for name, title in TITLES.items()
        for of in found["sizes"]
    ]
    lines = []
    for name, title in TITLES.items():
        fit = found["exponents"][name]
        if fit is None:
            lines.append([title, "not seen", NONE, NONE])
            continue
        steps = ", ".join(
            f"{step['from']} → {step['to']}: {with_error(step['exponent'], step['error'])}" for step in fit["steps"]
        )
        lines.append([title, with_error(fit["exponent"], fit["error"]), number(fit["misfit"], 2), steps or NONE])
    turned = [
        [f"{of['size']}", *(with_error(*of["turned"][name].values()) for name in ("speeds", "velocities"))]
        for of in found["sizes"]
        if of["turned"]
    ]
    parts = (
        _HEAD.format(config["diameters"]),
        table(("measured", "N", "runs", "gas", "Boltzmann equation", "difference"), rows, text=1),
        _EXPONENTS,
        table(("difference of", "exponent", "misfit", "from size to size"), lines, text=1),
        _CONTROL,
        table(("N", "speeds (nats)", "velocities (nats)"), turned, text=0),
    )
    return "\n".join(parts)


def vanishing_figure(results: Mapping[str, Any]) -> Figure:
    """What the gas has and its Boltzmann equation has not, against N, a panel a measure, with the fitted powers.

    Parameters
    ----------
    results : mapping
        As `chaos_markdown` takes it.

    Returns
    -------
    Figure
        Bars are standard errors; where they reach zero they go to the foot of the panel. Open marks: the gas has less.
    """
    found = results["summary"]
    sizes = np.array([of["size"] for of in found["sizes"]])
    with canvas(PAGE, 4.6) as figure:
        for axes, (name, title) in zip(figure.subplots(2, 3, sharex=True).flat, TITLES.items(), strict=True):
            means, errors = (
                np.array([of["measures"][name]["difference"][key] or 0.0 for of in found["sizes"]])
                for key in ("mean", "error")
            )
            for size, mean, error in zip(sizes, means, errors, strict=True):
                axes.errorbar(
                    size, abs(mean), error, color=BLUE, marker="o", markersize=4, capsize=2, linewidth=0.8,
                    markerfacecolor=BLUE if mean > 0 else "white",
                )  # fmt: skip
            axes.set_xscale("log")
            axes.set_yscale("log")
            reached = np.abs(means) + errors
            axes.set_ylim(max(0.2 * min(reached[reached > 0], default=1e-3), 1e-9), 3 * max(reached.max(), 1e-8))
            fit = found["exponents"][name]
            text = "not seen"
            if fit is not None:
                axes.plot(sizes, abs(fit["amplitude"]) * sizes ** -fit["exponent"], color=RED, linestyle=STYLES[1])
                text = f"exponent {with_error(fit['exponent'], fit['error'])}"
            axes.set_title(f"{title}\n{text}")
        figure.supxlabel("N, at fixed Nσ")
        figure.supylabel("size of gas less Boltzmann equation (open: gas has less)")
    return figure


def curves_figure(results: Mapping[str, Any]) -> Figure:
    """H of the gas less that of its Boltzmann equation in time, a curve a size, in bands of two standard errors.

    Parameters
    ----------
    results : mapping
        As `chaos_markdown` takes it.

    Returns
    -------
    Figure
    """
    with canvas(PAGE, 2.9) as figure:
        panels = figure.subplots(1, 2)
        for axes, name in zip(panels, ("speeds", "velocities"), strict=True):
            axes.axhline(0, color=BLACK, linewidth=0.5)
            for k, of in enumerate(results["summary"]["sizes"]):
                curve, colour = of["curves"][name], COLOURS[k % len(COLOURS)]
                times, difference, error = (np.array(curve[key]) for key in ("times", "difference", "error"))
                axes.fill_between(
                    times, difference - 2 * error, difference + 2 * error, color=colour, alpha=0.2, linewidth=0
                )
                label = f"N = {of['size']}"
                axes.plot(times, difference, color=colour, linestyle=STYLES[k % len(STYLES)], label=label)
            axes.set_title(TITLES[name])
            axes.set_xlabel("mean free times")
            axes.set_xlim(0, times[-1])
        panels[0].set_ylabel("gas less Boltzmann equation")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure
