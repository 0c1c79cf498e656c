"""What comes before the work of a command: whatever may refuse it, its folder, and how long it will take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hthm import checks
from hthm.command.cluster import hired
from hthm.command.expected import announcement, expected_seconds, granted
from hthm.command.expected_memory import expected_bytes
from hthm.command.expected_trainings import check_backends, timed_trainings
from hthm.command.given import given_networks
from hthm.command.kept import check_kept, check_resumed, check_store, kept_runs, note_runs
from hthm.command.options import Everything, OnKept
from hthm.command.remaining import trainings_left
from hthm.command.startable import check_simulations
from hthm.command.wrong import UsageError, wrong_option
from hthm.experiments.work import Work
from hthm.learning.sharing import limit_torch
from hthm.pages.console import Stages
from hthm.pages.results import claimed
from hthm.recording.store.manifest import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.command.options import Job
    from hthm.experiments.workers import Workers
    from hthm.recording.store.dataset import Dataset

LONG: Final = 3600.0  # seconds from which on a run is announced with advice


@contextmanager
def prepared(options: Job, *, advice: str = "") -> Iterator[Work[Any]]:
    """Check all that may refuse a command, make its folder, and say how long it is likely to take.

    The folder is the command's own until the block ends. `advice` says what takes less than an hour, if training
    takes more.

    Raises
    ------
    OccupiedError, OwnedError, DamagedFileError, DatasetError, OSError
        If the folder holds another run, or cannot be written to, or the dataset cannot be read.
    UsageError
        If given weights are not there, the runs cannot be simulated like this or are not those of --from, or this
        machine cannot train like this.
    ClusterError
        If the workers that the options ask for cannot be had.
    WeightsError
        If given weights cannot be read.
    MemoryError
        If the run does not fit into the available memory.
    """
    config, stages = options.choices, Stages()
    given = given_networks(config.weights)
    store, kept = _places(options)
    check_resumed(options.out, kept, resume=options.resume)
    advice_on_memory = "Take fewer --runs or --frames, a higher --frame-rate, or keep the runs in a --store."
    checks.memory("This run", expected_bytes(config, of_disk=(store or kept) is not None), advice_on_memory)
    try:
        # Frames alone do not say where runs start: what else is simulated starts from where the seed says.
        start = kept.initial if kept is not None and kept.recording != "frames" else config.start()
        check_simulations(config, start)
        if kept is not None:
            check_kept(kept, config, start)
        if store is not None:
            check_store(store, config, start)
    except DatasetError:
        raise
    except ValueError as error:
        raise wrong_option(error) from error
    timed = timed_trainings(config)
    try:
        check_backends(config, timed)
    except ValueError as error:
        raise wrong_option(error) from error
    with (
        hired(options, config.threads, stages) as workers,
        claimed(options.out, config, overwrite=options.overwrite, resume=options.resume) as folder,
    ):
        note_runs(folder, kept)
        limit_torch(config.threads)
        with stages.stage("Look how fast this machine is"):
            left = trainings_left(config, options.out) if options.resume else None
            seconds = expected_seconds(config, start, timed, left)
            if kept is not None:
                seconds["simulation"] *= 1 - config.runs * config.frames / config.simulated_frames
            seconds["training"] *= _slower(workers, checks.threads(config.threads))
            share = granted(min(checks.threads(config.threads), checks.threads(None)))
        stages.say(announcement(seconds, share))
        if seconds["training"] > LONG:
            stages.say(
                "Training on this machine takes that long at this size. Ctrl-C stops, --resume goes on after what is "
                f"finished. {advice}".rstrip()
            )
        yield Work(config, start, given, folder, stages, options.resume, store=store, kept=kept, workers=workers)


def _slower(workers: Workers | None, threads: int) -> float:
    """How much longer trainings take on workers that are as fast as this machine, thread by thread."""
    return 1.0 if workers is None else threads / workers.threads


def _places(options: Job) -> tuple[Path | None, Dataset | None]:
    """Where the runs are to be kept, and where they are taken from, if anywhere."""
    store = options.store if isinstance(options, Everything) else None
    kept = options.kept if isinstance(options, Everything | OnKept) else None
    if kept is None:
        return store, None
    if store is not None:
        raise UsageError(f"--store: must not be given with --from, which simulates nothing, got {store}. Leave it out.")
    return None, kept_runs(kept, options.choices)
