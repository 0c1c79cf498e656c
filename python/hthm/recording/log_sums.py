"""Sums over the disks of every frame of a log, from what changes: only disks that collided are looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hthm.arrays import FloatArray, IntArray

_DISKS_AT_A_TIME: Final = 2**14


def frame_sums(
    of: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    offsets: IntArray,
    pairs: NDArray[np.int32],
    velocities: FloatArray,
) -> FloatArray:
    """Sum a function of the velocity over the disks, for every frame of a run.

    Parameters
    ----------
    of : callable
        The function of many disks at a time, (disks, 2) -> (disks, features), or of as many numbers as they have.
    start : (n, 2) float64
        Velocities that the run started with.
    offsets : (frames + 1,) int64
        First row of every frame of the run, and the end.
    pairs, velocities : (rows, 2) int32, (rows, 2, 2) float64
        Of the log, as `hthm.recording.collision_log.CollisionLog` has them.

    Returns
    -------
    (frames, features) float64
        To rounding what the sum over all disks of each frame is: some 1e-14 of the sum of their magnitudes.

    Notes
    -----
    At the paper's state a run has 1000 disks and 15 000 changes, in place of 500 000 disks of all its frames.
    """
    now = start.copy()  # (n, 2)
    n_blocks = range(0, len(now), _DISKS_AT_A_TIME)
    total = sum(of(now[first : first + _DISKS_AT_A_TIME]).sum(axis=0, dtype=np.float64) for first in n_blocks)
    sums = []
    for rows, ends in _blocks(offsets):
        disks = pairs[rows].reshape(-1)  # (changes,), in the order in which they happen
        after = velocities[rows].reshape(-1, velocities.shape[-1])
        touched, number = np.unique(disks, return_inverse=True)
        values = of(np.concatenate([now[touched], after])).astype(np.float64)  # (touched + changes, features)
        change = values[len(touched) :] - values[_before(number, len(touched))]
        reached = total + np.concatenate([np.zeros((1, change.shape[1])), np.cumsum(change, axis=0)])
        sums.append(reached[2 * ends])
        total = reached[-1]
        now[disks] = after  # of equal indices the last is assigned
    return np.concatenate(sums)


def _blocks(offsets: IntArray) -> Iterator[tuple[slice, IntArray]]:
    """Rows of a few frames at a time, and how many of them each of the frames ends after."""
    frame = 0
    while frame < len(offsets) - 1:
        end = int(np.searchsorted(offsets, offsets[frame] + _DISKS_AT_A_TIME // 2, side="right")) - 1
        end = max(frame + 1, min(end, len(offsets) - 1))
        yield slice(offsets[frame], offsets[end]), offsets[frame + 1 : end + 1] - offsets[frame]
        frame = end


def _before(number: IntArray, touched: int) -> IntArray:
    """Where the value before each change is: among those of the touched disks, or of the changes behind them."""
    order = np.argsort(number, kind="stable")  # changes of one disk side by side, in their order
    again = number[order[1:]] == number[order[:-1]]
    before = number.copy()
    before[order[1:][again]] = touched + order[:-1][again]
    return before
