"""Functionals that nobody had to learn: what an affine fit to H is worth is seen beside theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from hthm import checks
from hthm.arrays import FloatArray
from hthm.recording.reading import FramesLike, frames_of, start_speed

Statistic: TypeAlias = Callable[[FloatArray, float], FloatArray]

NEAR: Final = 0.004
"""A disk counts as not yet collided when its speed is this near to s0, box sides per unit time: 3 % of the paper's."""
FLOOR: Final = 0.002
"""Added to |s − s0| before its logarithm, box sides per unit time, so that disks at s0 count a finite amount."""

_DISKS_AT_A_TIME: Final = 2**16  # 0.5 MB of speeds, within a core's cache
_SAFE: Final = (1e-60, 1e60)  # fourth powers neither vanish nor overflow


def _kurtosis(s: FloatArray) -> FloatArray:
    fastest = s.max(axis=-1, keepdims=True)  # (frames, 1)
    safe = (fastest > _SAFE[0]) & (fastest < _SAFE[1])
    if not safe.all():
        s = np.ldexp(s, np.where(safe, 0, -np.frexp(fastest)[1]))
    kurtosis: FloatArray = np.mean((s * s) ** 2, axis=-1) / np.mean(s * s, axis=-1) ** 2
    return kurtosis


SPEED_STATISTICS: Final[Mapping[str, Statistic]] = MappingProxyType(
    {
        "near_start": lambda s, s0: np.mean(np.abs(s - s0) < NEAR, axis=-1),
        "log_distance": lambda s, s0: np.mean(np.log(FLOOR + np.abs(s - s0)), axis=-1),
        "distance": lambda s, s0: np.mean(np.abs(s - s0), axis=-1),
        "speed": lambda s, _: np.mean(s, axis=-1),
        "kurtosis": lambda s, _: _kurtosis(s),
    }
)
"""Means over the disks of a frame, by name; functions of the speeds s, (frames, n), and of s0.

near_start
    Share of the disks with |s − s0| < 0.004, which have hardly collided.
log_distance
    Mean of ln(0.002 + |s − s0|).
distance
    Mean of |s − s0|.
speed
    Mean of s.
kurtosis
    ⟨s⁴⟩ / ⟨s²⟩²: 1 for equal speeds, 2 for Maxwell-Boltzmann in two dimensions. NaN when all disks are at rest.
"""


def speed_statistics(velocities: FramesLike, *, speed: float | None = None) -> dict[str, FloatArray]:
    """All `SPEED_STATISTICS` of every frame, by name.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time. Read once, a few frames at a time: neither is a second copy made nor a log made dense.
    speed : float
        s0, the common speed of the start. A Trajectories' own gas has one.

    Returns
    -------
    dict of (...) float64

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.
    """
    frames = frames_of(velocities)
    s0 = checks.positive("speed", start_speed(frames, speed))
    values = {name: np.empty(len(frames)) for name in SPEED_STATISTICS}
    for first, chunk in frames.chunks(max(1, _DISKS_AT_A_TIME // frames.n)):
        with np.errstate(over="ignore"):
            s = np.hypot(chunk[..., 0], chunk[..., 1])  # (frames of the chunk, n)
        if not np.isfinite(s).all():
            raise ValueError(
                f"velocities: must be finite, and their speeds too, got NaN or infinity in frames {first} to "
                f"{first + len(chunk) - 1}, all runs counted through."
            )
        with np.errstate(invalid="ignore", under="ignore"):  # the kurtosis of disks at rest is NaN
            for name, statistic in SPEED_STATISTICS.items():
                values[name][first : first + len(chunk)] = statistic(s, s0)
    return {name: value.reshape(frames.leading) for name, value in values.items()}  # (...)


def clock(runs: int, frames: int, decay: float) -> FloatArray:
    """exp(−t / decay), the same for every run: what knows the time, and nothing of the gas.

    Parameters
    ----------
    runs, frames : int
        Shape of the result.
    decay : float
        Frames in which it falls by e. From equal speeds 25 frames of the paper come close to H.

    Returns
    -------
    (runs, frames) float64

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.
    """
    runs, frames = checks.integer("runs", runs, least=1), checks.integer("frames", frames, least=1)
    decay = checks.positive("decay", decay)
    with np.errstate(over="ignore"):  # of the exponent: exp is 0
        return np.tile(np.exp(-np.arange(frames, dtype=np.float64) / decay), (runs, 1))


def ensemble_mean(H: FloatArray) -> FloatArray:  # noqa: N803 -- the paper's symbol
    """H averaged over the runs, given to each of them: the least that fluctuations of a single run leave to an MSE.

    Parameters
    ----------
    H : (runs, frames) float64, C order

    Returns
    -------
    (runs, frames) float64

    Raises
    ------
    TypeError, ValueError
        If H has another dtype, shape or order, or is not finite.
    """
    checks.array("H", H, dtype=np.float64, shape=("runs", "frames"))
    with np.errstate(over="ignore"):
        mean = H.mean(axis=0)
    if not np.isfinite(mean).all():
        raise ValueError(f"H: must have a sum that float64 holds, got up to {np.abs(H).max():g}. Choose another unit.")
    return np.tile(mean, (len(H), 1))
