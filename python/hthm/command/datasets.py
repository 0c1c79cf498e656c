"""``hthm verify`` and ``hthm repair``: what is wrong with a dataset, and how much of it can be made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hthm.pages.console import Stages
from hthm.recording.store.dataset import Dataset
from hthm.recording.store.manifest import DatasetError
from hthm.recording.store.verification import repair, verify

if TYPE_CHECKING:
    from hthm.command.options import Repair, Verify


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
        raise DatasetError(
            f"{options.path}: must be whole, and {_count(faults)} not. hthm repair makes again what it can."
        )
    Stages().say(f"{Dataset(options.path)} is whole.")


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
    Stages().say(f"{Dataset(options.path)} is whole.")


def _say(faults: list[str]) -> None:
    stages = Stages()
    for fault in faults:
        stages.say(fault)


def _count(faults: list[str]) -> str:
    return "1 of its files is" if len(faults) == 1 else f"{len(faults)} of its files are"
