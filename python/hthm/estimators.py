"""Estimators of H: differential entropy, with its sign turned, of samples of one to three components.

`hthm.speed_h` and `hthm.velocity_h` take any of `ESTIMATORS` as ``estimator=``; what is here takes any samples, and
says how well H is known. docs/h.md says which estimator to take for what, and what each of them gets wrong.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hthm import checks, published
from hthm.h_functional import VELOCITY_RANGE, speed_edges
from hthm.measures import one_sample
from hthm.measures.binned import BinnedSamples
from hthm.measures.corrections import CORRECTIONS
from hthm.measures.estimator import (
    ESTIMATORS,
    FrameEstimator,
    Histogram,
    Kernel,
    Neighbours,
    SampleEstimator,
    of_frames,
    of_samples,
)
from hthm.measures.framewise import in_threads
from hthm.measures.in_range import FASTER, OUTSIDE, share_beyond, warn_beyond
from hthm.measures.of_frames import (
    HWithError,
    binless_with_error,
    corrected,
    corrected_with_error,
    frame_temperatures,
    no_temperature,
)
from hthm.recording.reading import FramesLike, frames_of, start_speed
from hthm.reprs import one_line

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from hthm.arrays import FloatArray

__all__ = [
    "CORRECTIONS",
    "ESTIMATORS",
    "HWithError",
    "Histogram",
    "Kernel",
    "MeanOverRuns",
    "Neighbours",
    "over_runs",
    "sample_h",
    "sample_h_with_error",
    "speed_h_with_error",
    "velocity_h_with_error",
]

_FEWEST_RUNS = 2  # for a spread


def sample_h(
    samples: FloatArray, *, estimator: SampleEstimator = "neighbours", threads: int | None = None
) -> FloatArray:
    """H = ∫ f ln f of the density that samples were drawn from: minus their differential entropy.

    Parameters
    ----------
    samples : (..., n, d) float64, C order
        n samples of d components, d 1, 2 or 3; one value of H for each set of n.
    estimator : {"neighbours", "kernel"}, Neighbours, Kernel or Histogram
        How; a kernel takes no more than two components.
    threads : int, optional
        Threads; as many as `hthm.machine.default_threads` finds granted unless given. They change no bit.

    Returns
    -------
    (...) float64
        Nats; NaN where no sample is in range of a histogram.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite; if there are not more samples than
        neighbours, or some coincide where nothing says how finely to look.

    Warns
    -----
    HRangeWarning
        If more than 1 % of the samples are beyond the bins.

    Examples
    --------
    >>> import numpy as np
    >>> from hthm.estimators import Neighbours, sample_h
    >>> samples = np.random.default_rng(0).normal(size=(100, 1000, 2))
    >>> round(float(sample_h(samples, estimator=Neighbours(k=4)).mean()), 2)  # −ln(2πe) = −2.84
    -2.82
    """
    chosen, threads = of_samples(estimator), checks.threads(threads)
    sets, leading = _sets(samples, chosen)
    if isinstance(chosen, Histogram):
        h, dropped = corrected(BinnedSamples(sets, chosen), chosen.correction, sets.shape[1])
        warn_beyond("sample_h", "beyond the bins", share_beyond(dropped, sets.shape[1]), silent=None)
        return h.reshape(leading)
    workers = threads if len(sets) == 1 else 1
    one = partial(one_sample.sample_h, of=chosen, name="samples", workers=workers)
    return np.array(list(in_threads(one, list(sets), threads)), dtype=np.float64).reshape(leading)


def sample_h_with_error(
    samples: FloatArray, *, estimator: SampleEstimator = "neighbours", threads: int | None = None
) -> HWithError:
    """H as `sample_h` estimates it, with the error of each value and the largest that it could be.

    Parameters
    ----------
    samples, estimator, threads
        As `sample_h` takes them.

    Returns
    -------
    HWithError of (...)

    Raises
    ------
    TypeError, ValueError
        As `sample_h`, or if there are too few samples for groups of them.

    Warns
    -----
    HRangeWarning
        As `sample_h`.

    Notes
    -----
    Of a histogram each sample is left out in turn, of a kernel each of 20 groups drawn by lot, the same lot always:
    jackknives. Of neighbours each group is measured alone, for a jackknife sees too much there, and a bootstrap would
    draw samples twice, which then coincide.
    """
    chosen, threads = of_samples(estimator), checks.threads(threads)
    sets, leading = _sets(samples, chosen)
    if isinstance(chosen, Histogram):
        found, dropped = corrected_with_error(BinnedSamples(sets, chosen), chosen.correction, sets.shape[1])
        warn_beyond("sample_h_with_error", "beyond the bins", share_beyond(dropped, sets.shape[1]), silent=None)
        return _shaped(found, leading)
    one = partial(one_sample.sample_h_with_error, of=chosen, name="samples")
    values = np.array(list(in_threads(one, list(sets), threads)), dtype=np.float64).reshape(-1, 3)
    return _shaped(HWithError(*values.T.copy()), leading)


def speed_h_with_error(
    velocities: FramesLike,
    *,
    speed: float | None = None,
    bins: int = published.BINS,
    estimator: FrameEstimator = "plug-in",
    threads: int | None = None,
) -> HWithError:
    """H of the speeds, as `hthm.speed_h` estimates it, with the error within each frame and the largest it could be.

    Parameters
    ----------
    velocities, speed, bins, estimator, threads
        As `hthm.speed_h` takes them.

    Returns
    -------
    HWithError of (...)

    Raises
    ------
    TypeError, ValueError
        As `hthm.speed_h`, or if a frame has too few disks for groups of them.

    Warns
    -----
    HRangeWarning
        As `hthm.speed_h`.

    Examples
    --------
    >>> import hthm
    >>> from hthm.estimators import speed_h_with_error
    >>> start = hthm.paper.GAS.sample(1, seed=0)
    >>> h, error, ceiling = speed_h_with_error(start.velocities, speed=hthm.paper.S0)
    >>> print(f"{h[0]:.3f} ± {error[0]:.3f}, at most {ceiling[0]:.3f}")  # all in one bin: a statement about the bin
    5.308 ± 0.000, at most 5.308
    """
    frames = frames_of(velocities)
    chosen, threads = of_frames(estimator), checks.threads(threads)
    if not isinstance(chosen, str):
        return _shaped(binless_with_error(frames, chosen, speeds=True, threads=threads), frames.leading)
    edges = speed_edges(start_speed(frames, speed), bins)
    found, dropped = corrected_with_error(partial(frames.speed_h, edges, threads=threads), chosen, frames.n)
    warn_beyond("speed_h_with_error", FASTER, share_beyond(dropped, frames.n), silent="speed_h_in_range")
    return _shaped(found, frames.leading)


def velocity_h_with_error(
    velocities: FramesLike,
    *,
    temperature: ArrayLike | None = None,
    bins: int = published.BINS,
    estimator: FrameEstimator = "plug-in",
    threads: int | None = None,
) -> HWithError:
    """Boltzmann's H, as `hthm.velocity_h` estimates it, with the error within each frame and the largest it could be.

    Parameters
    ----------
    velocities, temperature, bins, estimator, threads
        As `hthm.velocity_h` takes them.

    Returns
    -------
    HWithError of (...)

    Raises
    ------
    TypeError, ValueError
        As `hthm.velocity_h`, or if a frame has too few disks for groups of them.

    Warns
    -----
    HRangeWarning
        As `hthm.velocity_h`.
    """
    frames = frames_of(velocities)
    bins = checks.integer("bins", bins, least=1, most=1000)
    chosen, threads = of_frames(estimator), checks.threads(threads)
    if not isinstance(chosen, str):
        no_temperature(temperature)
        return _shaped(binless_with_error(frames, chosen, speeds=False, threads=threads), frames.leading)
    temperatures = frame_temperatures(frames, temperature)
    counted = partial(frames.velocity_h, temperatures, bins, VELOCITY_RANGE, threads=threads)
    found, dropped = corrected_with_error(counted, chosen, frames.n)
    warn_beyond("velocity_h_with_error", OUTSIDE, share_beyond(dropped, frames.n), silent="velocity_h_in_range")
    return _shaped(found, frames.leading)


class MeanOverRuns(NamedTuple):
    """H averaged over independent runs.

    Attributes
    ----------
    mean, error : (frames,) float64
        Nats; the standard error is that of the mean.
    """

    mean: FloatArray
    error: FloatArray

    def __repr__(self) -> str:
        return one_line("MeanOverRuns", zip(self._fields, self, strict=True))


def over_runs(H: FloatArray) -> MeanOverRuns:  # noqa: N803 -- the paper's symbol
    """Mean and standard error over the runs: what an estimator's bias leaves, which is the same in all of them.

    Parameters
    ----------
    H : (runs, frames) float64, C order
        Of any measure.

    Returns
    -------
    MeanOverRuns

    Raises
    ------
    TypeError, ValueError
        If H has another dtype, shape or order, is not finite, or is of one run.
    """
    checks.array("H", H, dtype=np.float64, shape=("runs", "frames"))
    if len(H) < _FEWEST_RUNS:
        raise ValueError(f"H: must be of at least 2 runs, whose spread is the error, got {len(H)}.")
    return MeanOverRuns(H.mean(axis=0), H.std(axis=0, ddof=1) / np.sqrt(len(H)))


def _sets(samples: FloatArray, of: Histogram | Neighbours | Kernel) -> tuple[FloatArray, tuple[int, ...]]:
    """Samples (sets, n, d), a view, and the shape of the sets."""
    checks.array("samples", samples, dtype=np.float64, shape=("...", "n", "d"))
    *leading, n, d = samples.shape
    most = 2 if isinstance(of, Kernel) else 3  # cells of a kernel in space would be too many
    if d > most:
        raise ValueError(f"samples: must have 1 to {most} components, up to (..., n, {most}), got {samples.shape}.")
    return samples.reshape(-1, n, d), tuple(leading)


def _shaped(found: HWithError, leading: tuple[int, ...]) -> HWithError:
    return HWithError(*(part.reshape(leading) for part in found))
