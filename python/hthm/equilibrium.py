"""What theory says of a gas of hard disks in equilibrium."""

from __future__ import annotations

import math
import sys
from typing import Final, Protocol

import numpy as np

from hthm import checks, enskog, mechanics, mixtures
from hthm.arrays import FloatArray
from hthm.reprs import shown_fields, table

_KOLAFA_ROTTNER: Final = {
    0: 1.0,
    1: 2.0,
    2: 1.12801775,
    3: 0.00181895291,
    4: -0.0526134737,
    5: 0.0504960168,
    6: -0.0325537792,
    7: 0.0134578632,
    8: 0.00140888182,
    9: -0.00834273601,
    10: 0.00694127367,
    11: -0.00262254723,
    12: 0.000355746352,
    22: -5.24672938e-9,
    57: 5.88054639e-23,
}
"""Powers of φ/(1 - φ) in Z and what stands before them: Mol. Phys. 104, 3435 (2006), doi:10.1080/00268970600967963."""

_DENSE: Final = 0.3
"""Area fraction from which Kolafa and Rottner's equation of state is quoted; Henderson's is 0.025 % high there."""

MOST_FITTED: Final = 0.7
"""Area fraction up to which it was fitted: the fluid freezes there, and the 57th power soon has no meaning."""

_DIGITS: Final = 12
"""Behind the point, in which an area fraction is compared with these bounds: one that was asked for has rounding."""

_ALL_POLYNOMIALS: Final = 1.0271
"""What self-diffusion is in units of its first Sonine approximation."""

_MOST_FLUID: Final = 0.9
"""Area fraction beyond which there is no fluid, and no rate of Enskog's."""


def speed_density(speeds: FloatArray, temperature: float) -> FloatArray:
    """Maxwell and Boltzmann's density of speeds in the plane, which is Rayleigh's, per unit of speed.

    Parameters
    ----------
    speeds : (...) float64
        Where; in any unit.
    temperature : float
        Mean of v²/2, in the square of that unit.

    Returns
    -------
    (...) float64
        s/T exp(-s²/2T).
    """
    density: FloatArray = speeds / temperature * np.exp(-np.square(speeds) / (2 * temperature))
    return density


class Contact(Protocol):
    """As much of a rule of `hthm.rules` as a gas in equilibrium needs."""

    def reach(self, diameter: float) -> float:
        """Return the largest distance at which two disks touch."""
        ...

    def beyond_theory(self) -> str | None:
        """Return what is wrong with the theory of smooth disks for others; None if nothing is."""
        ...


class Equilibrium:
    """Temperature, collision rate and mean free path of a gas, from its numbers: `hthm.gas.DiskGas` has them."""

    n: int
    diameter: float
    speed: float
    box: float
    rule: Contact
    kinds: mixtures.Kinds

    @property
    def reach(self) -> float:
        """Largest distance at which two disks touch: the diameter, of chiral disks σ + |δ|; of a mixture's largest."""
        return self.rule.reach(self.diameter)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={part!r}' for name, part in shown_fields(self))})"

    def _repr_html_(self) -> str:
        """Return its numbers and what follows from them, as far as there is such a thing, as a table for notebooks."""
        parts = shown_fields(self)
        for name in ("area_fraction", "temperature", "collision_rate", "mean_free_path"):
            try:
                parts.append((name, getattr(self, name)))
            except ValueError:  # no fluid is as dense, or float64 does not hold it
                continue
        return table(type(self).__name__, parts)

    @property
    def density(self) -> float:
        """Disks per unit area."""
        return self.n / self.box**2

    @property
    def area_fraction(self) -> float:
        """Fraction φ = Nπσ²/4L² of the box that disks cover, overlaps counted twice: the sum of that of all kinds."""
        if mixtures.mixed(self.kinds):
            return math.fsum(kind.n / self.box**2 * math.pi * kind.diameter**2 / 4 for kind in self.kinds)
        return self.density * math.pi * self.diameter**2 / 4

    def disks_of(self, kind: int) -> slice:
        """Return which disks are of a kind, counted from 0: ``velocities[..., gas.disks_of(1), :]`` are its velocities.

        Raises
        ------
        TypeError, ValueError
            If there is no such kind.
        """
        of_kinds = mixtures.slices(self.kinds, self.n)
        return of_kinds[checks.integer("kind", kind, least=0, most=len(of_kinds) - 1)]

    def speed_of(self, kind: int) -> float:
        """Return √(2T/m) of a kind, the root of its mean square speed in equilibrium: the s0 of its own H.

        Raises
        ------
        TypeError, ValueError
            If there is no such kind.
        """
        self.disks_of(kind)
        if not mixtures.mixed(self.kinds):
            return self.speed
        return self.speed * math.sqrt(mixtures.mean_mass(self.kinds) / self.kinds[kind].mass)

    @property
    def temperature(self) -> float:
        """Temperature T = s0²/2 of the equilibrium that an "equal" start reaches, in units of m/k_B.

        Of a mixture it is s0²/2 times the mean mass of its disks, in units of k_B.
        """
        return _held("temperature", self.speed**2 / 2 * mixtures.mean_mass(self.kinds)) if self.speed else 0.0

    @property
    def thermal_speed(self) -> float:
        """√(T/m): the spread of each component of a velocity in equilibrium, m the mean mass."""
        return mechanics.thermal_speed(self.speed)

    @property
    def contact_value(self) -> float:
        """Pair correlation χ at contact, which collision rate and pressure follow from.

        Raises
        ------
        ValueError
            If disks cover more than the box, are a mixture, which has a value for each two kinds, or are chiral: where
            they are in equilibrium is not known. The dilute gas collides as often as that of smooth disks.

        Notes
        -----
        Henderson's (1 - 7φ/16)/(1 - φ)², Mol. Phys. 30, 971 (1975), doi:10.1080/00268977500102511, below φ = 0.3;
        from there to 0.7, where the fluid freezes, (Z - 1)/2φ with Z of Kolafa and Rottner, Mol. Phys. 104, 3435
        (2006), doi:10.1080/00268970600967963. Henderson's Z is too high by 3e-5 at φ = 0.1, by 2.5e-4 at 0.3, where
        χ steps down by 0.05 %, by 0.5 % at 0.5 and 3.6 % at 0.67. Beyond 0.7 no fluid is in equilibrium and there is
        no theory: Henderson's again, for an order of magnitude; where they meet, its χ is 16 % above the other.
        """
        wrong = self.rule.beyond_theory()
        if not wrong and mixtures.mixed(self.kinds):
            wrong = mixtures.one_kind(
                self.kinds, "kinds", "It is that of equal disks; collision_rates has those of each two kinds."
            )
        if wrong:
            raise ValueError(wrong)
        return self.smooth_contact_value()

    def smooth_contact_value(self) -> float:
        """Return what `contact_value` is by the theory of smooth disks, whatever the rule.

        Raises
        ------
        ValueError
            If disks cover more than the box.
        """
        fraction = self.area_fraction
        if fraction >= 1:
            raise ValueError(
                f"area_fraction: must be below 1 for a contact value, got {fraction:.3g}. Take fewer disks."
            )
        if _DENSE <= round(fraction, _DIGITS) <= MOST_FITTED:
            ratio = fraction / (1 - fraction)
            z = math.fsum(factor * ratio**power for power, factor in _KOLAFA_ROTTNER.items())
            return (z - 1) / (2 * fraction)
        return (1 - 7 * fraction / 16) / (1 - fraction) ** 2

    @property
    def compressibility(self) -> float:
        """Z = pA/NT = 1 + 2φχ: the pressure in units of an ideal gas's, of the equation of state of `contact_value`.

        Raises
        ------
        ValueError
            If disks cover more than 0.7 of the box, where the fluid freezes: there is no equation of state of it.
        """
        if round(self.area_fraction, _DIGITS) > MOST_FITTED:
            raise ValueError(
                f"area_fraction: must be at most {MOST_FITTED:g} for a pressure, where the fluid freezes, got "
                f"{self.area_fraction:.3g}. Take fewer or smaller disks."
            )
        return 1 + 2 * self.area_fraction * self.contact_value

    @property
    def collision_rate(self) -> float:
        """Collisions of one disk per unit time in equilibrium, 2nσχ√(πT/m): Enskog's rate; 0 where it is alone."""
        return self.rate_at(self.contact_value) if self.n > 1 else 0.0

    def rate_at(self, contact_value: float) -> float:
        """Return what `collision_rate` is at a contact value, of disks that are all alike."""
        if self.n == 1:
            return 0.0
        rate = 2 * self.density * self.diameter * contact_value * math.sqrt(math.pi) * self.thermal_speed
        return _held("collision_rate", rate) if self.speed else 0.0

    def mean_rate(self, contact_value: float) -> float:
        """Return what `rate_at` is, of a mixture the mean over its disks by the theory of smooth ones."""
        if not mixtures.mixed(self.kinds):
            return self.rate_at(contact_value)
        return enskog.mean_rate(self.kinds, self.box, self.temperature)

    @property
    def collision_rates(self) -> FloatArray:
        """Collisions of one disk of each kind with disks of each per unit time, (kinds, kinds), by Enskog's theory.

        Row a, column b: 2 n_b σ_ab χ_ab √(πT/2μ_ab), with n_b disks of kind b per unit area, as of very many, σ_ab the
        distance at contact and μ_ab the reduced mass; a disk that is alone of its kind meets none of it. χ_ab is that
        of `hthm.enskog.contact_values`, or `contact_value` where all disks are alike.

        Raises
        ------
        ValueError
            If disks cover more than the box, or are chiral or lose energy.
        """
        wrong = self.rule.beyond_theory()
        if wrong:
            raise ValueError(wrong)
        if mixtures.mixed(self.kinds):
            return enskog.collision_rates(self.kinds, self.box, self.temperature)
        counts = [self.n] if self.kinds is None else [kind.n for kind in self.kinds]
        rates: FloatArray = np.tile(self.collision_rate * np.array(counts) / self.n, (len(counts), 1))
        return rates

    @property
    def mean_free_path(self) -> float:
        """Mean distance between two collisions of a disk in equilibrium: mean speed √(πT/2m) over the rate."""
        return 1 / (2 * math.sqrt(2) * self.density * self.diameter * self.contact_value)

    @property
    def self_diffusion(self) -> float:
        """Coefficient of self-diffusion of Enskog's theory, box sides² per unit time.

        1.0271 √(T/π)/2nσχ: the first Sonine polynomial and what all others add to it, at the density and contact value
        of this gas. In two dimensions it is the plateau before the correlations that fall as 1/t.
        """
        first = self.thermal_speed / (2 * math.sqrt(math.pi) * self.density * self.diameter * self.contact_value)
        return _held("self_diffusion", _ALL_POLYNOMIALS * first) if self.speed else 0.0


def _held(name: str, value: float) -> float:
    """A quantity that float64 holds in full: neither overflowed, nor with digits lost on its way to zero."""
    if not sys.float_info.min <= abs(value) < math.inf:
        raise ValueError(
            f"{name}: must be between 2.2e-308 and 1.8e+308 for this gas, which float64 holds, got {value:g}. "
            "Choose other units of length or time."
        )
    return value


def collisions_a_frame(gas: Equilibrium, dt: float, *, exact: bool) -> float:
    """Return how many collisions a disk is expected to have in a frame, each counted for one of its two disks.

    Parameters
    ----------
    gas : Equilibrium
        A `hthm.gas.DiskGas`, for one.
    dt : float
        Time between two frames.
    exact : bool
        Whether an engine finds all of them. A fixed step cannot find more than the pairs that overlap and approach,
        φχ a disk: 28 of the paper's 1000 disks, however long the step.

    Returns
    -------
    float
        By Enskog's collision rate, of smooth disks whatever the rule; where disks cover so much that there is no fluid,
        twice the area fraction.
    """
    if gas.area_fraction > _MOST_FLUID:
        return 2 * gas.area_fraction  # every pair that overlaps, disks being anywhere
    contact_value = gas.smooth_contact_value()
    expected = gas.mean_rate(contact_value) * dt / 2
    return expected if exact else min(expected, gas.area_fraction * contact_value)
