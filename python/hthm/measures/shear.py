"""Gases that are sheared for ever: the fixed step between Lees and Edwards' images, and the momentum that crosses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hthm import _core, checks
from hthm.arrays import FloatArray, IntArray
from hthm.engines.limits import checked_dt
from hthm.gas import DiskGas, State, unchecked_state
from hthm.mixtures import one_kind
from hthm.progress import ProgressLike, reporting
from hthm.reprs import one_line
from hthm.rules import for_core, no_spins

MOST_STRAIN: Final = 0.1
"""Of a step: two disks that touch would be carried past each other by more than a tenth of their distance."""
_LEAST_ENERGY: Final = 2.0**-900  # the sum of squares below which, and above whose inverse, digits are lost


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Shear:
    """Runs of a gas in the flow u = (γ̇ (y - L/2), 0), and the momentum that crosses it: `shear` makes one.

    Attributes
    ----------
    gas : DiskGas
        Its temperature, s0²/2, is what the thermostat holds.
    rate : float
        γ̇, of either sign, per unit time.
    dt : float
        Length of a step.
    steps : int
        Steps of a block.
    thermostat : bool
        Whether velocities are scaled after every step.
    kinetic, collisional : (runs, blocks, 2, 2) float64
        The two parts of the pressure tensor, means over the time of a block: what disks carry with them, and what
        collisions hand over. Row: the component of the momentum; column: the direction in which it goes. In units of
        m / time².
    collisions : (runs, blocks) int64
        Collisions in each block.
    final : State
        After the last step. Velocities are relative to the flow.
    offsets : (runs,) float64
        How far the box above has slid to the right by then, in [-L/2, L/2).
    """

    gas: DiskGas
    rate: float
    dt: float
    steps: int
    thermostat: bool
    kinetic: FloatArray
    collisional: FloatArray
    collisions: IntArray
    final: State
    offsets: FloatArray

    @property
    def pressure(self) -> FloatArray:
        """The pressure tensor, both parts, (runs, blocks, 2, 2)."""
        return self.kinetic + self.collisional

    @property
    def temperature(self) -> FloatArray:
        """Temperature of every run at the end, (runs,): the sum of v²/2 over n - 1, as momentum is zero."""
        squares: FloatArray = np.square(self.final.velocities).sum(axis=(1, 2))
        return squares / (2 * (self.gas.n - 1))

    def go_on(self, steps: int, *, blocks: int = 1, threads: int | None = None, progress: ProgressLike = None) -> Shear:
        """Return the same runs later, measured anew; the motion has the bits of one that was never looked at.

        Parameters
        ----------
        steps, blocks, threads, progress
            As `shear` takes them.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind or out of range.
        """
        steps, blocks = checks.integer("steps", steps, least=1), checks.integer("blocks", blocks, least=1)
        threads = checks.threads(threads)
        gas, n, runs = self.gas, self.gas.n, self.final.runs
        positions, velocities = self.final.positions.copy(), self.final.velocities.copy()
        offsets = self.offsets.copy()
        energies = np.full(runs, 2 * (n - 1) * gas.temperature) if self.thermostat else None
        carried, transferred = np.empty((runs, blocks, 3)), np.empty((runs, blocks, 2, 2))
        collisions = np.empty((runs, blocks), dtype=np.int64)
        with reporting(progress, "shear") as report:
            for block in range(blocks):
                carried[:, block], transferred[:, block], collisions[:, block] = _core.shear(
                    positions=positions,
                    velocities=velocities,
                    offsets=offsets,
                    energies=energies,
                    box=gas.box,
                    diameter=gas.diameter,
                    dt=self.dt,
                    rate=self.rate,
                    steps=steps,
                    threads=threads,
                    rule=for_core(gas.rule),
                )
                if report is not None:
                    report(block + 1, blocks)
        return replace(
            self,
            steps=steps,
            kinetic=_over_flights(carried / steps, self.rate * self.dt) / gas.box**2,
            collisional=transferred / (steps * self.dt) / gas.box**2,
            collisions=collisions,
            final=unchecked_state(positions, velocities, gas),
            offsets=offsets,
        )

    def __repr__(self) -> str:
        parts = [("runs", self.final.runs), ("blocks", self.collisions.shape[1]), ("steps", self.steps)]
        arrays = (self.kinetic, self.collisional, self.collisions, self.final.positions, self.final.velocities)
        return one_line("Shear", [*parts, ("rate", self.rate)], sum(array.nbytes for array in arrays))


def shear(
    state: State,
    rate: float,
    steps: int,
    dt: float,
    *,
    blocks: int = 1,
    thermostat: bool = True,
    threads: int | None = None,
    progress: ProgressLike = None,
) -> Shear:
    """Shear every run of a state, and measure its pressure tensor.

    Parameters
    ----------
    state : State
        Where the runs start, of smooth or chiral disks; it is not changed. Its velocities are taken relative to the
        flow, and relative to their mean.
    rate : float
        γ̇ of the flow u = (γ̇ (y - L/2), 0), per unit time, of either sign; 0 is a gas at rest.
    steps : int
        Steps of a block.
    dt : float
        Length of a step.
    blocks : int
        Blocks of steps, one after the other: the means of each are kept.
    thermostat : bool
        Scale all velocities after every step so that the sum of v²/2 is (n - 1) s0²/2. Otherwise the gas heats up.
    threads : int, optional
        Threads, over runs; as many as `hthm.machine.default_threads` finds granted unless given. Their number changes
        no bit.
    progress : bool or callable, optional
        True for a bar; or a function that is called as ``progress(done, total)`` after every block.

    Returns
    -------
    Shear

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range, a step strains by more than `MOST_STRAIN`, the disks have
        spins, or none moves relative to the others.

    Notes
    -----
    The SLLOD equations between collisions, dx/dt = v + u, dv/dt = -γ̇ v_y along x, solved exactly: disks fly straight.
    Images above and below slide past (Lees and Edwards, doi:10.1088/0022-3719/5/15/006; Evans and Morriss,
    doi:10.1103/PhysRevA.30.1528). docs/viscosity.md has the step to the last bit.

    Examples
    --------
    >>> import hthm
    >>> gas = hthm.DiskGas(n=100, diameter=0.02, speed=1.0)
    >>> flow = shear(gas.sample(4, speeds="maxwell"), rate=0.5, steps=500, dt=0.002)
    >>> flow.pressure.shape
    (4, 1, 2, 2)
    """
    if not isinstance(state, State):
        raise TypeError(f"state: must be a State, got {type(state).__name__}. DiskGas.sample makes one.")
    state.check()
    check_served("state", state)
    rate, dt = checks.number("rate", rate), checked_dt(dt, state, exact=False)
    if not abs(rate) * dt <= MOST_STRAIN:
        raise ValueError(
            f"rate: must strain the gas by at most {MOST_STRAIN:g} in a step, got {rate:g} with dt = {dt:g}. Take a "
            "shorter dt."
        )
    if not isinstance(thermostat, bool):
        raise TypeError(f"thermostat: must be True or False, got {type(thermostat).__name__}.")
    velocities = state.velocities - state.velocities.mean(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        squares = np.square(velocities).sum(axis=(1, 2))
    if not np.all((squares > _LEAST_ENERGY) & (squares < 1 / _LEAST_ENERGY)):
        raise ValueError(
            "state: must have disks that move relative to each other, with squares that float64 holds, in every run, "
            "and has not. Take DiskGas.sample of two disks and more."
        )
    runs, nothing = state.runs, np.zeros((state.runs, 0, 2, 2))
    start = Shear(
        gas=state.gas,
        rate=rate,
        dt=dt,
        steps=0,
        thermostat=thermostat,
        kinetic=nothing,
        collisional=nothing,
        collisions=np.zeros((runs, 0), dtype=np.int64),
        final=unchecked_state(state.positions, velocities, state),
        offsets=np.zeros(runs),
    )
    return start.go_on(steps, blocks=blocks, threads=threads, progress=progress)


def check_served(name: str, gas: DiskGas | State) -> None:
    """Refuse disks of several kinds, and any rule but those whose collisions change velocities only.

    Parameters
    ----------
    name : str
        What was given, for the message.
    gas : DiskGas or State
        Has rule and kinds.

    Raises
    ------
    ValueError
        If disks have spins or kinds.
    """
    why = "A flow turns disks that spin, and neither thermostat nor theory here knows of it."
    wrong = no_spins(gas.rule, name, why)
    wrong = wrong or one_kind(gas.kinds, name, "Thermostat, stress and theory are those of equal disks.")
    if wrong:
        raise ValueError(wrong)


def _over_flights(carried: FloatArray, strain: float) -> FloatArray:
    """Means of v v over flights, (..., 2, 2), from those at their beginning, (..., 3): xx, xy, yy.

    The flow turns velocities all the while, and collisions turn them back at the end; v_x falls by v_y times the
    strain.
    """
    xx, xy, yy = np.moveaxis(carried, -1, 0)
    xx = xx - strain * xy + strain**2 / 3 * yy
    xy = xy - strain / 2 * yy
    return np.stack([np.stack([xx, xy], axis=-1), np.stack([xy, yy], axis=-1)], axis=-2)
