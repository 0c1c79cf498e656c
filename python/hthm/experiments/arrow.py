"""An arrow of time without an entropy: chiral disks in equilibrium, their states and their collisions put in order."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np

from hthm.experiments.arrow_networks import (
    MOMENT,
    by_run,
    distances,
    over_runs,
    pair_odds,
    pair_row,
    row_of,
    shares_of,
    state_row,
    trained_pairs,
    trained_state,
)
from hthm.measures.fluctuation import at_once, disk_sums, lag_correlations, ratios, symmetry_slope, window_sums
from hthm.recording.frames import Steps
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hthm.arrays import FloatArray
    from hthm.choices.arrow import ArrowOfTimeConfig
    from hthm.gas import DiskGas
    from hthm.progress import Progress
    from hthm.trajectories import Trajectories

SETTLING: Final = 20
"""Mean free times before a recording of the equilibrium: starts have no pair within σ + |δ|, the equilibrium has."""
FRAMES_EACH: Final = 4
"""Frames of a mean free time."""
WINDOWS: Final = (3, 6, 12)
"""Windows of the fluctuation theorem, in mean numbers of collisions: of the gas, or of one disk."""
_TRIED: Final = 20
"""Updates that are timed."""
SHOWN: Final = 6
"""The window whose ratios are kept one by one."""


def equilibrium_row(
    config: ArrowOfTimeConfig,
    area_fraction: float,
    ratio: float,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Simulate a gas in equilibrium, train on its runs, and measure held-out ones.

    Parameters
    ----------
    config : ArrowOfTimeConfig
    area_fraction, ratio : float
        Density, and δ/σ.
    threads : int, optional
        As `simulate` takes them.
    progress : callable, optional
        As `simulate` takes it, of the trainings of the classifier.

    Returns
    -------
    dict
        Of the held-out runs, beside what `row_of` returns: ``rate``, of collisions and of what they tell; ``at_once``,
        share of collisions that a third disk brings about by turning a pair round, and ``others``, shares and odds of
        the rest; ``trainings``, of the classifier; ``mirror``, mean f in the gas of -δ; ``state``, what functionals of
        the state know; ``theorem``, of the count by sense; ``memory``, what a collision knows of the one before.
    """
    gas = config.gas(area_fraction, ratio)
    runs, held_out = (
        in_equilibrium(config, gas, first, count, threads)
        for first, count in ((0, config.runs), (config.runs, config.held_out_runs))
    )
    mirrored = config.gas(area_fraction, -ratio)
    images = in_equilibrium(config, mirrored, config.runs + config.held_out_runs, config.held_out_runs, threads)
    senses = distances(held_out, ratio)
    turned = at_once(held_out.log, MOMENT / gas.rate_at(1.0))
    trainings, odds, mirror = [], [], []
    for seed in range(config.seed, config.seed + config.trainings):
        model = trained_pairs(config, runs, seed, progress=progress)
        odds.append(pair_odds(model, held_out))
        trainings.append({"seed": seed, **pair_row(held_out, odds[-1], senses)})
        mirror.append([float(values.mean()) for values in by_run(images, pair_odds(model, images))])
    state = {}
    for steps in get_args(Steps):
        _, changes = trained_state(config, runs, held_out, steps, config.state_updates)
        state[steps] = state_row(changes, gas.n)
    return {
        **row_of("equilibrium", area_fraction, ratio, held_out, senses),
        "free_times": config.free_times,
        "rate": _rates(held_out, odds[0]),
        "at_once": over_runs([float(of_run.mean()) for of_run in by_run(held_out, turned)]),
        "others": shares_of(by_run(held_out, senses), leaving=by_run(held_out, turned)),
        "trainings": trainings,
        "mirror": over_runs(np.mean(mirror, axis=0)),
        "state": state,
        "theorem": _theorem(held_out, -senses, odds[0], turned),
        "memory": _memory(held_out, senses),
    }


def in_equilibrium(config: ArrowOfTimeConfig, gas: DiskGas, first: int, runs: int, threads: int | None) -> Trajectories:
    """Simulate some runs of the seed in equilibrium, exactly: a log after `SETTLING` mean free times.

    Runs of one number begin alike at every density; they have forgotten it when the log begins.
    """
    free_time = 1 / gas.rate_at(1.0)
    start = gas.sample(runs, config.seed, first=first, overlaps="reject", start="maxwell")
    start = simulate(start, 1, SETTLING * free_time, engine="event", threads=threads, record="counts").final
    frames = FRAMES_EACH * config.free_times
    return simulate(start, frames, free_time / FRAMES_EACH, engine="event", threads=threads, record="log")


def expected_seconds(config: ArrowOfTimeConfig, threads: int | None) -> float:
    """Do a little of everything, and return how long a row of the equilibrium is likely to take."""
    few = replace(config, runs=2, held_out_runs=2, free_times=min(8, config.free_times))
    seconds: list[float] = []

    def timed(work: Callable[[], Any]) -> Any:  # noqa: ANN401 -- whatever the work returns
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
        return found

    runs = timed(lambda: in_equilibrium(few, config.gas(config.area_fractions[0], config.ratio), 0, 2, threads))
    trained_pairs(replace(few, updates=1), runs, 0)  # the first takes longer
    model = timed(lambda: trained_pairs(replace(few, updates=_TRIED), runs, 0))
    timed(lambda: pair_odds(model, runs))
    timed(lambda: trained_state(few, runs, runs, "collisions", 2))
    simulating, updating, looking, learning = seconds
    longer = config.free_times / few.free_times
    gases = config.runs + 2 * config.held_out_runs
    return (
        simulating * gases / 2 * (SETTLING + config.free_times) / (SETTLING + few.free_times)
        + config.trainings * (updating * config.updates / _TRIED + looking * config.held_out_runs * longer)
        + learning * (config.state_updates + config.runs + config.held_out_runs) / 3 * longer
    )


def _rates(traj: Trajectories, odds: FloatArray) -> dict[str, Any]:
    """Collisions, and what they tell, of a unit of time, over those of points at the temperature of the run.

    ``nats`` is in units of n/2 times the dilute rate: nats a collision, times how often they are.
    """
    gas, start, n = traj.gas, traj.initial, traj.initial.n
    drift = np.square(start.momentum()).sum(axis=1) / (2 * n)
    warm = (start.energy() - drift) / (n - 1)
    dilute = gas.rate_at(1.0) * np.sqrt(warm / gas.temperature) * n / 2 * traj.dt * traj.frames  # (runs,)
    return {
        "collisions": over_runs(traj.collisions.sum(axis=1) / dilute),
        "nats": over_runs(np.array([values.sum() for values in by_run(traj, odds)]) / dilute),
    }


def _theorem(traj: Trajectories, signs: FloatArray, odds: FloatArray, turned: NDArray[np.bool_]) -> dict[str, Any]:
    """Slopes of ln P(+x)/P(-x) of the net count, and of the sum of f, in windows of the gas and of every disk."""
    n, duration, log = traj.initial.n, traj.dt * traj.frames, traj.log
    between = duration * traj.runs / log.rows  # two collisions of the gas
    found: dict[str, Any] = {"windows": []}
    for collisions in WINDOWS:
        net = window_sums(log, signs, collisions * between, duration)
        of_disk = disk_sums(log, signs, collisions * between * n / 2, duration, n)
        learned = window_sums(log, odds, collisions * between, duration)
        others = window_sums(log, np.where(turned, 0.0, signs), collisions * between, duration)
        sums = {"gas": net, "others": others, "disk": of_disk, "learned": learned}
        slopes = {name: symmetry_slope(of_windows) for name, of_windows in sums.items()}
        found["windows"].append({"collisions": collisions, **{name: slope._asdict() for name, slope in slopes.items()}})
        if collisions == SHOWN:
            found |= {"gas": ratios(net), "disk": ratios(of_disk)}
    return found


def _memory(traj: Trajectories, senses: FloatArray) -> dict[str, Any]:
    """Correlation of the sense of a collision with that of the next."""
    return dict(zip(("gas", "disk"), map(over_runs, lag_correlations(senses, traj.log)), strict=True))
