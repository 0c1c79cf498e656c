"""What molecular chaos leaves out: H of the gas less H of its Boltzmann equation, from the same starts.

``python -m bench.chaos`` prints the tables of docs/chaos.md.
"""

from __future__ import annotations

import argparse
import math
from typing import Final, NamedTuple

import numpy as np

import hthm
from bench.gases import DSMC, EVENT
from hthm.arrays import FloatArray
from hthm.h_functional import speed_h_in_range

FREE_TIMES: Final = 16
FRAMES_EACH: Final = 4  # frames of a mean free time
SHOWN: Final = (0.5, 1, 2, 3, 4, 6, 8, 12, 16)
TOGETHER: Final = 250  # runs whose velocities are in memory at a time


class Difference(NamedTuple):
    """H of the gas, of its Boltzmann equation, and their difference with its standard error, (frames,) each."""

    times: FloatArray
    gas: FloatArray
    boltzmann: FloatArray
    difference: FloatArray
    error: FloatArray


def h_of_both(start: hthm.State, frames: int) -> FloatArray:
    """H of the speeds and of the velocities, of the gas and of its Boltzmann equation: (2, 2, runs, frames).

    Time is counted in collisions: those of the gas are more frequent by its contact value χ, which is not a matter of
    chaos, so that a frame of the Boltzmann equation is longer by it.
    """
    gas = start.gas
    dt = 1 / (gas.collision_rate * FRAMES_EACH)
    each = [
        hthm.simulate(start, frames, step, engine=engine)
        for engine, step in ((EVENT, dt), (DSMC, dt * gas.contact_value))
    ]
    return np.stack([[speed_h_in_range(traj).h for traj in each], [hthm.velocity_h(traj) for traj in each]])


def difference(h: FloatArray) -> Difference:
    """Sum up H of both, (2, runs, frames)."""
    runs, frames = h.shape[1:]
    each = h[0] - h[1]
    times = np.arange(1, frames + 1) / FRAMES_EACH
    gas, boltzmann = h.mean(axis=1)
    return Difference(times, gas, boltzmann, each.mean(axis=0), each.std(axis=0, ddof=1) / math.sqrt(runs))


def turned(runs: int, seed: int) -> hthm.State:
    """The gas a mean free time after its start, with all velocities negated: its chaos is gone."""
    gas = hthm.paper.GAS
    start = gas.sample(runs, seed, overlaps="reject")
    return hthm.simulate(start, 1, 1 / gas.collision_rate, engine=EVENT, record="counts").final.reversed()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    parts = []
    for first in range(0, options.runs, TOGETHER):
        count = min(TOGETHER, options.runs - first)
        start = hthm.paper.GAS.sample(count, options.seed, first=first, overlaps="reject")
        parts.append(h_of_both(start, FREE_TIMES * FRAMES_EACH))
    h, back = np.concatenate(parts, axis=2), h_of_both(turned(100, options.seed), FRAMES_EACH)
    for name, forth, control in zip(("speeds", "velocities"), h, back, strict=True):
        found = difference(forth)
        print(f"H of the {name}, {options.runs} runs\n| free times | gas | Boltzmann | difference | error |")
        for time in SHOWN:
            print("| " + " | ".join(f"{values[int(time * FRAMES_EACH) - 1]:.5f}" for values in found) + " |")
        over = np.abs(found.difference / found.error)
        print(f"difference over error: largest {over.max():.2f}, root mean square {np.sqrt((over**2).mean()):.2f}")
        print("turned round:", " | ".join(f"{values[-1]:.5f}" for values in difference(control)))


if __name__ == "__main__":
    main()
