"""The loss of a batch of frame pairs from the compiled kernel, for `DeepSets` of velocities in float32 on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from hthm import _core
from hthm.deepsets import DeepSets
from hthm.learning.recipes import PUBLISHED
from hthm.learning.sharing import kernel_threads, pair_loss
from hthm.recording.reading import FramesLike, frames_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_WIDTH: int = _core.most_width
"""The widest network that the kernel takes."""


def takes(model: DeepSets, device: torch.device) -> bool:
    """Whether the kernel can train this model: the paper's, in float32, not too wide, nothing frozen, on a CPU."""
    return model.architecture == PUBLISHED and device.type == "cpu" and _suits(model)


def takes_runs(model: DeepSets) -> bool:
    """Whether that of `hthm.learning.arrow` can train this model: likewise, but with SiLU, whatever else it is."""
    return model.architecture.activation == "silu" and _suits(model)


def _suits(model: DeepSets) -> bool:
    return (
        type(model) is DeepSets  # a subclass may compute something else
        and model.architecture.sees_velocities
        and model.width <= MOST_WIDTH
        and all(
            parameter.dtype == torch.float32 and parameter.requires_grad and parameter.device.type == "cpu"
            for parameter in model.parameters()
        )
    )


def only_velocities(model: torch.nn.Module) -> str:
    """Return what a message adds where a model sees more of a disk than its velocity, or less; nothing where not."""
    if not isinstance(model, DeepSets) or model.architecture.sees_velocities:
        return ""
    return (
        f" It knows velocities alone, and this model sees {model.components} numbers of a disk, of which "
        f"{model.architecture.labels} are labels: leave the backend out."
    )


def add_gradient(parameters: Sequence[torch.nn.Parameter], gradient: torch.Tensor) -> None:
    """Add parts of a gradient (weights,) to those of the parameters, in their order."""
    parts = torch.split_with_sizes(gradient, [parameter.numel() for parameter in parameters])
    for parameter, part in zip(parameters, parts, strict=True):
        added = part.view_as(parameter)
        parameter.grad = added if parameter.grad is None else parameter.grad.add_(added)


class FusedBatchLoss:
    """Loss and gradient of a batch, exact up to rounding, without the layers ever being in memory.

    Parameters
    ----------
    model : DeepSets
        One that the kernel `takes`.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Encoded once as what changes from frame to frame. Runs of an array in which more than a quarter of the disks do
        are read where they are.

    Notes
    -----
    docs/training.md explains the kernel. As many threads as torch has, `torch.get_num_threads`; the bits do not depend
    on how many.
    """

    def __init__(self, model: DeepSets, velocities: FramesLike) -> None:
        self._width = model.width
        self._parameters = list(model.parameters())  # finding them takes as long as what is done with them
        self._kernel = pair_loss(frames_of(velocities))
        self.pairs = self._kernel.pairs

    def __call__(
        self, pairs: torch.Tensor, *, negative_slope: float, penalty: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss and Δh, both in float64; see `hthm.learning.frame_pairs.BatchLoss`."""
        weights = torch.cat([parameter.detach().reshape(-1) for parameter in self._parameters])
        gradient = torch.empty_like(weights)
        loss, change = self.fill(
            gradient.numpy(), weights.numpy(), pairs.numpy(), negative_slope=negative_slope, penalty=penalty
        )
        add_gradient(self._parameters, gradient)
        return torch.tensor(loss, dtype=torch.float64, device="cpu"), torch.from_numpy(change)

    def fill(
        self,
        gradient: NDArray[np.float32],
        weights: NDArray[np.float32],
        pairs: NDArray[np.int64],
        *,
        negative_slope: float,
        penalty: float,
    ) -> tuple[float, NDArray[np.float64]]:
        """Fill a gradient, and return the loss and Δh, of other weights than the model's.

        Parameters
        ----------
        gradient, weights, pairs, negative_slope, penalty
            See `hthm.learning.steps.FillsGradients`.

        Returns
        -------
        loss : float
        change : (batch,) float64
        """
        change = np.empty(len(pairs))
        loss = self._kernel.loss(
            weights,
            self._width,
            np.ascontiguousarray(pairs),
            negative_slope,
            penalty,
            change,
            gradient,
            kernel_threads(),
        )
        return loss, change
