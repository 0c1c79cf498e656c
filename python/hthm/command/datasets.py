"""What ``hthm simulate``, ``merge``, ``verify`` and ``repair`` do with a dataset, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hthm.choices.share import Share
from hthm.command.cluster import hired
from hthm.command.wrong import UsageError, wrong_option
from hthm.experiments.parts import description_of, simulate_into
from hthm.pages.console import Stages
from hthm.recording.store.dataset import Dataset
from hthm.recording.store.folder import is_finished
from hthm.recording.store.manifest import DatasetError, Manifest
from hthm.recording.store.merging import merge
from hthm.recording.store.verification import repair, verify
from hthm.reprs import memory

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.command.dataset_options import Merge, Repair, Simulate, Verify


def simulate_part(options: Simulate) -> None:
    """Simulate a part of the runs, or all, into a dataset; what a stop has left is gone on with.

    Raises
    ------
    UsageError
        If runs cannot start like this, or cannot be cut into so many parts, or there can be no such workers.
    ClusterError
        If workers cannot be had, or cannot do it.
    DatasetError, OwnedError, OSError
        If the folder holds anything else, is in use, or cannot be written to; what is finished stays.
    MemoryError
        If the runs of a shard do not fit into the available memory.
    """
    config, stages = options.choices, Stages()
    try:
        description = description_of(config)
        if options.shard is None and options.resume:
            chosen = Manifest.read(options.store).numbers
        else:
            chosen = Share.parsed(options.shard or "1/1").of_shards(description)
    except DatasetError:
        raise
    except ValueError as error:
        raise wrong_option(error) from error
    needed = not is_finished(options.store, Manifest.planned(description, chosen))
    with hired(options, config.threads, stages, needed=needed) as workers:
        simulate_into(options.store, config, description, chosen, stages, workers)
    manifest = Manifest.read(options.store)
    stages.say(
        f"{options.store}: {manifest.where}, {memory(manifest.nbytes)}. hthm verify compares files with their "
        "checksums."
    )


def join(options: Merge) -> None:
    """Join the parts of a dataset.

    Raises
    ------
    UsageError
        If no parts are named.
    DatasetError, OwnedError, OSError
        As `hthm.recording.store.merging.merge`.
    """
    if not options.parts:
        raise UsageError("parts: must be folders of datasets behind that of the whole, got none. hthm merge OUT PART …")
    stages = Stages()
    with stages.stage(f"Join {len(options.parts)} parts") as stage:
        merge(options.out, options.parts, stage.report)
    _say_state(options.out)


def say_faults(options: Verify) -> None:
    """Print what is wrong with a dataset, a line a fault.

    Raises
    ------
    DatasetError
        If something is, or the folder is no dataset.
    OSError
        If it cannot be read.
    """
    faults = verify(options.path)
    _say(faults)
    if faults:
        advice = " hthm repair makes again what it can." if any("hthm repair" in fault for fault in faults) else ""
        raise DatasetError(f"{options.path}: must be whole, and {_count(faults)} not.{advice}")
    _say_state(options.path)


def make_again(options: Repair) -> None:
    """Print what has been made again of a dataset, and what is wrong still.

    Raises
    ------
    DatasetError
        If something is, or the folder is no dataset.
    OwnedError
        If another process writes into it.
    OSError
        If it cannot be read or written.
    """
    faults = repair(options.path, Stages().say)
    _say(faults)
    if faults:
        raise DatasetError(f"{options.path}: must be whole, and {_count(faults)} not.")
    _say_state(options.path)


def _say_state(path: Path) -> None:
    """Say that a dataset is whole, or a part of one, with nothing missing."""
    manifest = Manifest.read(path)
    if manifest.is_whole:
        Stages().say(f"{Dataset(path)} is whole.")
    else:
        Stages().say(f"{path}: {manifest.where}, {memory(manifest.nbytes)}, a part that is whole.")


def _say(faults: list[str]) -> None:
    stages = Stages()
    for fault in faults:
        stages.say(fault)


def _count(faults: list[str]) -> str:
    return "1 of its files is" if len(faults) == 1 else f"{len(faults)} of its files are"
