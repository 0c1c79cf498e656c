"""Training on the arrow of time by logistic regression, whole runs at a time.

Beside the paper's training (`hthm.train`): another loss, whose best functional is an entropy, and other batches. The
paper's loss is there to compare with.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import torch

from hthm.learning import fused
from hthm.learning.accepted import check_model
from hthm.learning.backends import checked_device
from hthm.learning.calibration import calibration
from hthm.learning.diverged import TrainingDivergedError
from hthm.learning.drawing import new_generator
from hthm.learning.ending import go_on
from hthm.learning.fused_runs import FusedRunLosses
from hthm.learning.loss import logistic_loss
from hthm.learning.own_settings import own_settings
from hthm.learning.recipes import ArrowConfig
from hthm.learning.seeing import RunLosses
from hthm.learning.updates import new_updates
from hthm.learning.whole_runs import TorchRunLosses
from hthm.progress import Progress, ProgressLike, reporting
from hthm.randomness import Stream
from hthm.recording.reading import FramesLike

if TYPE_CHECKING:
    from hthm.deepsets import DeepSets

Looked: TypeAlias = Callable[["Look"], None]


class ArrowDivergedError(TrainingDivergedError):
    """A loss, or a weight, is not a finite number; the model holds the weights that gave it. `step` is the update."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a training was like at one moment. Nothing here knows of H, or of the time.

    Attributes
    ----------
    update : int
        Updates that were done.
    loss : float
        Mean loss since the last look.
    held_out_loss, calibration : float or None
        Logistic loss of runs that the training does not see, whatever its own loss is, and `calibration` of their Δh;
        None where there are none.
    seconds : float
        Wall clock since the training began.
    """

    update: int
    loss: float
    held_out_loss: float | None
    calibration: float | None
    seconds: float


def train_arrow(
    model: DeepSets,
    velocities: FramesLike,
    config: ArrowConfig | None = None,
    *,
    held_out: FramesLike | None = None,
    progress: ProgressLike = None,
    looked: Looked | None = None,
) -> list[Look]:
    """Train a network, in place, to know what came first.

    Parameters
    ----------
    model : DeepSets
        `hthm.learning.recipes.entropic` is the architecture for it. Moved to the device of the configuration, and left
        there.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time; for an architecture of k components states, (runs, frames, n, k) or those that
        `hthm.recording.states.disk_states` makes, which torch trains on. Not changed, nor a log made dense.
    config : ArrowConfig, optional
        A term a collision unless given.
    held_out : like velocities, optional
        Runs that the training does not see, to look at it with.
    progress : bool or callable, optional
        True for a bar, in a terminal or a notebook; or a function that is called as ``progress(done, total)`` after
        every update.
    looked : callable, optional
        Called with every `Look`, the model being as it is then; it may keep the weights.

    Returns
    -------
    list of Look

    Raises
    ------
    TypeError, ValueError, AttributeError
        As `new_run_losses`, of either recording.
    ArrowDivergedError
        If a loss or a weight is not finite.

    Notes
    -----
    Runs are drawn in a new order each time all have been drawn. Seed and weights give the same bits again: for any
    number of threads where the compiled kernel computes the loss, and for the same number of torch's where torch does.
    """
    config = config or ArrowConfig()
    check_model(model, to_train=True)
    device = checked_device(config.device)
    with own_settings(device), reporting(progress, "train") as report:
        model.to(device)
        return _train_arrow(model, velocities, config, held_out, report, looked)


def _train_arrow(
    model: DeepSets,
    velocities: FramesLike,
    config: ArrowConfig,
    held_out: FramesLike | None,
    progress: Progress | None,
    looked: Looked | None,
) -> list[Look]:
    runs = new_run_losses(model, velocities, config)
    others = None
    if held_out is not None:
        with _of("held_out"):
            others = new_run_losses(model, held_out, config)
    shuffle, noise = (new_generator(config.seed, stream) for stream in (Stream.SHUFFLE, Stream.NOISE))
    looks: list[Look] = []
    order: list[int] = []
    began = time.perf_counter()
    when = {round(config.updates * (number + 1) / config.looks) for number in range(config.looks)}
    losses: list[float] = []
    with new_updates(model, runs) as updates:
        for update in range(1, config.updates + 1):
            go_on()
            numbers = []
            for _ in range(math.ceil(config.runs_per_update)):
                if not order:
                    order = torch.randperm(runs.runs, generator=shuffle, device="cpu").tolist()
                numbers.append(order.pop())
            losses.append(updates.take(numbers, update, noise, config.rate(update - 1)))
            if not math.isfinite(losses[-1]):
                raise _diverged(f"The loss became {losses[-1]}", update, config)
            if progress is not None:
                progress(update, config.updates)
            if update in when:
                look = _look(config, others, update, losses, time.perf_counter() - began)
                losses.clear()
                looks.append(look)
                if looked is not None:
                    looked(look)
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise _diverged("The weights ceased to be finite", config.updates, config)  # what no loss has seen yet
    return looks


@contextmanager
def _of(argument: str) -> Iterator[None]:
    """Errors of velocities, said of the argument that these came by."""
    try:
        yield
    except (TypeError, ValueError, AttributeError) as error:
        said = str(error)
        if said.startswith("velocities:"):
            error.args = (argument + said.removeprefix("velocities"), *error.args[1:])
        raise


def _diverged(what: str, update: int, config: ArrowConfig) -> ArrowDivergedError:
    return ArrowDivergedError(
        f"{what} at update {update} of {config.updates}. Lower the learning rate, which was {config.learning_rate:g}.",
        epoch=0,
        step=update - 1,
    )


def _look(
    config: ArrowConfig,
    others: RunLosses | None,
    update: int,
    losses: Sequence[float],
    seconds: float,
) -> Look:
    held_out_loss = slope = None
    if others is not None:
        noise = new_generator(config.seed, Stream.LOOK)  # the same at every look
        change = others.change(noise)
        held_out_loss = float(logistic_loss(change))
        slope = calibration(change)
    return Look(
        update=update,
        loss=sum(losses) / len(losses),
        held_out_loss=held_out_loss,
        calibration=slope,
        seconds=seconds,
    )


def new_run_losses(model: DeepSets, velocities: FramesLike, config: ArrowConfig) -> RunLosses:
    """Return the losses of runs by the backend that was chosen, or by the compiled kernel where it can.

    Parameters
    ----------
    model : DeepSets
        Where it is to be trained.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time.
    config : ArrowConfig
        The training.

    Raises
    ------
    TypeError, ValueError, AttributeError
        As `hthm.learning.whole_runs.whole_runs`; if the kernel cannot train this model; if there are more blocks than
        disks, or a run has no collision and collisions are put in order.
    """
    losses: RunLosses
    if config.backend != "torch" and fused.takes_runs(model):
        losses = FusedRunLosses(model, velocities, config)
    elif config.backend == "fused":
        raise ValueError(
            "backend: must be torch for this model, got fused. The kernel of train_arrow takes DeepSets with SiLU in "
            f"float32, at most {fused.MOST_WIDTH} wide and without frozen weights, on a CPU."
            f"{fused.only_velocities(model)}"
        )
    else:
        losses = TorchRunLosses(model, velocities, config)
    if 0 in losses.steps:  # frames, of which there are two at least, are steps in any case
        raise ValueError(
            f"velocities: must have a collision in every run, for collisions are put in order, got none in run "
            f"{losses.steps.index(0)}. Simulate more frames, leave that run out, or choose steps='frames'."
        )
    if config.blocks > losses.n:
        raise ValueError(f"blocks: must be at most the {losses.n} disks, got {config.blocks}. Take fewer blocks.")
    return losses
