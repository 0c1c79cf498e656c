"""The largest Lyapunov exponent against N, from the tangent of the motion and from twins, beside the clock model.

``python -m bench.lyapunov`` prints the table of docs/reversal.md and draws its lyapunov.png: some minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import hthm
from bench.gases import EVENT, PAPER_FRACTION, gas_of
from hthm.arrays import FloatArray
from hthm.engines.precision import LongState
from hthm.measures.lyapunov import random_tangent, separation, tangent_growth, twin
from hthm.pages.print_style import BLACK, BLUE, GREEN, PAGE, RED, canvas, save_figure

STARTS: Final = {100: (128, 64), 300: (64, 32), 1000: (32, 16), 3000: (12, 6), 10_000: (4, 3)}
"""Starts by the number of disks, for the tangent and for twins."""
THINNED: Final = (1, 10, 100, 1000, 10_000)
"""Times thinner than the paper's gas: density by density, at one N."""
THINNED_DISKS, THINNED_STARTS = 1000, 8
SETTLED: Final = 20  # mean free times from equal speeds, before anything is measured
FORGOTTEN: Final = 10  # mean free times in which a difference forgets its direction
FOLLOWED: Final = 60  # mean free times of a tangent, after that
APART, LINEAR = 1e-60, 1e-12  # twins begin so far apart, and are followed until they are further than that

FRONT: Final = 4.311
"""Clock values gained a collision of a disk, of ever more disks: van Zon, van Beijeren and Dellago, Phys. Rev. Lett.
80, 2035 (1998). It is the least (2 exp γ - 1)/γ, which is 2 exp γ at γ = 0.768."""
STEEPNESS: Final = math.log(FRONT / 2)
CUT_OFF: Final = math.pi**2 * STEEPNESS * FRONT / 2
"""A front of N disks is slower by this over ln² N: π² γ² F''(γ)/2, where F(γ) is what is least, and F'' = F/γ there;
E. Brunet and B. Derrida, Phys. Rev. E 56, 2597 (1997)."""


def front_of(n: int) -> float:
    """Clock values gained a collision of a disk, of n disks."""
    return FRONT - CUT_OFF / math.log(n) ** 2


class Exponents(NamedTuple):
    """λ/ω of every start."""

    tangent: FloatArray
    twins: FloatArray
    beside: FloatArray
    """Of the tangent over the very time of the twins, along one of them, from the same difference."""


def ln_thinness(gas: hthm.DiskGas) -> float:
    """Return ln 1/n*, where n* is the number of disks in a square of their diameter."""
    return -math.log(gas.n * (gas.diameter / gas.box) ** 2)


def settled(gas: hthm.DiskGas, run: int) -> hthm.State:
    """A start in equilibrium."""
    first = gas.sample(1, 0, first=run, overlaps="reject")
    return hthm.simulate(first, SETTLED, 1 / gas.collision_rate, engine=EVENT, record="counts").final


def thinned(times: int) -> tuple[float, FloatArray]:
    """Return ln 1/n* of a thinner gas, and λ/ω of every start, from the tangent."""
    gas = gas_of(THINNED_DISKS, PAPER_FRACTION / times)
    starts = range(THINNED_STARTS)
    return ln_thinness(gas), np.array([along(settled(gas, k), 1 / gas.collision_rate, k) for k in starts])


def exponents(n: int, starts: tuple[int, int]) -> Exponents:
    """Measure λ/ω of so many disks in both ways."""
    gas = gas_of(n)
    dt = 1 / gas.collision_rate  # a frame is a mean free time
    tangent, pairs = [], []
    for k in range(max(starts)):
        start = settled(gas, k)
        if k < starts[0]:
            tangent.append(along(start, dt, k))
        if k < starts[1]:
            pairs.append(between(start, dt, k))
    twins, beside = np.array(pairs).T
    return Exponents(np.array(tangent), twins, beside)


def along(start: hthm.State, dt: float, seed: int) -> float:
    """λ/ω from the tangent along a long run in doubles."""
    traj = hthm.simulate(start, FORGOTTEN + FOLLOWED, dt, engine=EVENT, record="log")
    growth, _ = tangent_growth(traj, random_tangent(start, seed))
    met = 2 * traj.collisions[0, FORGOTTEN:].sum() / start.n
    return float((growth[0, -1] - growth[0, FORGOTTEN - 1]) / met)


def between(start: hthm.State, dt: float, seed: int) -> tuple[float, float]:
    """λ/ω from twins while they are near each other, and from the tangent at the same time."""
    tangent = random_tangent(start, seed)
    other: hthm.State = twin(start, tangent, APART)
    apart, grown, met = [math.log(APART)], [0.0], [0.0]
    while apart[-1] < math.log(LINEAR):
        ahead, beside = (
            hthm.simulate(state, 1, dt, engine=EVENT, record="log", precision="extended") for state in (start, other)
        )
        growth, tangent = tangent_growth(ahead, tangent)
        start, other = ahead.final, beside.final
        assert isinstance(start, LongState)
        assert isinstance(other, LongState)
        apart.append(math.log(separation(start, other).norm[0]))
        grown.append(grown[-1] + growth[0, 0])
        met.append(met[-1] + 2 * ahead.collisions.sum() / start.n)
    time = met[-1] - met[FORGOTTEN]
    return (apart[-1] - apart[FORGOTTEN]) / time, (grown[-1] - grown[FORGOTTEN]) / time


def mean_error(values: FloatArray) -> tuple[float, float]:
    """Mean over starts and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def fitted(found: dict[int, Exponents]) -> tuple[FloatArray, FloatArray]:
    """λ/ω of ever more disks and how much it falls by over ln² N, with their errors, from the tangents of all N."""
    means, errors = np.array([mean_error(of.tangent) for of in found.values()]).T
    by = np.stack([np.ones(len(found)), -(np.log(list(found)) ** -2.0)], axis=-1) / errors[:, np.newaxis]
    covariance = np.linalg.inv(by.T @ by)
    return covariance @ by.T @ (means / errors), np.sqrt(np.diag(covariance))


def draw(found: dict[int, Exponents], thin: list[tuple[float, FloatArray]]) -> Figure:
    """Draw λ/ω against 1/ln² N, and of ever thinner gases against ln 1/n*."""
    at, line = np.log(list(found)) ** -2.0, np.linspace(0, 0.05, 2)
    (limit, slope), _ = fitted(found)
    with canvas(PAGE, 2.6) as figure:
        left, right = figure.subplots(1, 2)
        for kind, colour, marker, shift in (("tangent", BLUE, "o", 0.0), ("twins", RED, "s", 5e-4)):
            means, errors = np.array([mean_error(getattr(of, kind)) for of in found.values()]).T
            style = {"color": colour, "marker": marker, "markersize": 3, "linestyle": "", "label": kind}
            left.errorbar(at + shift, means, 2 * errors, **style)
        left.plot(line, limit - slope * line, color=BLACK, linewidth=0.7, label=f"{limit:.2f} − {slope:.1f}/ln² N")
        left.set_xlim(0, 0.05)
        left.set_xlabel("1/ln² N")
        x = np.array([of for of, _ in thin])
        means, errors = np.array([mean_error(of) for _, of in thin]).T
        right.errorbar(x, means, 2 * errors, color=BLUE, marker="o", markersize=3, linestyle="", label="tangent")
        for name, front, dashes in ((f"N = {THINNED_DISKS}", front_of(THINNED_DISKS), "-"), ("N → ∞", FRONT, "--")):
            label = f"clock model, {name}: {front:.2f} ln 1/n*"
            right.plot([0, x[-1]], [0, front * x[-1]], color=GREEN, linestyle=dashes, linewidth=0.7, label=label)
        right.set_xlim(0, None)
        right.set_ylim(0, None)
        right.set_xlabel("ln 1/n*")
        for axes, place in ((left, "upper right"), (right, "upper left")):
            axes.set_ylabel("λ / ω")
            axes.legend(loc=place)
    return figure


def main() -> None:
    """Print the table, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disks", type=int, nargs="+", choices=STARTS, default=list(STARTS), help="numbers of disks")
    parser.add_argument("--out", type=Path, default=Path("docs/figures"))
    options = parser.parse_args()
    found = {}
    print("| N | starts, tangent and twins | λ/ω, tangent | λ/ω, twins | λ/(ω ln 1/n*) | clock model | differ by |")
    for n in options.disks:
        found[n] = of = exponents(n, STARTS[n])
        unit = ln_thinness(gas_of(n))
        (mean, error), (twins, twins_error) = mean_error(of.tangent), mean_error(of.twins)
        cells = [str(n), f"{len(of.tangent)}, {len(of.twins)}", f"{mean:.3f} ± {error:.3f}"]
        cells += [f"{twins:.2f} ± {twins_error:.2f}", f"{mean / unit:.3f} ± {error / unit:.3f}", f"{front_of(n):.2f}"]
        print("| " + " | ".join(cells) + f" | {np.abs(of.twins / of.beside - 1).max():.1e} |", flush=True)
    (limit, slope), (limit_error, slope_error) = fitted(found)
    print(f"λ/ω = {limit:.2f} ± {limit_error:.2f} - ({slope:.1f} ± {slope_error:.1f})/ln² N")
    thin = [thinned(times) for times in THINNED]
    print("| times thinner | ln 1/n* | λ/ω | λ/(ω ln 1/n*) | from one to the next |")
    before = None
    for times, (unit, values) in zip(THINNED, thin, strict=True):
        mean, error = mean_error(values)
        cells = [str(times), f"{unit:.2f}", f"{mean:.2f} ± {error:.2f}", f"{mean / unit:.2f}", ""]
        if before:
            step = unit - before[0]
            cells[-1] = f"{(mean - before[1]) / step:.2f} ± {math.hypot(error, before[2]) / step:.2f}"
        print("| " + " | ".join(cells) + " |")
        before = (unit, mean, error)
    save_figure(partial(draw, found, thin), options.out, "lyapunov")


if __name__ == "__main__":
    main()
