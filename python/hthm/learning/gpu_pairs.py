"""The loss of a batch of frame pairs on a GPU, for `DeepSets` with the paper's layers in float32."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import torch

from hthm.deepsets import DeepSets
from hthm.learning.frame_pairs import TorchBatchLoss
from hthm.learning.recipes import PUBLISHED
from hthm.recording.reading import FramesLike

MOST_WIDTH: Final = 64
"""The widest network that the kernels take: a tile of the next, of 128 units, asks for more memory than a GPU shares
among the warps of a program (328 KB, of 232 on an H200)."""


def takes(model: DeepSets, device: torch.device) -> bool:
    """Whether the kernels can train this model: the paper's, in float32, not too wide, nothing frozen, with Triton."""
    return (
        device.type == "cuda"
        and type(model) is DeepSets  # a subclass may compute something else
        and model.architecture == PUBLISHED
        and model.width <= MOST_WIDTH
        and all(parameter.dtype == torch.float32 and parameter.requires_grad for parameter in model.parameters())
        and find_spec("triton") is not None  # it comes with torch for NVIDIA's GPUs on Linux, and with no other
    )


class GpuBatchLoss(TorchBatchLoss):
    """As plain torch computes it, but for Σφ, which comes from kernels of our own; from there on in float64.

    Parameters
    ----------
    model : DeepSets
        With the paper's layers, in float32, on `device`.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        See `TorchBatchLoss`.
    device : torch.device
        A GPU.
    """

    def __init__(self, model: DeepSets, velocities: FramesLike, device: torch.device) -> None:
        super().__init__(model, velocities, device)
        from hthm.learning.gpu_sums import phi_sums  # noqa: PLC0415 -- Triton is not everywhere

        self._net, self._phi_sums = model, phi_sums

    def _h(self, frames: torch.Tensor) -> torch.Tensor:
        if self._on_device is None:
            velocities = self._gather(frames)
            numbers = torch.arange(len(frames), device=self._device)
        else:
            velocities, numbers = self._on_device, frames.to(self._device)
        sums = self._phi_sums(velocities, numbers, self._net.phi)
        return self._net.of_sums(sums.double(), velocities.shape[1])
