"""The exponent with which a measured quantity vanishes as N grows, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hthm import randomness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hthm.arrays import FloatArray

TRIED: Final = np.linspace(-1, 4, 2001)
"""Exponents that are tried; the best is the vertex of a parabola through it and its neighbours."""
RESAMPLED: Final = 1000
"""Times that the runs of each size are drawn anew, with repeats."""
SEEN: Final = 3.0
"""Standard errors from zero at which a quantity is said to be seen."""
LEAST_SIZES: Final = 2
"""At which it must be seen for an exponent."""


class Grouped(NamedTuple):
    """A quantity of some size: its means over groups of runs, and how many runs each has, (groups,) both."""

    values: FloatArray
    runs: FloatArray

    @property
    def mean(self) -> float:
        """Over all runs."""
        return float(np.average(self.values, weights=self.runs))

    @property
    def error(self) -> float:
        """Standard error of the mean, from the spread over the groups; NaN where there is one."""
        count = len(self.values)
        if count == 1:
            return float("nan")
        weighted = self.runs * (self.values - self.mean)
        return float(np.sqrt(np.square(weighted).sum() * count / (count - 1)) / self.runs.sum())

    @property
    def seen(self) -> bool:
        """Whether it is away from zero."""
        return abs(self.mean) > SEEN * self.error


class Exponent(NamedTuple):
    """Fit of amplitude · N^(-exponent).

    The error is half of what holds the middle 68 % of the fits to resampled runs. `misfit` is χ² over its degrees of
    freedom, NaN where there are none; where it is above 1 the error is that much wider, by its root.
    """

    exponent: float
    error: float
    amplitude: float
    misfit: float


def exponent(sizes: Sequence[int], measured: Sequence[Grouped]) -> Exponent | None:
    """Fit the power with which a quantity vanishes.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of disks N.
    measured : sequence of Grouped
        The quantity at each.

    Returns
    -------
    Exponent or None
        None where the quantity is seen at fewer than `LEAST_SIZES` of them: there is nothing to fit.

    Notes
    -----
    Weighted least squares of the means themselves, not of their logarithms, so that what is not seen at some size, and
    may come out of the other sign, still counts. For an exponent the best amplitude is known in closed form; exponents
    from -1 to 4 are tried.
    """
    if sum(one.seen for one in measured) < LEAST_SIZES:
        return None
    means, errors = (np.array([getattr(one, name) for one in measured]) for name in ("mean", "error"))
    powers = (np.array(sizes) / sizes[0])[:, np.newaxis] ** -TRIED  # (sizes, tried)
    weights = errors**-2.0
    best = _best(means[np.newaxis], weights, powers)[0]
    random = np.random.Generator(randomness.of_resampling())
    drawn = np.stack([_resampled(one, random) for one in measured], axis=1)  # (resampled, sizes)
    low, high = np.quantile(_best(drawn, weights, powers), [0.16, 0.84])
    fitted = (np.array(sizes) / sizes[0]) ** -best
    amplitude = (weights * means * fitted).sum() / (weights * fitted**2).sum()
    free = len(sizes) - 2
    squares = float((weights * np.square(means - amplitude * fitted)).sum())
    misfit = squares / free if free else float("nan")
    error = float(high - low) / 2 * max(1.0, misfit if free else 1.0) ** 0.5
    return Exponent(float(best), error, float(amplitude * sizes[0] ** best), misfit)


def _best(means: FloatArray, weights: FloatArray, powers: FloatArray) -> FloatArray:
    """The exponent of least squares for each row of means, (rows,)."""
    gain = np.square((means * weights) @ powers) / (weights @ powers**2)  # (rows, tried): what it takes off χ²
    at = np.clip(gain.argmax(axis=1), 1, len(TRIED) - 2)
    rows = np.arange(len(means))
    before, top, after = gain[rows, at - 1], gain[rows, at], gain[rows, at + 1]
    bend = before - 2 * top + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1), 0.0)
    best: FloatArray = TRIED[at] + np.clip(shift, -1, 1) * (TRIED[1] - TRIED[0])
    return best


def _resampled(one: Grouped, random: np.random.Generator) -> FloatArray:
    """Means over groups that are drawn anew with repeats, (resampled,)."""
    count = len(one.values)
    times = random.multinomial(count, np.full(count, 1 / count), RESAMPLED)  # (resampled, groups)
    weights = times * one.runs
    means: FloatArray = (weights @ one.values) / weights.sum(axis=1)
    return means
