"""The ways to compute the loss of a batch, and which one a training takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch

from hthm.deepsets import DeepSets
from hthm.learning import fused
from hthm.learning.accepted import check_model
from hthm.learning.frame_pairs import BatchLoss, TorchBatchLoss, check_velocities
from hthm.learning.fused import FusedBatchLoss
from hthm.learning.own_settings import own_settings
from hthm.learning.recipes import Backend
from hthm.recording.reading import FramesLike, frames_of_runs

if TYPE_CHECKING:
    from torch import nn


_PROBE: Final = 0.2
"""Seconds that are enough to measure a step."""


_MANY_WEIGHTS: Final = 2**18
"""From so many on, a step of Adam takes long enough for several threads to pay."""


class TimedTraining(NamedTuple):
    """Trainings that take equally long."""

    model: nn.Module
    backend: Backend | None
    trainings: int


def checked_device(name: str) -> torch.device:
    """Return the device of this name.

    Raises
    ------
    ValueError
        If this machine has no such GPU.
    """
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device: must be one that this machine has, got {name!r} where torch sees {torch.cuda.device_count()} "
            "GPUs. Use device='cpu', or a torch built for this GPU."
        )
    return device


def new_batch_loss(
    model: nn.Module, velocities: FramesLike, backend: Backend | None, device: torch.device
) -> BatchLoss:
    """Return the loss of batches of pairs, by the backend that was chosen or by the compiled kernel where it can.

    Parameters
    ----------
    model : nn.Module
        Moved to the device.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time.
    backend : {"fused", "torch"}, optional
        The choice.
    device : torch.device
        Where to compute.

    Raises
    ------
    TypeError, ValueError
        If the model or the velocities cannot be trained on, or the kernel not train this model on this device.
    """
    frames = frames_of_runs(velocities)
    check_velocities(frames, check_model(model, to_train=True).dtype)
    model.to(device)
    if isinstance(model, DeepSets) and backend != "torch" and fused.takes(model, device):
        return FusedBatchLoss(model, frames)
    if backend == "fused":
        raise ValueError(
            f"backend: must be torch for this model on {device}, got fused. The kernel takes DeepSets in float32, at "
            f"most {fused.MOST_WIDTH} wide and without frozen weights, on a CPU."
        )
    return TorchBatchLoss(model, frames, device)


def new_adam(model: nn.Module, learning_rate: float) -> torch.optim.Adam:
    """Return torch's Adam for the weights of a network.

    Parameters
    ----------
    model : nn.Module
        Its floating-point parameters, on a CPU or a CUDA device.
    learning_rate : float
        Of every parameter.

    Returns
    -------
    torch.optim.Adam
        In the variant that takes a step in one call of compiled code a tensor. The plain one, a dozen small operations
        a tensor, takes as long as a quarter of the compiled kernel at D = 16.
    """
    return torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)


def take_step(adam: torch.optim.Adam) -> None:
    """Take a step of Adam, on one thread where the weights are few.

    torch shares out even a handful of weights among its threads, and these wait for each other, spinning: where another
    program has one of the processors, a step takes hundredths of a second in place of some 50 µs.
    """
    threads = torch.get_num_threads()
    weights = sum(parameter.numel() for group in adam.param_groups for parameter in group["params"])
    if threads == 1 or weights > _MANY_WEIGHTS:
        adam.step()
        return
    torch.set_num_threads(1)
    try:
        adam.step()
    finally:
        torch.set_num_threads(threads)


def step_seconds(model: nn.Module, batch_loss: BatchLoss, batch: int) -> float:
    """How long one step of a training takes, Adam included, in seconds; the model is trained a little.

    Parameters
    ----------
    model : nn.Module
        The one that the loss is of.
    batch_loss : BatchLoss
        Pairs are drawn repeatedly, so few frames are enough.
    batch : int
        Pairs a step.

    Returns
    -------
    float
        The median of a few steps.
    """
    with own_settings(check_model(model, to_train=True).device):
        return _step_seconds(model, batch_loss, batch)


def _step_seconds(model: nn.Module, batch_loss: BatchLoss, batch: int) -> float:
    adam = new_adam(model, 1e-6)
    drawn = torch.Generator(device="cpu").manual_seed(0)
    taken: list[float] = []
    while len(taken) < 2 or sum(taken[1:]) < _PROBE:  # noqa: PLR2004 -- the first is slower than all others
        pairs = torch.randint(batch_loss.pairs, (batch,), generator=drawn, dtype=torch.int64, device="cpu")
        start = time.perf_counter()
        adam.zero_grad()
        batch_loss(pairs, negative_slope=1.0, penalty=1.0)[1].sum().item()
        take_step(adam)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))
