"""What numbers a gas and its state may have, said once: docs/rule.md lists them for users."""

from __future__ import annotations

import math
import operator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hthm import checks, mechanics, mixtures, published

MOST_DISKS: Final = 2**31 - 1
"""Disks are numbered by 32-bit integers."""

_BOX: Final = (1e-100, 1e100)
_SMALLEST: Final = 1e-160  # least diameter, and in boxes: its square is a number, and so is the area fraction
_FRACTION: Final = 1e-290  # least area fraction: shared among all disks there may be, it is a normal number
# The largest that a run may reach: one disk takes over the energy of a million, whose squares are still finite.
_REACHED: Final = 1e153
_SPEED: Final = (1e-305, 1e151)  # every root mean square of what may be given is below the larger


def box(value: object) -> float:
    """Return the side of a box.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or out of range.
    """
    return checks.positive("box", value, least=_BOX[0], most=_BOX[1])


def diameter(value: object, side: float) -> float:
    """Return the diameter of a disk in a box of this side.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or out of range.
    """
    number = checks.positive("diameter", value)
    if number > side / 2:
        raise ValueError(
            f"diameter: must be at most half the box, {side / 2:g}, got {value}. "
            "A larger disk would meet a partner and its periodic image at once."
        )
    least = _SMALLEST * max(side, 1.0)
    if number < least:
        raise ValueError(
            f"diameter: must be at least {least:g}, got {value}. Smaller disks are points, which never collide."
        )
    return number


def lengths(n: float, area_fraction: object, wide: object, side: object) -> tuple[float, float]:
    """Return the diameter of n disks that cover a fraction of their box, and the side of the box.

    Parameters
    ----------
    n : float
        Disks; in a mixture, as many of the largest as cover what all do.
    area_fraction : float
        Share of the box.
    wide, side : float, optional
        One of the two, as a user gave it; without either, the side is the paper's.

    Raises
    ------
    TypeError, ValueError
        If a number is of the wrong kind, both are given, or a disk would be wider than half the box.
    """
    fraction = checks.positive("area_fraction", area_fraction, least=_FRACTION)
    most = n * math.pi / 16
    if fraction > most:
        raise ValueError(
            f"area_fraction: must be at most {most:g}, where the largest disk is half as wide as the box, "
            f"got {area_fraction}. Take more disks."
        )
    part = min(math.sqrt(4 * fraction / (math.pi * n)), 0.5)
    if wide is None:
        length = box(published.BOX if side is None else side)
        return part * length, length
    if side is not None:
        raise ValueError(
            f"box: must not be given beside diameter or kinds, got {side} and disks as wide as {wide}. "
            "It follows from them."
        )
    width = checks.positive("diameter", wide)
    return width, width / part


def speed(value: object) -> float:
    """Return s0, zero or more.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or out of range.
    """
    return checks.positive("speed", value, zero=True, least=_SPEED[0], most=_SPEED[1])


def own_speed(velocities: NDArray[np.float64], kinds: mixtures.Kinds = None) -> float:
    """Return the s0 of velocities that come without one: the root of their mean square, by mass in a mixture.

    So the temperature of their gas is the one that their energy gives.

    Raises
    ------
    ValueError
        If they are slower than an s0 may be.
    """
    if mixtures.mixed(kinds):
        shares = np.sqrt(mixtures.masses(kinds) / mixtures.mean_mass(kinds))
        velocities = velocities * shares[:, np.newaxis]
    number = mechanics.root_mean_square(velocities)
    if 0 < number < _SPEED[0]:
        raise ValueError(
            f"velocities: must have a mean square of 0, or a root of it of at least {_SPEED[0]:g}, got {number:g}. "
            "Give the speed, or choose another unit of time."
        )
    return number


def start(
    positions: NDArray[np.float64], velocities: NDArray[np.float64], side: float, *, reached: bool = False
) -> None:
    """Refuse positions and velocities that are no start in a box of this side.

    Parameters
    ----------
    positions, velocities : (runs, n, 2) float64, C order
        They are neither copied nor cast.
    side : float
        Of the box.
    reached : bool
        Whether a simulation may have made them, which gives one disk the energy of many.

    Raises
    ------
    TypeError, ValueError
        If one has another dtype, shape or order, is not finite, leaves the box, or is too fast.
    """
    checks.array("positions", positions, dtype=np.float64, shape=("runs", "n", 2))
    checks.array("velocities", velocities, dtype=np.float64, shape=("runs", "n", 2))
    checks.same_shape("velocities", velocities, "positions", positions)
    checks.inside("positions", positions, side)
    mechanics.slow_enough("velocities", velocities, _REACHED if reached else mechanics.MOST_GIVEN)


def spins(values: NDArray[np.float64], velocities: NDArray[np.float64], wide: float, *, reached: bool = False) -> None:
    """Refuse spins that do not go with velocities of disks of this diameter.

    Parameters
    ----------
    values : (runs, n) float64, C order
        They are neither copied nor cast.
    velocities : (runs, n, 2) float64
        They are checked.
    wide : float
        Diameter.
    reached : bool
        Whether a simulation may have made them.

    Raises
    ------
    TypeError, ValueError
        If they have another dtype, shape or order, are not finite, or disks turn, or by their velocities could come to
        turn, too fast for float64.
    """
    checks.array("spins", values, dtype=np.float64, shape=velocities.shape[:2])
    most = _REACHED * 1e3 if reached else mechanics.MOST_GIVEN  # the energy of all disks, of the least inertia
    largest = float(np.abs(values).max())
    if largest > most or largest * (wide / 2) > most:
        raise ValueError(
            f"spins: must be at most {most:g} in size, and so must a spin times the radius {wide / 2:g}, got "
            f"{largest:g}. Choose another unit of time."
        )
    fastest = float(np.abs(velocities).max())
    if not reached and fastest > most * (wide / 2):
        raise ValueError(
            f"velocities: must be at most {most:g} radii in a unit of time for disks that spin, got {fastest:g} with "
            f"radius {wide / 2:g}: a spin could not hold their energy. Choose another unit of length."
        )


def slow_kinds(kinds: mixtures.Kinds, velocities: NDArray[np.float64]) -> None:
    """Refuse velocities with whose energy a disk of the lightest kind would be too fast.

    Parameters
    ----------
    kinds : tuple of Kind or None
        Of the gas.
    velocities : (..., n, 2) float64
        They are finite.

    Raises
    ------
    ValueError
        If there are such, of a mixture.
    """
    if not mixtures.mixed(kinds):
        return
    least = min(kind.mass for kind in kinds)
    for kind, disks in zip(kinds, mixtures.slices(kinds, 0), strict=True):
        heavier = math.sqrt(kind.mass / least)
        of_kind = velocities[..., disks, :]
        mechanics.slow_enough(f"velocities of disks of mass {kind.mass:g}", of_kind, mechanics.MOST_GIVEN / heavier)


def spins_of(
    gas: mixtures.Sized, values: NDArray[np.float64], velocities: NDArray[np.float64], *, reached: bool = False
) -> None:
    """Refuse spins that do not go with velocities of the disks of a gas, of whatever kinds.

    Parameters
    ----------
    gas : DiskGas or State
        Has diameter and kinds.
    values, velocities, reached
        As `spins` takes them.

    Raises
    ------
    TypeError, ValueError
        As `spins`.
    """
    for wide in {gas.diameter, mixtures.narrowest(gas.kinds, gas.diameter)}:
        spins(values, velocities, wide, reached=reached)


def own_spins(
    gas: mixtures.Sized, values: NDArray[np.float64] | None, velocities: NDArray[np.float64], *, spinning: bool
) -> NDArray[np.float64] | None:
    """Return the spins (runs, n) of a start with these velocities: 0 unless given; None of disks that have none.

    Parameters
    ----------
    gas : DiskGas
        Has diameter and kinds.
    values, velocities
        As `spins` takes them; None where there are no spins.
    spinning : bool
        Whether its disks have them.

    Raises
    ------
    TypeError, ValueError
        As `spins`, and where there are some of disks that have none.
    """
    if not spinning:
        if values is None:
            return None
        raise ValueError("spins: must be None for disks that do not spin. Take rule=RoughDisks(), or leave them out.")
    values = np.zeros(velocities.shape[:2]) if values is None else values
    spins_of(gas, values, velocities)
    return values


def frames(chosen: object, count: int) -> slice:
    """Return a slice of frames in ascending order, at least one, within `count`.

    Raises
    ------
    TypeError, ValueError
        If it is no slice of whole numbers, goes backwards, or holds no frame.
    """
    if not isinstance(chosen, slice):
        raise TypeError(f"frames: must be a slice such as slice(0, None, 10), got {type(chosen).__name__}.")
    _whole("frames", chosen)
    if chosen.step is not None and operator.index(chosen.step) < 1:
        raise ValueError(f"frames: must go forwards, got a step of {chosen.step}.")
    numbers = range(*chosen.indices(count))
    if not numbers:
        raise ValueError(f"frames: must hold at least one of the {count} frames, start and all, got {chosen}.")
    return slice(numbers.start, numbers.stop, numbers.step)


def runs(chosen: object, count: int) -> slice:
    """Return a slice of consecutive runs, at least one, within `count`.

    Raises
    ------
    TypeError, ValueError
        If it is no slice of whole numbers, has a step, or holds no run.
    """
    if not isinstance(chosen, slice):
        raise TypeError(f"runs: must be a range such as [10:20], got {type(chosen).__name__}. One run k is [k:k+1].")
    _whole("runs", chosen)
    step = 1 if chosen.step is None else operator.index(chosen.step)
    if step != 1:
        raise ValueError(f"runs: must be consecutive, got a step of {step}.")
    first, last, _ = chosen.indices(count)
    if last <= first:
        raise ValueError(f"runs: must hold at least one of the {count} runs, got [{chosen.start}:{chosen.stop}].")
    return slice(first, last)


def _whole(name: str, chosen: slice) -> None:
    for part in (chosen.start, chosen.stop, chosen.step):
        if isinstance(part, bool | np.bool) or not (part is None or hasattr(part, "__index__")):
            raise TypeError(f"{name}: must be a range of whole numbers such as [10:20], got {part!r}.")
