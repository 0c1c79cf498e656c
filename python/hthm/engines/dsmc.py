"""The engine of the Boltzmann equation: what it needs, what its disks lack, and where it says something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hthm import arrays
from hthm.arrays import FloatArray
from hthm.engines.names import PLACELESS
from hthm.equilibrium import MOST_FITTED

if TYPE_CHECKING:
    from hthm.equilibrium import Equilibrium

(ENGINE,) = PLACELESS
MOST_BYTES: Final = 1 << 27
"""Of collisions that a solution beside a gas holds in memory at a time, unless those of one run a thread are more."""
_WORD: Final = 16  # hexadecimal digits


def random_starts(*parts: FloatArray) -> NDArray[np.uint64]:
    """Return where the random numbers of every run start: the SHA-256 of the run's own start, in four words.

    Parameters
    ----------
    *parts : (runs, n, ...) float64
        Where the runs start: positions, velocities, and spins where disks have them. Positions do nothing else: other
        ones are other random numbers from the same velocities.

    Returns
    -------
    (runs, 4) uint64
        State of xoshiro256++. Word k of run r is the number that the digits from 16k to 16k + 15 of
        ``state[r : r + 1].sha256()`` write. A run is therefore the same by itself, among others, made
        again from a store, or on another machine.
    """
    digests = [arrays.sha256(*start) for start in zip(*parts, strict=True)]
    words = [[int(digest[k : k + _WORD], 16) for k in range(0, 4 * _WORD, _WORD)] for digest in digests]
    return np.array(words, dtype=np.uint64)


def no_positions(engine: str, name: str = "positions") -> str | None:
    """Return what is wrong with asking for where the disks of an engine are; None if nothing is.

    Parameters
    ----------
    engine : str
        Its name.
    name : str
        What was given, for the message.

    Returns
    -------
    str or None
        A message for whatever error it is.
    """
    if engine not in PLACELESS:
        return None
    return (
        f"{name}: must have disks with places, got engine {engine!r}, the Boltzmann equation, whose disks have "
        "velocities only. Take the engine 'event'."
    )


def has_equation(gas: Equilibrium, dt: float, engine: str = "") -> bool:
    """Whether H of the Boltzmann equation is worth its time beside that of runs of a gas.

    Parameters
    ----------
    gas : Equilibrium
        A `hthm.gas.DiskGas`.
    dt : float
        Time between two frames.
    engine : str
        Of the runs.

    Returns
    -------
    bool
        Not where the runs are of that equation themselves, nor where disks are no fluid, whose rate nobody knows, nor
        where each has more than one collision a frame, so that H has fallen before the first.
    """
    return engine not in PLACELESS and gas.area_fraction <= MOST_FITTED and gas.collision_rate * dt <= 1
