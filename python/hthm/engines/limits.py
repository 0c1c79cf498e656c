"""What the engines refuse, for rounding would leave nothing of it."""

from __future__ import annotations

from typing import Final

import numpy as np

from hthm import checks, mixtures
from hthm.gas import State

_MOST_BOXES: Final = 2.0**52  # a longer step leaves no digit of the position
_LEAST_BOXES: Final = 2.0**-104  # in 2^52 frames of it no digit of a position moves
_ONE_DIGIT: Final = 2.0**-52  # of a box: who goes so far leaves any place
_LEAST_DIAMETER: Final = 2.0**-51  # in boxes: rounding moves a position by half of it
_LEAST_SPEED: Final = 2.0**-1022  # slower ones are subnormal: they have lost digits


def checked_dt(dt: object, state: State, *, exact: bool) -> float:
    """Return the time between two frames, unless disks leave all digits of the box behind in it, or none can move.

    Parameters
    ----------
    dt : object
        What was given.
    state : State
        Where the runs start.
    exact : bool
        Whether the engine is the exact one, which adds up times, not steps.

    Raises
    ------
    TypeError, ValueError
        If it is no number, not above zero, or too long or too short for this state.
    """
    number = checks.positive("dt", dt)
    fastest = _fastest(state)
    if _leave_all_digits(fastest, number, state):
        raise ValueError(
            f"velocities: must cross less than 2^52 boxes in a step, got {fastest:g} with dt = {number:g} "
            f"and box = {state.box:g}. Take a shorter dt."
        )
    why = _why_none_moves(fastest, number, state, exact=exact)
    if why:
        raise ValueError(f"dt: must be long enough for something to move, got {number:g}, {why}. Take a longer dt.")
    return number


def check_rate(name: str, rate: float, state: State, *, exact: bool) -> None:
    """Refuse frames per unit time between which `checked_dt` refuses the time.

    Parameters
    ----------
    name : str
        The choice, for the message.
    rate : float
        Frames per unit time.
    state : State
        Where the runs start.
    exact : bool
        Whether the engine is the exact one.

    Raises
    ------
    ValueError
        If disks leave all digits of the box behind between two frames, or none can move.
    """
    fastest = _fastest(state)
    if _leave_all_digits(fastest, 1 / rate, state):
        raise ValueError(
            f"{name}: must be so high that disks cross less than 2^52 boxes between two frames, got {rate:g}, and the "
            f"fastest moves at {fastest:g} in a box of {state.box:g}. Take a higher rate or slower disks."
        )
    why = _why_none_moves(fastest, 1 / rate, state, exact=exact)
    if why:
        raise ValueError(
            f"{name}: must leave disks the time to move between two frames, got {rate:g}, {why}. "
            "Take a lower rate or faster disks."
        )


def check_exact(state: State) -> None:
    """Refuse what rounding leaves no meaning in the exact engine. All else is simulated, at whatever scale.

    Raises
    ------
    ValueError
        If the disks are as small as rounding, or a run is slower than what float64 holds to all digits.
    """
    diameter = mixtures.narrowest(state.kinds, state.diameter)
    nearest = state.rule.nearest(diameter)
    if nearest <= _LEAST_DIAMETER * state.box and nearest < diameter:
        raise ValueError(
            f"delta: must leave a smaller contact distance of more than 2^-51 boxes, {_LEAST_DIAMETER * state.box:g}, "
            f"for the exact engine, got one of {nearest:g}: positions are rounded to that. Take a smaller delta."
        )
    if diameter <= _LEAST_DIAMETER * state.box:
        raise ValueError(
            f"diameter: must be more than 2^-51 boxes, {_LEAST_DIAMETER * state.box:g}, for the exact engine, "
            f"got {diameter:g}: positions are rounded to that. Take larger disks or a smaller box."
        )
    fastest = np.abs(state.velocities).max(axis=(1, 2))  # (runs,)
    slow = (fastest > 0) & (fastest < _LEAST_SPEED)
    if slow.any():
        run = int(slow.argmax())
        raise ValueError(
            f"velocities: the fastest of a run must be 0 or at least {_LEAST_SPEED:g} in size for the exact engine, "
            f"got {fastest[run]:g} in run {run}. Take a shorter unit of time."
        )


def _fastest(state: State) -> float:
    return float(np.abs(state.velocities).max())


def _leave_all_digits(fastest: float, dt: float, state: State) -> bool:
    return fastest * dt >= _MOST_BOXES * state.box


def _why_none_moves(fastest: float, dt: float, state: State, *, exact: bool) -> str:
    """What keeps all disks where they are for this time; empty where one moves, or all are at rest."""
    moved = fastest / state.box * dt
    if fastest > 0 and (moved < _LEAST_BOXES or (not exact and moved < _ONE_DIGIT and _all_stay(state, dt))):
        why = "less than 2^-104" if moved < _LEAST_BOXES else "rounding puts all back to where they were"
        return f"in which the fastest disk covers {moved:g} boxes: {why}"
    return ""


def _all_stay(state: State, dt: float) -> bool:
    """Whether a fixed step moves no disk by a digit of where it is. The exact engine adds up times, not steps."""
    with np.errstate(all="ignore"):
        return bool((state.positions + state.velocities * dt == state.positions).all())
