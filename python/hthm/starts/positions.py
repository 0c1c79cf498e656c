"""Positions of a start: anywhere, anywhere without overlaps, or on a lattice."""

from __future__ import annotations

import math
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hthm import _core, mixtures
from hthm.starts.lattice import widest_lattice

Overlaps: TypeAlias = Literal["allow", "reject"]
Placing: TypeAlias = Literal["allow", "reject", "lattice"]

OVERLAPS: Final = ("allow", "reject")
MOST_REJECTED_FRACTION: Final = 0.5
"""Area fraction up to which disks are placed one after the other; random sequential addition jams near 0.547."""

_MOST_TRIES: Final = 2**26  # candidates for one disk before a start counts as jammed
_PIECE: Final = 2**16  # numbers that are sorted at a time


class NoRoomError(ValueError):
    """No place was found for a disk that overlaps none before it."""


class Touching(Protocol):
    """As much of a rule of `hthm.rules` as positions need."""

    def reach(self, diameter: float) -> float:
        """Return the largest distance at which two disks touch."""
        ...


class Drawn(Protocol):
    """As much of a `hthm.gas.DiskGas` as positions need."""

    @property
    def n(self) -> int:
        """Disks."""
        ...

    @property
    def box(self) -> float:
        """Side of the box."""
        ...

    @property
    def reach(self) -> float:
        """Largest distance at which two disks touch; diameter of the disks that are placed."""
        ...

    @property
    def kinds(self) -> mixtures.Kinds:
        """Of a mixture, or None."""
        ...

    @property
    def rule(self) -> Touching:
        """What happens at contact."""
        ...


def check_room(gas: Drawn) -> None:
    """Refuse more disks than find room one after the other.

    Raises
    ------
    ValueError
        If they cover more than `MOST_REJECTED_FRACTION` of the box.
    """
    placed = mixtures.for_core(gas.kinds, gas.rule.reach) or [(gas.n, gas.reach, 1.0)]
    fraction = math.fsum(n / gas.box**2 * math.pi * reach**2 / 4 for n, reach, _ in placed)
    if fraction > MOST_REJECTED_FRACTION and gas.n > 1:
        raise ValueError(
            f"overlaps: 'reject' must have an area fraction of at most {MOST_REJECTED_FRACTION}, "
            f"got {fraction:.3f}. Take fewer or smaller disks, or lattice_state."
        )


def check_sites(gas: Drawn) -> None:
    """Refuse disks that overlap on the widest lattice.

    Raises
    ------
    ValueError
        If their diameter is above its spacing.
    """
    widest = widest_lattice(gas.n).spacing * gas.box
    if gas.reach > widest:
        raise ValueError(
            f"diameter: must be at most {widest:.6g}, an area fraction of "
            f"{math.pi / 4 * (gas.n / gas.box**2) * widest**2:.3f}, for a lattice of {gas.n} disks in this box, "
            f"got {gas.reach:g}. Take fewer or smaller disks."
        )


def draw_positions(gas: Drawn, bits: np.random.PCG64, run: int, placing: Placing) -> NDArray[np.float64]:
    """Draw the positions of one run.

    Parameters
    ----------
    gas : DiskGas
        What is drawn.
    bits : PCG64
        What is drawn from; it stands behind the positions then.
    run : int
        Number of the run, for messages.
    placing : {"allow", "reject", "lattice"}
        Anywhere; anywhere, but a position that overlaps an earlier one is drawn again at its turn; or on a lattice.

    Returns
    -------
    (n, 2) float64

    Raises
    ------
    NoRoomError
        If overlaps are to be rejected and there is no room.
    """
    random = np.random.Generator(bits)
    if placing == "lattice":
        return _on_lattice(gas, random)
    if placing == "reject":
        return _apart(gas, random, bits, run)
    return random.random((gas.n, 2)) * gas.box


def _apart(gas: Drawn, random: np.random.Generator, bits: np.random.PCG64, run: int) -> NDArray[np.float64]:
    """Positions drawn one after the other, each until it overlaps none before it."""
    positions = np.zeros((gas.n, 2))
    kinds = mixtures.for_core(gas.kinds, gas.rule.reach)
    placed, tries = 0, 0
    while placed < gas.n:
        # Candidates come in bulk. The unused rest of a batch is given back, so that every number is drawn in turn.
        before = bits.state
        candidates = random.random((max(1024, 4 * (gas.n - placed)), 2)) * gas.box
        had = placed
        placed, used = _core.place_disks(candidates, positions, placed, gas.box, gas.reach, kinds)
        bits.state = before
        bits.advance(2 * used)
        tries = 0 if placed > had else tries + used
        if tries > _MOST_TRIES:
            raise NoRoomError(
                f"overlaps: 'reject' found no room for disk {placed} of run {run} in {tries} tries. "
                "Take fewer or smaller disks, or another seed."
            )
    return positions


def _on_lattice(gas: Drawn, random: np.random.Generator) -> NDArray[np.float64]:
    """Sites of the widest lattice, in its order; which stay empty is random, and of a mixture who is where."""
    sites = widest_lattice(gas.n).sites()
    taken = np.ones(len(sites), dtype=bool)
    taken[largest(random.random(len(sites)), len(sites) - gas.n)] = False
    positions: NDArray[np.float64] = sites[taken] * gas.box
    return random.permutation(positions) if mixtures.mixed(gas.kinds) else positions


def largest(numbers: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Return where the `count` largest numbers stand, ascending; of equal ones the last.

    They are looked for piece by piece: to sort millions is seconds in which nothing answers Ctrl-C.
    """
    found = np.empty(0, dtype=np.intp)
    if count == 0:
        return found
    for first in range(0, len(numbers), _PIECE):
        piece = numbers[first : first + _PIECE]
        least = numbers[found].min() if len(found) == count else -math.inf
        candidates = np.concatenate([found, first + np.flatnonzero(piece >= least)])
        found = np.sort(candidates[np.argsort(numbers[candidates], kind="stable")[-count:]])
    return found
