"""Starts of many runs: which is meant, by name or by a user's own function, and positions, then velocities, of each."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from hthm import checks, mechanics, mixtures
from hthm.arrays import FloatArray
from hthm.randomness import MOST_RUNS, of_run
from hthm.starts import positions as places
from hthm.starts.kinds import SPEEDS, STARTS, THERMAL, Start
from hthm.starts.spins import SPINS, Spins, draw_spins


class Drawn(places.Drawn, mixtures.Sized, Protocol):
    """As much of a `hthm.gas.DiskGas` as starts need."""

    @property
    def speed(self) -> float:
        """Speed that named starts are scaled by."""
        ...


def one_start(speeds: object, start: object) -> Start:
    """Return the start that `speeds` or `start` asks for, of which one may be given; equal speeds where none is.

    Raises
    ------
    TypeError, ValueError
        If both are given, or one is neither a name nor, where that may be, a function.
    """
    if speeds is not None and start is not None:
        raise ValueError(
            f"start: must not be given beside speeds, got {_called(start)} and speeds={speeds!r}. Keep one of them: "
            "speeds names a start by the distribution of its speeds, start names any, or is a function."
        )
    if start is None:
        return checks.choice("speeds", "equal" if speeds is None else speeds, SPEEDS)  # type: ignore[return-value]  # one of them
    if callable(start):
        return start
    if not isinstance(start, str):
        raise TypeError(
            f"start: must be a name or a function of a generator and n, got {type(start).__name__}. "
            f"Names are {', '.join(STARTS)}."
        )
    return checks.choice("start", start, STARTS)  # type: ignore[return-value]  # one of them


def draw_runs(
    gas: Drawn,
    runs: int,
    seed: int,
    first: int,
    placing: places.Placing,
    start: Start,
    spins: Spins | None,
    inertia: float | None,
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Draw positions and velocities (runs, n, 2) of the runs from `first` on, as `hthm.gas.DiskGas.sample` has them.

    Spins (runs, n) come with them, or None where disks have none.

    Parameters
    ----------
    gas : DiskGas
        What is drawn.
    runs, seed, first : int
        As a user gave them.
    placing : {"allow", "reject", "lattice"}
        As `hthm.starts.positions.draw_positions` takes it.
    start : str or callable
        As `draw_velocities` takes it.
    spins : str, optional
        One of `hthm.starts.spins.SPINS`; all in translation unless given.
    inertia : float or None
        Of disks that spin; None of others.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range, spins are given of disks that have none, a function returns
        no velocities, or there is no room.
    """
    runs = checks.integer("runs", runs, least=1, most=MOST_RUNS)
    seed = checks.integer("seed", seed, least=0)
    first = checks.integer("first", first, least=0, most=MOST_RUNS - runs)
    if spins is not None:
        checks.choice("spins", spins, SPINS)
        if inertia is None:
            raise ValueError(
                f"spins: must not be given for disks that do not spin, got {spins!r}. Take a gas of rule=RoughDisks()."
            )
    checks.memory("sample", 2 * runs * gas.n * 16 + gas.n * 64, "Take fewer runs or disks.")
    positions = np.empty((runs, gas.n, 2))
    velocities = np.empty((runs, gas.n, 2))
    drawn = None if inertia is None else np.empty((runs, gas.n))
    for k in range(runs):
        bits = of_run(seed, first + k)
        positions[k] = places.draw_positions(gas, bits, first + k, placing)
        velocities[k] = draw_velocities(start, bits, first + k, gas.n, gas.speed)
        if mixtures.mixed(gas.kinds) and start in THERMAL:
            velocities[k] *= mixtures.thermal_shares(gas.kinds)
        if drawn is not None and inertia is not None:
            drawn[k] = draw_spins(spins or "all in translation", bits, velocities[k], gas, inertia)
    return positions, velocities, drawn


def draw_velocities(start: Start, bits: np.random.PCG64, run: int, n: int, s0: float) -> FloatArray:
    """Draw the velocities of one run.

    Parameters
    ----------
    start : str or callable
        One of `STARTS`, or a function of a generator and n.
    bits : PCG64
        What is drawn from.
    run : int
        Number of the run, for messages.
    n : int
        Disks.
    s0 : float
        Speed that named starts are scaled by; a function is not.

    Returns
    -------
    (n, 2) float64

    Raises
    ------
    TypeError, ValueError
        If what a function returned is of another dtype or shape, not finite or too fast.
    """
    random = np.random.Generator(bits)
    if not callable(start):
        return STARTS[start](random, (n,), s0)
    velocities = start(random, n)
    if type(velocities) is np.ndarray:  # of the order of its axes a copy is made anyway
        velocities = np.ascontiguousarray(velocities)
    name = f"{_called(start)}, run {run}"
    checks.array(name, velocities, dtype=np.float64, shape=(n, 2))
    mechanics.slow_enough(name, velocities, mechanics.MOST_GIVEN)
    return velocities


def _called(start: object) -> str:
    """A start as a message names it."""
    if isinstance(start, str):
        return f"start={start!r}"
    return f"start={getattr(start, '__qualname__', None) or type(start).__qualname__}"
