"""A light and a heavy kind of disk: how often pairs of kinds meet, and how the kinds share their energy.

``python -m bench.mixture`` prints the tables of docs/gases.md, in half a minute on one core.
"""

from __future__ import annotations

import math

import numpy as np

import hthm
from hthm.arrays import FloatArray
from hthm.measures.encounters import collisions_of_kinds

FRACTIONS = (0.03, 0.2, 0.35)
COLLISIONS = 80
"""Of a disk in each run whose rates are counted."""
TIMES = (0, 1, 2, 5, 10, 20, 40)
"""Of the shared energy, in units of the mean time between two collisions of a disk in equilibrium."""


def mixture(fraction: float, copies: int = 1) -> hthm.DiskGas:
    """150 disks twice as wide and four times as heavy as 300 others, so many times over."""
    unit = math.sqrt(fraction / (math.pi / 4 * copies * (150 * 4 + 300)))
    return hthm.DiskGas(kinds=[hthm.Kind(150 * copies, 2 * unit, 4.0), hthm.Kind(300 * copies, unit)], speed=1.0)


def rates(fraction: float, runs: int = 40) -> tuple[FloatArray, FloatArray]:
    """Rates of collision of each two kinds over Enskog's, (2, 2), and their standard errors."""
    gas = mixture(fraction)
    start = gas.sample(runs, seed=3, overlaps="reject", start="equilibrium")
    mean = gas.collision_rates.sum(axis=1).mean()
    settled = hthm.simulate(start, 1, COLLISIONS / mean / 8, engine="event", record="counts").final
    traj = hthm.simulate(settled, 10, COLLISIONS / mean / 10, engine="event", record="log")
    kinds = gas.kinds or ()
    counts = np.array([kind.n for kind in kinds])
    mass = sum(kind.n * kind.mass for kind in kinds)
    energy = start.energy() - np.square(start.momentum()).sum(axis=-1) / 2 / mass  # about the centre of mass
    faster = np.sqrt(energy / (gas.n - 1) / gas.temperature)  # (runs,)
    pairs = np.outer(counts, counts) - np.diag(counts)  # a disk never meets itself
    expected = gas.collision_rates / counts * pairs * traj.times[-1]
    ratio = collisions_of_kinds(traj) / expected / faster[:, np.newaxis, np.newaxis]  # (runs, 2, 2)
    return ratio.mean(axis=0), ratio.std(axis=0, ddof=1) / math.sqrt(runs)


def shared(fraction: float = 0.03, runs: int = 8) -> list[tuple[float, ...]]:
    """Time, then temperature and H of the velocities of the heavy and of the light kind, from equal speeds."""
    gas = mixture(fraction, copies=20)
    start = gas.sample(runs, seed=1, overlaps="reject")
    counts = [kind.n for kind in gas.kinds or ()]
    between = 1 / float(np.average(gas.collision_rates.sum(axis=1), weights=counts))
    traj = hthm.simulate(start, TIMES[-1], between, engine="event")
    rows = []
    for time in TIMES[1:]:
        row = [float(time)]
        for k, kind in enumerate(gas.kinds or ()):
            velocities = np.ascontiguousarray(traj.velocities[:, time - 1, gas.disks_of(k)])  # (runs, disks, 2)
            row.append(kind.mass * float(np.square(velocities).sum(axis=-1).mean()) / 2 / gas.temperature)
            row.append(float(hthm.velocity_h(velocities, estimator="neighbours").mean()))
        rows.append(tuple(row))
    return rows


def main() -> None:
    """Print both tables."""
    print("| area fraction | heavy with heavy | heavy with light | light with light |\n|---|---|---|---|")
    for fraction in FRACTIONS:
        ratio, error = rates(fraction)
        cells = [f"{ratio[a, b]:.4f}({round(1e4 * error[a, b])})" for a, b in ((0, 0), (0, 1), (1, 1))]
        print(f"| {fraction:g} | {' | '.join(cells)} |", flush=True)
    print("\n| time | T of the heavy | H of the heavy | T of the light | H of the light |\n|---|---|---|---|---|")
    for time, *numbers in shared():
        print(f"| {time:g} | {' | '.join(f'{number:.3f}' for number in numbers)} |", flush=True)


if __name__ == "__main__":
    main()
