"""Shear and odd viscosity of the dilute chiral gas, beside theory, and the time of a step beside NumPy's.

``python -m bench.viscosity`` prints the tables of docs/viscosity.md: three quarters of an hour of one core, which all
that are granted share; ``--scale 0.1`` does a tenth of it.
"""

from __future__ import annotations

import argparse
import math
from typing import Final, NamedTuple

import numpy as np
from scipy.optimize import least_squares

import hthm
from bench.chapman_enskog import viscosity
from bench.sheared import ShearedGas
from bench.timing import interleaved, pin
from hthm.arrays import FloatArray
from hthm.measures.shear import shear
from hthm.measures.viscosity import dilute_viscosities, viscosities

N, DIAMETER = 1000, 0.005
MEAN_SPEED: Final = math.sqrt(math.pi / 2)  # at temperature 1
SHARES: Final = (0.0, 0.25, 0.5)  # δ/σ
SETTLED: Final = 8  # relaxation times before anything is measured
RUNS: Final = 32  # each way


class Point(NamedTuple):
    """Where viscosities are measured."""

    share: float
    fraction: float  # of the area
    strain: float  # in a relaxation time τ = η/p of the closed form
    way: float  # of a disk in a step, on the average, in diameters
    effort: float  # relaxation times, of all disks together, in millions


# Effort where it makes the errors of the limits least: low strains say how far strains count, low densities what is
# left of η_odd's growth with the density, and of both there is a third to tell whether two are enough.
POINTS: Final = (
    *(Point(0.0, 0.015, strain, 0.1, effort) for strain, effort in ((0.1, 30), (0.2, 20), (0.4, 8))),
    Point(0.0, 0.005, 0.2, 0.1, 30),
    Point(0.5, 0.015, 0.2, 0.05, 20),
    *(
        Point(share, fraction, strain, 0.1, effort)
        for share in SHARES[1:]
        for fraction, strain, effort in (
            (0.015, 0.1, 60),
            (0.015, 0.2, 60),
            (0.015, 0.4, 20),
            (0.005, 0.1, 60),
            (0.005, 0.2, 80),
            (0.005, 0.4, 30),
            (0.0025, 0.2, 40),
            (0.0025, 0.4, 20),
        )
    ),
)


class Found(NamedTuple):
    """What was measured at a point, in units of the closed form's η: kinetic η and η_odd, their error, and the rest."""

    shear: float
    odd: float
    error: float
    shear_collisional: float
    odd_collisional: float


def gas_of(share: float, area_fraction: float) -> hthm.DiskGas:
    """A gas of temperature 1."""
    box = DIAMETER * math.sqrt(math.pi * N / (4 * area_fraction))
    return hthm.DiskGas(N, DIAMETER, speed=math.sqrt(2), box=box, rule=hthm.ChiralDisks(share * DIAMETER))


def measured(point: Point, scale: float) -> Found:
    """Shear both ways."""
    gas = gas_of(point.share, point.fraction)
    unit = dilute_viscosities(gas).shear
    time = unit * gas.box**2 / gas.n  # τ
    dt = point.way * DIAMETER / MEAN_SPEED
    steps = round(scale * point.effort * 1e6 * time / dt / gas.n / (2 * RUNS))
    flows = []
    for k, way in enumerate((1, -1)):
        start = gas.sample(RUNS, seed=k, overlaps="reject", speeds="maxwell")
        flows.append(shear(start, way * point.strain / time, round(SETTLED * time / dt), dt).go_on(steps))
    kinetic, rest = (viscosities(*flows, part=part) for part in ("kinetic", "collisional"))
    error = math.hypot(kinetic.shear_error, kinetic.odd_error) / math.sqrt(2)  # the noise of both is the same
    return Found(*(value / unit for value in (kinetic.shear, kinetic.odd, error, rest.shear, rest.odd)))


def thinned(strain: float) -> tuple[float, float]:
    """Return what is left of η and of η_odd at a strain in a relaxation time, in a gas of Maxwell's molecules.

    Moments close there: with N = (P_xx - P_yy)/2, P = P_xy, p = 1 and times in τ, the steady flow has
    -γ̇ P - D N + νP = 0 and -γ̇ (1 - N) - D P - νN = 0, where D = 1 - γ̇ P has the thermostat in it, and ν turns the
    stress; the first order in ν is η_odd. (Ikenberry and Truesdell, J. Rational Mech. Anal. 5, 1 (1956).)
    """
    roots = np.roots([1, 2, 1, -(strain**2)])  # D - 1
    wider = 1 + float(roots[np.abs(roots.imag) < 1e-9].real.max())
    p = -strain / wider**2
    n = -strain * p / wider
    first = np.linalg.solve([[-wider, strain * (n - 1)], [strain, strain * p - wider]], [-p, n])
    return 1 / wider**2, -float(first[0]) / strain


class Limits(NamedTuple):
    """What is fitted to all points: the limit of no strain, no density, no step."""

    values: FloatArray  # η of every share, then η_odd of those that have one, then the last four of `_expected`
    errors: FloatArray
    misfit: float  # χ²
    freedom: int


def _expected(point: Point, values: FloatArray, steps: dict[tuple[float, float], complex]) -> complex:
    """What a point has by the values of `Limits`: η, and, as the imaginary part, η_odd, kinetic parts."""
    which = SHARES.index(point.share)
    longer, even, odd, fading = values[5:]
    step = steps[point.share, point.way]
    slower = (1 + even * point.fraction) * step.real
    # A strain counts in relaxation times of the gas at hand, in which density and step have their part.
    strain = longer * point.strain * values[which] * slower
    left = thinned(strain)
    dense = 1 + (odd + fading * strain**2) * point.fraction
    limit_odd = values[2 + which] if which else 0.0
    return complex(values[which] * (left[0] * slower), limit_odd * (left[1] * dense * step.imag))


def limits(found: dict[Point, Found]) -> Limits:
    """Fit the limits, and with them how strains count and how η and η_odd grow with the density."""
    steps = {key: _step(*key) for key in {(point.share, point.way) for point in found}}

    def residuals(values: FloatArray) -> FloatArray:
        of_points = []
        for point, at in found.items():
            expected = _expected(point, values, steps)
            of_points.append((at.shear - expected.real) / at.error)
            if point.share:
                of_points.append((at.odd - expected.imag) / at.error)
        return np.array(of_points)

    start = np.array([1.0, 1.0, 1.0, -0.06, -0.12, 1.0, 0.0, 10.0, 0.0])
    fit = least_squares(residuals, start)
    jacobian = np.asarray(fit.jac, dtype=np.float64)
    errors = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)))
    return Limits(fit.x, errors, 2 * float(fit.cost), len(fit.fun) - len(start))


def _step(share: float, way: float) -> complex:
    """What a step does to η and η_odd, by the Boltzmann equation of steps."""
    long, short = viscosity(share, way / MEAN_SPEED, order=2), viscosity(share, order=2)
    return complex(long.real / short.real, long.imag / short.imag if share else 1.0)


def print_points(found: dict[Point, Found]) -> None:
    """Print what was measured."""
    print("| δ/σ | area fraction | γ̇τ | way in a step, σ | η, kinetic | η_odd, kinetic | ± | η, rest | η_odd, rest |")
    print("|---|---|---|---|---|---|---|---|---|")
    for point, at in found.items():
        cells = [f"{value:g}" for value in point[:4]] + [f"{at.shear:.4f}", f"{at.odd:+.4f}", f"{at.error:.4f}"]
        print("| " + " | ".join([*cells, f"{at.shear_collisional:.4f}", f"{at.odd_collisional:+.5f}"]) + " |")


def print_limits(of: Limits) -> None:
    """Print the limits beside theory."""
    print("\n| δ/σ | | measured | closed form | differs by | all approximations | differs by |")
    print("|---|---|---|---|---|---|---|")
    for which, share in enumerate(SHARES):
        unit = dilute_viscosities(gas_of(share, 0.01)).shear * DIAMETER  # of σ = 1
        exact = viscosity(share) / unit
        rows = [("η", which, 1.0, exact.real)]
        if which:
            rows.append(("η_odd", 2 + which, -share / 4, -exact.imag))
        for name, k, closed, full in rows:
            value, error = of.values[k], of.errors[k]
            cells = [f"{share:g}", name, f"{value:.4f} ± {error:.4f}"]
            for theory in (closed, full):
                apart = (value - theory) / error
                cells += [f"{theory:.4f}", f"{100 * (value / theory - 1):+.1f} % = {apart:+.1f} s.e."]
            print("| " + " | ".join(cells) + " |")
    longer, even, odd, fading = (
        f"{value:.3g} ± {error:.2g}" for value, error in zip(of.values[5:], of.errors[5:], strict=True)
    )
    print(
        f"\nStrains count {longer} times; an area fraction adds {even} times itself to η, and to η_odd {odd} times and "
        f"{fading} times the square of the strain more, kinetic parts; χ² = {of.misfit:.1f} of {of.freedom}."
    )


def print_times(rounds: int) -> None:
    """Time a step of hthm's beside one of NumPy's, the same step of the same gas to the last bit, in turn."""
    gas = gas_of(0.5, 0.0196)
    start = gas.sample(1, seed=9, overlaps="reject", speeds="maxwell")
    dt, rate, many = 0.1 * DIAMETER / MEAN_SPEED, 4.0, 5000
    begun = shear(start, rate, 1, dt)
    numpy = ShearedGas(
        begun.final.positions[0].copy(), begun.final.velocities[0].copy(), gas, rate, dt, 2 * (N - 1) * gas.temperature
    )
    numpy.offset = float(begun.offsets[0])
    for _ in range(20):
        numpy.step()
    ours = begun.go_on(20)
    assert ours.final.velocities[0].tobytes() == numpy.v.tobytes(), "not the same step"
    took = interleaved({"hthm": lambda: begun.go_on(many, threads=1), "NumPy": numpy.step}, rounds)
    step = took["hthm"].median / many
    print(
        f"\nA step of {N} disks at area fraction 0.0196, one thread: hthm {step * 1e6:.1f} us, NumPy, all pairs, "
        f"{took['NumPy'].median * 1e3:.1f} ms: {took['NumPy'].median / step:.0f} times as long (medians of {rounds}, "
        f"in turn; least against least {took['NumPy'].least / took['hthm'].least * many:.0f})."
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="so many times the effort")
    parser.add_argument("--rounds", type=int, default=25, help="how often steps are timed")
    options = parser.parse_args()
    found = {}
    for point in POINTS:
        found[point] = measured(point, options.scale)
        print(point, found[point], flush=True)
    print_points(found)
    print_limits(limits(found))
    pin()  # what has been measured so far had all processors
    print_times(options.rounds)


if __name__ == "__main__":
    main()
