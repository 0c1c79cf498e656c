"""What happens at contact: the rules of collision that a gas can have."""

from __future__ import annotations

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


Rule: TypeAlias = SmoothDisks | ChiralDisks

SMOOTH: Final = SmoothDisks()

_SMOOTH_TEXT: Final = "smooth disks"
_CHIRAL_TEXT: Final = "chiral disks, delta "


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
    if isinstance(rule, SmoothDisks):
        return rule
    if not isinstance(rule, ChiralDisks):
        given = f"the class {rule.__name__}" if isinstance(rule, type) else type(rule).__name__
        raise TypeError(f"rule: must be SmoothDisks() or ChiralDisks(delta=...), got {given}. Take one of hthm's.")
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
        kind, delta = text[: len(_CHIRAL_TEXT)], float(text[len(_CHIRAL_TEXT) :])
    except ValueError:
        kind, delta = "", 0.0
    if kind != _CHIRAL_TEXT:
        raise ValueError(
            f"rule: must be one that this version of hthm knows, got {text!r}. Use the version that wrote it."
        )
    return ChiralDisks(delta)


def for_core(rule: Rule) -> tuple[str, float]:
    """Return the rule as the core takes it: its name and its number."""
    return ("chiral", rule.delta) if isinstance(rule, ChiralDisks) else ("smooth", 0.0)


def only_smooth(rule: Rule, name: str, why: str) -> str | None:
    """Return what is wrong with another rule than that of smooth disks; None if nothing is.

    Parameters
    ----------
    rule : SmoothDisks or ChiralDisks
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
