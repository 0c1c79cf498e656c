"""What stands beside the numbers of a record, in its class and in its file: units, description, shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_type_hints

import numpy as np

from hthm import checks


@dataclass(frozen=True)
class Quantity:
    """What a field of a series is: the units and the description that stand beside it in the file.

    Attributes
    ----------
    units, description : str
    shape : tuple of str
        Names of the axes; axes of one name are equally long throughout a series, and ``epochs`` may be empty.
    kind : type
        ``float`` (float64) or ``int`` (int64).
    optional : bool
        Whether it may be None, and is then not in the file.
    """

    units: str
    description: str
    shape: tuple[str, ...] = ()
    kind: type[float | int] = float
    optional: bool = False


def quantities(kind: type) -> dict[str, Quantity]:
    """Fields of a dataclass that are datasets of the file."""
    return {
        name: note
        for name, hint in get_type_hints(kind, include_extras=True).items()
        for note in getattr(hint, "__metadata__", ())
        if isinstance(note, Quantity)
    }


def check_record(record: object) -> dict[str, int]:
    """Refuse fields that are not what they are said to be; return the lengths of the axes."""
    sizes: dict[str, int] = {}
    for name, quantity in quantities(type(record)).items():
        value = getattr(record, name)
        if value is None and quantity.optional:
            continue
        if not quantity.shape:
            if quantity.kind is int:
                checks.integer(name, value, least=0, most=np.iinfo(np.int64).max)
            else:
                checks.positive(name, value)
            continue
        if quantity.shape == ("epochs",) and np.shape(value) == (0,):
            sizes.setdefault("epochs", 0)  # given weights have no history
        shape = tuple(sizes.get(axis, axis) for axis in quantity.shape)
        checks.array(name, value, dtype=dtype_of(quantity), shape=shape, finite=False)
        sizes.update(zip(quantity.shape, value.shape, strict=True))
    return sizes


def dtype_of(quantity: Quantity) -> np.dtype[np.float64] | np.dtype[np.int64]:
    """Return the type of its numbers in the file."""
    return np.dtype(np.int64) if quantity.kind is int else np.dtype(np.float64)
