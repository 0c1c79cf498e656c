"""How H falls from every named start, where H of the speeds rises, and how late it all decays.

``python -m bench.relaxation`` prints the tables of docs/h.md and draws its last figure.
"""

from __future__ import annotations

import argparse
import math
import warnings
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import curve_fit

import hthm
from bench.gases import DSMC, EVENT, gas_of
from hthm.arrays import FloatArray
from hthm.h_functional import HRangeWarning
from hthm.pages.print_style import BLACK, COLOURS, MARKERS, PAGE, STYLES, canvas, save_figure
from hthm.starts.kinds import STARTS, NamedStart

THEORY: Final = 0.4358
"""Decay of the slowest isotropic mode of the linear Boltzmann equation, a collision: by 12 Sonine polynomials."""
LARGE: Final = 50_000  # disks of a run: corrections of order 1/N are below all errors
RUNS: Final = 4  # of a start
FRAMES_EACH: Final = 4  # frames of a mean free time
FOLLOWED: Final = 10  # mean free times
WIDER: Final = 2  # times the range of the paper's bins, which are as wide: a start may be faster than 2 s0
WINDOW: Final = (4, 10)  # mean free times in which the late decay is fitted
LEVEL: Final = 7  # mean free times at which the line of theory is set to the mean
RESAMPLED: Final = 300
NAMES: Final[tuple[NamedStart, ...]] = tuple(name for name in STARTS if name not in {"equal", "maxwell"})  # two names


class Fall(NamedTuple):
    """H of the speeds and of the velocities from a start on, (frames + 1,) each, and their standard errors."""

    speeds: FloatArray
    velocities: FloatArray
    error: float

    @property
    def lowest(self) -> int:
        """The frame in which H of the speeds is least."""
        return int(self.speeds.argmin())

    @property
    def rise(self) -> float:
        """How far H of the speeds rises from there to the end."""
        return float(self.speeds[-1] - self.speeds.min())


def fall(name: NamedStart, runs: int = RUNS, n: int = LARGE, engine: str = EVENT) -> Fall:
    """Follow H from a named start; bins count 4 s0, and the estimators correct for the number of disks."""
    gas = gas_of(n)
    start = gas.sample(runs, seed=0, overlaps="reject", start=name)
    traj = hthm.simulate(start, FOLLOWED * FRAMES_EACH, 1 / (gas.collision_rate * FRAMES_EACH), engine=engine)
    v = np.concatenate([start.velocities[:, np.newaxis], traj.velocities], axis=1)  # (runs, frames + 1, n, 2)
    speeds = hthm.speed_h(v, speed=WIDER * gas.speed, bins=WIDER * hthm.paper.BINS, estimator="miller-madow")
    velocities = hthm.velocity_h(v, temperature=gas.temperature, estimator="grassberger")
    error = max(float(h.std(axis=0, ddof=1).mean()) for h in (speeds, velocities)) / math.sqrt(runs)
    return Fall(speeds.mean(axis=0), velocities.mean(axis=0), error)


def late_excess(engine: str, runs: int, seed: int = 0) -> FloatArray:
    """The excess of the kurtosis, ⟨s⁴⟩/⟨s²⟩² − 2, of every run after every mean free time, from equal speeds."""
    gas, parts = gas_of(LARGE), []
    for first in range(0, runs, RUNS):
        start = gas.sample(min(RUNS, runs - first), seed, first=first, overlaps="reject")
        dt = 1 / gas.collision_rate * (gas.contact_value if engine == DSMC else 1)
        squares = np.square(hthm.simulate(start, WINDOW[1], dt, engine=engine).velocities).sum(axis=-1)
        parts.append(np.square(squares).mean(axis=-1) / np.square(squares.mean(axis=-1)) - 2)
    return np.concatenate(parts)


def decay(excess: FloatArray) -> tuple[float, float]:
    """Rate λ of what decays last, and its error from resampled runs: fit of a e^(−λt) (1 + b e^(−λt)) in the window.

    The second term stands for what is quadratic in the first, and for the faster modes, which are not gone before the
    whole is lost in noise: without it the rate comes out 4 % too low.
    """
    times = np.arange(WINDOW[0], WINDOW[1] + 1.0)

    def curve(at: FloatArray, size: float, rate: float, second: float) -> FloatArray:
        slow: FloatArray = np.exp(-rate * at)
        return size * slow * (1 + second * slow)

    def rate(mean: FloatArray) -> float:
        found, _ = curve_fit(curve, times, mean[WINDOW[0] - 1 :], p0=(-1.0, THEORY, 0.0))  # errors are much the same
        return float(found[1])

    random = np.random.default_rng(0)
    drawn = random.integers(len(excess), size=(RESAMPLED, len(excess)))
    return rate(excess.mean(axis=0)), float(np.std([rate(excess[of].mean(axis=0)) for of in drawn]))


def draw(falls: dict[NamedStart, Fall], late: dict[str, FloatArray]) -> Figure:
    """Draw H of both kinds from the starts where that of the speeds rises, and the late decay."""
    with canvas(PAGE, 3.0) as figure:
        left, middle, right = figure.subplots(1, 3)
        times = np.arange(FOLLOWED * FRAMES_EACH + 1) / FRAMES_EACH
        rising = {name: of for name, of in falls.items() if of.rise > 5 * of.error}
        for (name, of), colour, style in zip(rising.items(), COLOURS, STYLES, strict=False):
            left.plot(times, of.speeds, color=colour, linestyle=style)
            left.plot(times[of.lowest], of.speeds[of.lowest], color=colour, marker="o", markersize=4)
            middle.plot(times, of.velocities, color=colour, linestyle=style, label=name)
        later = 1.0 + np.arange(WINDOW[1])
        for (engine, excess), colour, marker in zip(late.items(), COLOURS, MARKERS, strict=False):
            error = 2 * excess.std(axis=0, ddof=1) / math.sqrt(len(excess))
            of_late = {"color": colour, "marker": marker, "markersize": 3, "linestyle": "", "label": engine}
            right.errorbar(later, -excess.mean(axis=0), error, **of_late)
        level = -np.mean([excess.mean(axis=0)[LEVEL - 1] for excess in late.values()])
        theory = level * np.exp(-THEORY * (later - LEVEL))
        right.plot(later, theory, color=BLACK, linewidth=0.7, label=f"theory, {THEORY} ω")
        right.set_yscale("log")
        titles = ("H of the speeds (nats)", "H of the velocities (nats)", "−excess of the kurtosis")
        for axes, title in zip((left, middle, right), titles, strict=True):
            axes.set_title(title)
            axes.set_xlabel("mean free times")
        figure.legend(*middle.get_legend_handles_labels(), loc="outside upper left", ncols=3)
        right.legend(loc="upper right")
    return figure


def main() -> None:
    """Print the tables, and draw the figure."""
    warnings.simplefilter("ignore", HRangeWarning)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--late-runs", type=int, default=100, help="runs of 50 000 disks for the late decay; of dsmc, twice"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/figures"))
    options = parser.parse_args()
    falls = {name: fall(name) for name in NAMES}
    print("| start | speeds: start | least | at | end | rise | velocities: start | then | end | error |")
    for name, of in falls.items():
        low = of.lowest
        cells = [of.speeds[0], of.speeds[low], low / FRAMES_EACH, of.speeds[-1], of.rise]
        cells += [of.velocities[0], of.velocities[low], of.velocities[-1], of.error]
        print(f"| {name} | " + " | ".join(f"{value:.4f}" for value in cells) + " |")
    late = {engine: late_excess(engine, runs * options.late_runs) for engine, runs in ((EVENT, 1), (DSMC, 2))}
    for engine, excess in late.items():
        rate, error = decay(excess)
        print(f"{engine}: decays by {rate:.4f} ± {error:.4f} a collision of a disk, theory {THEORY}")
    save_figure(partial(draw, falls, late), options.out, "relaxation")


if __name__ == "__main__":
    main()
