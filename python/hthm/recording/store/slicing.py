"""Frames sliced as NumPy slices an array, of which no more is read than the frames that are asked for."""

from __future__ import annotations

import math
import operator
from typing import Final

import numpy as np

from hthm import checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.frames import Frames

_DISKS_AT_A_TIME: Final = 2**20
"""Disks of a block that is read: 16 MB."""

_AXES: Final = 4  # (runs, frames, n, 2)


def sliced(frames: Frames, key: object) -> FloatArray:
    """Read a part of an array (runs, frames, n, 2).

    Parameters
    ----------
    frames : Frames
        Of (runs, frames).
    key : int, slice, Ellipsis, or a tuple of them
        As NumPy takes it; axes of whole numbers are left out.

    Returns
    -------
    array of float64
        A copy.

    Raises
    ------
    TypeError, IndexError
        If the key is anything else, or out of range.
    MemoryError
        If the part does not fit into the available memory.
    """
    runs, length = frames.leading
    chosen = [_chosen(part, size) for part, size in zip(_parts(key), (runs, length, frames.n, 2), strict=True)]
    of_run, of_frame, disks, components = (numbers for numbers, _ in chosen)
    shape = [len(numbers) for numbers, _ in chosen]
    checks.memory("Slicing", math.prod(shape) * 8, "Take fewer runs or frames at a time.")
    wanted = (of_run[:, np.newaxis] * length + of_frame).reshape(-1)
    out = np.empty((len(wanted), *shape[2:]))
    if np.array_equal(disks, np.arange(frames.n)) and np.array_equal(components, (0, 1)):
        frames.read(wanted, out)
    else:
        at_a_time = max(1, _DISKS_AT_A_TIME // frames.n)
        block = np.empty((min(at_a_time, len(wanted)), frames.n, 2))
        for first in range(0, len(wanted), at_a_time):
            some = wanted[first : first + at_a_time]
            frames.read(some, block[: len(some)])
            out[first : first + len(some)] = block[: len(some), disks[:, np.newaxis], components]
    return out.reshape([len(numbers) for numbers, kept in chosen if kept])


def _parts(key: object) -> list[object]:
    """What is said of each of the four axes, ``:`` where nothing is."""
    parts = list(key) if isinstance(key, tuple) else [key]
    dots = [k for k, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1 or len(parts) - len(dots) > _AXES:
        raise IndexError(f"key: must have at most {_AXES} parts and one ellipsis, got {len(parts)}.")
    where = dots[0] if dots else len(parts)
    missing = _AXES - (len(parts) - len(dots))
    return [*parts[:where], *[slice(None)] * missing, *parts[where + len(dots) :]]


def _chosen(part: object, size: int) -> tuple[IntArray, bool]:
    """Numbers along an axis that a part of a key chooses, and whether the axis stays."""
    if isinstance(part, slice):
        return np.arange(*part.indices(size), dtype=np.int64), True
    if isinstance(part, bool | np.bool) or not hasattr(part, "__index__"):
        raise TypeError(
            f"key: must be of whole numbers, slices and ..., got {type(part).__name__}. Read a range of runs, and "
            "index that."
        )
    number = operator.index(part)
    if not -size <= number < size:
        raise IndexError(f"key: must be from {-size} to {size - 1} along an axis of {size}, got {number}.")
    return np.array([number % size], dtype=np.int64), False
