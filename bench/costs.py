"""What `bench.compare` measures: the cost of every engine, and the collisions that a fixed step misses.

Seconds are those of the processor, one thread's: a machine that is busy with other things lengthens them least.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

import hthm
from bench.gases import EVENT, FIXED_STEP, PAPER_FRACTION, gas_of, start_of
from bench.rivals import DT, Step, distance_matrix_step, python_run, tree_step
from bench.timing import Timed
from hthm.arrays import FloatArray

Round: TypeAlias = Callable[[], tuple[float, float]]
"""Times something once: seconds a disk and unit of physical time, and collisions a second."""

PYTHON_STEPS: Final[dict[str, tuple[Step, int]]] = {
    "author's NumPy": (distance_matrix_step, 1000),
    "SciPy k-d tree": (tree_step, 10_000),
}
"""Steps in Python, and the most disks with which they are timed."""
RIVAL_SIZES: Final = (1000, 100_000)
"""Disks with which programs of others are timed."""
_WARM: Final = 5  # mean free times from a lattice to a fluid
_SLOWEST: Final = 1.5  # seconds that a step may take: an engine that would take longer is left out
_SETTLED: Final = 0.65  # area fraction up to which Enskog's rate, and five mean free times, are enough


@dataclass(frozen=True)
class Cost:
    """Seconds of one core for a disk and a unit of physical time, and collisions found in a second."""

    name: str
    n: int
    area_fraction: float
    seconds: Timed
    collisions_per_second: Timed


@dataclass(frozen=True)
class Missed:
    """Collisions that a fixed step misses at a frame rate, as a share of the exact engine's from the same starts."""

    area_fraction: float
    frame_rate: int
    share: float
    error: float
    seconds: float  # of the fastest fixed step at this rate, a disk and unit of time


def equilibrium(n: int, area_fraction: float, runs: int = 1) -> hthm.State:
    """Return starts without overlaps that are warm: every engine is timed on the same disks in the same places."""
    state = start_of(gas_of(n, area_fraction), runs, legal=True)
    if area_fraction < 0.2:
        return state  # random positions are as good
    dt = _WARM / state.gas.collision_rate / 20
    return hthm.simulate(state, 20, dt, engine=EVENT, record="counts").final


def costs(gases: Sequence[tuple[int, float]], rounds: int, seconds: float, rivals: Sequence[Path] = ()) -> list[Cost]:
    """Cost of every engine, and of rivals, for each n and area fraction; of steps in Python at the paper's."""
    found: list[Cost] = []
    for n, area_fraction in gases:
        state = equilibrium(n, area_fraction)
        works = {name: engine_round(name, state, seconds) for name in (*FIXED_STEP, EVENT) if _affordable(name, n)}
        if area_fraction == PAPER_FRACTION:
            works |= {name: _python_round(step, state) for name, (step, most) in PYTHON_STEPS.items() if n <= most}
        if n in RIVAL_SIZES:
            works |= {rival.name: _rival_round(rival, state) for rival in rivals}
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, once in works.items():
                took[name].append(once())
        for name, seen in took.items():
            spent, rates = zip(*seen, strict=True)
            found.append(Cost(name, n, area_fraction, _timed(spent), _timed(rates)))
    return found


def engine_round(engine: str, state: hthm.State, seconds: float, rate: int = hthm.paper.FRAME_RATE) -> Round:
    """About so many seconds of an engine, whose answer is checked first."""
    dt = 1 / rate
    _assert_right(engine, state, max(2, min(20, 20_000 // state.n)), dt)
    first, _ = _frame(engine, state, 3, dt)
    frames = max(3, min(100_000, int(seconds / first)))

    def once() -> tuple[float, float]:
        spent, collisions = _frame(engine, state, frames, dt)
        return spent / dt / state.n, collisions / spent

    return once


def _frame(engine: str, state: hthm.State, frames: int, dt: float) -> tuple[float, float]:
    """Seconds of a frame and its collisions, the first frame and all that comes before it left out."""
    ticks: list[tuple[float, int]] = []

    def tick(done: int, _: int) -> None:
        ticks.append((time.process_time(), done))

    traj = hthm.simulate(state, frames, dt, engine=engine, threads=1, record="counts", progress=tick)
    (began, first), (ended, last) = ticks[0], ticks[-1]
    return (ended - began) / (last - first), float(traj.collisions[:, 1:].mean())


def _assert_right(engine: str, state: hthm.State, frames: int, dt: float) -> None:
    """A fixed step gives the bits of cell_list; the exact engine keeps the energy and collides at Enskog's rate.

    Its tolerance: ten times Poisson's scatter, which is wider than that of collisions, and 6 % for equal speeds (1.6 %
    more than Maxwell's) and for random positions; false alarms below 1e-6.
    """
    traj = hthm.simulate(state, frames, dt, engine=engine, threads=1, record="counts")
    if engine != EVENT:
        expected = hthm.simulate(state, frames, dt, engine="cell_list", threads=1, record="counts")
        assert traj.collisions.tobytes() == expected.collisions.tobytes(), engine
        assert traj.final.sha256() == expected.final.sha256(), engine
        return
    np.testing.assert_allclose(traj.final.energy(), state.energy(), rtol=1e-10)
    if state.gas.area_fraction < _SETTLED:
        expected_count = state.gas.collision_rate * state.n / 2 * frames * dt
        off = abs(float(traj.collisions.sum()) - expected_count)
        assert off < 0.06 * expected_count + 10 * math.sqrt(expected_count) + 10


def _affordable(engine: str, n: int) -> bool:
    """Whether a step takes less than `_SLOWEST`: two engines grow faster than n."""
    seconds = {"all_pairs": 4e-10 * n**2, "sweep_and_prune": 1e-9 * n * math.sqrt(n)}
    return seconds.get(engine, 0.0) < _SLOWEST


def _python_round(step: Step, state: hthm.State) -> Round:
    expected = hthm.simulate(state, frames=2, dt=DT, threads=1).velocities[0]
    assert python_run(step, state, 2).tobytes() == expected.tobytes()
    collisions = float(hthm.simulate(state, frames=60, dt=DT, threads=1, record="counts").collisions.mean())

    def once() -> tuple[float, float]:
        began = time.process_time()
        python_run(step, state, 2)
        spent = (time.process_time() - began) / 2
        return spent / DT / state.n, collisions / spent

    return once


def _rival_round(program: Path, state: hthm.State) -> Round:
    """A program that is given n and the area fraction and prints collisions a second; what it writes is thrown away."""
    gas = state.gas
    exact = hthm.simulate(state, frames=20, dt=DT, engine=EVENT, threads=1, record="counts")
    per_disk_and_time = float(exact.collisions.mean()) / DT / gas.n

    def once() -> tuple[float, float]:
        command = [str(program.resolve()), str(gas.n), repr(gas.area_fraction)]
        with tempfile.TemporaryDirectory() as own:
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=own)  # noqa: S603 -- the user names it
        rate = float(done.stdout.split()[-1])
        return per_disk_and_time / rate, rate

    return once


def missed(fractions: Sequence[float], rates: Sequence[int], runs: int, span: float, seconds: float) -> list[Missed]:
    """Collisions missed at every frame rate and area fraction, and what the fastest fixed step costs there."""
    found = []
    for area_fraction in fractions:
        state = equilibrium(hthm.paper.N, area_fraction, runs)
        # Dense gases collide more often: about as many collisions in all of them.
        time_each = max(1.0, span * hthm.paper.GAS.collision_rate / state.gas.collision_rate)
        exact = _collisions(state, EVENT, time_each, hthm.paper.FRAME_RATE)
        for rate in rates:
            share = 1 - _collisions(state, "cell_list", time_each, rate) / exact
            works = [engine_round(name, state[:1], seconds, rate) for name in FIXED_STEP if name != "all_pairs"]
            fastest = min(min(once()[0] for _ in range(2)) for once in works)
            error = float(share.std(ddof=1)) / math.sqrt(runs)
            found.append(Missed(area_fraction, rate, float(share.mean()), error, fastest))
    return found


def _collisions(state: hthm.State, engine: str, span: float, rate: int) -> FloatArray:
    """Collisions a unit of time of every run."""
    frames = max(1, round(span * rate))
    traj = hthm.simulate(state, frames, 1 / rate, engine=engine, threads=1, record="counts")
    counted: FloatArray = traj.collisions.sum(axis=1) * (rate / frames)
    return counted


def _timed(values: Sequence[float]) -> Timed:
    return Timed(statistics.median(values), min(values), max(values))
