"""The fluctuation theorem of what collisions add up to: P(+x) / P(−x) = exp(βx) for sums over windows of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from hthm.measures.logistic_slope import logistic_slope
from hthm.measures.senses import run_of_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hthm.arrays import FloatArray
    from hthm.recording.collision_log import CollisionLog


class Slope(NamedTuple):
    """β and its standard error, from the spread over the runs; None where no sum, or every sum, is below zero."""

    value: float | None
    error: float | None


def window_sums(log: CollisionLog, values: FloatArray, window: float, duration: float) -> FloatArray:
    """Sum what the collisions of each window have.

    Parameters
    ----------
    log : CollisionLog
        Of an engine that knows times.
    values : (rows,) float64
        Of every collision.
    window, duration : float
        Of a window, and of the recording; a window that is not complete is left out.

    Returns
    -------
    (runs, windows) float64

    Raises
    ------
    ValueError
        If the log has no times.
    """
    return _sums(log, run_of_rows(log), values, window, duration, len(log.frame_offsets))


def disk_sums(log: CollisionLog, values: FloatArray, window: float, duration: float, n: int) -> FloatArray:
    """Sum what the collisions of each disk of each window have.

    Parameters
    ----------
    log, values, window, duration
        As `window_sums` takes them.
    n : int
        Disks of a run.

    Returns
    -------
    (runs, n · windows) float64
        A collision counts for both of its disks.
    """
    runs = run_of_rows(log) * n
    halves = [_sums(log, runs + log.pairs[:, k], values, window, duration, len(log.frame_offsets) * n) for k in (0, 1)]
    return (halves[0] + halves[1]).reshape(len(log.frame_offsets), -1)  # (runs n, windows) -> (runs, n windows)


def _sums(
    log: CollisionLog,
    of: np.ndarray[tuple[int], np.dtype[np.int64]],
    values: FloatArray,
    window: float,
    duration: float,
    count: int,
) -> FloatArray:
    """Sums by whom collisions are of, and by window, (count, windows)."""
    windows = int(duration / window)
    number = (_times(log) / window).astype(np.int64)
    inside = number < windows
    found = np.bincount(of[inside] * windows + number[inside], weights=values[inside], minlength=count * windows)
    return found.astype(np.float64, copy=False).reshape(count, windows)


def symmetry_slope(sums: FloatArray) -> Slope:
    """Return β of P(+x) / P(−x) = exp(βx), by maximum likelihood of the sign of x given its size.

    Parameters
    ----------
    sums : (runs, windows) float64
        Such as a net count. Windows without any tell nothing.

    Returns
    -------
    Slope

    Notes
    -----
    Logistic regression without a constant. The error is that of means over independent runs (White, Econometrica 48,
    817 (1980)), whatever windows of one run know of each other.
    """
    beta = logistic_slope(sums)
    if beta is None:
        return Slope(None, None)
    odds = expit(-beta * sums)
    of_runs = (sums * odds).sum(axis=1)
    runs = len(of_runs)
    spread = np.square(of_runs - of_runs.mean()).sum() * runs / max(1, runs - 1)
    return Slope(beta, float(np.sqrt(spread) / (np.square(sums) * odds * (1 - odds)).sum()))


def ratios(sums: FloatArray, least: int = 10) -> list[dict[str, float]]:
    """Logarithms of P(+k)/P(−k) of whole numbers k, with the error of counts, as long as both were seen.

    Parameters
    ----------
    sums : (runs, windows) float64
        Net counts.
    least : int
        Times that +k and −k must have been seen.

    Returns
    -------
    list of dict
        ``k``, ``ratio`` and ``error``, with k from 1 up.
    """
    counts = np.round(sums.ravel()).astype(np.int64)
    found: list[dict[str, float]] = []
    for k in range(1, int(np.abs(counts).max(initial=0)) + 1):
        more, less = int((counts == k).sum()), int((counts == -k).sum())
        if min(more, less) < least:
            break
        found.append({"k": k, "ratio": float(np.log(more / less)), "error": float(np.sqrt(1 / more + 1 / less))})
    return found


def at_once(log: CollisionLog, moment: float) -> NDArray[np.bool_]:
    """Return which collisions happen no later than a moment after the one before in the same run.

    Of chiral disks those are pairs that a third disk has turned round within their distance: they collide at once.

    Parameters
    ----------
    log : CollisionLog
        Of an engine that knows times.
    moment : float
        Far below the time between two collisions of the gas, and above rounding.

    Returns
    -------
    (rows,) bool

    Raises
    ------
    ValueError
        If the log has no times.
    """
    times = _times(log)
    found = np.zeros(len(times), dtype=bool)
    found[1:] = times[1:] - times[:-1] <= moment
    ends = log.frame_offsets[:, 0]
    found[ends[ends < len(times)]] = False  # the first of a run has none before it
    return found


def _times(log: CollisionLog) -> FloatArray:
    if log.times is None:
        raise ValueError("log: must have the times of the collisions, got none. Simulate with engine='event'.")
    return log.times


def lag_correlations(values: FloatArray, log: CollisionLog) -> tuple[FloatArray, FloatArray]:
    """Return the correlation of a collision's value with the next one's, of each run.

    Parameters
    ----------
    values : (rows,) float64
        Of every collision.
    log : CollisionLog

    Returns
    -------
    in_gas, of_disk : (runs,) float64
        The next collision anywhere in the gas, and the next of one of the two disks. NaN where all values are equal.
    """
    in_gas, of_disk = [], []
    for offsets in log.frame_offsets:
        rows = slice(int(offsets[0]), int(offsets[-1]))
        centred = values[rows] - values[rows].mean()
        variance = np.square(centred).mean() if centred.any() else np.nan
        in_gas.append((centred[1:] * centred[:-1]).mean() / variance)
        disks = log.pairs[rows].reshape(-1)
        order = np.argsort(disks, kind="stable")  # the collisions of a disk one after the other
        same = disks[order[1:]] == disks[order[:-1]]
        along = centred[order // 2]
        of_disk.append((along[1:] * along[:-1])[same].mean() / variance)
    return np.array(in_gas), np.array(of_disk)
