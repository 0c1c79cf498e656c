"""What comes before the work of a command: whatever may refuse it, its folder, and how long it will take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hthm import checks
from hthm.command.wrong import UsageError, wrong_option
from hthm.pages.console import Stages

if TYPE_CHECKING:
    from hthm.choices.entropy import EntropyConfig
    from hthm.choices.run import TrainingChoices
    from hthm.deepsets import DeepSets
    from hthm.gas import State
    from hthm.learning.backends import TimedTraining
    from hthm.pages.results import ResultsFolder

LONG: Final = 3600.0  # seconds from which on a run is announced with advice


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


@contextmanager
def prepared(
    config: TrainingChoices | EntropyConfig,
    out: Path,
    *,
    overwrite: bool,
    resume: bool,
    advice: str = "",
    trained: Callable[[], Iterable[TimedTraining]] | None = None,
    variants: Sequence[str] = (),
) -> Iterator[Prepared]:
    """Check all that may refuse a command, make its folder, and say how long it is likely to take.

    The folder is the command's own until the block ends.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        Every choice.
    out : Path
        The folder.
    overwrite, resume : bool
        As `hthm.pages.results.claimed` takes them.
    advice : str
        What takes less than an hour, if training takes more.
    trained : callable, optional
        Makes what is to be trained, if it is not what the choices say.
    variants : sequence of str
        Names of what is compared.

    Yields
    ------
    Prepared

    Raises
    ------
    OccupiedError, OwnedError, DamagedFileError, OSError
        If the folder holds another run, or cannot be written to.
    UsageError
        If given weights are not there, the runs cannot start like this, or this machine cannot train like this.
    WeightsError
        If given weights cannot be read.
    MemoryError
        If the run does not fit into the available memory.
    """
    from hthm.command import expected, remaining  # noqa: PLC0415 -- --help can do without what imports torch
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
    models = tuple(expected.trainings(config) if trained is None else trained())
    try:
        expected.check_backends(config, models)
    except ValueError as error:
        raise wrong_option(error) from error
    with results.claimed(out, config, overwrite=overwrite, resume=resume) as folder:
        limit_torch(config.threads)
        with stages.stage("Look how fast this machine is"):
            left = remaining.trainings_left(config, out, variants) if resume else None
            seconds = expected.expected_seconds(config, start, models, left)
            share = expected.granted(min(checks.threads(config.threads), checks.threads(None)))
        stages.say(expected.announcement(seconds, share))
        if seconds["training"] > LONG:
            stages.say(
                "Training on this machine takes that long at this size. Ctrl-C stops, --resume goes on after what is "
                f"finished. {advice}".rstrip()
            )
        yield Prepared(start, given, folder, stages)


def limit_torch(threads: int | None) -> None:
    """Have torch use this number of threads; by default those that are granted, or fewer if it was set to fewer."""
    import torch  # noqa: PLC0415 -- --help can do without

    torch.set_num_threads(min(checks.threads(None), torch.get_num_threads()) if threads is None else threads)
