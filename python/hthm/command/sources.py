"""Runs that a folder holds, or says how to make again: for commands that take them one at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from hthm.choices.config_file import choices_of
from hthm.choices.entropy import EntropyConfig
from hthm.choices.run import GasChoices, RunConfig
from hthm.command.wrong import UsageError
from hthm.pages.stored import damaged, read_json
from hthm.recording.store.dataset import Dataset
from hthm.recording.store.manifest import NAME
from hthm.simulate import simulate
from hthm.trajectories import Trajectories

RESULTS: Final = "results.json"
"""The file of a results folder that says what its runs were made from."""


class Source(NamedTuple):
    """Runs that can be had one at a time.

    Attributes
    ----------
    runs, frames : int
    load : callable
        Takes the number of a run, and returns it alone.
    """

    runs: int
    frames: int
    load: Callable[[int], Trajectories]


def source_of(folder: Path, threads: int | None) -> Source:
    """Return what a folder holds: a dataset, or the results of a run, whose runs are simulated again.

    Parameters
    ----------
    folder : Path
    threads : int, optional
        Threads that simulate again; as many as are granted unless given.

    Raises
    ------
    UsageError
        If it holds neither, or runs that cannot be simulated again here.
    DatasetError, DamagedFileError
        If what it holds is damaged.
    OSError
        If it cannot be read.
    """
    if (folder / NAME).exists():
        kept = Dataset(folder)
        return Source(kept.runs, kept.frames, lambda run: kept.load(slice(run, run + 1)))
    if not (folder / RESULTS).exists():
        found = f"has neither {NAME} nor {RESULTS}" if folder.is_dir() else "is no folder"
        raise UsageError(
            f"SOURCE: must be the folder of a dataset, or of a finished run of hthm, and {folder} "
            f"{found if folder.exists() else 'is missing'}."
        )
    return _simulated_again(folder, threads)


def _simulated_again(folder: Path, threads: int | None) -> Source:
    """The runs of a results folder, which says what they were made from."""
    path = folder / RESULTS
    content = read_json(path, "config", "simulation")
    try:
        of: dict[str, Any] = content["simulation"]
        seed, digest, engine = of["seed"], str(of["start_sha256"]), str(of["engine"])
        config: GasChoices = choices_of(content["config"], str(path), RunConfig, EntropyConfig)
    except (KeyError, TypeError, AttributeError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    if isinstance(config, EntropyConfig):
        config = config.gases[-1]  # those that all fits are made on
    if seed is None:
        raise UsageError(
            f"SOURCE: must say where its runs start, and those of {folder} were taken from a dataset. Name that."
        )
    start = config.start()
    if start.sha256() != digest:
        raise UsageError(
            f"SOURCE: must be a run whose starts this machine draws again, and those of {folder} differ in their last "
            "bits. Give the command on the machine that made it, or keep runs in a --store."
        )

    def load(run: int) -> Trajectories:
        return simulate(start[run : run + 1], config.frames, config.dt, engine=engine, threads=threads, record="log")

    return Source(config.runs, config.frames, load)
