"""Axes for the plots of results: the caller's, or those of a new figure. Colours and sizes are the caller's style."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def labelled(ax: Axes | None, x: str, y: str) -> Axes:
    """Return axes with these labels.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, optional
        The caller's; those of a new figure of pyplot's, which a notebook shows by itself, unless given.
    x, y : str
        What stands beside them, with its unit.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If they are no axes.
    """
    from matplotlib import pyplot as plt  # noqa: PLC0415 -- import hthm is quick
    from matplotlib.axes import Axes  # noqa: PLC0415 -- likewise

    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    elif not isinstance(ax, Axes):
        raise TypeError(f"ax: must be Axes of matplotlib's, got {type(ax).__name__}. pyplot.subplots() makes some.")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    return ax
