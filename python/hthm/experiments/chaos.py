"""What molecular chaos leaves out: the gas beside its Boltzmann equation, at fixed Nσ and growing N."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.engines.dsmc import ENGINE
from hthm.h_functional import speed_h_in_range, velocity_h
from hthm.measures.encounters import recollisions, velocity_correlation
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hthm.arrays import FloatArray
    from hthm.choices.chaos import ChaosConfig
    from hthm.gas import State
    from hthm.progress import Progress
    from hthm.trajectories import Trajectories

FREE_TIMES: Final = 16
"""Mean free times, of equilibrium, for which each run is followed."""
FRAMES_EACH: Final = 4
"""Frames of a mean free time."""
SIDES: Final = ("gas", "equation")
"""What is compared: hard disks, exactly, and their Boltzmann equation."""
MEASURES: Final = ("speeds", "velocities", "contact", "rate", "correlation", "recollisions")
"""What is measured of every run: docs/chaos.md has their meaning."""
CURVES: Final = MEASURES[:2]
"""Those that are followed in time: H of the speeds, and of the velocities."""
ROW: Final = ("size", "first", "runs", "groups", "values", "curves", "turned")
"""What a row of chaos.json has."""
_DISKS: Final = 250_000
"""Of the runs that are in memory together, and make a row."""
_GROUPS: Final = 50
"""Of the runs of a row, at most: their means are kept, whose spread is the error."""
_TURNED: Final = 25_000
"""Disks of the runs that are turned round, of each size."""
_TRIED: Final = 20_000
"""Disks that are timed."""


def pieces(config: ChaosConfig, size: int) -> Iterator[tuple[int, int]]:
    """Which runs of a size make a row each: the first, and how many."""
    together = max(2, _DISKS // size)
    for first in range(0, config.runs(size), together):
        yield first, min(together, config.runs(size) - first)


def chaos_row(
    config: ChaosConfig,
    size: int,
    first: int,
    runs: int,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Simulate some runs of a size as a gas and as its Boltzmann equation, and measure both.

    Parameters
    ----------
    config : ChaosConfig
    size : int
        Disks of a run.
    first, runs : int
        Which runs of the seed.
    threads : int, optional
        As `simulate` takes them.
    progress : callable, optional
        As `simulate` takes it, of the gas.

    Returns
    -------
    dict
        With the keys of `ROW`. `values` has the mean of each measure and side over each group of runs, whose numbers
        are in `groups`; `curves` H of each frame as means over the runs, and the mean square of the difference;
        `turned` H of the control, gas and equation, of each run, where the row is the first of its size.
    """
    gas = config.gas(size)
    start = gas.sample(runs, config.seed, first=first, overlaps="reject")
    both = _both(start, FREE_TIMES * FRAMES_EACH, threads, progress)
    h = _h(both, threads)
    collisions = size / 2 * FREE_TIMES  # of a run, in equilibrium
    measured: dict[str, dict[str, FloatArray]] = {
        name: {side: h[name][side].mean(axis=1) for side in SIDES} for name in CURVES
    }
    for side, traj in zip(SIDES, both, strict=True):
        counted = traj.collisions.sum(axis=1) / collisions
        in_the_way = gas.contact_value if side == "gas" else 1.0
        for name, value in (
            ("contact", counted * in_the_way),
            ("rate", counted),
            ("correlation", velocity_correlation(traj.log) / gas.temperature),
            ("recollisions", recollisions(traj.log, size)),
        ):
            measured.setdefault(name, {})[side] = value
    groups = np.array_split(np.arange(runs), min(_GROUPS, runs))
    values = {
        name: {side: [float(each[group].mean()) for group in groups] for side, each in of.items()}
        for name, of in measured.items()
    }
    curves = {name: {side: h[name][side].mean(axis=0).tolist() for side in SIDES} for name in CURVES}
    for name in CURVES:
        curves[name]["squares"] = np.square(h[name]["gas"] - h[name]["equation"]).mean(axis=0).tolist()
    return {
        "size": size,
        "first": first,
        "runs": runs,
        "groups": [len(group) for group in groups],
        "values": values,
        "curves": curves,
        "turned": _turned(start[: min(runs, max(2, _TURNED // size))], threads) if first == 0 else None,
    }


def expected_seconds(config: ChaosConfig, disks: int, threads: int | None) -> float:
    """Measure a few runs, and return how long so many disks of runs are likely to take."""
    tried = max(2, _TRIED // config.sizes[0])
    few = replace(config, disks=tried * config.sizes[0])
    began = time.perf_counter()
    chaos_row(few, config.sizes[0], 1, tried, threads=threads)
    return (time.perf_counter() - began) * disks / (tried * config.sizes[0])


def _both(
    start: State, frames: int, threads: int | None, progress: Progress | None = None
) -> tuple[Trajectories, Trajectories]:
    """The gas and its Boltzmann equation from the same start, with frames at the same count of collisions.

    Disks of finite size collide χ times as often as points; that is no correlation of velocities, and a frame of the
    equation is longer by it.
    """
    gas = start.gas
    dt = 1 / (gas.collision_rate * FRAMES_EACH)
    exact = simulate(start, frames, dt, engine="event", threads=threads, record="log", progress=progress)
    return exact, simulate(start, frames, dt * gas.contact_value, engine=ENGINE, threads=threads, record="log")


def _h(both: tuple[Trajectories, Trajectories], threads: int | None) -> dict[str, dict[str, FloatArray]]:
    """H of each run and frame, by what it is of, and by the side."""
    return {
        "speeds": {side: speed_h_in_range(traj, threads=threads).h for side, traj in zip(SIDES, both, strict=True)},
        "velocities": {side: velocity_h(traj, threads=threads) for side, traj in zip(SIDES, both, strict=True)},
    }


def _turned(start: State, threads: int | None) -> dict[str, dict[str, list[float]]]:
    """H a mean free time after all velocities were negated, a mean free time after the start."""
    there = simulate(start, 1, 1 / start.gas.collision_rate, engine="event", threads=threads, record="counts").final
    h = _h(_both(there.reversed(), FRAMES_EACH, threads), threads)
    return {name: {side: [float(value) for value in h[name][side][:, -1]] for side in SIDES} for name in CURVES}
