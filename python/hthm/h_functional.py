"""H: of the speeds, as the paper evaluates it, and of the velocities, which is Boltzmann's."""

from __future__ import annotations

from functools import partial
from typing import Final

from numpy.typing import ArrayLike

from hthm import checks, published
from hthm.arrays import FloatArray, IntArray
from hthm.measures.estimator import FrameEstimator, of_frames
from hthm.measures.in_range import (
    FASTER,
    OUTSIDE,
    HInRange,
    HRangeWarning,
    all_in_range,
    counts_beyond,
    in_range,
    warn_beyond,
)
from hthm.measures.of_frames import binless_h, corrected, frame_temperatures, no_temperature
from hthm.recording.reading import FramesLike, frames_of, start_speed
from hthm.recording.speed_bins import speed_edges

__all__ = [
    "HInRange",
    "HRangeWarning",
    "speed_counts",
    "speed_counts_in_range",
    "speed_edges",
    "speed_h",
    "speed_h_in_range",
    "velocity_h",
    "velocity_h_in_range",
]

VELOCITY_RANGE: Final = 4.0
"""The velocity histogram covers this many thermal speeds √T either way."""


def speed_counts(
    velocities: FramesLike,
    *,
    speed: float | None = None,
    bins: int = published.BINS,
    threads: int | None = None,
) -> IntArray:
    """Counts of the speeds in equal bins over [0, 2 s0]; those of ``numpy.histogram`` to the last one.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time, of any recording; a log is not made dense.
    speed : float
        s0; a Trajectories' own gas has one.
    bins : int
        Number of bins.
    threads : int, optional
        Threads; as many as `hthm.machine.default_threads` finds granted unless given.

    Returns
    -------
    (..., bins) int64
        Speeds out of range are not counted.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.

    Warns
    -----
    HRangeWarning
        If more than 1 % of the disks are faster than 2 s0.
    """
    frames = frames_of(velocities)
    counts = speed_counts_in_range(frames, speed=speed, bins=bins, threads=threads)
    warn_beyond("speed_counts", FASTER, counts_beyond(counts, frames.n))
    return counts


def speed_counts_in_range(
    velocities: FramesLike,
    *,
    speed: float | None = None,
    bins: int = published.BINS,
    threads: int | None = None,
) -> IntArray:
    """Counts as `speed_counts` makes them, without a warning: what they lack of n disks is out of range.

    Parameters
    ----------
    velocities, speed, bins, threads
        As `speed_counts` takes them.

    Returns
    -------
    (..., bins) int64

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.
    """
    # The core looks for NaN and infinity on its way: another pass over gigabytes would cost as much again.
    frames = frames_of(velocities)
    edges = speed_edges(start_speed(frames, speed), bins)
    return frames.speed_counts(edges, threads=checks.threads(threads)).reshape(*frames.leading, bins)  # (..., bins)


def speed_h(
    velocities: FramesLike,
    *,
    speed: float | None = None,
    bins: int = published.BINS,
    estimator: FrameEstimator = "plug-in",
    threads: int | None = None,
) -> FloatArray:
    """H of the distribution of speeds, one value a frame, in nats.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time, of any recording; a log is not made dense.
    speed : float
        Common speed s0 of the start; `bins` equal bins cover [0, 2 s0]. A Trajectories' own gas has one.
    bins : int
        Number of bins.
    estimator : {"plug-in", "miller-madow", "grassberger", "neighbours", "kernel"}, Neighbours or Kernel
        How H is estimated; the paper's is "plug-in". Those without bins take neither `speed` nor `bins`, and refuse
        speeds that coincide: see `hthm.estimators`, and docs/h.md for which to take.
    threads : int, optional
        Threads; as many as `hthm.machine.default_threads` finds granted unless given.

    Returns
    -------
    (...) float64
        Sum of p ln p ds over the bins that are not empty, p normalised over the speeds in range. NaN for a frame
        with no speed in range.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite, or an estimator has no value for a frame.

    Warns
    -----
    HRangeWarning
        If more than 1 % of the disks are faster than 2 s0. In equilibrium 1.8 % are, and the paper's H leaves them out.

    Notes
    -----
    Eq. (5) of arXiv:2508.14003 as evaluated there. s0 is itself the edge of a bin: float32 velocities, or a rounded
    s0, would move H by up to ln 2. A tensor of torch's or a DataArray of xarray's, float64, is copied and counted as
    an array is; speeds by torch's norm differ in their last bits from layout to layout.
    """
    found = speed_h_in_range(velocities, speed=speed, bins=bins, estimator=estimator, threads=threads)
    warn_beyond("speed_h", FASTER, found.share)
    return found.h


def speed_h_in_range(
    velocities: FramesLike,
    *,
    speed: float | None = None,
    bins: int = published.BINS,
    estimator: FrameEstimator = "plug-in",
    threads: int | None = None,
) -> HInRange:
    """H as `speed_h` measures it, and the share of the disks of each frame that it leaves out, without a warning.

    Parameters
    ----------
    velocities, speed, bins, estimator, threads
        As `speed_h` takes them.

    Returns
    -------
    HInRange

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.
    """
    frames = frames_of(velocities)
    chosen, threads = of_frames(estimator), checks.threads(threads)
    if not isinstance(chosen, str):
        return all_in_range(binless_h(frames, chosen, speeds=True, threads=threads), frames.leading)
    edges = speed_edges(start_speed(frames, speed), bins)
    h, dropped = corrected(partial(frames.speed_h, edges, threads=threads), chosen, frames.n)
    return in_range(h, dropped, frames.n, frames.leading)


def velocity_h(
    velocities: FramesLike,
    *,
    temperature: ArrayLike | None = None,
    bins: int = published.BINS,
    estimator: FrameEstimator = "plug-in",
    threads: int | None = None,
) -> FloatArray:
    """Boltzmann's H, of the distribution of velocities, one value a frame, in nats.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time, of any recording; a log is not made dense.
    temperature : (...) array_like, optional
        Temperature T that sets the range of the histogram, one for all frames or one a frame; the mean of v²/2 over
        the disks of each frame unless given.
    bins : int
        Bins a component: bins x bins equal cells cover [-4√T, 4√T]².
    estimator : {"plug-in", "miller-madow", "grassberger", "neighbours", "kernel"}, Neighbours or Kernel
        How H is estimated; those without bins take neither `temperature` nor `bins`. See `hthm.estimators`.
    threads : int, optional
        Threads; as many as `hthm.machine.default_threads` finds granted unless given.

    Returns
    -------
    (...) float64
        Sum of f ln f ΔA over the cells that are not empty, f normalised over the disks in range. NaN for a frame with
        no disk in range, or at rest.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.

    Warns
    -----
    HRangeWarning
        If more than 1 % of the disks are beyond the cells.

    Notes
    -----
    With N disks in some N cells the plug-in estimate lies far above -ln(2πeT), the value of the Maxwell-Boltzmann
    distribution: its bias is about (occupied cells - 1) / 2N, Miller (1955). Compare it at equal N, bins and range.
    """
    found = velocity_h_in_range(velocities, temperature=temperature, bins=bins, estimator=estimator, threads=threads)
    warn_beyond("velocity_h", OUTSIDE, found.share)
    return found.h


def velocity_h_in_range(
    velocities: FramesLike,
    *,
    temperature: ArrayLike | None = None,
    bins: int = published.BINS,
    estimator: FrameEstimator = "plug-in",
    threads: int | None = None,
) -> HInRange:
    """H as `velocity_h` measures it, and the share of the disks of each frame that it leaves out, without a warning.

    Parameters
    ----------
    velocities, temperature, bins, estimator, threads
        As `velocity_h` takes them.

    Returns
    -------
    HInRange

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.
    """
    frames = frames_of(velocities)
    bins = checks.integer("bins", bins, least=1, most=1000)
    chosen, threads = of_frames(estimator), checks.threads(threads)
    if not isinstance(chosen, str):
        no_temperature(temperature)
        return all_in_range(binless_h(frames, chosen, speeds=False, threads=threads), frames.leading)
    temperatures = frame_temperatures(frames, temperature)
    h, dropped = corrected(
        partial(frames.velocity_h, temperatures, bins, VELOCITY_RANGE, threads=threads), chosen, frames.n
    )
    return in_range(h, dropped, frames.n, frames.leading)
