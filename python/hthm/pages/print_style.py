"""How all figures look: two-column sizes, for print and for the colour-blind, and how they are written."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm import files

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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
    "axes.titley": 1.0,  # where it is without ticks above the panel: else each drawing measures all ticks to find out
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
_LEFT_OUT: Final = "_drop_tables_default"
"""Where fontTools keeps which tables it leaves out of every font."""
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


def minor_ticks_at_once(panels: Sequence[Axes]) -> None:
    """Draw the minor ticks of the upright axis that panels share as two lines of marks in each, where they would be.

    matplotlib makes five artists of each tick, and measures them all: it took half the time of six panels. The limits
    of the axis are to be set before. Ticks that have numbers, as within a single decade, stay what they are.
    """
    from matplotlib import rcParams  # noqa: PLC0415 -- import hthm.pages is quick
    from matplotlib.markers import TICKLEFT, TICKRIGHT  # noqa: PLC0415 -- likewise
    from matplotlib.ticker import NullLocator  # noqa: PLC0415 -- likewise

    axis, (low, high) = panels[0].yaxis, panels[0].get_ylim()
    ticks = [tick for tick in axis.get_minorticklocs() if low <= tick <= high]
    if any(axis.get_minor_formatter().format_ticks(ticks)):
        return
    axis.set_minor_locator(NullLocator())  # of all: they share it
    for axes in panels:
        for side, mark in ((0.0, TICKRIGHT), (1.0, TICKLEFT)):
            axes.plot(
                [side] * len(ticks),
                ticks,
                transform=axes.get_yaxis_transform(),
                color=rcParams["ytick.color"],
                linestyle="none",
                marker=mark,
                markersize=rcParams["ytick.minor.size"],
                markeredgewidth=rcParams["ytick.minor.width"],
                clip_on=False,
                in_layout=False,
                zorder=axis.get_zorder(),
                scalex=False,
                scaley=False,
            )


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
    with _for_print():
        figure.set_dpi(DPI)
        engine = figure.get_layout_engine()
        if engine is not None:
            for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
                if not axis.label.get_text():  # has no place that would have to be found, from the size of all ticks
                    axis.set_label_coords(0.5, 0.5)
            engine.execute(figure)
            figure.set_layout_engine(None)  # the word "none" would leave a stand-in, for which savefig draws twice


def _rendered(figure: Figure, suffix: str) -> bytes:
    content = io.BytesIO()
    with _for_print():
        if suffix == "pdf":
            with _fonts_of_set_text():  # without a date the same series gives the same bytes
                figure.savefig(content, format="pdf", dpi=DPI, metadata={"CreationDate": None})
        else:
            figure.canvas.draw()
            _write_png(content, figure.canvas.buffer_rgba())  # type: ignore[attr-defined]  # the canvas is Agg's
    return content.getvalue()


def _write_png(content: io.BytesIO, pixels: memoryview) -> None:
    """Write what is drawn without its opacity, which is whole: a tenth less, in three quarters of savefig's time."""
    from PIL import Image  # noqa: PLC0415 -- import hthm.pages is quick

    Image.fromarray(np.asarray(pixels)).convert("RGB").save(content, "PNG", dpi=(DPI, DPI))


@contextmanager
def _fonts_of_set_text() -> Iterator[None]:
    """Leave out of fonts that are embedded what places one letter beside another: in a PDF they have their places.

    Reading those tables takes most of the time of a small font, and matplotlib has no setting that leaves them out.
    """
    from fontTools.subset import Options  # type: ignore[import-untyped]  # fontTools has no types  # noqa: PLC0415 -- import hthm.pages is quick

    before: list[str] | None = getattr(Options, _LEFT_OUT, None)
    if before is None:  # another version of fontTools: slower, and no worse
        yield
        return
    setattr(Options, _LEFT_OUT, [*before, "GDEF", "GPOS", "GSUB"])
    try:
        yield
    finally:
        setattr(Options, _LEFT_OUT, before)


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
