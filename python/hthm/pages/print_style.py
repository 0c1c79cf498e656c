"""How all figures look: two-column sizes, for print and for the colour-blind, and how they are written."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hthm import files

DPI: Final = 300
"""Dots per inch of the PNG files."""
COLUMN, PAGE = 3.4, 7.0
"""Widths of one and of two columns of a paper, in inches."""

# Okabe & Ito, Color universal design (2008): told apart with any colour vision. Line styles say the same in grey.
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"
)  # fmt: skip
COLOURS: Final = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY)
STYLES: Final = ("-", (0, (4, 1.2)), (0, (1.2, 1)), (0, (5, 1.2, 1.2, 1.2)), (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS: Final = "osD^vP"


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """Give a figure of this size, in inches, that knows no window; what is drawn in the block is drawn for print."""
    with _for_print():
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def save_figure(figure: Figure, folder: str | os.PathLike[str], name: str) -> list[Path]:
    """Write a figure as PNG and as PDF, each file whole or not at all.

    Parameters
    ----------
    figure : Figure
        Drawn on a `canvas`.
    folder : path
        Where the files go.
    name : str
        Of the files, without suffix.

    Returns
    -------
    list of Path
        PNG before PDF.

    Raises
    ------
    OSError
        If the folder is missing or read-only, the disk is full, and so on.
    """
    paths = [Path(folder) / f"{name}.{suffix}" for suffix in ("png", "pdf")]
    for path in paths:
        files.write_bytes(path, _rendered(figure, path.suffix[1:]))
    return paths


def _rendered(figure: Figure, suffix: str) -> bytes:
    content = io.BytesIO()
    # Without a date the same series gives the same bytes.
    metadata = {"CreationDate": None} if suffix == "pdf" else None
    with _for_print():
        figure.savefig(content, format=suffix, dpi=DPI, metadata=metadata)
    return content.getvalue()


def _for_print() -> AbstractContextManager[None]:
    """Settings of all figures, for as long as one is drawn or saved."""
    return mpl.rc_context(
        {
            "font.family": "sans-serif",
            "font.size": 8,
            "figure.labelsize": 8,
            "axes.titlesize": 8,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "legend.fontsize": 7,
            "legend.frameon": False,
            "axes.linewidth": 0.6,
            "lines.linewidth": 1.1,
            "xtick.direction": "in",
            "ytick.direction": "in",
            "xtick.top": True,
            "ytick.right": True,
            "pdf.fonttype": 42,  # fonts that journals take
        }
    )
