"""H of one sample by an estimator without bins, whatever its unit, and the error of that."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import checks, randomness
from hthm.measures.estimator import Neighbours
from hthm.measures.kernel import kernel_ceiling, kernel_h, own_bandwidth
from hthm.measures.nearest import nearest_ceiling, nearest_h

if TYPE_CHECKING:
    from collections.abc import Callable

    from hthm.arrays import FloatArray, IntArray
    from hthm.measures.estimator import Kernel

GROUPS: Final = 20
"""Groups of samples, by lot, that an error is found from: it is then known to 16 %."""
_GROUP: Final = 5  # times k + 1: the fewest samples of a group
_LEAST: Final = 1e-300
_LARGEST: Final = 300  # bits of a resolution or a bandwidth that is far wider than the samples


def sample_h(samples: FloatArray, of: Neighbours | Kernel, name: str, workers: int = 1) -> float:
    """H of one sample.

    Parameters
    ----------
    samples : (n, d) float64
        d 1 to 3; of a kernel 1 or 2.
    of : Neighbours or Kernel
        In the unit of the samples.
    name : str
        What the samples are called, for a message.
    workers : int
        Threads.

    Returns
    -------
    float
        Nats.

    Raises
    ------
    ValueError
        If the estimator has none for them, or they are not finite.
    """
    scaled, shift, one, _ = _prepared(samples, of, name, workers)
    return one(scaled) - shift


def sample_h_with_error(
    samples: FloatArray, of: Neighbours | Kernel, name: str, workers: int = 1
) -> tuple[float, float, float]:
    """H of one sample, its error from groups of the samples, and the largest H that it could have been.

    Parameters
    ----------
    samples, of, name, workers
        As `sample_h` takes them.

    Returns
    -------
    h, error, ceiling : float
        Nats.

    Raises
    ------
    ValueError
        As `sample_h`, or if there are too few for groups.
    """
    scaled, shift, one, ceiling = _prepared(samples, of, name, workers)
    h = one(scaled)
    error = _error_of_groups(scaled, of.k, one, name) if isinstance(of, Neighbours) else _jackknife(scaled, one, name)
    return h - shift, error, ceiling(*samples.shape) - shift


def _error_of_groups(samples: FloatArray, k: int, one: Callable[[FloatArray], float], name: str) -> float:
    """Error from groups of the samples, each alone: a group of n / 20 varies by 20 times the variance of all.

    A jackknife would see 25 % to 80 % too much: whoever loses a neighbour takes the next.
    """
    n, least = len(samples), _GROUP * (k + 1)
    groups = min(GROUPS, n // least)
    if groups < 2:  # noqa: PLR2004 -- for a spread
        raise ValueError(
            f"{name}: must have at least {2 * least} samples for an error with k = {k}, from groups of them, got {n}. "
            "Take fewer neighbours, or the spread over runs."
        )
    group = _by_lot(n, groups)
    alone = np.array([one(samples[group == number]) for number in range(groups)])
    return _deviation(alone, 1) / math.sqrt(groups)


def _jackknife(samples: FloatArray, one: Callable[[FloatArray], float], name: str) -> float:
    """Error from all samples but those of one group, a group after the other."""
    n = len(samples)
    if n < 3:  # noqa: PLR2004 -- a density needs two, and one is left out
        raise ValueError(f"{name}: must have at least 3 samples for an error, which leaves some out, got {n}.")
    groups = min(GROUPS, n)
    group = _by_lot(n, groups)
    left = np.array([one(samples[group != number]) for number in range(groups)])
    return math.sqrt(groups - 1) * _deviation(left, 0)


def _deviation(values: FloatArray, ddof: int) -> float:
    """Standard deviation, also where squares overflow: H of samples a huge number of bandwidths apart is as huge."""
    exponent = int(np.frexp(np.abs(values).max())[1])
    return math.ldexp(float(np.ldexp(values, -exponent).std(ddof=ddof)), exponent)


def _by_lot(n: int, groups: int) -> IntArray:
    """The group of each of n samples, in whatever order they came: often that says what they are."""
    return np.random.Generator(randomness.of_groups()).permutation(n) % groups


def _prepared(
    samples: FloatArray, of: Neighbours | Kernel, name: str, workers: int
) -> tuple[FloatArray, float, Callable[[FloatArray], float], Callable[[int, int], float]]:
    """Samples times a power of two, which is exact, so that squares of distances neither vanish nor overflow.

    With them what it takes off H, H of any of them, and the largest H of so many in so many dimensions.
    """
    checks.array(name, samples, dtype=np.float64, shape=("n", samples.shape[1]))
    length = of.resolution if isinstance(of, Neighbours) else of.bandwidth
    exponent = int(np.frexp(np.abs(samples).max())[1])
    if length is not None:
        exponent = max(exponent, int(np.frexp(length)[1]) - _LARGEST)
    scaled = np.ldexp(samples, -exponent)
    shift = samples.shape[1] * exponent * math.log(2)
    if isinstance(of, Neighbours):
        resolution = None if length is None else max(float(np.ldexp(length, -exponent)), _LEAST)
        return (
            scaled,
            shift,
            lambda some: nearest_h(some, of.k, resolution, name, workers),
            lambda n, d: nearest_ceiling(n, d, of.k, resolution),
        )
    bandwidth = own_bandwidth(scaled, name) if length is None else max(float(np.ldexp(length, -exponent)), _LEAST)
    return (
        scaled,
        shift,
        lambda some: kernel_h(some, bandwidth, name),
        lambda _, d: kernel_ceiling(d, bandwidth),
    )
