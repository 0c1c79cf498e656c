"""H of frames by any estimator, and its error within a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hthm.measures.corrections import Correction, left_out, left_over, terms
from hthm.measures.framewise import of_each_frame
from hthm.measures.one_sample import sample_h, sample_h_with_error
from hthm.reprs import one_line

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from hthm.arrays import FloatArray, IntArray
    from hthm.measures.estimator import Kernel, Neighbours
    from hthm.recording.frames import Frames


class Counting(Protocol):
    """Frames counted in some bins: H (frames,), and the disks (frames,) that are out of range."""

    def __call__(self, *, terms: FloatArray | None = ...) -> tuple[FloatArray, IntArray]:
        """Count; `terms` as `Frames.speed_h` takes them."""


class HWithError(NamedTuple):
    """H, how well one sample of it is known, and how large it could have been.

    Attributes
    ----------
    h : (...) float64
        Nats.
    error : (...) float64
        Standard error of H from the one sample; it knows nothing of bias.
    ceiling : (...) float64
        H of as many samples that all coincide: what the bins, the bandwidth or the resolution let it be at most.
        Near it H tells how finely one looked. Infinite where nothing bounds it.
    """

    h: FloatArray
    error: FloatArray
    ceiling: FloatArray

    def __repr__(self) -> str:
        return one_line("HWithError", zip(self._fields, self, strict=True))


def corrected(counted: Counting, correction: Correction, n: int) -> tuple[FloatArray, IntArray]:
    """H of counts by a histogram estimator.

    Parameters
    ----------
    counted : callable
        Counts frames of n disks.
    correction : str
        One of `hthm.measures.corrections.CORRECTIONS`.
    n : int
        Disks of a frame.

    Returns
    -------
    h, dropped : (frames,) float64, (frames,) int64
        Nats, and disks out of range.
    """
    if correction == "plug-in":  # the paper's, with its bits
        return counted()
    h, dropped = counted(terms=terms(correction, n))
    return h + left_over(correction, (n - dropped).astype(np.float64)), dropped


def corrected_with_error(counted: Counting, correction: Correction, n: int) -> tuple[HWithError, IntArray]:
    """H of counts by a histogram estimator, with the error that leaving out each disk in turn gives.

    Grassberger's terms go up and down from one count to the next, and leaving one disk out sees mostly that: his error
    is Miller and Madow's, which is his to some percent.

    Parameters
    ----------
    counted, correction, n
        As `corrected` takes them.

    Returns
    -------
    HWithError of (frames,), dropped (frames,) int64
    """
    h, dropped = corrected(counted, correction, n)
    smooth: Correction = "miller-madow" if correction == "grassberger" else correction
    inside = (n - dropped).astype(np.float64)
    empty, _ = counted(terms=np.zeros(n + 1))  # −ln(N cell)
    once, squared = (counted(terms=table)[0] - empty for table in left_out(smooth, n))  # means over the disks
    with np.errstate(divide="ignore", invalid="ignore"):  # one disk in range, or none
        error = np.sqrt(np.maximum(squared - np.square(once), 0) / (inside - 1))
        ceiling = terms(correction, n)[n - dropped] / inside + empty + left_over(correction, inside)
    return HWithError(h, error, ceiling), dropped


def binless_h(frames: Frames, of: Neighbours | Kernel, *, speeds: bool, threads: int) -> FloatArray:
    """H (frames,) of the velocities of each frame, or of its speeds, without bins.

    Parameters
    ----------
    frames : Frames
        Of either.
    of : Neighbours or Kernel
        How.
    speeds : bool
        Whether of the speeds.
    threads : int
        As many as may be busy.

    Returns
    -------
    (frames,) float64

    Raises
    ------
    ValueError
        If the estimator has none for a frame, which is named.
    """
    workers = threads if len(frames) == 1 else 1
    return of_each_frame(
        frames, lambda some, name: (sample_h(some, of, name, workers),), 1, speeds=speeds, threads=threads
    )[:, 0]


def binless_with_error(frames: Frames, of: Neighbours | Kernel, *, speeds: bool, threads: int) -> HWithError:
    """H as `binless_h`, with its error and ceiling.

    Parameters
    ----------
    frames, of, speeds, threads
        As `binless_h` takes them.

    Returns
    -------
    HWithError of (frames,)

    Raises
    ------
    ValueError
        As `binless_h`, or if a frame has too few disks for groups of them.
    """
    found = of_each_frame(
        frames, lambda some, name: sample_h_with_error(some, of, name), 3, speeds=speeds, threads=threads
    )
    return HWithError(*found.T.copy())


def frame_temperatures(frames: Frames, temperature: ArrayLike | None) -> FloatArray | None:
    """Return the temperature of each frame, (frames,), from one or one a frame; None where none is given.

    Raises
    ------
    ValueError
        If one is not finite and above zero, or they are not as many as frames.
    """
    if temperature is None:
        return None
    try:
        per_frame = np.broadcast_to(np.asarray(temperature, dtype=np.float64), frames.leading)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"temperature: must be a number, or one for each of the frames {frames.leading}, got {temperature!r}."
        ) from error
    wrong = ~(np.isfinite(per_frame) & (per_frame > 0))
    if wrong.any() or np.ma.is_masked(temperature):
        found = per_frame[wrong][0] if wrong.any() else "masked values"
        raise ValueError(f"temperature: must be finite and above zero, got {found}.")
    return np.ascontiguousarray(per_frame).reshape(len(frames))


def no_temperature(temperature: object) -> None:
    """Refuse a temperature where there are no cells whose range it would set.

    Raises
    ------
    ValueError
        If there is one.
    """
    if temperature is not None:
        raise ValueError(
            f"temperature: must be left out with an estimator without bins, got {temperature!r}: it sets their range."
        )
