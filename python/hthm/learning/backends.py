"""The ways to compute the loss of a batch, and which one a training takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hthm.deepsets import DeepSets
from hthm.learning import fused, gpu_pairs
from hthm.learning.accepted import check_model, components_seen
from hthm.learning.frame_pairs import BatchLoss, TorchBatchLoss, check_velocities
from hthm.learning.fused import FusedBatchLoss
from hthm.learning.gpu_pairs import GpuBatchLoss
from hthm.learning.recipes import Backend
from hthm.recording.reading import FramesLike, frames_of_runs

if TYPE_CHECKING:
    from torch import nn

    from hthm.learning.loss import PairLoss


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


def is_compiled(model: nn.Module, backend: Backend | None, device: torch.device) -> bool:
    """Whether the compiled kernel computes the loss of a model.

    Parameters
    ----------
    model, backend, device
        As `new_batch_loss` takes them.

    Returns
    -------
    bool
    """
    return isinstance(model, DeepSets) and backend != "torch" and fused.takes(model, device)


def new_batch_loss(
    model: nn.Module,
    velocities: FramesLike,
    backend: Backend | None,
    device: torch.device,
    loss: PairLoss | None = None,
) -> BatchLoss:
    """Return the loss of batches of pairs, by the backend that was chosen or by the compiled kernel where it can.

    Parameters
    ----------
    model : nn.Module
        Moved to the device.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time; or states of as many components as the model sees.
    backend : {"fused", "torch"}, optional
        Unless given, the compiled kernel for the networks it takes, and torch for others.
    device : torch.device
        The kernel computes on a CPU only.
    loss : callable, optional
        A loss of one's own, which torch computes.

    Raises
    ------
    TypeError, ValueError
        If the model or the velocities cannot be trained on, or the kernel not train this model on this device.
    """
    frames = frames_of_runs(velocities, components_seen(model))
    check_velocities(frames, check_model(model, to_train=True).dtype)
    if loss is not None and not callable(loss):
        raise TypeError(f"loss: must be a function of Δh, got {type(loss).__name__}.")
    if loss is not None and backend == "fused":
        raise ValueError("backend: must be torch for a loss of your own, got fused. Leave it out.")
    model.to(device)
    if loss is not None:
        return TorchBatchLoss(model, frames, device, loss)
    if isinstance(model, DeepSets) and is_compiled(model, backend, device):
        return FusedBatchLoss(model, frames)
    if isinstance(model, DeepSets) and backend != "torch" and gpu_pairs.takes(model, device):
        return GpuBatchLoss(model, frames, device)
    if backend == "fused":
        raise ValueError(
            f"backend: must be torch for this model on {device}, got fused. The kernel takes DeepSets in float32, at "
            f"most {fused.MOST_WIDTH} wide and without frozen weights, on a CPU.{fused.only_velocities(model)}"
        )
    return TorchBatchLoss(model, frames, device)
