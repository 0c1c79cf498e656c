"""Pairs of consecutive frames, and the loss of a batch of them in plain torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

import torch

from hthm.learning.feeding import check_numbers, fed
from hthm.learning.loss import PairLoss, mean_cost, tilted_loss
from hthm.recording.frames import Frames, components_of
from hthm.recording.reading import FramesLike, frames_of

if TYPE_CHECKING:
    from torch import nn


_SPARE: Final = 4 * 2**30
"""Bytes of a GPU left to the layers of a batch (at D = 64, 512 pairs of 1000 disks, about 2 GiB) and to others."""


class BatchLoss(Protocol):
    """What a backend is: the loss of a batch of pairs, ready for autograd.

    The training loop knows no more of it, and it knows nothing of epochs, of Adam, or of the order of the pairs.
    """

    @property
    def pairs(self) -> int:
        """Number of pairs there are."""

    def __call__(
        self, pairs: torch.Tensor, *, negative_slope: float, penalty: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss of eq. (11) and Δh (batch,), having added the gradients of the loss to those of the model.

        `pairs` is (batch,) int64: pair k of run r has the number r·(frames − 1) + k.
        """


def check_velocities(frames: Frames, dtype: torch.dtype) -> None:
    """Refuse what a network of this dtype cannot be trained on.

    Raises
    ------
    ValueError
        If there are fewer than 2 frames a run, or a number is not finite, or too large for the network's dtype.
    """
    for velocities, where in frames.stored():
        check_numbers(velocities, dtype, where)
    if frames.leading[1] < 2:  # noqa: PLR2004 -- two frames make a pair
        raise ValueError(
            f"velocities: must have at least 2 frames a run, got {frames.leading[1]}. Simulate more frames."
        )


class TorchBatchLoss:
    """The reference: both frames of every pair through the network, the rest left to autograd.

    Parameters
    ----------
    model : nn.Module
        Maps (batch, n, 2) to (batch,), with parameters in float32 or float64 on `device`.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Stays as it is. On a CPU, the frames of a batch are gathered and cast when their turn comes: 24 MB beside the
        layers at the paper's size. On a GPU, one float32 copy lies on the device where it fits (2 GB at the paper's
        size), and else batches travel.
    device : torch.device
    loss : callable, optional
        What pairs cost, in place of eq. (11): see `hthm.learning.loss.PairLoss`.

    Raises
    ------
    MemoryError
        If the frames are in a dataset, and its log does not fit into the available memory.
    """

    def __init__(
        self, model: nn.Module, velocities: FramesLike, device: torch.device, loss: PairLoss | None = None
    ) -> None:
        self._loss = loss
        self._velocities = frames_of(velocities, None)
        runs, self._frames = self._velocities.leading
        n = self._velocities.n
        self.pairs = runs * (self._frames - 1)
        self._model = model
        self._device = device
        self._weight = next(model.parameters())
        # On a CPU the layers of a piece fit into its cache: 2 to 3 times faster than 256 pairs at once.
        self._pairs_at_a_time = max(1, 2**13 // n) if device.type == "cpu" else self.pairs
        self._on_device = self._copy_to_device() if device.type == "cuda" else None
        if self._on_device is None:
            self._velocities.keep()

    def __call__(
        self, pairs: torch.Tensor, *, negative_slope: float, penalty: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss and Δh; see `BatchLoss`."""

        def cost(change: torch.Tensor) -> torch.Tensor:
            if self._loss is not None:
                return mean_cost(self._loss, change)
            return tilted_loss(change, negative_slope=negative_slope, penalty=penalty)

        changes = []
        for piece in pairs.split(self._pairs_at_a_time):  # type: ignore[no-untyped-call]  # torch leaves it untyped
            first = piece + piece // (self._frames - 1)  # a run has one frame more than pairs
            h = self._h(torch.cat([first, first + 1]))
            before, after = h.chunk(2)
            change = after - before
            # The loss is a mean over pairs, so that its gradient is the mean of those of the pieces.
            share = len(piece) / len(pairs)
            (share * cost(change)).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            changes.append(change.detach())
        change = torch.cat(changes)
        return cost(change), change

    def _h(self, frames: torch.Tensor) -> torch.Tensor:
        """Return h of frames by number, (len(frames),)."""
        h: torch.Tensor = self._model(self._gather(frames))
        return h

    def _gather(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames by number, (len(frames), n, components), as the model wants them."""
        if self._on_device is not None:
            return self._on_device[frames.to(self._device)]
        return fed(self._velocities.take(frames.numpy()), self._weight)

    def _copy_to_device(self) -> torch.Tensor | None:
        free, _ = torch.cuda.mem_get_info(self._device)
        shape = (len(self._velocities), self._velocities.n, components_of(self._velocities))
        if math.prod(shape) * self._weight.dtype.itemsize > free - _SPARE:
            return None
        copy = torch.empty(shape, dtype=self._weight.dtype, device=self._device)
        count = max(1, 2**23 // self._velocities.n)
        for first, chunk in self._velocities.chunks(count):  # in pieces: no float32 copy beside the caller's array
            copy[first : first + len(chunk)] = fed(chunk, self._weight)
        return copy
