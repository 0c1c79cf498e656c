"""What an argument must be, and the message when it is not.

Every message has the form ``argument: must be X, got Y. Do Z.``: TypeError for the wrong kind of thing, ValueError for
the wrong value.
"""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hthm.machine import available_memory, default_threads

MOST_THREADS: Final = 1024
"""More threads than this are a slip of the keyboard."""

NEGLIGIBLE: Final = 2**24
"""Bytes up to which nobody asks whether they are there."""

_ADVICE: Final = {
    "velocities": "Keep float64 from the start: rounded velocities shift H by up to ln 2.",
    "positions": "Keep float64 from the start: rounded positions decide differently who collides.",
}


def array(
    name: str,
    value: object,
    *,
    dtype: DTypeLike,
    shape: tuple[int | str, ...],
    finite: bool = True,
) -> None:
    """Refuse anything but a C-ordered array of this dtype and shape, without copying or casting it.

    Parameters
    ----------
    name : str
        The argument, as its caller knows it.
    value : object
        What was given.
    dtype : dtype
        Required, in native byte order.
    shape : tuple of int or str
        A number is that length; a name is any length from 1 up; a leading ``"..."`` is any number of axes.
    finite : bool
        Whether NaN and infinity are refused too.

    Raises
    ------
    TypeError
        If it is no array, or one of another dtype.
    ValueError
        If its shape, order or content is wrong.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: must be a numpy.ndarray, got MaskedArray. Take out what is masked, or fill it.")
    if type(value) is not np.ndarray and not isinstance(value, np.memmap):  # a subclass may carry units, or a mask
        raise TypeError(f"{name}: must be a numpy.ndarray, got {_kind(value)}. Convert it with numpy.asarray first.")
    wanted = np.dtype(dtype)
    if value.dtype != wanted:
        advice = _ADVICE.get(name, "") if value.dtype.kind == "f" and value.dtype.itemsize < wanted.itemsize else ""
        raise TypeError(
            f"{name}: must be {wanted.name}, got {_dtype(value)}. {advice or f'Cast it with .astype({wanted.name!r}).'}"
        )
    if not _fits(value.shape, shape):
        raise ValueError(f"{name}: must have shape {_written(shape)}, got {value.shape}.")
    if not value.flags.c_contiguous:
        raise ValueError(
            f"{name}: must be in C order without gaps, got strides {value.strides}. Use numpy.ascontiguousarray."
        )
    if not value.flags.aligned:
        raise ValueError(f"{name}: must be aligned in memory, got an array that is not. Make a copy of it.")
    if finite and not np.isfinite(value).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(value))[0])
        raise ValueError(f"{name}: must be finite, got {value[where]} at {list(where)}.")


def positive(name: str, value: object, *, zero: bool = False, least: float = 0.0, most: float = math.inf) -> float:
    """Return a finite number above zero (or not below it, where `zero` is allowed) within [`least`, `most`].

    Raises
    ------
    TypeError, ValueError
        If it is no real number, or out of range.
    """
    real = _real(name, value)
    wanted = "a finite number, zero or more" if zero else "a finite number above zero"
    if not math.isfinite(real) or real < 0 or (real == 0 and not zero):
        raise ValueError(f"{name}: must be {wanted}, got {_shown(value)}.")
    if real and not least <= real <= most:
        raise ValueError(f"{name}: must be between {least:g} and {most:g}, got {_shown(value)}.")
    return real


def number(name: str, value: object) -> float:
    """Return a finite number of either sign.

    Raises
    ------
    TypeError, ValueError
        If it is no real number, or not finite.
    """
    real = _real(name, value)
    if not math.isfinite(real):
        raise ValueError(f"{name}: must be a finite number, got {_shown(value)}.")
    return real


def integer(name: str, value: object, *, least: int, most: int | None = None) -> int:
    """Return a whole number from `least` up, at most `most`.

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, or out of range.
    """
    if isinstance(value, bool | np.bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: must be a whole number, got {_kind(value)}.")
    number = int(value)
    if number < least:
        raise ValueError(f"{name}: must be at least {least}, got {_shown(number)}.")
    if most is not None and number > most:
        raise ValueError(f"{name}: must be at most {most}, got {_shown(number)}.")
    return number


def choice(name: str, value: object, options: Collection[str]) -> str:
    """Return one of `options`.

    Raises
    ------
    TypeError, ValueError
        If it is no string, or none of them.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name}: must be one of {', '.join(options)}, got {_kind(value)}.")
    if value not in options:
        raise ValueError(f"{name}: must be one of {', '.join(options)}, got {value!r}.")
    return value


def path(name: str, value: object) -> Path:
    """Return a path that is given as text or as whatever has one; nothing is not the present folder.

    Raises
    ------
    TypeError, ValueError
        If it is no path, or empty, as a variable that is not set gives it.
    """
    try:
        text = os.fspath(value)  # type: ignore[call-overload]  # whatever it is
    except TypeError:
        text = None
    if not isinstance(text, str):
        raise TypeError(f"{name}: must be a path, got {_kind(value)}.")
    if not text:
        raise ValueError(f"{name}: must be a path, got nothing. The present folder is a dot.")
    return Path(text)


def threads(value: object) -> int:
    """Return the number of threads to use; None means as many as `hthm.machine.default_threads` finds granted.

    Raises
    ------
    TypeError, ValueError
        If it is not a whole number from 1 to `MOST_THREADS`.
    """
    if value is None:
        return min(default_threads(), MOST_THREADS)
    return integer("threads", value, least=1, most=MOST_THREADS)


def memory(what: str, needed: int, advice: str) -> None:
    """Refuse to begin what does not fit into the memory that is available now.

    Parameters
    ----------
    what : str
        Who needs it.
    needed : int
        Bytes.
    advice : str
        What lowers it.

    Raises
    ------
    MemoryError
        If less is available. Where the system does not say, nothing is refused, nor is less than 16 MiB: to ask takes
        as long as to simulate one MiB of velocities.
    """
    if needed < NEGLIGIBLE:
        return
    available = available_memory()
    if available is not None and needed > available:
        raise MemoryError(
            f"{what}: needs {needed / 1e9:,.1f} GB of memory, and {available / 1e9:,.1f} GB are available. {advice}"
        )


def same_shape(name: str, value: NDArray[np.float64], other_name: str, other: NDArray[np.float64]) -> None:
    """Refuse two arrays of different shapes.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if value.shape != other.shape:
        raise ValueError(f"{name}: must have the shape of {other_name}, {other.shape}, got {value.shape}.")


def inside(name: str, positions: NDArray[np.float64], box: float) -> None:
    """Refuse coordinates (runs, n, 2) outside [0, box).

    Raises
    ------
    ValueError
        If one is.
    """
    outside = (positions < 0) | (positions >= box)
    if outside.any():
        run, disk, axis = (int(k) for k in np.argwhere(outside)[0])
        raise ValueError(
            f"{name}: must lie in [0, {box:g}), got {positions[run, disk, axis].item()!r} for disk {disk} of run "
            f"{run}. Wrap them with numpy.mod, and what it rounds up to the box to 0."
        )


def _real(name: str, value: object) -> float:
    """A real number as a float, infinite where it is beyond all floats."""
    if isinstance(value, bool | np.bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: must be a number, got {_kind(value)}.")
    try:
        return float(value)
    except OverflowError:  # a whole number or a fraction
        return -math.inf if value < 0 else math.inf


def _fits(shape: tuple[int, ...], wanted: tuple[int | str, ...]) -> bool:
    if wanted and wanted[0] == "...":
        wanted = wanted[1:]
        if len(shape) < len(wanted):
            return False
        shape = shape[len(shape) - len(wanted) :]
    return len(shape) == len(wanted) and all(
        length >= 1 if isinstance(want, str) else length == want for length, want in zip(shape, wanted, strict=True)
    )


def _written(shape: tuple[int | str, ...]) -> str:
    names = "".join(f"{length}, " for length in shape)
    named = [length for length in shape if isinstance(length, str) and length != "..."]
    return f"({names[:-2]})" + (f" with {' and '.join(named)} at least 1" if named else "")


def _shown(value: object) -> str:
    """What was given, or its size where Python does not write that many digits."""
    try:
        return str(value)
    except ValueError:
        return "a number of thousands of digits"


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _dtype(value: NDArray[np.generic]) -> str:
    return value.dtype.name if value.dtype.isnative else f"{value.dtype.name} in foreign byte order"
