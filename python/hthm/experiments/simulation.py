"""The simulations of a command: each a stage of its own, recorded as a log, and what results.json says of it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from hthm.pages.decimals import with_error
from hthm.simulate import simulate

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.choices.entropy import EntropyConfig
    from hthm.choices.run import GasChoices
    from hthm.experiments.work import Work
    from hthm.gas import State
    from hthm.pages.console import Stages
    from hthm.recording.store.dataset import Dataset
    from hthm.trajectories import Trajectories


def simulated(
    config: GasChoices, start: State, stages: Stages, store: Path | None = None
) -> tuple[Trajectories, dict[str, Any]]:
    """Simulate all runs as one stage; return them as a log, and what results.json says of the simulation.

    The log is in memory, or in a store.

    Raises
    ------
    MemoryError
        If the log does not fit into the available memory.
    DatasetError, OwnedError, OSError
        If the store holds other runs, is in use, or cannot be written to.
    """
    with stages.stage(f"Simulate {config.runs} runs of {config.frames} frames, {config.n} disks") as stage:
        began = time.perf_counter()
        traj = simulate(
            start,
            config.frames,
            config.dt,
            engine=config.engine,
            threads=config.threads,
            record="log",
            progress=stage.report,
            store=store,
        )
        of_runs = _results(traj, config.seed, time.perf_counter() - began)
        stage.found = f"{with_error(*of_runs['collisions_per_run'].values())} collisions a run"
    return traj, of_runs


def taken(config: GasChoices, kept: Dataset, stages: Stages) -> tuple[Trajectories | Dataset, dict[str, Any]]:
    """Take runs of a dataset in place of simulating them; the seed is null where the start is not the one it gives.

    Frames alone stay a dataset, and start and collisions are null, too.

    Raises
    ------
    DatasetError
        If a file of it is missing or damaged.
    """
    with stages.stage(f"Take {config.runs} runs from {kept.path}") as stage:
        if kept.recording == "frames":
            return kept, _unknown(kept)
        traj = kept.trajectories()
        drawn = config.start().sha256() == traj.initial.sha256()
        of_runs = _results(traj, config.seed if drawn else None, None)
        stage.found = f"{with_error(*of_runs['collisions_per_run'].values())} collisions a run"
    return traj, of_runs


def runs_of(work: Work[Any]) -> tuple[Trajectories | Dataset, dict[str, Any]]:
    """Simulate the runs that are trained on, or take them from the dataset that was named, as `simulated` and `taken`.

    Raises
    ------
    MemoryError, DatasetError, OwnedError, OSError
        As they do.
    """
    if work.kept is None:
        return simulated(work.config, work.start, work.stages, work.store)
    return taken(work.config, work.kept, work.stages)


def _results(traj: Trajectories, seed: int | None, seconds: float | None) -> dict[str, Any]:
    totals = traj.collisions.sum(axis=1)
    sem = float(totals.std(ddof=1) / math.sqrt(len(totals))) if len(totals) > 1 else None
    return {
        "engine": traj.engine,
        "runs": traj.runs,
        "frames": traj.frames,
        "seed": seed,
        "start_sha256": traj.initial.sha256(),
        "collisions_per_run": {"mean": float(totals.mean()), "sem": sem},
        "seconds": seconds,
    }


def _unknown(kept: Dataset) -> dict[str, Any]:
    """What results.json says of runs of which nothing is known but their frames."""
    return {
        "engine": kept.engine,
        "runs": kept.runs,
        "frames": kept.frames,
        "seed": None,
        "start_sha256": None,
        "collisions_per_run": {"mean": None, "sem": None},
        "seconds": None,
    }


def simulations(work: Work[EntropyConfig]) -> tuple[tuple[Trajectories, dict[str, Any]], ...]:
    """Simulate the runs of the training, those of its held-out loss, and those of the fits, a stage each."""
    first, *others = work.config.gases
    return (
        simulated(first, work.start, work.stages),
        *(simulated(gas, gas.start(), work.stages) for gas in others),
    )
