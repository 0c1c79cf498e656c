"""How fast rough disks share their energy between translation and spin, beside theory for Maxwellian distributions.

``python -m bench.rough`` prints the table of docs/gases.md, in a minute and a half on one core.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

import hthm
from hthm.arrays import FloatArray

WINDOWS = ((0, 5), (5, 15), (15, 30), (30, 50))
"""Frames over which a rate is measured, ten of which a disk collides once at the start."""


class Case(NamedTuple):
    """What is simulated."""

    engine: str
    area_fraction: float
    n: int
    runs: int
    spin: float
    """Temperature of the spins at the start, in units of that of the velocities."""


CASES = (
    Case("dsmc", 0.01, 20_000, 20, 0.0),
    Case("dsmc", 0.01, 20_000, 20, 3.0),
    Case("event", 0.03, 2_000, 60, 0.0),
    Case("event", 0.2, 2_000, 60, 0.0),
)


def start_of(case: Case, inertia: float) -> hthm.State:
    """Maxwellian velocities and spins."""
    rule = hthm.RoughDisks(inertia=inertia)
    gas = hthm.DiskGas.from_area_fraction(case.n, case.area_fraction, speed=1.0, rule=rule)
    state = gas.sample(case.runs, seed=1, overlaps="reject", start="equilibrium", spins="equilibrium")
    assert state.spins is not None
    spins = state.spins * math.sqrt(case.spin)
    return hthm.State(state.positions, state.velocities, diameter=gas.diameter, speed=1.0, rule=rule, spins=spins)


def excess(velocities: FloatArray, spins: FloatArray, diameter: float, inertia: float) -> FloatArray:
    """T_t - T_r over the disks of each frame."""
    turning = inertia * np.square(spins * (diameter / 2)).mean(axis=-1)
    difference: FloatArray = np.square(velocities).sum(axis=-1).mean(axis=-1) / 2 - turning
    return difference


def rates(case: Case, inertia: float) -> list[tuple[float, float]]:
    """Of the fall of T_t - T_r a collision of a disk in each window, in units of theory's, and its standard error."""
    start = start_of(case, inertia)
    gas = start.gas
    dt = 0.1 / gas.rate_at(1.0 if case.engine == "dsmc" else gas.contact_value)
    traj = hthm.simulate(start, WINDOWS[-1][1], dt, engine=case.engine)
    assert start.spins is not None
    first = excess(start.velocities, start.spins, gas.diameter, inertia)
    fall = np.column_stack([first, excess(traj.velocities, traj.spins, gas.diameter, inertia)])  # (runs, frames + 1)
    collisions = np.cumsum(np.column_stack([np.zeros(case.runs), traj.collisions]), axis=1) * 2 / case.n
    found = []
    for begin, end in WINDOWS:
        without = []  # a run each in turn
        for run in range(case.runs):
            left, so_far = (np.delete(of_runs, run, axis=0).mean(axis=0) for of_runs in (fall, collisions))
            without.append(-math.log(left[end] / left[begin]) / (so_far[end] - so_far[begin]))
        rate = np.array(without) / (3 * inertia / (1 + inertia) ** 2)
        found.append((float(rate.mean()), math.sqrt((case.runs - 1) * float(rate.var()))))
    return found


def main() -> None:
    """Print a row for each case."""
    windows = " | ".join(f"{begin / 10:g} to {end / 10:g}" for begin, end in WINDOWS)
    print(f"| κ | engine | area fraction | T_r/T_t at the start | {windows} |")
    print("|" + "---|" * (4 + len(WINDOWS)))
    for inertia in (0.5, 1.0):
        for case in CASES:
            found = " | ".join(f"{rate:.3f}({round(1000 * error)})" for rate, error in rates(case, inertia))
            print(f"| {inertia:g} | `{case.engine}` | {case.area_fraction:g} | {case.spin:g} | {found} |", flush=True)


if __name__ == "__main__":
    main()
