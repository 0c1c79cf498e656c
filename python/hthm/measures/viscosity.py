"""Shear viscosity and odd viscosity: from gases that are sheared both ways, and what the dilute gas has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from hthm import checks
from hthm.measures.shear import Shear, check_served
from hthm.rules import ChiralDisks

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.gas import DiskGas

PARTS: Final = ("all", "kinetic", "collisional")
LEAST_RUNS: Final = 2  # tell an error


class Viscosities(NamedTuple):
    """Viscosities of a gas, in units of m / time.

    Attributes
    ----------
    shear, shear_error : float
        η and its standard error over the runs.
    odd, odd_error : float
        η_odd, and the same.
    """

    shear: float
    shear_error: float
    odd: float
    odd_error: float


class DiluteViscosities(NamedTuple):
    """Viscosities of a dilute gas, in units of m / time: `dilute_viscosities`."""

    shear: float
    odd: float


def viscosities(forwards: Shear, backwards: Shear, *, part: str = "all") -> Viscosities:
    """Return what a gas that was sheared both ways, at the rates γ̇ and -γ̇, says of its viscosities.

    Parameters
    ----------
    forwards, backwards : Shear
        The same gas at opposite rates, two runs of each or more.
    part : {"all", "kinetic", "collisional"}
        Of the pressure tensor P.

    Returns
    -------
    Viscosities
        η is half of (P_xy(-γ̇) - P_xy(γ̇))/γ̇, and η_odd half of (N(γ̇) - N(-γ̇))/γ̇ with N = (P_yy - P_xx)/2.

    Raises
    ------
    TypeError, ValueError
        If they are of other gases, or at other rates, or of one run.

    Notes
    -----
    The stress is σ = -P, and for the flow u = (γ̇ y, 0) it is σ_xy = η γ̇ and (σ_xx - σ_yy)/2 = η_odd γ̇, as of a stress
    η_odd (∂_i u*_j + ∂*_i u_j) with u*_i = ε_ij u_j. Mirrored in the x axis the gas has -γ̇ and, of chiral disks, -δ;
    P_xy changes sign and N does not. So η is even in δ and η_odd is odd. A normal stress difference of the second
    order in γ̇ is in N of any gas: it is even in γ̇, and drops out, exactly.
    """
    for name, flow in (("forwards", forwards), ("backwards", backwards)):
        if not isinstance(flow, Shear):
            raise TypeError(f"{name}: must be a Shear, got {type(flow).__name__}. hthm.measures.shear.shear makes one.")
        if flow.final.runs < LEAST_RUNS:
            raise ValueError(f"{name}: must have two runs or more, which tell the error, got {flow.final.runs}.")
    checks.choice("part", part, PARTS)
    rate = forwards.rate
    if rate == 0 or backwards.rate != -rate:
        raise ValueError(f"backwards: must be at the opposite rate, {-rate:g}, and not 0, got {backwards.rate:g}.")
    if backwards.gas != forwards.gas:
        raise ValueError(f"backwards: must be of the same gas, {forwards.gas}, got {backwards.gas}.")
    ahead, back = ((flow.pressure if part == "all" else getattr(flow, part)) for flow in (forwards, backwards))
    shear, shear_error = _half_difference(-_xy(ahead), -_xy(back))
    odd, odd_error = _half_difference(_normal(ahead), _normal(back))
    return Viscosities(shear / rate, shear_error / abs(rate), odd / rate, odd_error / abs(rate))


def dilute_viscosities(gas: DiskGas) -> DiluteViscosities:
    """Return the viscosities of the gas if it were dilute, at its temperature s0²/2.

    Parameters
    ----------
    gas : DiskGas
        Of smooth or chiral disks.

    Returns
    -------
    DiluteViscosities
        η = (8/σ) √(mT/π)/(16 + δ²/σ²) and η_odd = -(2δ/σ²) √(mT/π)/(16 + δ²/σ²), whatever the density.

    Raises
    ------
    ValueError
        If the disks are others.

    Notes
    -----
    Matus and Lier, arXiv:2602.21367: the first approximation of Chapman and Enskog. All further ones add 2.2 % to
    either: 1.0219 and 1.0216 times as much for |δ| ≤ σ/2, which `python -m bench.viscosity` works out.
    """
    check_served("gas", gas)
    share = gas.rule.delta / gas.diameter if isinstance(gas.rule, ChiralDisks) else 0.0
    unit = math.sqrt(gas.temperature / math.pi) / gas.diameter / (16 + share * share)
    return DiluteViscosities(8 * unit, -2 * share * unit)


def _xy(pressure: FloatArray) -> FloatArray:
    """P_xy of every run, (runs,): its symmetric part."""
    of_runs: FloatArray = (pressure[..., 0, 1] + pressure[..., 1, 0]).mean(axis=1) / 2
    return of_runs


def _normal(pressure: FloatArray) -> FloatArray:
    """(P_yy - P_xx)/2 of every run, (runs,)."""
    of_runs: FloatArray = (pressure[..., 1, 1] - pressure[..., 0, 0]).mean(axis=1) / 2
    return of_runs


def _half_difference(ahead: FloatArray, back: FloatArray) -> tuple[float, float]:
    """Half the difference of two means over runs, and its standard error."""
    errors = [values.std(ddof=1) / math.sqrt(len(values)) for values in (ahead, back)]
    return float(ahead.mean() - back.mean()) / 2, math.hypot(*errors) / 2
