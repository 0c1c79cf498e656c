"""How all figures look: two-column sizes, for print and for the colour-blind, and how they are written."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from hthm import files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


_SETTINGS: Final[dict[str, Any]] = {
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
_LOCK: Final = RLock()  # matplotlib's settings belong to the process: one thread has ours at a time


class FigureWarning(UserWarning):
    """A figure could not be drawn; everything else is there."""


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """Give a figure of this size, in inches, that knows no window; what is drawn in the block is drawn for print."""
    with _for_print():
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 -- after MPLBACKEND has been seen to
        from matplotlib.figure import Figure  # noqa: PLC0415 -- likewise

        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def save_figure(draw: Callable[[], Figure], folder: str | os.PathLike[str], name: str) -> list[Path]:
    """Draw a figure and write it as PNG and as PDF, each file whole or not at all.

    Parameters
    ----------
    draw : callable
        Returns the figure, drawn on a `canvas`.
    folder : path
        Where the files go.
    name : str
        Of the files, without suffix.

    Returns
    -------
    list of Path
        PNG before PDF; none where the figure could not be drawn.

    Raises
    ------
    OSError
        If the folder is missing or read-only, the disk is full, and so on.

    Warns
    -----
    FigureWarning
        If drawing fails, for whatever reason: hours of results are worth more than a picture of them.
    """
    paths = [Path(folder) / f"{name}.{suffix}" for suffix in ("png", "pdf")]
    try:
        figure = draw()
        _lay_out(figure)
        contents = [_rendered(figure, path.suffix[1:]) for path in paths]
    except Exception as error:  # noqa: BLE001 -- matplotlib, fonts, numbers nobody foresaw: never at the results' cost
        for path in paths:  # an older picture would show something else
            path.unlink(missing_ok=True)
        warnings.warn(
            f"{name}: could not be drawn, and is left out; everything else is written. "
            f"{type(error).__name__}: {' '.join(str(error).split())}",
            FigureWarning,
            stacklevel=2,
        )
        return []
    for path, content in zip(paths, contents, strict=True):
        files.write_bytes(path, content)
    return paths


def _lay_out(figure: Figure) -> None:
    """Put everything in its place once; matplotlib would do so, and draw everything for it, at each saving."""
    engine = figure.get_layout_engine()
    if engine is not None:
        with _for_print():
            figure.set_dpi(DPI)
            engine.execute(figure)
        figure.set_layout_engine("none")


def _rendered(figure: Figure, suffix: str) -> bytes:
    content = io.BytesIO()
    # Without a date the same series gives the same bytes.
    metadata = {"CreationDate": None} if suffix == "pdf" else None
    with _for_print():
        figure.savefig(content, format=suffix, dpi=DPI, metadata=metadata)
    return content.getvalue()


@contextmanager
def _for_print() -> Iterator[None]:
    """Settings of all figures, whatever the user's own are, for as long as one is drawn or saved."""
    _import_matplotlib()
    from matplotlib import style  # noqa: PLC0415 -- after MPLBACKEND has been seen to

    with _LOCK, style.context(["default", _SETTINGS]):
        yield


def _import_matplotlib() -> None:
    """Import matplotlib for the first time without MPLBACKEND, which may name what only a notebook has.

    We draw on canvases of our own and use no backend; one that matplotlib knows is set all the same, for the user.
    """
    if "matplotlib" in sys.modules:
        return
    with _LOCK:
        backend = os.environ.pop("MPLBACKEND", None)
        try:
            import matplotlib as mpl  # noqa: PLC0415 -- the very import this is about
        finally:
            if backend is not None:
                os.environ["MPLBACKEND"] = backend
        if backend:
            try:
                mpl.rcParams["backend"] = backend
            except ValueError:
                return
