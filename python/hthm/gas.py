"""The gas and its state: what is simulated, and where it starts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hthm import checks, mechanics, published, ranges, rules
from hthm.arrays import FloatArray
from hthm.equilibrium import Equilibrium
from hthm.instant import Instant
from hthm.reprs import OneLine
from hthm.rules import SMOOTH, RoughDisks, Rule
from hthm.starts.drawing import draw_runs, one_start
from hthm.starts.kinds import Speeds, Start
from hthm.starts.positions import OVERLAPS, Overlaps, Placing, check_room, check_sites
from hthm.starts.spins import Spins


@dataclass(frozen=True, repr=False)
class DiskGas(Equilibrium):
    """Equal hard disks of mass 1 in a square, periodic box; by default the paper's.

    Parameters
    ----------
    n : int
        Number of disks.
    diameter : float
        Diameter σ of a disk, at most half the box.
    speed : float
        s0, the speed of every disk at an "equal" start, and half the range of H's bins; box sides per unit time.
    box : float
        Side of the box.
    rule : SmoothDisks, RoughDisks or ChiralDisks
        What happens at contact, `hthm.rules`; the paper's smooth disks unless given.

    Raises
    ------
    TypeError, ValueError
        If a parameter is of the wrong kind or out of range; also where a quantity below is beyond float64.

    Examples
    --------
    >>> round(DiskGas().area_fraction, 5), round(DiskGas().collision_rate, 5)
    (0.02827, 1.94658)
    """

    n: int = published.N
    diameter: float = published.DIAMETER
    speed: float = published.S0
    box: float = published.BOX
    rule: Rule = field(default=SMOOTH, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", checks.integer("n", self.n, least=1, most=ranges.MOST_DISKS))
        object.__setattr__(self, "box", ranges.box(self.box))
        object.__setattr__(self, "diameter", ranges.diameter(self.diameter, self.box))
        object.__setattr__(self, "speed", ranges.speed(self.speed))
        rules.checked(self.rule, self.diameter, self.box)

    @classmethod
    def from_area_fraction(
        cls,
        n: int,
        area_fraction: float,
        *,
        diameter: float | None = None,
        box: float | None = None,
        speed: float = published.S0,
        rule: Rule = SMOOTH,
    ) -> DiskGas:
        """Return the gas of n disks that cover this fraction of the box, to rounding.

        Parameters
        ----------
        n : int
            Number of disks.
        area_fraction : float
            φ = Nπσ²/4L², at most Nπ/16, for a disk is at most half as wide as the box.
        diameter, box : float, optional
            One of them, which the other follows from; without either, the box is the paper's.
        speed, rule
            As for `DiskGas`.

        Raises
        ------
        TypeError, ValueError
            If a number is of the wrong kind or out of range, or `diameter` and `box` are both given.

        Examples
        --------
        >>> round(DiskGas.from_area_fraction(n=1000, area_fraction=0.3, diameter=1.0).box, 4)
        51.1663
        """
        n = checks.integer("n", n, least=1, most=ranges.MOST_DISKS)
        diameter, box = ranges.lengths(n, area_fraction, diameter, box)
        return cls(n=n, diameter=diameter, speed=speed, box=box, rule=rule)

    def sample(
        self,
        runs: int = published.RUNS,
        seed: int = 0,
        *,
        first: int = 0,
        overlaps: Overlaps = "allow",
        speeds: Speeds | None = None,
        start: Start | None = None,
        spins: Spins | None = None,
    ) -> State:
        """Draw independent random starts; run k is the same whatever else is drawn.

        Parameters
        ----------
        runs : int
            Number of independent runs.
        seed : int
            Seed, 0 or more. Run k draws from a stream of its own, ``PCG64(SeedSequence(seed, spawn_key=(k,)))``:
            positions, then velocities, then spins.
        first : int
            Number of the first run. ``sample(5, seed, first=10)`` is ``sample(500, seed)[10:15]``, bit for bit.
        overlaps : {"allow", "reject"}
            Whether disks may overlap, as in the paper, or a position that overlaps an earlier one is drawn again:
            one within the `reach` of the rule.
        speeds : {"equal", "uniform", "maxwell"}, optional
            The start by its distribution of speeds, directions being uniform: all s0, as in the paper and unless
            given; uniform on [0, 2 s0); or those of the Maxwell-Boltzmann distribution at T = s0²/2.
        start : str or callable, optional
            In place of `speeds`. A name: "two temperatures", "two beams", "uniform speeds", "equilibrium", or any
            other of `hthm.starts.kinds.STARTS`, which has the three of `speeds` among them. Or a function of your own,
            called as ``start(random, n)`` for each run, with its stream behind the positions; it returns velocities
            (n, 2) float64 in box sides per unit time, and s0 of the state is that of the gas.
        spins : {"all in translation", "all in spin", "equilibrium"}, optional
            Of rough disks, how they share the energy, `hthm.starts.spins.SPINS`: spins are 0 unless given.

        Returns
        -------
        State
            Positions uniform in the box.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind or out of range, if `speeds` and `start` are both given, if a function
            returns no such velocities, or there is no room to reject overlaps.

        Examples
        --------
        >>> DiskGas(n=4, diameter=0.1).sample(2, start=lambda random, n: random.normal(size=(n, 2))).velocities.shape
        (2, 4, 2)
        """
        checks.choice("overlaps", overlaps, OVERLAPS)
        if overlaps == "reject":
            check_room(self)
        return self._drawn(runs, seed, first, overlaps, one_start(speeds, start), spins)

    def lattice_state(
        self,
        runs: int = published.RUNS,
        seed: int = 0,
        *,
        first: int = 0,
        speeds: Speeds | None = None,
        start: Start | None = None,
        spins: Spins | None = None,
    ) -> State:
        """Put the disks on a lattice: starts without overlaps where `sample` finds no room.

        Parameters
        ----------
        runs, seed, first, speeds, start, spins
            As `sample` takes them. Run k draws a number a site first: the sites of the n smallest are taken.

        Returns
        -------
        State
            Positions on a triangular lattice of at least n sites, strained to fit the box and the same in every run
            but for the sites left empty.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind or out of range, or the disks are too large for the lattice: the area
            fraction may be 0.873 at n = 1000, and for few disks more or less, as n fits the box.

        Notes
        -----
        At the bound disks touch on every side and their collision rate is infinite, which the exact engine refuses;
        leave it some room, 0.5 % of the diameter say.
        """
        check_sites(self)
        return self._drawn(runs, seed, first, "lattice", one_start(speeds, start), spins)

    def _drawn(self, runs: int, seed: int, first: int, placing: Placing, start: Start, spins: Spins | None) -> State:
        inertia = self.rule.inertia if isinstance(self.rule, RoughDisks) else None
        positions, velocities, drawn = draw_runs(self, runs, seed, first, placing, start, spins, inertia)
        return unchecked_state(positions, velocities, self, drawn)


@dataclass(frozen=True, init=False, eq=False, repr=False)
class State(Instant, OneLine):
    """Positions and velocities of every disk of every run at one instant, and spins where disks have them.

    Parameters
    ----------
    positions : (runs, n, 2) float64, C order
        Centres of the disks, each coordinate in [0, box).
    velocities : (runs, n, 2) float64, C order
        Box sides per unit time where the box is 1.
    diameter : float
        Diameter of a disk, at most half the box.
    box : float
        Side of the box.
    speed : float, optional
        s0 of H and of everything measured in units of it; the root of the mean square speed unless given.
    rule : SmoothDisks, RoughDisks or ChiralDisks
        What happens at contact, as `DiskGas` has it.
    spins : (runs, n) float64, C order, or None
        Of rough disks, radians per unit time, counterclockwise: 0 unless given. None of all others.

    Raises
    ------
    TypeError, ValueError
        If an array has another dtype, shape or order, is not finite or leaves the box, a number is out of range, or
        there are spins of disks that have none.
        Nothing is copied or cast. Arrays may be written to afterwards: every method checks them again where it uses
        them, as `check` does.
    """

    positions: FloatArray
    velocities: FloatArray
    diameter: float
    box: float
    speed: float
    rule: Rule = field(default=SMOOTH, repr=False, kw_only=True)
    spins: FloatArray | None = field(default=None, repr=False, kw_only=True)

    def __init__(
        self,
        positions: FloatArray,
        velocities: FloatArray,
        *,
        diameter: float,
        box: float = 1.0,
        speed: float | None = None,
        rule: Rule = SMOOTH,
        spins: FloatArray | None = None,
    ) -> None:
        box = ranges.box(box)
        ranges.start(positions, velocities, box)
        speed = ranges.own_speed(velocities) if speed is None else speed
        gas = DiskGas(n=positions.shape[1], diameter=diameter, speed=speed, box=box, rule=rule)
        if rules.spinning(rule):
            spins = np.zeros(velocities.shape[:2]) if spins is None else spins
            ranges.spins(spins, velocities, gas.diameter)
        elif spins is not None:
            raise ValueError(
                "spins: must be None for disks that do not spin. Take rule=RoughDisks(), or leave them out."
            )
        vars(self).update(vars(unchecked_state(positions, velocities, gas, spins)))

    @property
    def gas(self) -> DiskGas:
        """The gas that this is a state of."""
        return DiskGas(n=self.n, diameter=self.diameter, speed=self.speed, box=self.box, rule=self.rule)

    def __getitem__(self, runs: slice) -> State:
        chosen = ranges.runs(runs, self.runs)
        ranges.start(self.positions[chosen], self.velocities[chosen], self.box, reached=True)
        spins = None if self.spins is None else self.spins[chosen]
        return unchecked_state(self.positions[chosen], self.velocities[chosen], self, spins)

    def reversed(self) -> State:
        """Return the state with every velocity, and every spin, negated."""
        self.check()
        return unchecked_state(self.positions, -self.velocities, self, None if self.spins is None else -self.spins)

    def energy(self) -> FloatArray:
        """Kinetic energy of each run, (runs,), that of spins with it, in units of m (box side / time)²."""
        energy = mechanics.energy(self.velocities, self.check)
        if self.spins is not None and isinstance(self.rule, RoughDisks):
            self.check()
            energy += mechanics.spin_energy(self.spins, self.rule.inertia, self.diameter)
        return energy

    def check(self) -> None:
        """Check the arrays again: their owner may have written to them.

        Raises
        ------
        TypeError, ValueError
            If a value is not finite any more, has left the box or is too large, or an array has another shape.
        """
        ranges.start(self.positions, self.velocities, self.box, reached=True)
        if self.spins is not None:
            ranges.spins(self.spins, self.velocities, self.diameter, reached=True)


def unchecked_state(
    positions: FloatArray, velocities: FloatArray, gas: DiskGas | State, spins: FloatArray | None = None
) -> State:
    """Return a state whose arrays were made here, and which limits of what is given do not judge.

    Parameters
    ----------
    positions, velocities : (runs, n, 2) float64, C order
        As `State` has them.
    gas : DiskGas or State
        Has its box, diameter, s0 and rule.
    spins : (runs, n) float64, C order, or None
        Of disks that have them.

    Returns
    -------
    State
    """
    state = object.__new__(State)
    numbers = {"diameter": gas.diameter, "box": gas.box, "speed": gas.speed, "rule": gas.rule}
    vars(state).update(positions=positions, velocities=velocities, spins=spins, **numbers)
    return state
