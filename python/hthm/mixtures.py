"""Mixtures: kinds of disk, of other diameters and masses, in one gas."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray


class Kind(Protocol):
    """As much of a `hthm.Kind` as is needed here."""

    @property
    def n(self) -> int:
        """How many disks."""
        ...

    @property
    def diameter(self) -> float:
        """Of each."""
        ...

    @property
    def mass(self) -> float:
        """Of each."""
        ...


Kinds: TypeAlias = "tuple[Kind, ...] | None"
"""Of a gas: the first disks are of the first kind, and so on; None where all disks are alike, of mass 1."""


def mixed(kinds: Kinds) -> TypeGuard[tuple[Kind, ...]]:
    """Return whether disks differ by more than the number of their kind."""
    return kinds is not None and len({(kind.diameter, kind.mass) for kind in kinds}) > 1


def for_core(kinds: Kinds, distance: Callable[[float], float] = float) -> list[tuple[int, float, float]]:
    """Return kinds as the core takes them; none where all disks are alike, which needs none.

    Parameters
    ----------
    kinds : tuple of Kind or None
        Of the gas.
    distance : callable
        Distance at which disks of a diameter touch, where that is another.

    Returns
    -------
    list of (int, float, float)
        Number, diameter and mass.
    """
    return [(kind.n, distance(kind.diameter), kind.mass) for kind in kinds] if mixed(kinds) else []


def slices(kinds: Kinds, n: int) -> list[slice]:
    """Return which disks are of each kind; all n of the only one where there are no kinds."""
    counts = [n] if kinds is None else [kind.n for kind in kinds]
    return [slice(end - count, end) for count, end in zip(counts, itertools.accumulate(counts), strict=True)]


def masses(kinds: tuple[Kind, ...]) -> NDArray[np.float64]:
    """Return the mass of each disk, (n,)."""
    return np.repeat([kind.mass for kind in kinds], [kind.n for kind in kinds])


def diameters(kinds: tuple[Kind, ...]) -> NDArray[np.float64]:
    """Return the diameter of each disk, (n,)."""
    return np.repeat([kind.diameter for kind in kinds], [kind.n for kind in kinds])


def numbers(kinds: tuple[Kind, ...]) -> NDArray[np.int64]:
    """Return which kind each disk is of, counted from 0, (n,)."""
    return np.repeat(np.arange(len(kinds)), [kind.n for kind in kinds])


def thermal_shares(kinds: tuple[Kind, ...]) -> NDArray[np.float64]:
    """Return √(mean mass/mass) of each disk, (n, 1): its speed at a temperature, in units of that of disks alike."""
    shares: NDArray[np.float64] = np.sqrt(mean_mass(kinds) / masses(kinds))[:, np.newaxis]
    return shares


def spin_weights(kinds: Kinds, diameter: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return √m and √m a of each disk, a its radius, (n,); where all are alike of one, (1,), its mass being 1."""
    if not mixed(kinds):
        return np.ones(1), np.full(1, diameter / 2)
    roots = np.sqrt(masses(kinds))
    return roots, roots * diameters(kinds) / 2


def mean_mass(kinds: Kinds) -> float:
    """Return the mean mass of the disks, exactly that of each where all are alike."""
    if not mixed(kinds):
        return 1.0 if kinds is None else kinds[0].mass
    return math.fsum(kind.n * kind.mass for kind in kinds) / sum(kind.n for kind in kinds)


def widest(kinds: tuple[Kind, ...]) -> float:
    """Return the largest diameter."""
    return max(kind.diameter for kind in kinds)


def narrowest(kinds: Kinds, diameter: float) -> float:
    """Return the smallest diameter; that of the gas where there are no kinds."""
    return diameter if kinds is None else min(kind.diameter for kind in kinds)


def as_many(kinds: Kinds, n: int) -> float:
    """Return how many of the largest disks cover as much as all n of the gas."""
    return n if kinds is None else math.fsum(kind.n * (kind.diameter / widest(kinds)) ** 2 for kind in kinds)


class Sized(Protocol):
    """As much of a `hthm.gas.DiskGas` or State as sizes need."""

    @property
    def diameter(self) -> float:
        """Of a disk, in a mixture of the largest."""
        ...

    @property
    def kinds(self) -> Kinds:
        """Of a mixture, or None."""
        ...


def summed(kinds: Kinds, of_kind: Callable[[Kind | None, slice], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return a sum over the disks that is made of one of each kind times its mass.

    Parameters
    ----------
    kinds : tuple of Kind or None
        Of the gas.
    of_kind : callable
        The sum over the disks of a kind, as if their mass were 1, of the kind and its disks; of None and all disks
        where they are alike.

    Returns
    -------
    (...) float64
    """
    if not mixed(kinds):
        return of_kind(None, slice(None)) * mean_mass(kinds)
    parts = zip(kinds, slices(kinds, 0), strict=True)
    total: NDArray[np.float64] = np.sum([kind.mass * of_kind(kind, disks) for kind, disks in parts], axis=0)
    return total


def words(kinds: tuple[Kind, ...]) -> str:
    """Return kinds in a few words, for messages."""
    shown = [f"{kind.n} of diameter {kind.diameter:g} and mass {kind.mass:g}" for kind in kinds[:3]]
    return ", ".join([*shown, "..."] if len(kinds) > len(shown) else shown)


def text_of(kinds: tuple[Kind, ...]) -> str:
    """Return kinds in words, every one and every digit of their numbers."""
    return ", ".join(f"{kind.n} of diameter {kind.diameter!r} and mass {kind.mass!r}" for kind in kinds)


def one_kind(kinds: Kinds, name: str, why: str) -> str | None:
    """Return what is wrong with disks of several kinds; None if there are no kinds.

    Parameters
    ----------
    kinds : tuple of Kind or None
        Of the gas.
    name : str
        What was given, for the message.
    why : str
        Why none will do.

    Returns
    -------
    str or None
        A message for whatever error it is.
    """
    return None if kinds is None else f"{name}: must be of disks without kinds, got {words(kinds)}. {why}"
