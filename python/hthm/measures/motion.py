"""How disks move, and for how long they remember how they moved, from a log or from frames of a fixed step.

The memory that a run needs is that of its own frames, a few times: no array of all runs is ever made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import checks
from hthm.reprs import one_line

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.trajectories import Trajectories

_COLUMNS: Final = 512
"""Coordinates whose correlations are worked out together: their transforms stay in the processor's cache."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Lagged:
    """A mean over disks, runs and moments of what happens within a time.

    Attributes
    ----------
    times : (lags,) float64
        Time between the two moments; the first is 0.
    values : (lags,) float64
        The mean.
    sem : (lags,) float64
        Its standard error over the runs; NaN for a single run.
    """

    times: FloatArray
    values: FloatArray
    sem: FloatArray

    def __repr__(self) -> str:
        arrays = (self.times, self.values, self.sem)
        return one_line("Lagged", [("lags", len(self.times))], sum(array.nbytes for array in arrays))


def mean_square_displacement(trajectories: Trajectories, *, first: int = 0, lags: int | None = None) -> Lagged:
    """Mean square distance that a disk goes within a time, (r(t) − r(0))², relative to the centre of mass.

    Parameters
    ----------
    trajectories : Trajectories
        A log, of any engine, or velocities of a fixed-step engine.
    first : int
        The frame from which on moments count; 0 is the start. What is far from equilibrium may be left out.
    lags : int, optional
        Times, from 0 on, a frame apart; half as many as frames unless given.

    Returns
    -------
    Lagged
        Squared box sides. The mean is over all moments that have another one so much later.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.
    """
    return _lagged(trajectories, trajectories.unwrapped_positions, first, lags, _square_displacements)


def velocity_autocorrelation(trajectories: Trajectories, *, first: int = 0, lags: int | None = None) -> Lagged:
    """Correlation of a disk's velocity with its own some time before, v(0)·v(t)/2, relative to the centre of mass.

    Parameters
    ----------
    trajectories, first, lags
        As `mean_square_displacement` takes them.

    Returns
    -------
    Lagged
        Squared box sides per unit time²; at time 0, the temperature. Its integral over all times is the coefficient
        of self-diffusion (Green, doi:10.1063/1.1740082; Kubo, doi:10.1143/JPSJ.12.570).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.
    """

    def half(velocities: FloatArray, lags: int) -> FloatArray:
        return _autocorrelation(velocities, lags) / 2

    return _lagged(trajectories, trajectories.run_velocities, first, lags, half)


def diffusion(correlation: Lagged) -> FloatArray:
    """Integral of an autocorrelation of velocities from 0 to each of its times, (lags,), by the trapezoidal rule.

    In two dimensions it grows for ever, as the logarithm of the time: velocities are correlated as 1/t (Alder and
    Wainwright, doi:10.1103/PhysRevA.1.18). What Enskog's theory gives, `DiskGas.self_diffusion`, is the value before.
    """
    steps = np.diff(correlation.times) * (correlation.values[1:] + correlation.values[:-1]) / 2
    return np.concatenate([[0.0], np.cumsum(steps)])


def _lagged(
    trajectories: Trajectories,
    of_run: Callable[[int], FloatArray],
    first: int,
    lags: int | None,
    measure: Callable[[FloatArray, int], FloatArray],
) -> Lagged:
    moments = trajectories.frames + 1
    first = checks.integer("first", first, least=0, most=moments - 2)
    wanted = (moments - first + 1) // 2 if lags is None else lags
    count = checks.integer("lags", wanted, least=1, most=moments - first)
    values = np.empty((trajectories.runs, count))
    for run in range(trajectories.runs):
        kept = of_run(run)[first:]  # (moments, n, 2)
        values[run] = measure(kept - kept.mean(axis=1, keepdims=True), count)
    runs = len(values)
    spread = values.std(axis=0, ddof=1) / np.sqrt(runs) if runs > 1 else np.full(count, np.nan)
    times = trajectories.dt * np.arange(count, dtype=np.float64)
    return Lagged(times=times, values=values.mean(axis=0), sem=spread)


def _autocorrelation(path: FloatArray, lags: int) -> FloatArray:
    """Mean over moments and disks of x(0)·x(t), (lags,), by the theorem of Wiener and Khinchin."""
    moments = len(path)
    columns = path.reshape(moments, -1)
    size = 1 << (moments + lags - 1).bit_length()
    total = np.zeros(lags)
    for begin in range(0, columns.shape[1], _COLUMNS):
        transformed = np.fft.rfft(columns[:, begin : begin + _COLUMNS], size, axis=0)
        power = (transformed.real**2 + transformed.imag**2).sum(axis=1)
        total += np.fft.irfft(power, size)[:lags]
    means: FloatArray = total / ((moments - np.arange(lags)) * path.shape[1])
    return means


def _square_displacements(path: FloatArray, lags: int) -> FloatArray:
    """Mean over moments and disks of |r(t) − r(0)|², (lags,): r² at both ends less twice their product."""
    moments, n = path.shape[:2]
    about = path - path.mean(axis=0)  # small numbers lose fewer digits
    squares = np.square(about).sum(axis=(1, 2))  # (moments,)
    ends = np.concatenate([[0.0], np.cumsum(squares)])
    lag = np.arange(lags)
    both = (ends[moments - lag] + ends[-1] - ends[lag]) / ((moments - lag) * n)
    found: FloatArray = np.maximum(both - 2 * _autocorrelation(about, lags), 0)
    found[0] = 0
    return found
