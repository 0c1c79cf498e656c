"""Our losses of every epoch beside the author's: a curve is a sharper check of a training than its last point.

``python -m bench.published_losses TABLES_JSON`` reads what `hthm tables` wrote and the author's losses, which lie
beside the repository (``--published``); it prints a table in Markdown, and draws with ``--draw FILE.png``. Without the
author's file it says so and ends.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import matplotlib as mpl
import numpy as np
import tyro
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hthm import files
from hthm.pages import decimals

Array = NDArray[np.float64]

PUBLISHED: Final = Path("../shared/published_losses.csv")
_SETTINGS: Final[dict[Any, Any]] = {"font.size": 8, "axes.linewidth": 0.6, "legend.frameon": False, "axes.titlesize": 8}
_OURS, _THEIRS = "#56B4E9", "#000000"  # Okabe & Ito, Color universal design (2008)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Compare the losses of every epoch with the author's."""

    tables: Annotated[Path, tyro.conf.Positional]
    """tables.json of `hthm tables`."""
    published: Path = PUBLISHED
    """The author's losses: width,epoch,loss,loss0."""
    draw: Path | None = None
    """A PNG to draw."""


def read_published(path: Path) -> dict[int, Array]:
    """The author's mean losses (11), (epochs,), by width."""
    losses: dict[int, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found = losses.setdefault(int(row["width"]), [])
            assert int(row["epoch"]) == len(found), f"{path}: epochs must be in order, from 0"
            found.append(float(row["loss"]))
    return {width: np.array(found) for width, found in losses.items()}


def read_ours(path: Path) -> dict[int, Array]:
    """Our mean losses (11), (seeds, epochs), by width."""
    models = json.loads(path.read_text(encoding="utf-8"))["models"]
    return {int(width): np.array([one["loss"] for one in model["trainings"]]) for width, model in models.items()}


def table(ours: Mapping[int, Array], published: Mapping[int, Array]) -> str:
    """Compare the curves of every width that both have, in Markdown.

    Within ours: share of the epochs in which the published loss lies between our least and most. From mean: distance
    from the mean of our seeds, averaged over the epochs, of each of ours and of the published; most: the largest of the
    latter, and its epoch. Distances are shares of how deep the published curve falls below zero.
    """
    lines = []
    for width in sorted(ours.keys() & published.keys()):
        mine, theirs = ours[width], published[width]
        assert mine.shape[1] == len(theirs), f"D = {width}: must have {len(theirs)} epochs, got {mine.shape[1]}"
        mean, depth = mine.mean(axis=0), -theirs.min()
        within = (mine.min(axis=0) <= theirs) & (theirs <= mine.max(axis=0))  # (epochs,)
        away, seeds_away = np.abs(theirs - mean) / depth, np.abs(mine - mean).mean(axis=0) / depth
        lowest = ", ".join(f"{curve.min():.4f} ({curve.argmin()})" for curve in mine)
        row = [f"{width}", f"{len(mine)}", lowest, f"{theirs.min():.4f} ({theirs.argmin()})", f"{within.mean():.0%}"]
        lines.append([*row, f"{seeds_away.mean():.2%}", f"{away.mean():.2%}", f"{away.max():.1%}, {away.argmax()}"])
    titles = ("D", "seeds", "lowest (epoch), ours", "published", "within ours")
    return decimals.table((*titles, "ours from mean", "published from mean", "most"), lines)


def draw(ours: Mapping[int, Array], published: Mapping[int, Array]) -> bytes:
    """Return the curves of every width that both have, as PNG."""
    widths = sorted(ours.keys() & published.keys())
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(7, 2.6), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, width in zip(np.atleast_1d(figure.subplots(1, len(widths), sharey=True)), widths, strict=True):
            for number, curve in enumerate(ours[width]):
                axes.plot(
                    curve, color=_OURS, linewidth=1, label=f"ours, {len(ours[width])} seeds" if not number else None
                )
            axes.plot(published[width], color=_THEIRS, linewidth=0.8, linestyle=(0, (4, 1.2)), label="published")
            axes.axhline(0, color="0.6", linewidth=0.5)
            axes.set(title=f"D = {width}", xlabel="epoch, from 0")
            axes.legend()
        figure.get_axes()[0].set_ylabel("mean loss, eq. (11)")
        page = io.BytesIO()
        figure.savefig(page, dpi=200, metadata={"Software": None})
    return page.getvalue()


def main() -> None:
    """Print the table, and draw where that is asked for."""
    options = tyro.cli(Options, description=__doc__)
    if not options.published.is_file():
        print(f"Skipped: there is no {options.published} with the author's losses. Name it with --published.")
        return
    ours, published = read_ours(options.tables), read_published(options.published)
    print(table(ours, published))
    if options.draw is not None:
        files.write_bytes(options.draw, draw(ours, published))


if __name__ == "__main__":
    main()
