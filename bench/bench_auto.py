"""What engine="auto" loses against the best fixed-step engine: ``python -m bench.bench_auto``, some minutes.

Every point asserts that the engines agree; one thread, rounds interleaved, CPU time, the least of the rounds.
"""

from __future__ import annotations

import itertools
import math
import time

import hthm
from bench.gases import FIXED_STEP
from bench.rivals import DT
from hthm.engines.choice import fastest

SIZES = (10, 30, 100, 300, 1000, 3000, 10_000, 100_000)
AREA_FRACTIONS = (0.003, 0.0283, 0.2, 0.5)
MOVED = (0.003, 0.03, 0.34, 3.0)  # diameters a step
ROUNDS = 3
PAIRS = 3_000_000  # all_pairs is left out where it would look at more a step


def measured(n: int, area_fraction: float, moved: float) -> dict[str, float]:
    """Microseconds a step of each engine."""
    diameter = min(0.5, math.sqrt(4 * area_fraction / (math.pi * n)))
    gas = hthm.DiskGas(n=n, diameter=diameter, speed=moved * diameter / DT)
    frames = max(20, min(500, 500_000 // n))
    state = gas.sample(max(1, 20_000 // (n * frames)), seed=1)
    engines = [name for name in FIXED_STEP if name != "all_pairs" or n * n < 2 * PAIRS]
    times = dict.fromkeys(engines, math.inf)
    answers = set()
    for _, engine in itertools.product(range(ROUNDS), engines):
        began = time.process_time()
        traj = hthm.simulate(state, frames=frames, dt=DT, engine=engine, threads=1, record="counts")
        times[engine] = min(times[engine], (time.process_time() - began) / (state.runs * frames) * 1e6)
        answers.add(traj.final.sha256())
    assert len(answers) == 1, "the engines must agree"
    return times


if __name__ == "__main__":
    losses = []
    print("     n      phi    moved  best             us a step  auto             loss")
    for n, area_fraction, moved in itertools.product(SIZES, AREA_FRACTIONS, MOVED):
        times = measured(n, area_fraction, moved)
        best, picked = min(times, key=times.__getitem__), fastest(n, area_fraction, moved)
        losses.append(times[picked] / times[best] - 1)
        print(
            f"{n:6} {area_fraction:8g} {moved:8g}  {best:16} {times[best]:9.3f}  {picked:16} {losses[-1]:5.0%}",
            flush=True,
        )
    losses.sort()
    print(f"median loss {losses[len(losses) // 2]:.0%}, nine in ten below {losses[len(losses) * 9 // 10]:.0%}")
