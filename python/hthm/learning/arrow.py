"""Training on the arrow of time by logistic regression, whole runs at a time.

Beside the paper's training (`hthm.train`): another loss, whose best functional is an entropy, and other batches. The
paper's loss is there to compare with.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import torch

from hthm.learning.accepted import check_model
from hthm.learning.calibration import calibration
from hthm.learning.diverged import TrainingDivergedError
from hthm.learning.drawing import new_generator
from hthm.learning.ending import go_on
from hthm.learning.loss import logistic_loss, negative_slope, tilted_loss
from hthm.learning.own_settings import own_settings
from hthm.learning.recipes import ArrowConfig
from hthm.learning.whole_runs import Changes, whole_runs
from hthm.randomness import Stream
from hthm.recording.reading import FramesLike

if TYPE_CHECKING:
    from hthm.deepsets import DeepSets

Looked: TypeAlias = Callable[["Look"], None]
Progress: TypeAlias = Callable[[int, int], None]


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
    progress: Progress | None = None,
    looked: Looked | None = None,
) -> list[Look]:
    """Train a network, in place, to know what came first.

    Parameters
    ----------
    model : DeepSets
        On the CPU; `hthm.learning.recipes.entropic` is the architecture for it.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time. Not changed, nor a log made dense.
    config : ArrowConfig, optional
        A term a collision unless given.
    held_out : like velocities, optional
        Runs that the training does not see, to look at it with.
    progress : callable, optional
        Called as ``progress(done, total)`` after every update.
    looked : callable, optional
        Called with every `Look`, the model being as it is then; it may keep the weights.

    Returns
    -------
    list of Look

    Raises
    ------
    TypeError, ValueError, AttributeError
        As `hthm.learning.whole_runs.whole_runs`, of either recording.
    ArrowDivergedError
        If a loss or a weight is not finite.

    Notes
    -----
    Runs are drawn in a new order each time all have been drawn. Seed and weights give the same bits again for the same
    number of threads of torch.
    """
    config = config or ArrowConfig()
    weight = check_model(model, to_train=True)
    if weight.device.type != "cpu":
        raise ValueError(f"model: must be on the CPU, got one on {weight.device}. Move it with model.cpu().")
    with own_settings(weight.device):
        return _train_arrow(model, velocities, config, weight.dtype, held_out, progress, looked)


def _train_arrow(
    model: DeepSets,
    velocities: FramesLike,
    config: ArrowConfig,
    dtype: torch.dtype,
    held_out: FramesLike | None,
    progress: Progress | None,
    looked: Looked | None,
) -> list[Look]:
    runs = whole_runs(velocities, config.steps, dtype)
    if config.blocks > runs[0].n:
        raise ValueError(f"blocks: must be at most the {runs[0].n} disks, got {config.blocks}. Take fewer blocks.")
    others = None if held_out is None else whole_runs(held_out, config.steps, dtype)
    adam = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, config.updates)
    shuffle, noise = (new_generator(config.seed, stream) for stream in (Stream.SHUFFLE, Stream.NOISE))
    looks: list[Look] = []
    order: list[int] = []
    began = time.perf_counter()
    when = {round(config.updates * (number + 1) / config.looks) for number in range(config.looks)}
    losses: list[float] = []
    for update in range(1, config.updates + 1):
        go_on()
        changes = []
        for _ in range(math.ceil(config.runs_per_update)):
            if not order:
                order = torch.randperm(len(runs), generator=shuffle, device="cpu").tolist()
            changes.append(_change(model, runs[order.pop()], config, noise))
        adam.zero_grad()
        loss = _loss(torch.cat(changes), config, update, noise)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            raise _diverged(f"The loss became {losses[-1]}", update, config)
        adam.step()
        schedule.step()
        if progress is not None:
            progress(update, config.updates)
        if update in when:
            look = _look(model, config, others, update, losses, time.perf_counter() - began)
            losses.clear()
            looks.append(look)
            if looked is not None:
                looked(look)
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise _diverged("The weights ceased to be finite", config.updates, config)  # what no loss has seen yet
    return looks


def _diverged(what: str, update: int, config: ArrowConfig) -> ArrowDivergedError:
    return ArrowDivergedError(
        f"{what} at update {update} of {config.updates}. Lower the learning rate, which was {config.learning_rate:g}.",
        epoch=0,
        step=update - 1,
    )


def _loss(change: torch.Tensor, config: ArrowConfig, update: int, noise: torch.Generator) -> torch.Tensor:
    """Loss of an update, counted from 1."""
    if config.runs_per_update < 1:
        count = max(1, round(config.runs_per_update * len(change)))
        change = change[torch.randperm(len(change), generator=noise, device="cpu")[:count]]
    if config.loss == "logistic":
        return logistic_loss(change, penalty=config.penalty)
    slope = negative_slope(update - 1, config.updates, config.final_slope)
    return tilted_loss(change, negative_slope=slope, penalty=config.penalty)


def _change(model: DeepSets, run: Changes, config: ArrowConfig, noise: torch.Generator) -> torch.Tensor:
    """Δh of all steps of a run, and of all blocks, as one update sees them."""
    velocities, block = run.velocities, torch.zeros(run.n, dtype=torch.int64, device="cpu")
    if config.blur:
        deviation = config.blur * model.architecture.velocity_scale
        drawn = torch.randn(velocities.shape, generator=noise, dtype=velocities.dtype, device="cpu")
        velocities = velocities + deviation * drawn
    if config.blocks > 1:
        order = torch.randperm(run.n, generator=noise, device="cpu")
        block = (order // (run.n // config.blocks)).clamp(max=config.blocks)
    change = run.block_h(model, block, config.blocks, velocities).diff(dim=0).flatten()
    if change.requires_grad:
        change.register_hook(_answer)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return change


def _answer(_: torch.Tensor) -> None:
    """Let Python in between two runs of a backward pass, which is one call of torch's otherwise: Ctrl-C is answered."""


def _look(
    model: DeepSets,
    config: ArrowConfig,
    others: Sequence[Changes] | None,
    update: int,
    losses: Sequence[float],
    seconds: float,
) -> Look:
    held_out_loss = slope = None
    if others is not None:
        noise = new_generator(config.seed, Stream.LOOK)  # the same at every look
        with torch.inference_mode():
            change = torch.cat([_change(model, run, config, noise) for run in others])
            held_out_loss = float(logistic_loss(change))
        slope = calibration(change)
    return Look(
        update=update,
        loss=sum(losses) / len(losses),
        held_out_loss=held_out_loss,
        calibration=slope,
        seconds=seconds,
    )
