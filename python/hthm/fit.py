"""How well a functional h agrees with H: affine fits, and when a training reaches its critical epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm import checks
from hthm.axes import labelled
from hthm.reprs import OneLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hthm.arrays import FloatArray

_LEAST_POWER, _MOST_POWER = -450, 500  # of two: spreads whose squares, and their sum, float64 holds
_MOST_RATIO: Final = 900  # powers of two between the spreads of H and h: the slope is a number on either side
_SAFE: Final = (2.0**-100, 2.0**100)
_ROUNDING: Final = 8 * float(np.finfo(np.float64).eps)
"""An h that varies by less than this beside its size varies by rounding alone."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A quantity over the runs.

    Attributes
    ----------
    mean : float
    variance : float
        Population variance, as the paper's.
    sem : float
        Standard error of the mean, from the sample variance; NaN for a single run.
    cv : float
        Coefficient of variation: population standard deviation / |mean|; infinite where the mean is 0.
    """

    mean: float
    variance: float
    sem: float
    cv: float


def summarize(values: FloatArray) -> Summary:
    """Return mean and spread of one value a run.

    Parameters
    ----------
    values : (runs,) float64

    Raises
    ------
    TypeError, ValueError
        If the values have another dtype or shape, are not finite, or float64 cannot hold their variance.
    """
    checks.array("values", values, dtype=np.float64, shape=("runs",))
    exponent = int(_exponents(values, None).item())
    scaled = np.ldexp(values, -exponent)
    runs, mean, std = len(values), float(scaled.mean()), float(scaled.std())
    if (values == values[0]).all():  # whose mean may be rounded
        mean, std = float(scaled[0]), 0.0
    power = math.frexp(std)[1] + exponent
    if std and not _LEAST_POWER <= power <= _MOST_POWER:
        raise ValueError(
            f"values: must have a spread of 0, or between 2^{_LEAST_POWER} and 2^{_MOST_POWER}, whose square float64 "
            f"holds, got about 2^{power}. Choose another unit."
        )
    return Summary(
        mean=math.ldexp(mean, exponent),
        variance=math.ldexp(std**2, 2 * exponent),
        sem=math.ldexp(std / math.sqrt(runs - 1), exponent) if runs > 1 else math.nan,
        cv=std / abs(mean) if mean else math.inf,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AffineFit(OneLine):
    """H ≈ a·h + b, one fit a run.

    Attributes
    ----------
    a, b : (runs,) float64
        Slope and intercept.
    mse : (runs,) float64
        Mean over the frames of (H − a·h − b)².
    h, H : (runs, frames) float64, or None
        What was fitted to what, for `plot`: the very arrays, no copies.
    """

    a: FloatArray
    b: FloatArray
    mse: FloatArray
    h: FloatArray | None = None
    H: FloatArray | None = None

    def _parts(self) -> list[tuple[str, Any]]:
        return [("runs", len(self.a)), ("mean_mse", float(self.mse.mean()))]

    def _nbytes(self) -> int:
        return self.a.nbytes + self.b.nbytes + self.mse.nbytes

    def plot(self, run: int = 0, *, times: FloatArray | None = None, ax: Axes | None = None) -> Axes:
        """Draw H of a run and a·h + b, the line's answer to it.

        Parameters
        ----------
        run : int
            Which run.
        times : (frames,) float64, optional
            Times of the frames, ``traj.times``; frames are counted unless given.
        ax : matplotlib.axes.Axes, optional
            Where to draw; on those of a new figure unless given. It is for the caller to show it.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        TypeError, ValueError
            If there is no such run, the times are not one a frame, or `affine_fit` did not make this, with h and H.
        """
        if self.h is None or self.H is None:
            raise ValueError("fit: must have h and H to be drawn, got none. Make it with affine_fit(h, H).")
        run = checks.integer("run", run, least=0, most=len(self.a) - 1)
        ax = labelled(ax, "frame" if times is None else "time (time units)", "H (nats)")
        times = np.arange(1.0, self.H.shape[1] + 1) if times is None else times
        checks.array("times", times, dtype=np.float64, shape=self.H.shape[1:])
        ax.plot(times, self.H[run], color="0.6", label=f"H of run {run}")
        ax.plot(times, self.a[run] * self.h[run] + self.b[run], color="C0", label="a h + b")
        ax.legend()
        return ax

    def __call__(self, h: FloatArray) -> FloatArray:
        """Return a·h + b, the H that h stands for, (runs, frames).

        Raises
        ------
        TypeError, ValueError
            If h has another dtype or number of runs, is not finite, or so large that a·h + b is not.
        """
        checks.array("h", h, dtype=np.float64, shape=(len(self.a), "frames"))
        with np.errstate(over="ignore", invalid="ignore"):
            fitted: FloatArray = self.a[:, np.newaxis] * h + self.b[:, np.newaxis]
        if not np.isfinite(fitted).all():
            raise ValueError(f"h: must give a finite a·h + b, got up to {np.abs(h).max():g}. Take the h of the fit.")
        return fitted


def affine_fit(h: FloatArray, H: FloatArray) -> AffineFit:  # noqa: N803 -- the paper's symbol
    """Fit H ≈ a·h + b to every run by least squares over its frames.

    Parameters
    ----------
    h, H : (runs, frames) float64, C order
        The functional and what it is compared with; at least 2 frames.

    Raises
    ------
    TypeError, ValueError
        If one has another dtype, shapes differ, a value is not finite, or h is constant along a run.

    Notes
    -----
    Eqs. (15) and (16) of arXiv:2508.14003. Both are centred first: the published D = 16 has h ≈ −21.1 with a spread of
    0.008, and normal equations of what is not centred would lose 7 digits.

    Examples
    --------
    >>> fit = affine_fit(np.array([[0.0, 1.0, 2.0]]), np.array([[5.0, 3.0, 1.0]]))
    >>> float(fit.a[0]), float(fit.b[0]), float(fit.mse[0])
    (-2.0, 5.0, 0.0)
    """
    checks.array("h", h, dtype=np.float64, shape=("runs", "frames"))
    checks.array("H", H, dtype=np.float64, shape=("runs", "frames"))
    checks.same_shape("H", H, "h", h)
    if h.shape[1] < 2:  # noqa: PLR2004 -- two points make a line
        raise ValueError(f"h: must have at least 2 frames, got {h.shape[1]}. A line needs two points.")
    # Powers of two are exact: what is fitted is of order 1, whatever the units.
    h_power, H_power = _exponents(h, 1), _exponents(H, 1)  # (runs, 1)  # noqa: N806 -- the paper's symbol
    h_start, h_mean, h_deviation = _centred(np.ldexp(h, -h_power))
    H_start, H_mean, H_deviation = _centred(np.ldexp(H, -H_power))  # noqa: N806 -- the paper's symbol
    spread = np.abs(h_deviation).max(axis=1, keepdims=True)  # (runs, 1)
    sizes = np.abs(np.ldexp(h, -h_power)).max(axis=1, keepdims=True)
    constant = np.flatnonzero(spread <= _ROUNDING * sizes)
    if len(constant):
        raise ValueError(
            f"h: must vary along every run, got {h[constant[0], 0]:.17g} in all frames of run {constant[0]}"
            f"{f' and {len(constant) - 1} more' if len(constant) > 1 else ''}. "
            "A constant cannot be fitted to H: look whether the network has learned anything."
        )
    _check_powers(np.frexp(spread)[1] + h_power, np.abs(H_deviation).max(axis=1, keepdims=True), H_power)
    unit = h_deviation / spread  # at most 1, so that no square vanishes
    a = (unit * H_deviation).sum(axis=1, keepdims=True) / np.square(unit).sum(axis=1, keepdims=True)  # times spread
    mse = np.square(H_deviation - a * unit).mean(axis=1)
    a = a / spread
    b = H_start + (H_mean - a * h_mean) - a * h_start
    return AffineFit(
        a=np.ldexp(a, H_power - h_power)[:, 0],
        b=np.ldexp(b, H_power)[:, 0],
        mse=np.ldexp(mse, 2 * H_power[:, 0]),
        h=h,
        H=H,
    )


def deviation_correlation(h: FloatArray, H: FloatArray, *, first: int = 5, last: int = 60) -> float | None:  # noqa: N803 -- the paper's symbol
    """Correlation over the runs of −h and H at the same frame, the mean over frames in which H relaxes.

    Parameters
    ----------
    h, H : (runs, frames) float64, C order
        The functional, which rises, and H.
    first, last : int
        Frames, counted from 0, both included; the last one there is where there are fewer.

    Returns
    -------
    float or None
        1 where −h follows every run's own H; near 0 for what knows the time alone, however well a line fits it. None
        where there is a single run, or h does not differ between the runs.

    Raises
    ------
    TypeError, ValueError
        If one has another dtype or shape, is not finite, or there is no frame `first`.

    Examples
    --------
    >>> H = np.array([[3.0, 2.0], [5.0, 1.0]])
    >>> deviation_correlation(-H, H, first=0), deviation_correlation(H, H, first=0)
    (1.0, -1.0)
    """
    checks.array("h", h, dtype=np.float64, shape=("runs", "frames"))
    checks.array("H", H, dtype=np.float64, shape=("runs", "frames"))
    checks.same_shape("H", H, "h", h)
    first = checks.integer("first", first, least=0, most=h.shape[1] - 1)
    last = checks.integer("last", last, least=first)
    mine, theirs = (_deviations(x[:, first : last + 1]) for x in (h, H))
    norm = np.sqrt(np.square(mine).sum(axis=0) * np.square(theirs).sum(axis=0))  # (frames,)
    if not (norm > 0).all():
        return None
    return float((-(mine * theirs).sum(axis=0) / norm).mean())


def critical_epoch(losses: Sequence[float]) -> int | None:
    """Return the first epoch whose mean loss is above zero.

    Parameters
    ----------
    losses : sequence of float
        Mean loss of every epoch.

    Returns
    -------
    int or None
        Counted from 1, as in Table 2 of arXiv:2508.14003; None if there is none.

    Raises
    ------
    ValueError
        If a loss is NaN.
    """
    for epoch, loss in enumerate(losses, start=1):
        if math.isnan(loss):
            raise ValueError(f"losses: must be numbers, got NaN in epoch {epoch}. Look where the training diverged.")
    return next((epoch for epoch, loss in enumerate(losses, start=1) if loss > 0), None)


def _exponents(values: FloatArray, axis: int | None) -> NDArray[np.int64]:
    """Powers of two that bring values to order 1 along an axis, kept; 0 where their squares are safe as they are."""
    largest = np.abs(values).max(axis=axis, keepdims=True)
    safe = (largest == 0) | ((largest > _SAFE[0]) & (largest < _SAFE[1]))
    return np.where(safe, 0, np.frexp(largest)[1]).astype(np.int64)


def _check_powers(h_power: NDArray[np.int64], H_spread: FloatArray, H_power: NDArray[np.int64]) -> None:  # noqa: N803 -- the paper's symbol
    """Refuse spreads, h's about 2^h_power and H's H_spread * 2^H_power, (runs, 1), that make no slope or error."""
    varies = H_spread[:, 0] > 0  # of a constant the slope is 0
    powers = (np.frexp(H_spread)[1] + H_power)[:, 0]
    for run in np.flatnonzero(varies & ~((powers >= _LEAST_POWER) & (powers <= _MOST_POWER))):
        raise ValueError(
            f"H: must vary by 0, or between 2^{_LEAST_POWER} and 2^{_MOST_POWER}, along a run, whose squares float64 "
            f"holds, got about 2^{powers[run]} in run {run}. Choose another unit."
        )
    ratios = powers - h_power[:, 0]
    for run in np.flatnonzero(varies & (np.abs(ratios) > _MOST_RATIO)):
        raise ValueError(
            f"h: must vary by what makes a slope that float64 holds, got about 2^{ratios[run]} in run {run}. "
            "Multiply h by a power of two."
        )


def _deviations(values: FloatArray) -> FloatArray:
    """Deviations (runs, frames) from the mean over the runs, each frame times a power of two that makes it order 1."""
    scaled = np.ldexp(values, -_exponents(values, 0))
    distance = scaled - scaled[:1]  # exact where all runs are alike
    deviation = distance - distance.mean(axis=0)
    _, exponents = np.frexp(np.abs(deviation).max(axis=0))
    scaled_deviation: FloatArray = np.ldexp(deviation, -exponents)
    return scaled_deviation


def _centred(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """First value of every run and mean distance from it, (runs, 1), and deviations from the mean, (runs, frames).

    Where values are large beside their spread, distances from the first are exact; the mean itself would be rounded.
    """
    start = values[:, :1]
    distance = values - start
    mean = distance.mean(axis=1, keepdims=True)
    return start, mean, distance - mean
