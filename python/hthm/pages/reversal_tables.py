"""reversal.json for a reader: tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hthm.pages.decimals import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def reversal_markdown(results: Mapping[str, Any]) -> str:
    """Content of reversal.json in Markdown.

    Parameters
    ----------
    results : mapping
        As `hthm.command.reversal.measure_reversal` writes it; of an unfinished run parts are missing.

    Returns
    -------
    str
    """
    parts = []
    if results["legs"]:
        parts.append(_legs(results))
    if results["line"]:
        line = results["line"]
        parts.append(
            f"Decades lost on the way back, worst disk: {line['intercept']:.1f} + {line['slope']:.2f} t, "
            f"± {line['scatter']:.1f} of one start.\n"
        )
    if results["fixed_step"]:
        parts.append(_fixed_step(results["fixed_step"]))
    if results["learned"]:
        parts.append(_learned(results["learned"]))
    return "\n".join(parts)


def _legs(results: Mapping[str, Any]) -> str:
    legs = results["legs"]
    lines = [
        ["come back to the bit", *(f"{sum(leg['returned'])} of {len(leg['returned'])}" for leg in legs)],
        ["collisions retraced, median", *(_percent(float(np.median(leg["retraced"]))) for leg in legs)],
    ]
    for bins in legs[0]["won"]:
        lines.append([f"share of H won back, {bins} bins", *(_mean(leg["won"][bins]) for leg in legs)])
        lines.append(
            [f"first H that differs, {bins} bins, median frame", *(_first(leg["differs"][bins]) for leg in legs)]
        )
    lines.append(["collisions there, back", *(", ".join(map(str, leg["collisions"])) for leg in legs)])
    bits = results["bits_needed"]
    return (
        f"There and back in the exact engine; ± is the standard deviation of one start. By the rule of "
        f"docs/reversal.md it takes {bits} bits to come back to the bit.\n\n"
        + table(("", *(leg["precision"] for leg in legs)), lines, text=1)
    )


def _fixed_step(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        reasons = ", ".join(f"{count} {name}" for name, count in row["reasons"].items() if count)
        lines.append([row["turn"], _first(row["first"]), _first(row["wrong"]), reasons or "none", _mean(row["won"])])
    titles = ("turned", "first wrong frame, median", "disks wrong then, median", "why", "share of H won back, 50 bins")
    return "The fixed step, turned at either moment of a step.\n\n" + table(titles, lines, text=1)


def _learned(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        for way, stretches in row["pairs"].items():
            for stretch, of in stretches.items():
                cells = (f"{of['tilted']:+.2e}", f"{of['loss0']:+.2e}", f"{of['change']:+.2e}", _percent(of["rises"]))
                lines.append([row["name"], f"{way}, {stretch}", *cells])
    mirrors = "; ".join(
        f"{row['name']}: h of the frames that come back is the same to {row['mirror']:.1e}, h(v) − h(−v) varies "
        f"by {_share(row['odd'])} of the rise of h"
        for row in rows
    )
    return (
        "Losses of pairs of frames, trained to be low there; near the start are those within one unit of time of it."
        f"\n\n{table(('network', 'pairs', 'tilted', 'Loss0', 'mean Δh', 'h rises'), lines, text=2)}\n{mirrors}.\n"
    )


def _mean(values: Iterable[float | None]) -> str:
    known = np.array([value for value in values if value is not None])
    if not len(known):
        return "none"
    return f"{known.mean():.3f} ± {known.std():.3f}" if known.std() else f"{known.mean():.3g}"


def _first(values: Iterable[int | None]) -> str:
    known = [np.inf if value is None else value for value in values]
    middle = float(np.median(known))
    return "none" if np.isinf(middle) else f"{middle:.0f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.2g}"
