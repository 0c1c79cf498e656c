"""The gas and its state: what is simulated, and where it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hthm import checks, disk_kinds, mixtures, published, ranges, rules
from hthm.arrays import FloatArray
from hthm.disk_kinds import Kind
from hthm.equilibrium import Equilibrium
from hthm.instant import Instant
from hthm.reprs import OneLine
from hthm.rules import SMOOTH, Rule
from hthm.starts.drawing import draw_runs, one_start
from hthm.starts.kinds import Speeds, Start
from hthm.starts.positions import OVERLAPS, Overlaps, Placing, check_room, check_sites
from hthm.starts.spins import Spins

_NUMBERS: Final = ("diameter", "box", "speed", "rule", "kinds")  # that a state and its gas have in common


@dataclass(frozen=True, repr=False, init=False)
class DiskGas(Equilibrium):
    """Hard disks in a square, periodic box, equal and of mass 1 unless kinds are given; by default the paper's.

    Parameters
    ----------
    n : int, optional
        Number of disks: 1000 unless given, or that of `kinds`.
    diameter : float, optional
        Diameter σ of a disk, at most half the box: 0.006 unless given, or the largest of `kinds`.
    speed : float
        s0, the speed of every disk at an "equal" start, and half the range of H's bins; box sides per unit time.
    box : float
        Side of the box.
    rule : SmoothDisks, RoughDisks or ChiralDisks
        What happens at contact, `hthm.rules`; the paper's smooth disks unless given.
    kinds : sequence of Kind, optional
        Of a mixture: the first ``kinds[0].n`` disks are of the first kind, the next of the second, and so on.
        `n` and `diameter` follow from them. docs/gases.md.

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
    kinds: tuple[Kind, ...] | None = field(default=None, repr=False)

    def __init__(
        self,
        n: int | None = None,
        diameter: float | None = None,
        speed: float = published.S0,
        box: float = published.BOX,
        rule: Rule = SMOOTH,
        kinds: Sequence[Kind] | None = None,
    ) -> None:
        box = ranges.box(box)
        of_gas = disk_kinds.checked(kinds)
        n, diameter = disk_kinds.follows(of_gas, n, diameter, published.N, published.DIAMETER)
        n = checks.integer("n", n, least=1, most=ranges.MOST_DISKS)
        diameter = ranges.diameter(diameter, box)
        for wide in (mixtures.narrowest(of_gas, diameter), diameter):
            rules.checked(rule, ranges.diameter(wide, box), box)
        vars(self).update(n=n, diameter=diameter, speed=ranges.speed(speed), box=box, rule=rule, kinds=of_gas)

    @classmethod
    def from_area_fraction(
        cls,
        n: int | None = None,
        area_fraction: float | None = None,
        *,
        diameter: float | None = None,
        box: float | None = None,
        speed: float = published.S0,
        rule: Rule = SMOOTH,
        kinds: Sequence[Kind] | None = None,
    ) -> DiskGas:
        """Return the gas of n disks that cover this fraction of the box, to rounding.

        Parameters
        ----------
        area_fraction : float
            φ = Nπσ²/4L², at most Nπ/16, for a disk is at most half as wide as the box.
        diameter, box : float, optional
            One of them, which the other follows from; without either, the box is the paper's.
        n, speed, rule, kinds
            As for `DiskGas`; where there are kinds, the box follows from their diameters.

        Raises
        ------
        TypeError, ValueError
            If a number is of the wrong kind or out of range, or `diameter` and `box` are both given.
        """
        of_gas = disk_kinds.checked(kinds)
        n, diameter = disk_kinds.follows(of_gas, n, diameter, published.N, None)
        n = checks.integer("n", n, least=1, most=ranges.MOST_DISKS)
        diameter, box = ranges.lengths(mixtures.as_many(of_gas, n), area_fraction, diameter, box)
        return cls(n=n, diameter=diameter, speed=speed, box=box, rule=rule, kinds=of_gas)

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
            one within the `reach` of the rule. In a mixture, large disks find more room as the first of the kinds.
        speeds : {"equal", "uniform", "maxwell"}, optional
            The start by its distribution of speeds, directions being uniform: all s0, as in the paper and unless
            given; uniform on [0, 2 s0); or those of the Maxwell-Boltzmann distribution at the `temperature`. The
            first two are speeds whatever the mass, so that heavy disks of a mixture have more energy.
        start : str or callable, optional
            In place of `speeds`. A name: "two temperatures", "two beams", "uniform speeds", "equilibrium", or any
            other of `hthm.starts.kinds.STARTS`, which has the three of `speeds` among them. Or a function of your own,
            called as ``start(random, n)`` for each run, with its stream behind the positions; it returns velocities
            (n, 2) float64 in box sides per unit time, and s0 of the state is that of the gas.
        spins : {"all in translation", "all in spin", "equilibrium"}, optional
            Of rough disks, how they share the energy, `hthm.starts.spins.SPINS`; 0 unless given.

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
            but for the sites left empty. At the bound disks touch on every side and their collision rate is infinite,
            which the exact engine refuses; leave it some room, 0.5 % of the diameter say.

        Raises
        ------
        TypeError, ValueError
            If an argument is of the wrong kind or out of range, or the disks are too large for the lattice: the area
            fraction may be 0.873 at n = 1000, and for few disks more or less, as n fits the box.
        """
        check_sites(self)
        return self._drawn(runs, seed, first, "lattice", one_start(speeds, start), spins)

    def _drawn(self, runs: int, seed: int, first: int, placing: Placing, start: Start, spins: Spins | None) -> State:
        kappa = rules.inertia(self.rule)
        positions, velocities, drawn = draw_runs(self, runs, seed, first, placing, start, spins, kappa)
        ranges.slow_kinds(self.kinds, velocities)
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
    diameter : float, optional
        Diameter of a disk, at most half the box; it may be left out beside `kinds`, of which it is the largest.
    box : float
        Side of the box.
    speed : float, optional
        s0 of H and of everything measured in units of it; the root of the mean square speed unless given, in which
        each disk of a mixture counts by its mass.
    rule : SmoothDisks, RoughDisks or ChiralDisks
        What happens at contact, as `DiskGas` has it.
    spins : (runs, n) float64, C order, or None
        Of rough disks, radians per unit time, counterclockwise: 0 unless given. None of all others.
    kinds : sequence of Kind, optional
        Of a mixture, as `DiskGas` has them.

    Raises
    ------
    TypeError, ValueError
        If an array has another dtype, shape or order, is not finite or leaves the box, a number is out of range, or
        there are spins of disks that have none.
        Nothing is copied or cast. Arrays may be written to afterwards: every method checks them again, as `check` does.
    """

    positions: FloatArray
    velocities: FloatArray
    diameter: float
    box: float
    speed: float
    rule: Rule = field(default=SMOOTH, repr=False, kw_only=True)
    spins: FloatArray | None = field(default=None, repr=False, kw_only=True)
    kinds: tuple[Kind, ...] | None = field(default=None, repr=False, kw_only=True)

    def __init__(
        self,
        positions: FloatArray,
        velocities: FloatArray,
        *,
        diameter: float | None = None,
        box: float = 1.0,
        speed: float | None = None,
        rule: Rule = SMOOTH,
        spins: FloatArray | None = None,
        kinds: Sequence[Kind] | None = None,
    ) -> None:
        box = ranges.box(box)
        ranges.start(positions, velocities, box)
        of_gas = disk_kinds.of_state(kinds, diameter, positions.shape[1])
        speed = ranges.own_speed(velocities, of_gas) if speed is None else speed
        gas = DiskGas(n=positions.shape[1], diameter=diameter, speed=speed, box=box, rule=rule, kinds=of_gas)
        ranges.slow_kinds(gas.kinds, velocities)
        spins = ranges.own_spins(gas, spins, velocities, spinning=rules.spinning(rule))
        vars(self).update(vars(unchecked_state(positions, velocities, gas, spins)))

    @property
    def gas(self) -> DiskGas:
        """The gas that this is a state of."""
        return DiskGas(n=self.n, **{name: getattr(self, name) for name in _NUMBERS})

    def __getitem__(self, runs: slice) -> State:
        chosen = ranges.runs(runs, self.runs)
        ranges.start(self.positions[chosen], self.velocities[chosen], self.box, reached=True)
        spins = None if self.spins is None else self.spins[chosen]
        return unchecked_state(self.positions[chosen], self.velocities[chosen], self, spins)

    def reversed(self) -> State:
        """Return the state with every velocity, and every spin, negated."""
        self.check()
        return unchecked_state(self.positions, -self.velocities, self, None if self.spins is None else -self.spins)

    def check(self) -> None:
        """Check the arrays again, which their owner may have written to, and raise what is wrong with them."""
        ranges.start(self.positions, self.velocities, self.box, reached=True)
        if self.spins is not None:
            ranges.spins_of(self, self.spins, self.velocities, reached=True)

    @property
    def _inertia(self) -> float:
        return rules.inertia(self.rule) or 0.0


def unchecked_state(
    positions: FloatArray, velocities: FloatArray, gas: DiskGas | State, spins: FloatArray | None = None
) -> State:
    """Return a state whose arrays were made here, and which limits of what is given do not judge.

    Parameters
    ----------
    positions, velocities, spins : float64, C order
        As `State` has them.
    gas : DiskGas or State
        Has its box, diameter, s0, rule and kinds.

    Returns
    -------
    State
    """
    state = object.__new__(State)
    vars(state).update({name: getattr(gas, name) for name in _NUMBERS})
    vars(state).update(positions=positions, velocities=velocities, spins=spins)
    return state
