"""Kinds of disk, as a gas is given them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from hthm import checks, mixtures

_MASSES: Final = (1e-6, 1e6)
_MOST_KINDS: Final = 64
_Wide = TypeVar("_Wide", float, None)


@dataclass(frozen=True)
class Kind:
    """Disks of one kind in a gas of several.

    Parameters
    ----------
    n : int
        How many of them there are.
    diameter : float
        Of each, at most half the box of the gas. Disks of two kinds touch at half the sum of theirs.
    mass : float
        Of each, from 1e-6 to 1e6.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind or out of range.

    Examples
    --------
    >>> from hthm import DiskGas
    >>> gas = DiskGas(kinds=[Kind(n=500, diameter=0.006), Kind(n=100, diameter=0.012, mass=4.0)])
    >>> gas.n, gas.diameter, gas.disks_of(1)
    (600, 0.012, slice(500, 600, None))
    """

    n: int
    diameter: float
    mass: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", checks.integer("n of a kind", self.n, least=1))
        object.__setattr__(self, "diameter", checks.positive("diameter of a kind", self.diameter))
        mass = checks.positive("mass of a kind", self.mass, least=_MASSES[0], most=_MASSES[1])
        object.__setattr__(self, "mass", mass)


def checked(kinds: object) -> tuple[Kind, ...] | None:
    """Return the kinds of a gas as a tuple.

    Raises
    ------
    TypeError, ValueError
        If they are no sequence of `Kind`, or there is none or are too many.
    """
    if kinds is None:
        return None
    if not isinstance(kinds, list | tuple) or not all(isinstance(kind, Kind) for kind in kinds):
        raise TypeError(
            f"kinds: must be a list of hthm.Kind, got {_shown(kinds)}. Write kinds=[Kind(n=500, diameter=0.006), ...]."
        )
    if not 1 <= len(kinds) <= _MOST_KINDS:
        raise ValueError(
            f"kinds: must be from 1 to {_MOST_KINDS} kinds, got {len(kinds)}. Those that are alike are one."
        )
    return tuple(kinds)


def of_state(kinds: object, diameter: object, disks: int) -> tuple[Kind, ...] | None:
    """Return the kinds of a state, or None where it has a diameter alone.

    Parameters
    ----------
    kinds, diameter : object
        As they were given.
    disks : int
        How many there are.

    Returns
    -------
    tuple of Kind or None

    Raises
    ------
    TypeError, ValueError
        If there is neither, or they are no kinds, or of more disks or fewer.
    """
    if diameter is None and kinds is None:
        raise TypeError("diameter: must be given, got None. Give it, or the kinds of a mixture.")
    checked_kinds = checked(kinds)
    if checked_kinds is not None and sum(kind.n for kind in checked_kinds) != disks:
        words = mixtures.words(checked_kinds)
        raise ValueError(f"kinds: must have {disks} disks together, as positions has, got {words}. Change either.")
    return checked_kinds


def follows(
    kinds: tuple[Kind, ...] | None, n: int | None, diameter: float | None, otherwise_n: int, otherwise_diameter: _Wide
) -> tuple[int, float | _Wide]:
    """Return number and diameter of the disks of a gas: what is given, or follows from kinds, or what is so otherwise.

    Parameters
    ----------
    kinds : tuple of Kind or None
        Of the gas.
    n, diameter : number or None
        As a user gave them.
    otherwise_n, otherwise_diameter : number or None
        What they are where nothing is given.

    Raises
    ------
    ValueError
        If something else is given than what follows from kinds.
    """
    if kinds is None:
        return otherwise_n if n is None else n, otherwise_diameter if diameter is None else diameter
    found = sum(kind.n for kind in kinds), mixtures.widest(kinds)
    for name, given, number in zip(("n", "diameter"), (n, diameter), found, strict=True):
        if given is not None and given != number:
            raise ValueError(
                f"{name}: must be {number:g}, which follows from kinds, {mixtures.words(kinds)}, got {given!r}. "
                f"Leave {name} out."
            )
    return found


def _shown(kinds: object) -> str:
    if isinstance(kinds, list | tuple):
        wrong = next(kind for kind in kinds if not isinstance(kind, Kind))
        return f"{type(wrong).__name__} in it"
    return type(kinds).__name__
