"""The simulations of a command: each a stage of its own, recorded as a log, and what results.json says of it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from hthm.pages.decimals import with_error
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.choices.entropy import EntropyConfig
    from hthm.choices.run import GasChoices
    from hthm.experiments.work import Work
    from hthm.gas import State
    from hthm.pages.console import Stages
    from hthm.trajectories import Trajectories


def simulated(config: GasChoices, start: State, stages: Stages) -> tuple[Trajectories, dict[str, Any]]:
    """Simulate all runs as one stage; return them as a log, and what results.json says of the simulation.

    Raises
    ------
    MemoryError
        If the log does not fit into the available memory.
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
        )
        seconds = time.perf_counter() - began
        totals = traj.collisions.sum(axis=1)
        mean = float(totals.mean())
        sem = float(totals.std(ddof=1) / math.sqrt(len(totals))) if len(totals) > 1 else None
        stage.found = f"{with_error(mean, sem)} collisions a run"
    return traj, {
        "engine": traj.engine,
        "runs": traj.runs,
        "frames": traj.frames,
        "seed": config.seed,
        "start_sha256": start.sha256(),
        "collisions_per_run": {"mean": mean, "sem": sem},
        "seconds": seconds,
    }


def simulations(work: Work[EntropyConfig]) -> tuple[tuple[Trajectories, dict[str, Any]], ...]:
    """Simulate the runs of the training, those of its held-out loss, and those of the fits, a stage each."""
    first, *others = work.config.gases
    return (
        simulated(first, work.start, work.stages),
        *(simulated(gas, gas.start(), work.stages) for gas in others),
    )
