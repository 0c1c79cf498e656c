"""Runs of a seed, simulated into a dataset a shard at a time: all of them, or the part of one machine."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import checks
from hthm.engines.choice import chosen
from hthm.experiments.shipped import recording, simulate_elsewhere, stored_start
from hthm.gas import State
from hthm.pages.console import Stages, duration
from hthm.recording.store.writer import Writer, begun, describe_drawn, shards_together
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.choices.run import GasChoices
    from hthm.experiments.workers import Workers
    from hthm.progress import Progress
    from hthm.recording.store.description import Description
    from hthm.recording.store.shard_writing import Recorded

_TRIED: Final = 1_000_000  # disks times frames that are timed, 10 to 40 frames


def description_of(config: GasChoices) -> Description:
    """Return the description of the dataset of all runs of these choices, which does not depend on the parts.

    Raises
    ------
    ValueError
        If runs cannot start like this, or nothing can move within a frame.
    """
    first = config.start(0, 1)
    return describe_drawn(
        config.gas,
        config.runs,
        frames=config.frames,
        dt=config.dt,
        engine=chosen(config.engine, first, config.dt),  # by the first run, so that all parts take the same
        seed=config.seed,
        speeds=config.speeds,
        overlaps=config.overlaps,
    )


def simulate_into(
    store: Path,
    config: GasChoices,
    description: Description,
    part: slice,
    stages: Stages,
    workers: Workers | None = None,
) -> None:
    """Simulate the runs of some shards into a folder, as far as they are not there yet.

    Parameters
    ----------
    store : Path
        Folder of the dataset.
    config : GasChoices
        Has what the runs start from, and the threads.
    description : Description
        Of all runs, as `description_of` gives it.
    part : slice
        Which shards.
    stages : Stages
        What a person sees.
    workers : Workers, optional
        Who simulates; this process unless given. It draws where runs start and writes all files in any case.

    Raises
    ------
    ClusterError
        If the workers cannot.
    DatasetError, OwnedError, OSError
        If the folder holds anything else, is in use, or cannot be written to.
    ValueError
        If disks overlap where the exact engine is to start from.
    MemoryError
        If the runs of a shard do not fit into the available memory.
    """

    def drawn(runs: slice) -> State:
        return config.start(runs.start, runs.stop - runs.start)

    def recorded(start: State, _: int, progress: Progress) -> Recorded:
        return recording(description, start, config.threads, progress)

    together = shards_together(description)
    with begun(store, description, part) as writer:
        left = sum(runs.stop - runs.start for _, runs in writer.missing())
        if left:
            stages.say(f"Expected: {_expected(config, left, workers)}.")
        with stages.stage(f"Simulate {writer.manifest.where}, {config.frames} frames, {config.n} disks") as stage:
            writer.write_starts(drawn)
            if workers is None:
                writer.fill(lambda runs: _stored(writer, runs), recorded, stage.report, together=together)
            else:
                simulate_elsewhere(writer, workers, stage.report, together=together)
            if left < len(writer.manifest.runs):
                stage.found = f"{left} runs were left to do"


def _stored(writer: Writer, runs: slice) -> State:
    """Where runs of whole shards start, as the files have it: another machine may draw it with other last bits."""
    shards = [shard for shard in writer.manifest.shards if runs.start <= shard.first < runs.stop]
    return stored_start(writer.folder, writer.manifest.description, shards)


def _expected(config: GasChoices, left: int, workers: Workers | None) -> str:
    if workers is None:
        return duration(sum(_run_seconds(config, left)) * left)
    simulating, writing = _run_seconds(replace(config, threads=1), left)
    seconds = (simulating / workers.threads + writing) * left  # all files are written here
    return f"{duration(seconds)} on workers that are as fast as this machine, thread by thread"


def _run_seconds(config: GasChoices, left: int) -> tuple[float, float]:
    """Measure for a moment how long it takes to simulate a run, as many together as there are threads, and to write it.

    The latter is tried in the folder for temporary files.
    """
    runs = min(checks.threads(config.threads), left)
    start, frames = config.start(0, runs), min(config.frames, max(10, min(40, _TRIED // config.n)))
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        traj = simulate(start, frames, config.dt, engine=config.engine, threads=config.threads, record="log")
        seconds.append(time.perf_counter() - began)
    began = time.perf_counter()
    with suppress(OSError), TemporaryDirectory() as folder:
        traj.save(Path(folder) / "tried")
    writing = time.perf_counter() - began
    of_a_run = config.frames / frames / runs
    return float(np.median(seconds)) * of_a_run, writing * of_a_run
