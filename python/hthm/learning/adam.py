"""Adam: torch's, or the same in compiled code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import numpy as np
import torch
from torch import nn

from hthm import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

Moments: TypeAlias = Mapping[int, Mapping[str, torch.Tensor]]
"""What Adam keeps of every weight, by its number among the model's, under the names that torch gives it."""

_MANY_WEIGHTS: Final = 2**18
"""From so many on, a step of Adam takes long enough for several threads to pay."""


class Adam(Protocol):
    """What a checkpoint needs of either."""

    def moments(self) -> Moments:
        """Return what is kept."""

    def restore(self, moments: Moments) -> None:
        """Go on from what was kept."""


class TorchAdam:
    """Torch's Adam for the weights of a network.

    Parameters
    ----------
    model : nn.Module
        Its floating-point parameters, on a CPU or a CUDA device.
    learning_rate : float
        Of every parameter.
    fused : bool
        Whether to take the variant that takes a step in one call of compiled code a tensor. The plain one makes a dozen
        small operations a tensor of it.
    """

    def __init__(self, model: nn.Module, learning_rate: float, *, fused: bool = True) -> None:
        self._adam = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=fused)
        self._weights = sum(parameter.numel() for parameter in model.parameters())

    def step(self) -> None:
        """Take a step down the gradients of the weights, on one thread where the weights are few, and clear these.

        torch shares out even a handful of weights among its threads, and these wait for each other, spinning: where
        another program has one of the processors, a step takes hundredths of a second in place of some 50 µs.
        """
        threads = torch.get_num_threads()
        if threads == 1 or self._weights > _MANY_WEIGHTS:
            self._adam.step()
        else:
            torch.set_num_threads(1)
            try:
                self._adam.step()
            finally:
                torch.set_num_threads(threads)
        self._adam.zero_grad()

    def set_learning_rate(self, rate: float) -> None:
        """Of all weights, from the next step on."""
        for group in self._adam.param_groups:
            group["lr"] = rate

    def moments(self) -> Moments:
        """See `Adam`."""
        state: Moments = self._adam.state_dict()["state"]
        return state

    def restore(self, moments: Moments) -> None:
        """See `Adam`."""
        self._adam.load_state_dict(self._adam.state_dict() | {"state": moments})


class CompiledAdam:
    """Torch's Adam with ``fused=True`` for float32 weights on a CPU, a step being one call for all of them.

    The bits are torch's on a CPU with FMA, but for what whole vectors leave over of a tensor, where torch fuses another
    product into a sum.

    Attributes
    ----------
    weights, gradient : (weights,) float32
        In the order in which the model lists its parameters, one after the other; zeros, and for whoever computes it.
    """

    def __init__(self, weights: NDArray[np.float32], shapes: list[torch.Size], learning_rate: float) -> None:
        self.weights = weights
        self.gradient = np.zeros_like(weights)
        self._mean, self._square = np.zeros_like(weights), np.zeros_like(weights)
        self._steps = 0
        self._shapes, self._learning_rate = shapes, learning_rate

    def step(self) -> None:
        """Take a step down the gradient."""
        self._steps += 1
        _core.adam_step(self._steps, self._learning_rate, self.gradient, self.weights, self._mean, self._square)

    def set_learning_rate(self, rate: float) -> None:
        """Of all weights, from the next step on."""
        self._learning_rate = rate

    def moments(self) -> Moments:
        """See `Adam`."""
        steps = torch.tensor(float(self._steps), dtype=torch.float32, device="cpu")
        parts = zip(self._parts(self._mean), self._parts(self._square), strict=True)
        return {
            number: {"step": steps, "exp_avg": mean, "exp_avg_sq": square}
            for number, (mean, square) in enumerate(parts)
        }

    def restore(self, moments: Moments) -> None:
        """See `Adam`."""
        for number, (mean, square) in enumerate(zip(self._parts(self._mean), self._parts(self._square), strict=True)):
            kept = moments[number]
            self._steps = int(kept["step"])
            mean.copy_(kept["exp_avg"])
            square.copy_(kept["exp_avg_sq"])

    def _parts(self, of: NDArray[np.float32]) -> list[torch.Tensor]:
        return parts(torch.from_numpy(of), self._shapes)


def parts(numbers: torch.Tensor, shapes: list[torch.Size]) -> list[torch.Tensor]:
    """Return views of numbers (weights,), a tensor of each shape."""
    pieces = torch.split_with_sizes(numbers, [shape.numel() for shape in shapes])
    return [piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True)]


@contextmanager
def compiled_adam(model: nn.Module, learning_rate: float) -> Iterator[CompiledAdam]:
    """Put the weights of a model (float32, on a CPU) into one array while the block runs.

    Parameters
    ----------
    model : nn.Module
        Its parameters are views of the array; afterwards each has memory of its own, as before.
    learning_rate : float
        Of every parameter.

    Yields
    ------
    CompiledAdam
    """
    parameters = list(model.parameters())
    shapes = [parameter.shape for parameter in parameters]
    weights = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
    try:
        for parameter, view in zip(parameters, parts(weights, shapes), strict=True):
            parameter.data = view
        yield CompiledAdam(weights.numpy(), shapes, learning_rate)
    finally:
        for parameter in parameters:
            parameter.data = parameter.data.clone()
