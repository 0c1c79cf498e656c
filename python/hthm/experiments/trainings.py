"""Trainings that survive a stop: each is kept in files of its own, and taken from there when a command goes on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from hthm import checks
from hthm.choices.kinds import completed
from hthm.deepsets import DeepSets, new_model
from hthm.experiments.side_by_side import Job, Result, side_by_side
from hthm.learning import fused
from hthm.learning.arrow import Look, train_arrow
from hthm.learning.backends import is_compiled
from hthm.learning.history import History, read_history
from hthm.learning.leading import are_shared
from hthm.learning.recipes import ArrowConfig, TrainConfig, entropic
from hthm.learning.weights import load_configuration, load_weights, save_weights
from hthm.pages.results import network_name
from hthm.recording.reading import frames_of_runs
from hthm.train import train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hthm.choices.entropy import EntropyConfig
    from hthm.choices.run import TrainingChoices
    from hthm.experiments.shipped_trainings import Learning
    from hthm.experiments.work import Work
    from hthm.pages.console import Stage
    from hthm.recording.frames import Steps
    from hthm.recording.reading import FramesLike
    from hthm.trajectories import Trajectories

Log = TypeVar("Log")


def trained(work: Work[TrainingChoices], width: int, seed: int, traj: FramesLike) -> tuple[DeepSets, History]:
    """Train a network as the paper did, or take it from its files where an interrupted command has finished it.

    A training that was stopped goes on after its last finished epoch. A network is taken only if all choices that
    it depends on are the same.

    Raises
    ------
    TrainingDivergedError
        If a loss is not finite.
    CheckpointError
        If the training was begun with other choices, or its checkpoint is damaged.
    OSError
        If a file cannot be written.
    """
    name, training = network_name(width, seed), work.config.train_config(seed)
    files = work.folder.training(name)
    made_by = {**work.config.decisive(), "training": training.as_json()}

    def kept(configuration: Mapping[str, Any]) -> History | None:
        return (
            _whole_history(files.history, training.epochs)
            if _is_same(configuration, made_by, work.config, TrainConfig())
            else None
        )

    def made(stage: Stage) -> tuple[DeepSets, History, Mapping[str, Any]]:
        if not work.resume and work.workers is None:
            files.checkpoint.unlink(missing_ok=True)
        if not files.checkpoint.exists():
            files.history.unlink(missing_ok=True)
        model = new_model(width, seed)
        try:
            history = train(
                model,
                traj,
                training,
                progress=stage.report,
                log_path=files.history,
                checkpoint_path=files.checkpoint,
            )
        except OSError as error:
            if error.filename is None:  # a full disk under the log, the one file that is not written whole
                error.filename = str(files.history)
            raise
        critical = history.critical_epoch
        stage.found = (
            f"loss {history.final_loss:.3g}, Loss0 {history.final_loss0:.4g}, "
            f"critical epoch {'not reached' if critical is None else critical}"
        )
        return model, history, made_by

    model, history = _kept_or_made(work, f"Train D = {width}, seed {seed}", files.model, kept, made)
    files.checkpoint.unlink(missing_ok=True)
    return model, history


@contextmanager
def all_trained(
    work: Work[TrainingChoices], keys: Sequence[tuple[int, int]], traj: FramesLike
) -> Iterator[Iterator[tuple[DeepSets, History]]]:
    """Train several networks, by their widths and seeds, side by side where the compiled kernel does it.

    Yields
    ------
    iterator
        What `trained` returns for each, in order.

    Raises
    ------
    TrainingDivergedError, CheckpointError, OSError
        As `trained`.
    """
    device, widths = torch.device(work.config.device), {width for width, _ in keys}
    compiled = all(is_compiled(new_model(width, 0), work.config.backend, device) for width in widths)
    frames = frames_of_runs(traj)  # which the trainings share

    def job(width: int, seed: int) -> Job[tuple[DeepSets, History]]:
        return Job(lambda: trained(work, width, seed, frames), width)

    with together(work, [job(width, seed) for width, seed in keys], compiled=compiled) as found:
        yield found


@contextmanager
def all_put_in_order(
    work: Work[EntropyConfig], keys: Sequence[tuple[int, int, Steps]], traj: Trajectories, check: Trajectories
) -> Iterator[Iterator[tuple[DeepSets, list[Look]]]]:
    """Learn several entropies, by their widths, seeds and steps, side by side where the compiled kernel does it.

    Yields
    ------
    iterator
        What `put_in_order` returns for each, in order.

    Raises
    ------
    ArrowDivergedError, OSError
        As `put_in_order`.
    """
    architecture = entropic(work.config.speed)
    compiled = all(fused.takes_runs(new_model(width, 0, architecture)) for width in {width for width, *_ in keys})

    def job(width: int, seed: int, steps: Steps) -> Job[tuple[DeepSets, list[Look]]]:
        return Job(lambda: put_in_order(work, steps, width, seed, traj, check), width)

    with together(work, [job(*key) for key in keys], compiled=compiled) as found:
        yield found


def all_learned(
    work: Work[EntropyConfig], learnings: Sequence[tuple[Learning, Callable[[], Result]]]
) -> AbstractContextManager[Iterator[Result]]:
    """Do what several trainings on the order of frames or collisions are for, as `all_put_in_order` does these.

    Parameters
    ----------
    work : Work
    learnings : sequence of (Learning, callable)
        What is called learns it, and returns what it came to.

    Returns
    -------
    context manager
        Of an iterator, of what the calls return, in order.
    """
    compiled = all(fused.takes_runs(new_model(one.width, one.seed, one.architecture)) for one, _ in learnings)
    return together(work, [Job(do, one.width) for one, do in learnings], compiled=compiled)


def together(
    work: Work[Any], jobs: Sequence[Job[Result]], *, compiled: bool
) -> AbstractContextManager[Iterator[Result]]:
    """Jobs side by side, unless torch trains, whose results depend on its threads, or other processes do."""
    threads = checks.threads(work.config.threads)
    alone = not compiled or work.workers is not None or are_shared()
    return side_by_side(jobs, threads, 1 if alone else threads)


def put_in_order(
    work: Work[EntropyConfig], steps: Steps, width: int, seed: int, traj: Trajectories, check: Trajectories
) -> tuple[DeepSets, list[Look]]:
    """Train a network on the order of frames or collisions, or take it from its file, as `trained` does.

    Raises
    ------
    ArrowDivergedError
        If a loss is not finite.
    OSError
        If a file cannot be written.
    """
    path, training = work.folder.model(network_name(width, seed, steps)), work.config.arrow_config(steps, seed)
    made_by = {**work.config.decisive(), "training": training.as_json()}

    def kept(configuration: Mapping[str, Any]) -> list[Look] | None:
        if not _is_same(configuration.get("made_by"), made_by, work.config, ArrowConfig()):
            return None
        try:
            return [Look(**look) for look in configuration["looks"]]
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path}: must say how its training went, and does not.") from error

    def made(stage: Stage) -> tuple[DeepSets, list[Look], Mapping[str, Any]]:
        model = new_model(width, seed, entropic(work.config.speed))
        looks = train_arrow(model, traj, training, held_out=check, progress=stage.report)
        stage.found = f"held-out loss {looks[-1].held_out_loss:.4f}"
        return model, looks, {"made_by": made_by, "looks": [asdict(look) for look in looks]}

    return _kept_or_made(work, f"Put {steps} in order, D = {width}, seed {seed}", path, kept, made)


def _is_same(
    written: object,
    made_by: Mapping[str, Any],
    config: TrainingChoices | EntropyConfig,
    default: TrainConfig | ArrowConfig,
) -> bool:
    """Whether a network was made by these choices; those that its file lacks count as their defaults."""
    if not isinstance(written, Mapping) or not isinstance(written.get("training"), Mapping):
        return False
    return completed(written, config) | {"training": {**default.as_json(), **written["training"]}} == made_by


def _kept_or_made(
    work: Work[Any],
    title: str,
    path: Path,
    kept: Callable[[Mapping[str, Any]], Log | None],
    made: Callable[[Stage], tuple[DeepSets, Log, Mapping[str, Any]]],
) -> tuple[DeepSets, Log]:
    """A network and the log of its training: from its file where an interrupted command has finished it, or made.

    `kept` finds the log of what the file was saved with, and None where other choices made it; `made` trains, and
    says what the file is to be saved with.
    """
    if work.resume and path.exists():
        try:
            log = kept(load_configuration(path))
            if log is not None:
                model = load_weights(path)
                work.stages.say(f"{title}: finished before")
                return model, log
        except (ValueError, OSError) as error:  # a WeightsError is a ValueError
            work.stages.say(f"{title}: is trained again. {error}")
    with work.stages.stage(title) as stage:
        model, log, saved_with = made(stage)
    save_weights(path, model, saved_with)
    return model, log


def _whole_history(path: Path, epochs: int) -> History:
    """The log of a finished training: one that has lost its last lines would give other losses in silence."""
    history = read_history(path)
    if len(history.epochs) != epochs:
        raise ValueError(f"{path}: must have a line for each of {epochs} epochs, got {len(history.epochs)}.")
    return history
