"""What happens at contact: the rules of collision that a gas can have."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from hthm import checks


@dataclass(frozen=True)
class SmoothDisks:
    """Disks that touch at a distance of one diameter and exchange velocities along the line of centres: the paper's.

    Notes
    -----
    Eqs. (7) and (8) of arXiv:2508.14003.
    """

    def reach(self, diameter: float) -> float:
        """Return the largest distance at which two disks touch."""
        return diameter

    def nearest(self, diameter: float) -> float:
        """Return the smallest distance to which two disks come."""
        return diameter

    def beyond_theory(self) -> None:
        """Return None: the theory of a gas in equilibrium is that of these disks."""


@dataclass(frozen=True)
class ChiralDisks:
    """Disks that touch earlier where they pass on one side than on the other, and then do what smooth disks do.

    Parameters
    ----------
    delta : float
        δ, a length of either sign, in size below the diameter σ of the gas. With v = v_i - v_j and n from j to i, a
        pair that approaches collides at the distance σ + δ where the z component of v × n is below zero, its sense, and
        at σ - δ where it is above; head-on, where there is none, at σ. A pair that a third disk has turned round
        within that distance collides at once.

    Raises
    ------
    TypeError, ValueError
        If δ is no finite number. How large it may be is for the gas to say: `hthm.DiskGas` refuses more.

    Notes
    -----
    Matus and Lier, arXiv:2602.21367. Energy and momentum are conserved, time reversal is broken, for a collision's
    reverse has the other sense; the mirror image is the gas of -δ. docs/gases.md.

    Examples
    --------
    >>> from hthm import DiskGas
    >>> DiskGas(diameter=0.006, rule=ChiralDisks(delta=0.003)).reach
    0.009000000000000001
    """

    delta: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", checks.number("delta", self.delta) + 0.0)

    def reach(self, diameter: float) -> float:
        """Return the largest distance at which two disks touch, σ + |δ|."""
        return diameter + abs(self.delta)

    def nearest(self, diameter: float) -> float:
        """Return the smallest distance to which two disks come, σ - |δ|."""
        return diameter - abs(self.delta)

    def beyond_theory(self) -> str | None:
        """Return what is wrong with the theory of smooth disks for these."""
        return only_smooth(
            self, "rule", "No theory says how near to each other others are; the dilute gas collides as often."
        )


@dataclass(frozen=True)
class RoughDisks:
    """Disks that spin and rub: each collision passes energy between translation and spin.

    Parameters
    ----------
    inertia : float
        κ of the moment of inertia κma², a = σ/2: 1/2 of a uniform disk, 1 of a ring.
    restitution : float
        α from 0 to 1, what is left of the normal velocity: 1 is elastic.
    roughness : float
        β from -1 to 1: the surfaces leave with -β of the velocity at which they slid along each other. 1 is perfectly
        rough, -1 perfectly smooth: with an α of 1, these keep the energy. All others are granular, and cool down.

    Raises
    ------
    TypeError, ValueError
        If one is no number, or out of range; κ is from 1e-6 to 1e6.

    Notes
    -----
    With n from j to i, t = z × n and spins ω counterclockwise, the surfaces move at g = v_i - v_j - a(ω_i + ω_j)t.
    Disk i gets -[(1 + α)(g·n)n + κ/(1 + κ)·(1 + β)(g·t)t]/2, disk j the opposite; both spins get
    (1 + β)(g·t)/2a(1 + κ). Momentum is kept. General rates of exchange: Santos, arXiv:1803.04290. docs/gases.md.

    Examples
    --------
    >>> import hthm
    >>> gas = hthm.DiskGas(n=100, diameter=0.02, rule=RoughDisks(inertia=0.5))
    >>> hthm.simulate(gas.sample(2, seed=1), frames=10).spins.shape
    (2, 10, 100)
    """

    inertia: float = 0.5
    restitution: float = 1.0
    roughness: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "inertia", checks.positive("inertia", self.inertia, least=1e-6, most=1e6))
        for name, least in (("restitution", 0.0), ("roughness", -1.0)):
            number = checks.number(name, getattr(self, name)) + 0.0
            if not least <= number <= 1:
                raise ValueError(f"{name}: must be from {least:g} to 1, got {number:g}.")
            object.__setattr__(self, name, number)

    @property
    def keeps_energy(self) -> bool:
        """Whether collisions keep the energy of translation and spin together."""
        return self.restitution == 1 and abs(self.roughness) == 1

    def gyration(self, diameter: float) -> float:
        """Return the radius of gyration, √κ a: energy of spin is half of the square of it times ω, in units of m."""
        return math.sqrt(self.inertia) * diameter / 2

    def reach(self, diameter: float) -> float:
        """Return the largest distance at which two disks touch."""
        return diameter

    def nearest(self, diameter: float) -> float:
        """Return the smallest distance to which two disks come."""
        return diameter

    def beyond_theory(self) -> str | None:
        """Return what is wrong with the theory of a gas in equilibrium, where it is that of smooth disks, for these."""
        if self.keeps_energy:
            return None
        return (
            f"rule: must keep energy for an equilibrium, got {text_of(self)}. With restitution=1 and roughness=1 or -1 "
            "there is one."
        )


Rule: TypeAlias = SmoothDisks | ChiralDisks | RoughDisks

SMOOTH: Final = SmoothDisks()

_SMOOTH_TEXT: Final = "smooth disks"
_CHIRAL_TEXT: Final = "chiral disks, delta "
_ROUGH_TEXT: Final = "rough disks, inertia {!r}, restitution {!r}, roughness {!r}"
_ROUGH_WORDS: Final = re.compile("rough disks, inertia (.+), restitution (.+), roughness (.+)")


def checked(rule: object, diameter: float, box: float) -> Rule:
    """Return the rule of disks of this diameter in this box.

    Parameters
    ----------
    rule : object
        What was given.
    diameter, box : float
        Of the gas.

    Raises
    ------
    TypeError, ValueError
        If it is none, or its lengths do not go with the diameter or the box.
    """
    if isinstance(rule, SmoothDisks | RoughDisks):
        return rule
    if not isinstance(rule, ChiralDisks):
        given = f"the class {rule.__name__}" if isinstance(rule, type) else type(rule).__name__
        raise TypeError(
            f"rule: must be SmoothDisks(), RoughDisks(...) or ChiralDisks(delta=...), got {given}. Take one of hthm's."
        )
    if not rule.nearest(diameter) > 0:
        raise ValueError(
            f"delta: must be smaller in size than the diameter, {diameter:g}, got {rule.delta:g}. A pair would pass "
            "through each other on one side."
        )
    if rule.reach(diameter) > box / 2:
        raise ValueError(
            f"delta: must be at most {box / 2 - diameter:g} in size, with which the larger contact distance is half "
            f"the box, got {rule.delta:g}. A disk would meet a partner and its periodic image at once."
        )
    return rule


def text_of(rule: Rule) -> str:
    """Return the rule in words that `of_text` reads, every digit of its numbers in them."""
    if isinstance(rule, RoughDisks):
        return _ROUGH_TEXT.format(rule.inertia, rule.restitution, rule.roughness)
    return f"{_CHIRAL_TEXT}{rule.delta!r}" if isinstance(rule, ChiralDisks) else _SMOOTH_TEXT


def of_text(text: str) -> Rule:
    """Return the rule that `text_of` put into these words.

    Raises
    ------
    ValueError
        If they name none.
    """
    if text == _SMOOTH_TEXT:
        return SMOOTH
    try:
        if rough := _ROUGH_WORDS.fullmatch(text):
            return RoughDisks(*(float(number) for number in rough.groups()))
        if text.startswith(_CHIRAL_TEXT):
            return ChiralDisks(float(text[len(_CHIRAL_TEXT) :]))
    except ValueError:
        pass
    raise ValueError(f"rule: must be one that this version of hthm knows, got {text!r}. Use the version that wrote it.")


def for_core(rule: Rule) -> tuple[str, list[float]]:
    """Return the rule as the core takes it: its name and its numbers."""
    if isinstance(rule, RoughDisks):
        return "rough", [rule.inertia, rule.restitution, rule.roughness]
    return ("chiral", [rule.delta]) if isinstance(rule, ChiralDisks) else ("smooth", [])


def inertia(rule: Rule) -> float | None:
    """Return κ of the moment of inertia κma² of disks that spin, or None."""
    return rule.inertia if isinstance(rule, RoughDisks) else None


def spinning(rule: Rule) -> bool:
    """Return whether disks have spins by this rule."""
    return isinstance(rule, RoughDisks)


def no_spins(rule: Rule, name: str, why: str) -> str | None:
    """Return what is wrong with disks that spin; None if these do not.

    Parameters
    ----------
    rule : SmoothDisks, ChiralDisks or RoughDisks
        Of the gas.
    name : str
        What was given, for the message.
    why : str
        Why no spin will do.

    Returns
    -------
    str or None
        A message for whatever error it is.
    """
    return f"{name}: must be of disks without spins, got {text_of(rule)}. {why}" if spinning(rule) else None


def only_smooth(rule: Rule, name: str, why: str) -> str | None:
    """Return what is wrong with another rule than that of smooth disks; None if nothing is.

    Parameters
    ----------
    rule : SmoothDisks, ChiralDisks or RoughDisks
        Of the gas.
    name : str
        What was given, for the message.
    why : str
        Why no other will do.

    Returns
    -------
    str or None
        A message for whatever error it is.
    """
    if isinstance(rule, SmoothDisks):
        return None
    return f"{name}: must be of smooth disks, got {text_of(rule)}. {why}"
