"""Random starts: one generator a run, drawn from in a fixed order, so that a run is the same whatever else is drawn."""

from __future__ import annotations

import math
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hthm import _core
from hthm.starts.lattice import widest_lattice

Overlaps: TypeAlias = Literal["allow", "reject"]
Placing: TypeAlias = Literal["allow", "reject", "lattice"]
Speeds: TypeAlias = Literal["equal", "uniform", "maxwell"]

OVERLAPS: Final = ("allow", "reject")
SPEEDS: Final = ("equal", "uniform", "maxwell")
MOST_REJECTED_FRACTION: Final = 0.5
"""Area fraction up to which disks are placed one after the other; random sequential addition jams near 0.547."""

_MOST_TRIES: Final = 2**26  # candidates for one disk before a start counts as jammed
_PIECE: Final = 2**16  # numbers that are sorted at a time


class Drawn(Protocol):
    """What a start is drawn of: as much of a `hthm.gas.DiskGas` as drawing needs."""

    @property
    def n(self) -> int:
        """Disks."""
        ...

    @property
    def diameter(self) -> float:
        """Of every disk."""
        ...

    @property
    def box(self) -> float:
        """Side of the box."""
        ...

    @property
    def speed(self) -> float:
        """The s0 of the speeds."""
        ...

    @property
    def thermal_speed(self) -> float:
        """The √T of s0."""
        ...


def draw_start(
    gas: Drawn, seed: int, run: int, placing: Placing, speeds: Speeds
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw positions, then directions, then speeds where they are random, of one run.

    Parameters
    ----------
    gas : DiskGas
        What is drawn.
    seed, run : int
        The generator is ``PCG64(SeedSequence(seed, spawn_key=(run,)))``.
    placing : {"allow", "reject", "lattice"}
        Anywhere; anywhere, but a position that overlaps an earlier one is drawn again at its turn; or on a lattice.
    speeds : {"equal", "uniform", "maxwell"}
        All s0; uniform on [0, 2 s0); or Maxwell-Boltzmann at T = s0²/2.

    Returns
    -------
    positions, velocities : (n, 2) float64

    Raises
    ------
    ValueError
        If overlaps are to be rejected and there is no room.
    """
    bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(run,)))
    random = np.random.Generator(bits)
    if placing == "lattice":
        positions = _on_lattice(gas, random)
    elif placing == "reject":
        positions = _apart(gas, random, bits, run)
    else:
        positions = random.random((gas.n, 2)) * gas.box
    return positions, _velocities(gas, random, speeds)


def _apart(gas: Drawn, random: np.random.Generator, bits: np.random.PCG64, run: int) -> NDArray[np.float64]:
    """Positions drawn one after the other, each until it overlaps none before it."""
    positions = np.zeros((gas.n, 2))
    placed, tries = 0, 0
    while placed < gas.n:
        # Candidates come in bulk. The unused rest of a batch is given back, so that every number is drawn in turn.
        before = bits.state
        candidates = random.random((max(1024, 4 * (gas.n - placed)), 2)) * gas.box
        had = placed
        placed, used = _core.place_disks(candidates, positions, placed, gas.box, gas.diameter)
        bits.state = before
        bits.advance(2 * used)
        tries = 0 if placed > had else tries + used
        if tries > _MOST_TRIES:
            raise ValueError(
                f"overlaps: 'reject' found no room for disk {placed} of run {run} in {tries} tries. "
                "Take fewer or smaller disks, or another seed."
            )
    return positions


def _on_lattice(gas: Drawn, random: np.random.Generator) -> NDArray[np.float64]:
    """Sites of the widest lattice, in its order; which of them stay empty is random."""
    sites = widest_lattice(gas.n).sites()
    taken = np.ones(len(sites), dtype=bool)
    taken[largest(random.random(len(sites)), len(sites) - gas.n)] = False
    positions: NDArray[np.float64] = sites[taken] * gas.box
    return positions


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


def _velocities(gas: Drawn, random: np.random.Generator, speeds: Speeds) -> NDArray[np.float64]:
    angles = random.random(gas.n) * (2 * math.pi)
    speed: float | NDArray[np.float64] = gas.speed
    if speeds == "uniform":
        speed = random.random(gas.n) * (2 * gas.speed)
    elif speeds == "maxwell":
        speed = random.rayleigh(gas.thermal_speed, gas.n)
    return np.stack([speed * np.cos(angles), speed * np.sin(angles)], axis=-1)  # (n, 2)
