"""Pickled NumPy arrays, read without running anything that a pickle names: a file of strangers is data, not a program.

A pickle says which functions to call with what. Here the few names that make an array, in NumPy before version 2 and
since, in every protocol, stand for objects of our own that keep shape, type and bytes. Nothing else is known.
"""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.arrays import FloatArray


class ForeignPickleError(ValueError):
    """A pickle is no array of float64 or list of them; the message has its path and what it holds."""


class _Refused(Exception):  # noqa: N818 -- never seen outside of this module
    """What was found."""


class _Dtype:
    """float64, in either order of bytes."""

    def __init__(self, code: object, *_: object) -> None:
        if code not in {"f8", "<f8", ">f8", "=f8"}:
            raise _Refused(f"an array of dtype {code}")
        self.order = ">" if code == ">f8" else "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"


class _Array:
    """An array that is being read."""

    values: FloatArray

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, is_fortran, raw = state
        self.fill(raw, dtype, shape, "F" if is_fortran else "C")

    def fill(self, raw: object, dtype: object, shape: object, order: object) -> None:
        """Take the bytes for an array, if they are one."""
        if not isinstance(dtype, _Dtype):
            raise _Refused("an array without a dtype")
        if not isinstance(raw, bytes | bytearray):
            raise _Refused(f"an array that is kept as {type(raw).__name__}")
        if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
            raise _Refused(f"an array of shape {shape}")
        if math.prod(shape) * 8 != len(raw):
            raise _Refused(f"{len(raw)} bytes for an array of shape {shape}")
        stored = np.frombuffer(raw, dtype=f"{dtype.order}f8").reshape(shape, order="F" if order == "F" else "C")
        self.values = np.ascontiguousarray(stored, dtype=np.float64)


_NDARRAY: Final = object()
"""numpy.ndarray, which pickles name and must not call."""


def _reconstruct(kind: object, *_: object) -> _Array:
    if kind is not _NDARRAY:
        raise _Refused("a subclass of numpy.ndarray")
    return _Array()


def _frombuffer(raw: object, dtype: object, shape: object, order: object) -> _Array:
    array = _Array()
    array.fill(raw, dtype, shape, order)
    return array


def _encode(text: object, encoding: object = "latin1") -> bytes:
    """Bytes, as protocols before 3 spell them."""
    if not isinstance(text, str) or encoding != "latin1":
        raise _Refused("_codecs.encode of other than bytes")
    return text.encode("latin1")


def _instance(*_: object) -> NoReturn:
    raise _Refused("an instance of a class")


_KNOWN: Final[Mapping[str, object]] = MappingProxyType(
    {
        "numpy.ndarray": _NDARRAY,
        "numpy.dtype": _Dtype,
        "numpy.core.multiarray._reconstruct": _reconstruct,
        "numpy._core.multiarray._reconstruct": _reconstruct,
        "numpy.core.numeric._frombuffer": _frombuffer,
        "numpy._core.numeric._frombuffer": _frombuffer,
        "_codecs.encode": _encode,
        "copy_reg._reconstructor": _instance,  # protocols 0 and 1 name the class after it, which tells more
    }
)
"""All that a pickle may name, and what it gets."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        found = _KNOWN.get(f"{module}.{name}")
        if found is None:
            raise _Refused(f"{module}.{name}")
        return found


def read_arrays(path: Path) -> list[FloatArray]:
    """Read a pickled array, or the arrays of a pickled list.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    list of array of float64, C order

    Raises
    ------
    ForeignPickleError
        If it holds anything else, or is damaged. Nothing that it names has been run then, either.
    OSError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = _Unpickler(file).load()
            more = file.read(1)
    except OSError:
        raise
    except _Refused as refused:
        raise _foreign(path, refused) from None
    except Exception as error:  # a damaged pickle ends in almost any exception, according to where the damage is
        raise ForeignPickleError(
            f"{path}: must be a whole pickle of NumPy arrays, and cannot be read as one "
            f"({type(error).__name__}: {' '.join(str(error).split())}). Copy it anew."
        ) from error
    if more:
        raise _foreign(path, "something behind its first pickle")
    arrays = content if isinstance(content, list | tuple) else [content]
    for array in arrays:
        if not isinstance(array, _Array):
            raise _foreign(path, f"{'numpy.dtype' if isinstance(array, _Dtype) else type(array).__name__}")
        if not hasattr(array, "values"):
            raise _foreign(path, "an array without content")
    return [array.values for array in arrays]


def _foreign(path: Path, what: object) -> ForeignPickleError:
    return ForeignPickleError(
        f"{path}: must hold NumPy arrays of float64 and nothing else, and holds {what}. Nothing in it was run."
    )
