"""What the trainings of a run will take: each is tried for a moment, in the company that it will have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np

from hthm import checks
from hthm.choices.entropy import EntropyConfig
from hthm.choices.seeds import CompareConfig
from hthm.deepsets import new_model
from hthm.experiments.side_by_side import Job, side_by_side
from hthm.experiments.variants import VARIANTS
from hthm.learning import fused
from hthm.learning.arrow import train_arrow
from hthm.learning.backends import checked_device, is_compiled, new_batch_loss
from hthm.learning.recipes import entropic
from hthm.learning.timing import TimedTraining, step_seconds
from hthm.recording.reading import frames_of

if TYPE_CHECKING:
    from torch import nn

    from hthm.choices.run import TrainingChoices
    from hthm.deepsets import DeepSets
    from hthm.learning.recipes import ArrowConfig, Backend
    from hthm.trajectories import Trajectories

Network = TypeVar("Network", bound="nn.Module")

_TRIED: Final = 20
"""Updates of a whole-run training that are timed."""


class ExpectedTraining(NamedTuple):
    """All trainings of a run.

    Attributes
    ----------
    seconds : float
        That they are likely to take together.
    models : list of nn.Module
        One of each kind.
    """

    seconds: float
    models: list[nn.Module]


def timed_trainings(config: TrainingChoices | EntropyConfig) -> list[TimedTraining]:
    """What is trained of every width, to be timed; none of `hthm.learning.arrow`, which no backend does."""
    if isinstance(config, EntropyConfig) or not config.trains:
        return []
    if isinstance(config, CompareConfig):
        return [
            TimedTraining(
                variant.new(config.n, width, 0), variant.changes.get("backend", config.backend), config.trainings
            )
            for width in config.widths
            for variant in VARIANTS[config.compared].values()
        ]
    return [TimedTraining(new_model(width, 0), config.backend, config.trainings) for width in config.widths]


def check_backends(config: TrainingChoices | EntropyConfig, timed: Iterable[TimedTraining]) -> None:
    """Refuse a device that this machine lacks, and a backend that cannot train one of the networks.

    Raises
    ------
    ValueError
        The message begins with the choice.
    """
    if isinstance(config, EntropyConfig):
        return
    device = checked_device(config.device)
    for model, backend, _ in timed:
        new_batch_loss(model, np.zeros((1, 2, config.n, 2)), backend, device)


def training_seconds(
    config: TrainingChoices | EntropyConfig,
    traj: Trajectories,
    timed: Sequence[TimedTraining],
    left: Sequence[float] | None,
) -> ExpectedTraining:
    """Try the trainings that are left, as many at a time as there will be.

    Parameters
    ----------
    config, timed, left
        As `hthm.command.expected.expected_seconds` takes them.
    traj : Trajectories
        A log of a few frames.

    Returns
    -------
    ExpectedTraining
    """
    return _of_arrows(config, traj, left) if isinstance(config, EntropyConfig) else _of_pairs(config, traj, timed, left)


def _of_pairs(
    config: TrainingChoices, traj: Trajectories, timed: Sequence[TimedTraining], left: Sequence[float] | None
) -> ExpectedTraining:
    device, frames = checked_device(config.device), frames_of(traj)
    counts = [one.trainings for one in timed] if left is None else left
    at_once = _at_once(config, sum(counts), compiled=all(is_compiled(one.model, one.backend, device) for one in timed))

    def a_step(backend: Backend | None, model: nn.Module) -> float:
        return step_seconds(model, new_batch_loss(model, frames, backend, device), config.batch)

    steps = config.pairs // config.batch * config.epochs
    seconds = 0.0
    for one, count in zip(timed, counts, strict=True):
        seconds += count * steps * _in_company(partial(a_step, one.backend), one.model, at_once)
    return ExpectedTraining(seconds, [one.model for one in timed])


def _of_arrows(config: EntropyConfig, traj: Trajectories, left: Sequence[float] | None) -> ExpectedTraining:
    kinds = list(product(config.widths, config.steps))
    counts = [config.trainings * config.networks for _ in kinds] if left is None else left
    models = [new_model(width, 0, entropic(config.speed)) for width, _ in kinds]
    at_once = _at_once(config, sum(counts), compiled=all(map(fused.takes_runs, models)))
    of_a_run = config.training_frames / traj.frames  # updates go through a whole run

    def a_step(tried: ArrowConfig, model: DeepSets) -> float:
        (look,) = train_arrow(model, traj, tried)
        return look.seconds / _TRIED

    seconds = 0.0
    for model, (_, steps), count in zip(models, kinds, counts, strict=True):
        recipe = config.arrow_config(steps, 0)
        tried = replace(recipe, updates=_TRIED, warm_up=0, looks=1)

        seconds += count * recipe.updates * of_a_run * _in_company(partial(a_step, tried), model, at_once)
    return ExpectedTraining(seconds, list(models))


def _at_once(config: TrainingChoices | EntropyConfig, trainings: float, *, compiled: bool) -> int:
    """How many trainings there will be at a time, as `hthm.experiments.trainings` has them."""
    return max(1, min(checks.threads(config.threads), int(trainings))) if compiled else 1


def _in_company(a_step: Callable[[Network], float], model: Network, at_once: int) -> float:
    """Seconds between two steps of whichever training, where so many like this one go on at a time."""
    if at_once == 1:
        return a_step(model)
    jobs = [Job(partial(a_step, deepcopy(model)), 0) for _ in range(at_once)]
    with side_by_side(jobs, threads=at_once, at_once=at_once) as seconds:
        return float(np.mean(list(seconds))) / at_once
