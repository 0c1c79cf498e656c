"""An update of a training on the arrow of time: the loss of some runs, and the step of Adam that follows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from hthm.learning.adam import CompiledAdam, TorchAdam, compiled_adam
from hthm.learning.seeing import FillsRunGradients

if TYPE_CHECKING:
    from torch import nn

    from hthm.learning.seeing import RunLosses


class Updates(Protocol):
    """Updates of one training."""

    def take(self, numbers: Sequence[int], update: int, noise: torch.Generator, learning_rate: float) -> float:
        """Return what an update cost, having taken a step of Adam down its loss unless that is not finite.

        Parameters
        ----------
        numbers, update, noise
            See `hthm.learning.seeing.RunLosses.loss`.
        learning_rate : float
            Of this step.

        Returns
        -------
        float
        """


class TorchUpdates:
    """Updates for any model, with torch's Adam; the gradients of the weights are nothing else's."""

    def __init__(self, model: nn.Module, runs: RunLosses) -> None:
        self._adam = TorchAdam(model, 0.0, fused=False)
        model.zero_grad()
        self._runs = runs

    def take(self, numbers: Sequence[int], update: int, noise: torch.Generator, learning_rate: float) -> float:
        """See `Updates`.

        Parameters
        ----------
        numbers, update, noise, learning_rate
            See `Updates`.

        Returns
        -------
        float
        """
        loss = self._runs.loss(numbers, update, noise)
        if math.isfinite(loss):
            self._adam.set_learning_rate(learning_rate)
            self._adam.step()
        return loss


class CompiledUpdates:
    """Updates of which loss, gradient and Adam are compiled code."""

    def __init__(self, adam: CompiledAdam, runs: FillsRunGradients) -> None:
        self._adam, self._runs = adam, runs
        self._gradient = np.zeros(len(adam.weights))

    def take(self, numbers: Sequence[int], update: int, noise: torch.Generator, learning_rate: float) -> float:
        """See `Updates`.

        Parameters
        ----------
        numbers, update, noise, learning_rate
            See `Updates`.

        Returns
        -------
        float
        """
        self._gradient.fill(0)
        loss = self._runs.fill(self._gradient, self._adam.weights, numbers, update, noise)
        if math.isfinite(loss):
            torch.from_numpy(self._adam.gradient).copy_(torch.from_numpy(self._gradient))  # without NumPy's warnings
            self._adam.set_learning_rate(learning_rate)
            self._adam.step()
        return loss


@contextmanager
def new_updates(model: nn.Module, runs: RunLosses) -> Iterator[Updates]:
    """Yield the fastest updates for a model and the losses of its runs, `hthm.learning.arrow.new_run_losses`."""
    if isinstance(runs, FillsRunGradients):
        with compiled_adam(model, 0.0) as adam:
            yield CompiledUpdates(adam, runs)
    else:
        yield TorchUpdates(model, runs)
