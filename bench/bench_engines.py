"""Time of a step, engine by engine, over sizes, densities and frame rates, beside what one would run without hthm.

One benchmark at a time: ``python -m pytest bench``. Ratios, rounds interleaved, one thread:
``python -m bench.bench_engines``; the whole picture: ``python -m bench.compare``.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import hthm
from bench.gases import DSMC, EVENT, FIXED_STEP, PAPER_FRACTION, gas_of, start_of
from bench.rivals import DT, Array, Step, distance_matrix_step, python_run, tree_step
from bench.timing import interleaved, pin

SIZES = (16, 32, 64, 128, 256, 512, 1000, 2000)
AUTHOR = "the author's algorithm"
MOST_LOOKED_AT = 2**27
"""Pairs that all_pairs may look at in a benchmark, a few seconds of work."""


def engine_run(engine: str, state: hthm.State, frames: int, *, dt: float = DT, threads: int = 1) -> Array:
    """Velocities (runs, frames, n, 2) by an engine."""
    return hthm.simulate(state, frames=frames, dt=dt, engine=engine, threads=threads).velocities


def frames_of(n: int) -> int:
    """So many frames that a benchmark takes some milliseconds and more."""
    return max(2, 60_000 // n)


@pytest.mark.parametrize("step", [distance_matrix_step, tree_step])
def test_rivals_give_the_engines_answer(step: Step) -> None:
    state = hthm.paper.GAS.sample(1, seed=3)
    np.testing.assert_array_equal(python_run(step, state, 3), engine_run("cell_list", state, 3)[0])


def check_and_time(benchmark: BenchmarkFixture, engine: str, state: hthm.State, frames: int, dt: float = DT) -> None:
    """The engine's answer beside that of another one, then its time."""
    other = "cell_list" if engine != "cell_list" else "sorted_cells"
    expected = engine_run(other, state, frames, dt=dt)
    assert benchmark(engine_run, engine, state, frames, dt=dt).tobytes() == expected.tobytes()


@pytest.mark.parametrize("n", [100, 1000, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("engine", FIXED_STEP)
def test_step_against_size(benchmark: BenchmarkFixture, engine: str, n: int) -> None:
    frames = frames_of(n)
    if engine == "all_pairs" and n * n * frames > MOST_LOOKED_AT:
        pytest.skip(reason="n(n-1)/2 pairs a step take too long here")
    if n > 10_000 and benchmark.disabled:
        pytest.skip(reason="large gases are for timing; their answers are compared at smaller sizes too")
    check_and_time(benchmark, engine, start_of(gas_of(n), legal=False), frames)


@pytest.mark.parametrize("area_fraction", [0.003, PAPER_FRACTION, 0.1, 0.3, 0.7])
@pytest.mark.parametrize("engine", FIXED_STEP)
def test_step_against_density(benchmark: BenchmarkFixture, engine: str, area_fraction: float) -> None:
    check_and_time(benchmark, engine, start_of(gas_of(1000, area_fraction), legal=area_fraction > 0.4), 60)


@pytest.mark.parametrize("frame_rate", [5, 60, 960])
@pytest.mark.parametrize("engine", FIXED_STEP)
def test_step_against_frame_rate(benchmark: BenchmarkFixture, engine: str, frame_rate: int) -> None:
    check_and_time(benchmark, engine, start_of(gas_of(1000), legal=False), 60, 1 / frame_rate)


@pytest.mark.parametrize("n", [100, 1000, 100_000])
@pytest.mark.parametrize("area_fraction", [PAPER_FRACTION, 0.3, 0.7])
def test_exact_engine(benchmark: BenchmarkFixture, area_fraction: float, n: int) -> None:
    """A dozen collisions a disk; in a dilute gas they come at Enskog's rate, after speeds have mixed."""
    if n > 1000 and benchmark.disabled:
        pytest.skip(reason="large gases are for timing")
    gas = gas_of(n, area_fraction)
    state = start_of(gas, legal=True)
    warm = hthm.simulate(state, 6, 1 / gas.collision_rate, engine=EVENT, threads=1, record="counts").final
    traj = benchmark(hthm.simulate, warm, 12, 1 / gas.collision_rate, engine=EVENT, threads=1, record="counts")
    # Poisson's scatter, six times. At 0.7 the lattice has not melted, and there it collides up to a quarter less than
    # `contact_value` says, whichever side of 0.7 rounding puts it on.
    slack = 0.05 if area_fraction < 0.69 else 0.25
    assert traj.collisions.sum() == pytest.approx(6 * n, rel=slack + 6 / (6 * n) ** 0.5)


@pytest.mark.parametrize("n", [100, 1000, 100_000])
def test_boltzmann(benchmark: BenchmarkFixture, n: int) -> None:
    """A dozen collisions a disk, at Enskog's rate without its contact value; Poisson's scatter, six times."""
    gas = gas_of(n)
    state, rate = gas.sample(1, seed=1, start="equilibrium"), gas.collision_rate / gas.contact_value
    traj = benchmark(hthm.simulate, state, 12, 1 / rate, engine=DSMC, threads=1, record="counts")
    energy = np.square(state.velocities - state.velocities.mean(axis=1)).sum() / 2
    speed = (energy / (n - 1) / gas.temperature) ** 0.5
    assert traj.collisions.sum() == pytest.approx(6 * n * speed, rel=2 / n + 6 / (6 * n) ** 0.5)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ["sorted_cells", EVENT])
def test_threads(benchmark: BenchmarkFixture, engine: str, threads: int) -> None:
    state = start_of(hthm.paper.GAS, 8, legal=True)
    expected = engine_run(engine, state, 60)
    assert benchmark(engine_run, engine, state, 60, threads=threads).tobytes() == expected.tobytes()


@pytest.mark.parametrize("step", [distance_matrix_step, tree_step])
def test_step_in_python(benchmark: BenchmarkFixture, step: Step) -> None:
    state = hthm.paper.GAS.sample(1, seed=1)
    recorded = benchmark(python_run, step, state, 1)
    assert recorded.tobytes() == engine_run("cell_list", state, 1).tobytes()


def against_the_author(rounds: int = 7) -> dict[str, float]:
    """Seconds a step at the paper's state: the author's algorithm, the k-d tree and every engine, interleaved."""
    one, many = hthm.paper.GAS.sample(1, seed=1), hthm.paper.GAS.sample(10, seed=1)
    legal = start_of(hthm.paper.GAS, 10, legal=True)
    steps = {AUTHOR: 5, "scipy's k-d tree": 20} | dict.fromkeys((*FIXED_STEP, EVENT), 5000)
    works = {
        AUTHOR: lambda: python_run(distance_matrix_step, one, 5),
        "scipy's k-d tree": lambda: python_run(tree_step, one, 20),
    } | {
        name: lambda name=name: engine_run(name, legal if name == EVENT else many, 500) for name in (*FIXED_STEP, EVENT)
    }
    engine_run("cell_list", many, 500)  # pages and caches warm
    return {name: timed.median / steps[name] for name, timed in interleaved(works, rounds).items()}


def crossing(rounds: int = 5) -> int | None:
    """Smallest of SIZES from which on cell_list beats all_pairs, at the paper's area fraction."""
    faster = {}
    for n in SIZES:
        state = gas_of(n).sample(max(1, 20_000 // n), seed=1)
        works = {
            name: lambda name=name, state=state: engine_run(name, state, 50) for name in ("all_pairs", "cell_list")
        }
        timed = interleaved(works, rounds)
        faster[n] = timed["cell_list"].median < timed["all_pairs"].median
    return next((n for n in SIZES if all(faster[m] for m in SIZES if m >= n)), None)


def two_threads(engine: str, rounds: int = 7) -> float:
    """How many times faster two runs are on two threads than on one."""
    state = start_of(hthm.paper.GAS, 2, legal=True)

    def both(threads: int) -> object:
        # Long enough that waking a thread costs nothing, and nothing is written that both would wait for.
        return hthm.simulate(state, 5000, DT, engine=engine, threads=threads, record="counts")

    works = {threads: lambda threads=threads: both(threads) for threads in (1, 2)}
    timed = interleaved(works, rounds)
    return timed[1].median / timed[2].median


def boltzmann_against_exact(rounds: int = 7) -> float:
    """How many times the collisions a second of the exact engine that of the Boltzmann equation has."""
    state = start_of(hthm.paper.GAS, 4, legal=True)

    def counted(engine: str) -> int:
        return int(hthm.simulate(state, 500, DT, engine=engine, threads=1, record="counts").collisions.sum())

    collisions = {engine: counted(engine) for engine in (EVENT, DSMC)}
    timed = interleaved({engine: partial(counted, engine) for engine in collisions}, rounds)
    return collisions[DSMC] / timed[DSMC].median * timed[EVENT].median / collisions[EVENT]


def main() -> None:
    """Print the ratios that the README and the documents quote."""
    test_rivals_give_the_engines_answer(distance_matrix_step)
    for engine in ("sorted_cells", EVENT):
        print(f"{engine}: two runs on two threads {two_threads(engine):.2f} times as fast as on one")
    pin()
    print(
        f"{DSMC}: {boltzmann_against_exact():.1f} times the collisions a second of {EVENT}, paper's state, one thread"
    )
    seconds = against_the_author()
    for name, step in seconds.items():
        print(
            f"{name:24}{step * 1e6:10.2f} us a step{seconds[AUTHOR] / step:8.0f} times the author's"
            f"{seconds['cell_list'] / step:8.2f} times cell_list"
        )
    print(f"cell_list beats all_pairs from n = {crossing()} on, at the paper's area fraction")


if __name__ == "__main__":
    main()
