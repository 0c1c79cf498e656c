"""Training: a network learns which of two frames came first.

The loop knows the schedule, Adam, the order of the pairs and the history; what a batch of pairs costs it asks a
backend (`hthm.learning.backends`).
"""

from __future__ import annotations

import errno
import math
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeAlias

import numpy as np
import torch
from torch import nn

from hthm import checks
from hthm.deepsets import DeepSets
from hthm.files import write_text
from hthm.learning.accepted import check_model
from hthm.learning.backends import checked_device, new_batch_loss
from hthm.learning.checkpoint import Checkpoint
from hthm.learning.diverged import TrainingDivergedError
from hthm.learning.drawing import new_generator
from hthm.learning.ending import go_on
from hthm.learning.history import Epoch, History
from hthm.learning.leading import called_together
from hthm.learning.loss import negative_slope
from hthm.learning.own_settings import own_settings
from hthm.learning.processes import Processes, SharedBatchLoss
from hthm.learning.recipes import TrainConfig
from hthm.learning.steps import TrainingSteps, new_steps
from hthm.progress import Progress, ProgressLike, reporting
from hthm.randomness import Stream
from hthm.recording.reading import FramesLike

if TYPE_CHECKING:
    from hthm.learning.frame_pairs import BatchLoss
    from hthm.learning.loss import PairLoss

__all__ = ["Epoch", "History", "TrainConfig", "TrainingDivergedError", "train"]

EpochDone: TypeAlias = Callable[[Epoch], None]


def train(
    model: nn.Module,
    velocities: FramesLike,
    config: TrainConfig | None = None,
    *,
    loss: PairLoss | None = None,
    progress: ProgressLike = None,
    epoch_done: EpochDone | None = None,
    log_path: str | os.PathLike[str] | None = None,
    checkpoint_path: str | os.PathLike[str] | None = None,
) -> History:
    """Train a network, in place, to raise h from one frame to the next.

    Parameters
    ----------
    model : nn.Module
        `hthm.deepsets.DeepSets`, or whatever maps (batch, n, 2) to (batch,). Moved to the device of the
        configuration, and left there.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time; for an architecture of k components states, (runs, frames, n, k) or those that
        `hthm.recording.states.disk_states` makes, which torch trains on. Not changed. On a GPU, one float32 copy is
        made; the compiled kernel keeps what changes from frame to frame, a tenth of a dense recording, and reads a log
        as it is.
    config : TrainConfig, optional
        The paper's unless given.
    loss : callable, optional
        A loss of your own in place of eq. (11): called with Δh (batch,), the change of h from the first to the second
        frame of each pair, it returns what each pair costs, (batch,), of which the mean is taken. Torch computes it;
        penalty and slopes of the configuration then change Loss0 of the history only. A checkpoint knows it by its
        name.
    progress : bool or callable, optional
        True for a bar, in a terminal or a notebook; or a function that is called as ``progress(done, total)`` after
        every step, with steps of all epochs.
    epoch_done : callable, optional
        Called with an `Epoch` after each. To watch a training in TensorBoard::

            writer = torch.utils.tensorboard.SummaryWriter()
            def epoch_done(epoch):
                for name in ("loss", "loss0", "mean_change"):
                    writer.add_scalar(name, getattr(epoch, name), epoch.epoch)
            train(model, trajectories, epoch_done=epoch_done)
    log_path : path, optional
        A file that gets a line of JSON after every epoch; `hthm.learning.history.read_history` reads it. A new one,
        unless the training goes on from a checkpoint.
    checkpoint_path : path, optional
        A file that after every epoch holds all it takes to go on: weights, Adam's moments, the state of the generator,
        the history. Where it exists already, the training goes on from it, to the same bits as if it had never
        stopped; the velocities must be the same.

    Returns
    -------
    History

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, a velocity is not finite or too large for the model's dtype, the model has
        no weights that can be trained, or there are fewer pairs than one batch takes.
    TrainingDivergedError
        If a loss or a weight is not finite.
    CheckpointError
        If the checkpoint is that of another configuration, number of pairs, architecture or model, or cannot be read as
        one.
    OSError
        If the log exists already, or a file cannot be written.
    OtherProcessError
        If another process of this training has stopped.

    Notes
    -----
    Every epoch draws all pairs of consecutive frames of all runs once, in a new order; what is left over from the last
    full batch is dropped. On a CPU, seed and weights give the same bits again; with the backend "torch" only for the
    same number of threads. What a session has set in torch for itself (default dtype and device, autocast, gradients
    off, inference mode, subnormal numbers flushed, the shared generator's state) changes nothing, and is not changed.
    Where torch.distributed has a group of processes, each calls `train` with the same arguments and computes its share
    of every batch; only the first reports and writes, and its weights and checkpoint count: docs/training.md.
    However a training ends, by Ctrl-C or by an error, the model holds the weights of its last
    finished epoch, or those it came with.
    """
    config = config or TrainConfig()
    log, kept = (
        None if path is None else checks.path(name, path)
        for name, path in (("log_path", log_path), ("checkpoint_path", checkpoint_path))
    )
    processes = called_together(model, velocities, config, loss)
    with processes.telling(), reporting(progress if processes.is_first else None, "train") as report:
        check_model(model, to_train=True)
        device = checked_device(processes.device(config.device))
        with own_settings(device):
            return _train(
                model,
                new_batch_loss(model, velocities, config.backend, device, loss),
                config,
                {} if loss is None else {"loss": _name(loss)},
                processes,
                progress=report,
                epoch_done=epoch_done if processes.is_first else None,
                log_path=log if processes.is_first else None,
                checkpoint_path=kept,
            )


def _train(
    model: nn.Module,
    batch_loss: BatchLoss,
    config: TrainConfig,
    others: dict[str, str],
    processes: Processes,
    *,
    progress: Progress | None,
    epoch_done: EpochDone | None,
    log_path: Path | None,
    checkpoint_path: Path | None,
) -> History:
    if config.batch > batch_loss.pairs:
        raise ValueError(
            f"batch: must be at most the number of frame pairs, {batch_loss.pairs}, got {config.batch}. "
            "Choose a smaller batch, or simulate more runs or frames."
        )
    architecture = model.architecture.unpublished() if isinstance(model, DeepSets) else {}
    made_by = {**config.as_json(), **architecture, **others, "pairs": batch_loss.pairs}
    if processes.count > 1:
        batch_loss = SharedBatchLoss(batch_loss, model, config.batch, processes, made_by)
    is_written = checkpoint_path is not None and processes.is_first
    with ExitStack() as stack:
        steps = stack.enter_context(new_steps(model, batch_loss, config.learning_rate))
        loop = _Loop(model, steps, batch_loss.pairs, config, progress)
        checkpoint = Checkpoint(checkpoint_path or "checkpoint", made_by, model, steps.adam, loop.shuffle)
        history = checkpoint.load(processes.from_first(checkpoint.content() if is_written else None))
        good = _weights(model)
        log = None if log_path is None else stack.enter_context(_log(log_path, history))
        try:
            for epoch in range(len(history.epochs), config.epochs):
                finished = loop.epoch(epoch)
                good = _weights(model)
                history.epochs.append(finished)
                if log is not None:
                    log.write(finished.line())
                    log.flush()
                if is_written:
                    checkpoint.save(history)
                if epoch_done is not None:
                    epoch_done(finished)
        except BaseException:  # Ctrl-C too may come in the middle of a step
            model.load_state_dict(good)
            raise
    return history


class _Loop:
    """What a training does again in every epoch, and what it carries from one to the next: the generator."""

    def __init__(
        self, model: nn.Module, steps: TrainingSteps, pairs: int, config: TrainConfig, progress: Progress | None
    ) -> None:
        self.shuffle = new_generator(config.seed, Stream.SHUFFLE)
        self._model, self._steps, self._pairs, self._config, self._progress = model, steps, pairs, config, progress

    def epoch(self, epoch: int) -> Epoch:
        """Draw every pair once; raises TrainingDivergedError, with the model as the last step left it."""
        config, start = self._config, time.perf_counter()
        steps = self._pairs // config.batch
        slope = negative_slope(epoch, config.epochs, config.final_slope)
        order = torch.randperm(self._pairs, generator=self.shuffle, device="cpu")
        sums = np.zeros(3)  # loss, Loss0, Δh
        for step in range(steps):
            go_on()
            pairs = order[step * config.batch : (step + 1) * config.batch]
            costs = self._steps.take(pairs, negative_slope=slope, penalty=config.penalty)
            if not costs.are_finite:
                wrong = next(cost for cost in costs if not math.isfinite(cost))
                raise _diverged(f"The loss became {wrong}", epoch, step, config)
            sums += costs
            if self._progress is not None:
                self._progress(epoch * steps + step + 1, config.epochs * steps)
        if not all(bool(parameter.isfinite().all()) for parameter in self._model.parameters()):
            # The last step may spoil what no loss has seen yet.
            raise _diverged("The weights ceased to be finite", epoch, steps - 1, config)
        mean_loss, mean_loss0, mean_change = (sums / steps).tolist()
        return Epoch(
            epoch=epoch,
            loss=mean_loss,
            loss0=mean_loss0,
            mean_change=mean_change,
            negative_slope=slope,
            seconds=time.perf_counter() - start,
        )


def _diverged(what: str, epoch: int, step: int, config: TrainConfig) -> TrainingDivergedError:
    return TrainingDivergedError(
        f"{what} at step {step + 1} of epoch {epoch + 1} of {config.epochs}. The model holds the weights it had when "
        f"that epoch began. Lower the learning rate, which was {config.learning_rate:g}.",
        epoch=epoch,
        step=step,
    )


def _name(loss: PairLoss) -> str:
    """What a checkpoint calls a loss."""
    return f"{getattr(loss, '__module__', '')}.{getattr(loss, '__qualname__', type(loss).__qualname__)}"


def _weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def _log(path: Path, history: History) -> TextIO:
    """The log to go on with: a new one, or one that says what the checkpoint says, and no more."""
    if history.epochs:
        write_text(path, "".join(epoch.line() for epoch in history.epochs))
        return path.open("a", encoding="utf-8")
    try:
        return path.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise FileExistsError(
            errno.EEXIST, "log_path: must be a new file; choose another or remove the old one", str(path)
        ) from error
