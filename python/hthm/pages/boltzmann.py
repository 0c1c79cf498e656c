"""H of the gas beside that of its Boltzmann equation: a figure, what results.json has of it, and a line of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hthm.engines.names import EXACT
from hthm.estimators import over_runs
from hthm.pages.decimals import number, with_error
from hthm.pages.print_style import BLACK, BLUE, PAGE, RED, STYLES, canvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from hthm.arrays import FloatArray
    from hthm.pages.series import Series


def boltzmann_json(
    H: FloatArray,  # noqa: N803 -- the paper's symbol
    boltzmann: FloatArray,
    times: FloatArray,
    seconds: float,
) -> dict[str, Any]:
    """What results.json says of the Boltzmann equation beside the gas.

    Parameters
    ----------
    H, boltzmann : (runs, frames) float64
        H of the gas and of the equation from the same starts.
    times : (frames,) float64
    seconds : float
        What it took.

    Returns
    -------
    dict
        `difference` is H of the gas less that of the equation: the one that is largest in size, with its standard
        error over the runs and the time from the start; `rms_over_error`, the root of the mean square of difference
        over error, is about 1 where there is none but by chance. Errors of a single run are null.
    """
    mean, error = _over_runs(H - boltzmann)
    largest = int(np.abs(mean).argmax())
    known = error > 0
    return {
        "runs": len(H),
        "difference": {
            "largest": float(mean[largest]),
            "sem": float(error[largest]) if len(H) > 1 else None,
            "time": float(times[largest]),
        },
        "rms_over_error": float(np.sqrt(np.square(mean[known] / error[known]).mean())) if known.any() else None,
        "seconds": seconds,
    }


def boltzmann_said(results: Mapping[str, Any]) -> str:
    """How far H of the gas is from that of its Boltzmann equation, in a line.

    Parameters
    ----------
    results : mapping
        Content of results.json.

    Returns
    -------
    str
        Empty where there is nothing to say, as in results of an older version.
    """
    of = results.get("boltzmann")
    if not of:
        return ""
    largest = of["difference"]
    line = (
        f"{with_error(largest['largest'], largest['sem'])} nats where it is largest, {number(largest['time'])} time "
        "units after the start"
    )
    if of["rms_over_error"] is not None:
        line += f"; {number(of['rms_over_error'], 2)} standard errors in the root mean square over the frames"
    if results["simulation"]["engine"] not in EXACT:
        line += ". A fixed step misses collisions; the exact engine does not, and is much nearer"
    return line


def boltzmann_figure(series: Series) -> Figure:
    """H of the gas, averaged over the runs, and of its Boltzmann equation; below, how far they are apart.

    Bands: in grey, the standard deviation of a single run of the gas; of the lines, two standard errors either way.

    Raises
    ------
    ValueError
        If the series has no H of the equation.
    """
    if series.boltzmann is None:
        raise ValueError("series: must have H of the Boltzmann equation, got none. Simulate runs of a gas.")
    runs, times = len(series.H), series.times
    with canvas(PAGE, 3.9) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        mean, error = _over_runs(series.H)
        if runs > 1:
            spread = np.sqrt(runs) * error
            above.fill_between(times, mean - spread, mean + spread, color="0.7", linewidth=0, label="a single run")
        curves = (
            (series.H, f"gas, mean (runs: {runs})", BLUE, STYLES[0]),
            (series.boltzmann, "Boltzmann equation (dsmc), mean", RED, STYLES[1]),
        )
        for values, label, colour, style in curves:
            mean, error = _over_runs(values)
            above.fill_between(times, mean - 2 * error, mean + 2 * error, color=colour, alpha=0.3, linewidth=0)
            above.plot(times, mean, color=colour, linestyle=style, label=label)
        mean, error = _over_runs(series.H - series.boltzmann)
        below.fill_between(times, mean - 2 * error, mean + 2 * error, color=BLUE, alpha=0.3, linewidth=0)
        below.plot(times, mean, color=BLUE, linewidth=0.9)
        below.axhline(0, color=BLACK, linewidth=0.5)
        above.set_ylabel("H (nats)")
        below.set_ylabel("difference (nats)")
        below.set_xlabel("time (time units)")
        below.set_xlim(0, times[-1])
        figure.align_ylabels()
        figure.legend(*above.get_legend_handles_labels(), loc="outside upper right", ncols=3)
    return figure


def _over_runs(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean of every frame over the runs, and its standard error; that of a single run is taken as zero."""
    if len(values) == 1:
        return values[0], np.zeros(values.shape[1])
    return over_runs(np.ascontiguousarray(values))
