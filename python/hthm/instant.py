"""What the arrays of a state say of themselves: how many runs there are, momentum, overlaps and their hash."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from hthm import _core, arrays, checks, mechanics, mixtures
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
    kinds: mixtures.Kinds

    @abstractmethod
    def check(self) -> None:
        """Check the arrays again."""

    @property
    @abstractmethod
    def _inertia(self) -> float:
        """κ of the moment of inertia of disks that spin."""

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

    def energy(self) -> FloatArray:
        """Kinetic energy of each run, (runs,), that of spins with it, in units of m (box side / time)².

        m is the mass of a disk where all are alike, and that of which a `hthm.Kind` has so many in a mixture.
        """
        energy = mixtures.summed(self.kinds, lambda _, disks: mechanics.energy(self.velocities[:, disks], self.check))
        if self.spins is not None:
            self.check()
            spins, inertia = self.spins, self._inertia
            energy += mixtures.summed(
                self.kinds,
                lambda kind, disks: mechanics.spin_energy(
                    spins[:, disks], inertia, self.diameter if kind is None else kind.diameter
                ),
            )
        return energy

    def momentum(self) -> FloatArray:
        """Total momentum of each run, (runs, 2), in units of m box side / time."""
        return mixtures.summed(self.kinds, lambda _, disks: mechanics.momentum(self.velocities[:, disks], self.check))

    def overlaps(self) -> IntArray:
        """Count the overlapping pairs of disks of each run, (runs,): d² < σ², of chiral disks d² < (σ - |δ|)².

        σ is half the sum of the diameters of two disks.
        """
        self.check()
        nearest = self.rule.nearest(self.diameter)
        kinds = mixtures.for_core(self.kinds, self.rule.nearest)
        return _core.count_overlaps(self.positions, self.box, nearest, checks.threads(None), kinds)

    def sha256(self) -> str:
        """Hash positions, then velocities, then spins where there are some, of all runs: float64 in C order."""
        self.check()
        return arrays.sha256(*self.parts())

    def parts(self) -> tuple[FloatArray, ...]:
        """Return positions, velocities, and spins where disks have them."""
        moving = (self.positions, self.velocities)
        return moving if self.spins is None else (*moving, self.spins)
