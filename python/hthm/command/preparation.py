"""What comes before the work of a command: whatever may refuse it, its folder, and how long it will take."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hthm import checks
from hthm.pages.console import Stages, duration

if TYPE_CHECKING:
    from hthm.choices.entropy import EntropyConfig
    from hthm.choices.run import TrainingChoices
    from hthm.deepsets import DeepSets
    from hthm.gas import State
    from hthm.learning.backends import TimedTraining
    from hthm.pages.results import ResultsFolder

LONG: Final = 3600.0  # seconds from which on a run is announced with advice


class UsageError(Exception):
    """Arguments that cannot be; the message says which, and what they must be."""


@dataclass(frozen=True)
class Prepared:
    """What a command that trains begins with, once nothing refuses it any more.

    Attributes
    ----------
    start : State
        Where the runs start.
    given : tuple of DeepSets
        The networks of --weights.
    folder : ResultsFolder
        Where everything goes.
    stages : Stages
        Where progress goes.
    """

    start: State
    given: tuple[DeepSets, ...]
    folder: ResultsFolder
    stages: Stages


def prepared(
    config: TrainingChoices | EntropyConfig,
    out: Path,
    *,
    overwrite: bool,
    resume: bool,
    advice: str = "",
    trained: Callable[[], Iterable[TimedTraining]] | None = None,
) -> Prepared:
    """Check all that may refuse a command, make its folder, and say how long it is likely to take.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        Every choice.
    out : Path
        The folder.
    overwrite, resume : bool
        As `hthm.pages.results.ResultsFolder` takes them.
    advice : str
        What takes less than an hour, if training takes more.
    trained : callable, optional
        Makes what is to be trained, if it is not what the choices say.

    Returns
    -------
    Prepared

    Raises
    ------
    OccupiedError, OSError
        If the folder holds another run, or cannot be written to.
    UsageError
        If given weights are not there, or the runs cannot start like this.
    WeightsError
        If given weights cannot be read.
    MemoryError
        If the run does not fit into the available memory.
    """
    from hthm.command import expected  # noqa: PLC0415 -- --help can do without what imports torch
    from hthm.learning import weights  # noqa: PLC0415 -- likewise
    from hthm.pages import results  # noqa: PLC0415 -- likewise

    stages = Stages()
    for path in config.weights:
        if not path.is_file():
            raise UsageError(f"--weights: must be a file, and {path} is none.")
    given = tuple(weights.load_weights(path) for path in config.weights)
    checks.memory("This run", expected.expected_bytes(config), "Take fewer --runs or --frames.")
    try:
        start = config.start()
    except ValueError as error:
        raise wrong_option(error) from error
    folder = results.ResultsFolder(out, config, overwrite=overwrite, resume=resume)
    limit_torch(config.threads)
    with stages.stage("Look how fast this machine is"):
        seconds = expected.expected_seconds(config, start, expected.trainings(config) if trained is None else trained())
    stages.say(
        f"Expected: {duration(sum(seconds.values()))}, of which simulation {duration(seconds['simulation'])} "
        f"and training {duration(seconds['training'])}."
    )
    if seconds["training"] > LONG:
        stages.say(
            "Training on this machine takes that long at this size. Ctrl-C stops, --resume goes on after what is "
            f"finished. {advice}".rstrip()
        )
    return Prepared(start, given, folder, stages)


def limit_torch(threads: int | None) -> None:
    """Have torch use this number of threads; by default those that are granted, or fewer if it was set to fewer."""
    import torch  # noqa: PLC0415 -- --help can do without

    torch.set_num_threads(min(checks.threads(None), torch.get_num_threads()) if threads is None else threads)


def wrong_option(error: Exception) -> UsageError:
    """The same message with the option's name in place of the argument's."""
    name, colon, rest = str(error).partition(":")
    return UsageError(f"--{name.replace('_', '-')}{colon}{rest}")


def said(error: BaseException) -> str:
    """One line on an error."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {os.fspath(error.filename)}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__
