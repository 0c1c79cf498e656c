"""Estimators without bins, frame by frame, several at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hthm.arrays import FloatArray
    from hthm.recording.frames import Frames

_DISKS_AT_A_TIME: Final = 2**18  # 4 MB of velocities
Thing = TypeVar("Thing")
Found = TypeVar("Found")


def of_each_frame(
    frames: Frames, one: Callable[[FloatArray, str], tuple[float, ...]], columns: int, *, speeds: bool, threads: int
) -> FloatArray:
    """Measure every frame by itself.

    Parameters
    ----------
    frames : Frames
        Read once, a few at a time.
    one : callable
        Of the velocities (n, 2), or the speeds (n, 1), of a frame and their name in a message: what is found.
    columns : int
        How many numbers it finds.
    speeds : bool
        Whether it takes speeds.
    threads : int
        As many as may be busy.

    Returns
    -------
    (len(frames), columns) float64

    Raises
    ------
    ValueError
        As `one`, of the first frame where it does.
    """
    found = np.empty((len(frames), columns))
    for first, chunk in frames.chunks(max(1, _DISKS_AT_A_TIME // frames.n)):

        def measured(k: int, first: int = first, chunk: FloatArray = chunk) -> tuple[float, ...]:
            if not speeds:
                return one(chunk[k], f"velocities, frame {first + k}")
            with np.errstate(over="ignore"):  # of the sum of squares: it is refused as infinite
                s = np.hypot(chunk[k, :, 0], chunk[k, :, 1])
            return one(s[:, np.newaxis], f"velocities, speeds of frame {first + k}")

        for k, values in enumerate(in_threads(measured, range(len(chunk)), threads)):
            found[first + k] = values
    return found


def in_threads(work: Callable[[Thing], Found], things: Sequence[Thing], threads: int) -> Iterator[Found]:
    """Do work on every one of several things, and give the results in their order.

    Parameters
    ----------
    work : callable
        Of one of them.
    things : sequence
        What is worked on.
    threads : int
        As many as may be busy.

    Yields
    ------
    what `work` returns
    """
    if threads == 1 or len(things) == 1:
        yield from map(work, things)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 -- import hthm is quick

    with ThreadPoolExecutor(threads) as pool:
        try:
            yield from pool.map(work, things)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
