"""What the arrays of a state say of themselves: how many runs there are, momentum, overlaps and their hash."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from hthm import _core, arrays, checks, mechanics
from hthm.arrays import FloatArray, IntArray


class Contact(Protocol):
    """As much of a rule of `hthm.rules` as overlaps need."""

    def nearest(self, diameter: float) -> float:
        """Return the smallest distance to which two disks come."""
        ...


class Instant:
    """Positions, velocities and spins of every run at one instant: `hthm.gas.State` has them."""

    positions: FloatArray
    velocities: FloatArray
    spins: FloatArray | None
    diameter: float
    box: float
    rule: Contact

    @abstractmethod
    def check(self) -> None:
        """Check the arrays again."""

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.positions)

    @property
    def n(self) -> int:
        """Disks of a run."""
        return int(self.positions.shape[1])

    def __len__(self) -> int:
        return self.runs

    def momentum(self) -> FloatArray:
        """Total momentum of each run, (runs, 2), in units of m box side / time."""
        return mechanics.momentum(self.velocities, self.check)

    def overlaps(self) -> IntArray:
        """Count the overlapping pairs of disks of each run, (runs,): d² < σ², of chiral disks d² < (σ - |δ|)²."""
        self.check()
        nearest = self.rule.nearest(self.diameter)
        return _core.count_overlaps(self.positions, self.box, nearest, checks.threads(None))

    def sha256(self) -> str:
        """Hash positions, then velocities, then spins where there are some, of all runs: float64 in C order."""
        self.check()
        return arrays.sha256(*self.parts())

    def parts(self) -> tuple[FloatArray, ...]:
        """Return positions, velocities, and spins where disks have them."""
        moving = (self.positions, self.velocities)
        return moving if self.spins is None else (*moving, self.spins)
