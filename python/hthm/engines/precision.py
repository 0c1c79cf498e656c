"""How many bits the exact engine carries, and states with more of them than doubles have."""

from __future__ import annotations

import math
import os
import warnings
import zlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import numpy as np

from hthm import _core, checks, mixtures, paper, ranges
from hthm.arrays import FloatArray
from hthm.files import written_whole
from hthm.gas import DiskGas, State
from hthm.rules import SMOOTH

if TYPE_CHECKING:
    from collections.abc import Mapping

Precision: TypeAlias = Literal["double", "quad", "extended"]

BITS: Final[Mapping[str, int]] = MappingProxyType({"double": 53, "quad": 113, "extended": 237})
"""Bits of a number by the name of the precision."""

RESTS: Final = 4
"""Doubles that a long number has beside the nearest one: their sum is the number, without an error."""

_NUMBERS: Final = ("diameter", "box", "speed")
_ARRAYS: Final = ("positions", "velocities", "position_rests", "velocity_rests")


_LOST: Final = (2.7, 5.3)
"""Decades that coming back loses at the paper's state, at once and a unit of time."""


class OrderWarning(UserWarning):
    """Two collisions of a disk were closer in time than doubles, which put them in order, can tell."""


@dataclass(frozen=True, init=False, eq=False, repr=False)
class LongState(State):
    """A state with the digits that doubles leave out, as the exact engine carries them in a higher precision.

    Parameters
    ----------
    state : State
        The state rounded to doubles.
    position_rests, velocity_rests : (runs, n, 2, 4) float64, C order
        What that leaves out, each number as four doubles: with them it adds up to the long number without an error.
        Where a position rounds up to the side of the box, it is 0 and its rest is negative.
    precision : {"quad", "extended"}
        Whose digits they are.

    Raises
    ------
    TypeError, ValueError
        If an array has another dtype, shape or order, or is not finite, or there is no such precision.
    """

    position_rests: FloatArray
    velocity_rests: FloatArray
    precision: Precision

    def __init__(
        self, state: State, position_rests: FloatArray, velocity_rests: FloatArray, precision: Precision
    ) -> None:
        checks.choice("precision", precision, [name for name in BITS if name != "double"])
        vars(self).update({name: getattr(state, name) for name in (*_ARRAYS[:2], *_NUMBERS, "rule", "kinds")})
        vars(self).update(position_rests=position_rests, velocity_rests=velocity_rests, precision=precision)
        self.check()

    def __getitem__(self, runs: slice) -> LongState:
        chosen = ranges.runs(runs, self.runs)
        part = super().__getitem__(chosen)
        return LongState(part, self.position_rests[chosen], self.velocity_rests[chosen], self.precision)

    def reversed(self) -> LongState:
        """Return the state with every velocity negated, to the last digit."""
        return LongState(super().reversed(), self.position_rests, -self.velocity_rests, self.precision)

    def rounded(self) -> State:
        """Return the state in doubles, without the digits that they leave out."""
        return State(
            self.positions,
            self.velocities,
            diameter=self.diameter,
            box=self.box,
            speed=self.speed,
            rule=self.rule,
            kinds=self.kinds,
        )

    def check(self) -> None:
        """Check the arrays again: their owner may have written to them.

        Raises
        ------
        TypeError, ValueError
            As `State.check`, and likewise for the rests.
        """
        super().check()
        for name in _ARRAYS[2:]:
            checks.array(name, getattr(self, name), dtype=np.float64, shape=(self.runs, self.n, 2, RESTS))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, from which `load` reads it: a leg that ends here can be reversed later.

        Parameters
        ----------
        path : path
            Of an ``.npz`` file, which NumPy reads as well.

        Raises
        ------
        ValueError
            If the disks have kinds, for which the file has no place.
        OSError
            If it cannot be written; it is written whole or not at all.
        """
        self.check()
        if wrong := mixtures.one_kind(self.kinds, "state", "The file has no place for kinds."):
            raise ValueError(wrong)
        content = {name: getattr(self, name) for name in (*_ARRAYS, *_NUMBERS, "precision")}
        with written_whole(path) as part, part.open("wb") as file:
            np.savez(file, **content)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> LongState:
        """Return the state that `save` has written.

        Raises
        ------
        OSError
            If the file cannot be read.
        TypeError, ValueError
            If it holds no such state.
        """
        import zipfile  # noqa: PLC0415 -- import hthm is quick

        place = checks.path("path", path)
        try:
            # A file of one array is none of many, which a TypeError says.
            with place.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                content = {name: file[name] for name in (*_ARRAYS, *_NUMBERS, "precision")}
        except (KeyError, EOFError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(
                f"path: must be a file that LongState.save wrote, whole, and {place} is not. Save the end of a run in "
                "more bits anew: traj.final.save(path)."
            ) from error
        diameter, box, speed = (float(content[name]) for name in _NUMBERS)
        state = State(content["positions"], content["velocities"], diameter=diameter, box=box, speed=speed)
        precision = cast("Precision", str(content["precision"]))  # the class checks it
        return LongState(state, content["position_rests"], content["velocity_rests"], precision)


def bits_needed(gas: DiskGas, time: float) -> int:
    """Return the bits that it takes to go back for so long and come to the bit of doubles.

    Parameters
    ----------
    gas : DiskGas
        The gas.
    time : float
        From the start to the turn.

    Returns
    -------
    int
        With 53 fewer, the last digits come back wrong, but every collision is retraced; with still fewer, the gas does
        not come back at all.

    Notes
    -----
    Measured at the paper's state, where 2.7 + 5.3 t decades are lost, and carried over to others by the number of
    collisions: docs/reversal.md.
    """
    at_once, by_time = _LOST
    collisions = time * gas.collision_rate / paper.GAS.collision_rate
    return math.ceil((at_once + by_time * collisions) * math.log2(10)) + BITS["double"]


def checked_precision(precision: object, state: State, *, exact: bool) -> Precision:
    """Return the precision that a run from this state is to carry.

    Parameters
    ----------
    precision : object
        What was given.
    state : State
        Where the runs start.
    exact : bool
        Whether the engine is the exact one.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        If there is no such precision, or the engine has doubles only, or the state more digits than the precision.
    """
    name = cast("Precision", checks.choice("precision", precision, BITS))
    bits = BITS[name]
    if bits > BITS["double"] and not exact:
        raise ValueError(f"precision: must be double but for the exact engine, got {precision!r}. Take engine='event'.")
    if bits > BITS["double"] and state.rule != SMOOTH:
        raise ValueError(f"precision: must be double for disks that are not smooth, got {precision!r}.")
    if bits > BITS["double"] and mixtures.mixed(state.kinds):
        raise ValueError(f"precision: must be double for disks of several kinds, got {precision!r}.")
    if isinstance(state, LongState) and bits < BITS[state.precision]:
        raise ValueError(
            f"precision: must be {state.precision!r} or higher for a state that carries its digits, got {precision!r}. "
            "Take state.rounded(), if they are not wanted."
        )
    return name


def check_kept_in_doubles(*states: State) -> None:
    """Refuse to keep states, in a dataset, that have more digits than it keeps.

    Raises
    ------
    ValueError
        If one has.
    """
    if any(isinstance(state, LongState) for state in states):
        raise ValueError(
            "precision: must be 'double' for runs in a dataset, which keeps doubles, and these end in more digits. "
            "Keep their end by traj.final.save(path), from which they can be reversed later; or drop the digits, by "
            "dataclasses.replace(traj, final=traj.final.rounded())."
        )


def rests_of(state: State, runs: slice) -> dict[str, FloatArray | None]:
    """Return what doubles leave out of some runs of a state, by the names that the core has for it."""
    if not isinstance(state, LongState):
        return {"position_rests": None, "velocity_rests": None}
    return {"position_rests": state.position_rests[runs], "velocity_rests": state.velocity_rests[runs]}


class Rests:
    """What doubles leave out of where runs end: arrays that are filled a block of runs at a time, or none of double."""

    def __init__(self, state: State, precision: Precision) -> None:
        self._precision: Precision = precision
        shape = (0 if precision == "double" else state.runs, state.n, 2, RESTS)
        self._positions, self._velocities = np.zeros(shape), np.zeros(shape)

    def take(self, ensemble: _core.Ensemble, block: slice, first_run: int) -> None:
        """Take them from runs that have ended, and warn of those whose order of collisions is in doubt.

        Parameters
        ----------
        ensemble : _core.Ensemble
            The runs.
        block : slice
            Which of all runs they are.
        first_run : int
            The number of the first of all, for the warning.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C came meanwhile.
        """
        if not len(self._positions):
            return
        ensemble.write_rests(positions=self._positions[block], velocities=self._velocities[block])
        for k, count in enumerate(ensemble.overtaken()):
            if count:
                warnings.warn(
                    f"state: in run {first_run + block.start + k}, {count} collisions came closer to another of the "
                    "same disk than doubles, which put them in order, can tell, or disks overlapped by rounding at the "
                    "start. The run is exact to rounding, but need not come back.",
                    OrderWarning,
                    stacklevel=5,
                )

    def beside(self, state: State) -> State:
        """Return the state, of the first runs, with them."""
        if not len(self._positions):
            return state
        done = slice(0, state.runs)
        return LongState(state, self._positions[done], self._velocities[done], self._precision)
