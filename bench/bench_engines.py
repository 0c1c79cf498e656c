"""Time of a step, engine by engine, beside what the paper's author ran and what a user would write with scipy.

Every benchmark asserts its answer before it times it. The table of ratios, rounds interleaved, one thread:
``python bench/bench_engines.py``; one engine at a time: ``python -m pytest bench``.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture
from scipy.spatial import cKDTree

import hthm

Array = NDArray[np.float64]
Step = Callable[[], Array]
DT = 1 / 60
SIZES = (16, 32, 64, 128, 256, 512, 1000, 2000)


def collide_pairs(x: Array, v: Array, pairs: NDArray[np.int64], box: float) -> None:
    """Collide overlapping pairs (pairs, 2) in ascending (i, j), in place, in a Python loop."""
    for i, j in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        d = x[i] - x[j]
        d = np.where(d > box / 2, d - box, np.where(d < -box / 2, d + box, d))
        normal = d / math.sqrt(d[0] * d[0] + d[1] * d[1])
        w = v[i] - v[j]
        closing = w[0] * normal[0] + w[1] * normal[1]
        if closing <= 0:
            v[i] -= closing * normal
            v[j] += closing * normal


def distance_matrix_step(x: Array, v: Array, gas: hthm.DiskGas) -> None:
    """One step as the paper's author computes it: the matrix of all distances, then a loop over overlapping pairs."""
    x[:] = np.mod(x + v * DT, gas.box)
    d = x[:, None, :] - x[None, :, :]  # (n, n, 2)
    d = np.where(d > gas.box / 2, d - gas.box, np.where(d < -gas.box / 2, d + gas.box, d))
    d2 = d[..., 0] * d[..., 0] + d[..., 1] * d[..., 1]
    collide_pairs(x, v, np.argwhere(np.triu(d2 < gas.diameter * gas.diameter, k=1)), gas.box)


def tree_step(x: Array, v: Array, gas: hthm.DiskGas) -> None:
    """One step with scipy's k-d tree, what one would write without hthm."""
    x[:] = np.mod(x + v * DT, gas.box)
    pairs = cKDTree(x, boxsize=np.full(2, gas.box)).query_pairs(gas.diameter, output_type="ndarray")
    collide_pairs(x, v, pairs, gas.box)


def python_run(step: Callable[[Array, Array, hthm.DiskGas], None], state: hthm.State, frames: int) -> Array:
    """Velocities (frames, n, 2) of the first run of a state by a step in Python."""
    x, v = state.positions[0].copy(), state.velocities[0].copy()
    recorded = np.empty((frames, *v.shape))
    for frame in range(frames):
        step(x, v, state.gas)
        recorded[frame] = v
    return recorded


def engine_run(engine: str, state: hthm.State, frames: int) -> Array:
    """Velocities (runs, frames, n, 2) by an engine on one thread."""
    return hthm.simulate(state, frames=frames, dt=DT, engine=engine, threads=1).velocities


def gas_of(n: int) -> hthm.DiskGas:
    """N disks of the paper's area fraction."""
    return hthm.DiskGas(n=n, diameter=min(0.5, hthm.paper.DIAMETER * math.sqrt(hthm.paper.N / n)))


@pytest.mark.parametrize("step", [distance_matrix_step, tree_step])
def test_rivals_give_the_engines_answer(step: Callable[[Array, Array, hthm.DiskGas], None]) -> None:
    state = hthm.paper.GAS.sample(1, seed=3)
    np.testing.assert_array_equal(python_run(step, state, 3), engine_run("cell_list", state, 3)[0])


@pytest.mark.parametrize("n", [100, 1000])
@pytest.mark.parametrize("engine", [name for name in hthm.engines() if name != "event"])
def test_step_of_an_engine(benchmark: BenchmarkFixture, engine: str, n: int) -> None:
    state = gas_of(n).sample(1, seed=1)
    expected = engine_run("all_pairs", state, 60)
    assert benchmark(engine_run, engine, state, 60).tobytes() == expected.tobytes()


@pytest.mark.parametrize("step", [distance_matrix_step, tree_step])
def test_step_in_python(benchmark: BenchmarkFixture, step: Callable[[Array, Array, hthm.DiskGas], None]) -> None:
    state = hthm.paper.GAS.sample(1, seed=1)
    recorded = benchmark(python_run, step, state, 1)
    assert recorded.tobytes() == engine_run("cell_list", state, 1).tobytes()


def seconds(work: Callable[[], object]) -> float:
    """Wall clock of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def against_the_author(rounds: int = 7) -> tuple[float, float, float]:
    """Seconds a step of the author's algorithm, of the k-d tree and of cell_list at the paper's state, interleaved."""
    one, many = hthm.paper.GAS.sample(1, seed=1), hthm.paper.GAS.sample(10, seed=1)
    engine_run("cell_list", many, 500)  # pages and caches warm
    author, tree, cells = [], [], []
    for _ in range(rounds):
        author.append(seconds(lambda: python_run(distance_matrix_step, one, 5)) / 5)
        tree.append(seconds(lambda: python_run(tree_step, one, 20)) / 20)
        cells.append(seconds(lambda: engine_run("cell_list", many, 500)) / 5000)
    return statistics.median(author), statistics.median(tree), statistics.median(cells)


def crossing(rounds: int = 5) -> int | None:
    """Smallest of SIZES from which on cell_list beats all_pairs, at the paper's area fraction."""
    faster = {}
    for n in SIZES:
        state = gas_of(n).sample(max(1, 20_000 // n), seed=1)
        ratio = [
            seconds(lambda s=state: engine_run("all_pairs", s, 50))  # type: ignore[misc]  # mypy wants no default here
            / seconds(lambda s=state: engine_run("cell_list", s, 50))  # type: ignore[misc]  # as above
            for _ in range(rounds)
        ]
        faster[n] = statistics.median(ratio) > 1
    return next((n for n in SIZES if all(faster[m] for m in SIZES if m >= n)), None)


if __name__ == "__main__":
    test_rivals_give_the_engines_answer(distance_matrix_step)
    author, tree, cells = against_the_author()
    print(f"the author's algorithm {author * 1e3:8.2f} ms a step   {author / cells:7.0f} times cell_list")
    print(f"scipy's k-d tree       {tree * 1e3:8.2f} ms a step   {tree / cells:7.0f} times cell_list")
    print(f"cell_list              {cells * 1e6:8.2f} us a step")
    print(f"cell_list beats all_pairs from n = {crossing()} on, at the paper's area fraction")
