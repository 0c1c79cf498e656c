"""A step of a training: what a batch costs, and the step of Adam that follows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

import torch

from hthm.learning.adam import Adam, CompiledAdam, TorchAdam, compiled_adam
from hthm.learning.loss import loss0

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from hthm.learning.frame_pairs import BatchLoss


class Costs(NamedTuple):
    """What a batch cost before the step: the loss of eq. (11), Loss0 of eq. (10b), and the mean of Δh."""

    loss: float
    loss0: float
    mean_change: float

    @property
    def are_finite(self) -> bool:
        """Whether all are: a loss without penalty may hide a Δh that has overflowed."""
        return all(map(math.isfinite, self))


@runtime_checkable
class FillsGradients(Protocol):
    """A loss of batches that knows nothing of torch's gradients, as `hthm.learning.fused.FusedBatchLoss`."""

    def fill(
        self,
        gradient: NDArray[np.float32],
        weights: NDArray[np.float32],
        pairs: NDArray[np.int64],
        *,
        negative_slope: float,
        penalty: float,
    ) -> tuple[float, NDArray[np.float64]]:
        """Fill a gradient, and return the loss of a batch and Δh.

        Parameters
        ----------
        gradient, weights : (weights,) float32
            In the order in which the model lists its parameters; the weights need not be the model's own.
        pairs : (batch,) int64
            By number, as `hthm.learning.frame_pairs.BatchLoss` has them.
        negative_slope, penalty : float
            Of eq. (11).

        Returns
        -------
        loss : float
        change : (batch,) float64
        """


class TrainingSteps(Protocol):
    """Steps of one training.

    Attributes
    ----------
    adam : Adam
        With what it keeps of the weights.
    """

    @property
    def adam(self) -> Adam:
        """What takes the steps."""

    def take(self, pairs: torch.Tensor, *, negative_slope: float, penalty: float) -> Costs:
        """Take a step down the loss of a batch, unless one of its costs is not finite.

        Parameters
        ----------
        pairs : (batch,) int64 tensor
            By number, as `hthm.learning.frame_pairs.BatchLoss` has them.
        negative_slope, penalty : float
            Of eq. (11).

        Returns
        -------
        Costs
        """


class TorchSteps:
    """Steps for any model and loss, with torch's Adam.

    Parameters
    ----------
    model : nn.Module
        On the device that the loss computes on.
    batch_loss : BatchLoss
        Whose gradients nothing else adds to.
    learning_rate : float
        Adam's.
    """

    def __init__(self, model: nn.Module, batch_loss: BatchLoss, learning_rate: float) -> None:
        self.adam = TorchAdam(model, learning_rate)
        model.zero_grad()
        self._batch_loss = batch_loss

    def take(self, pairs: torch.Tensor, *, negative_slope: float, penalty: float) -> Costs:
        """See `TrainingSteps`.

        Parameters
        ----------
        pairs, negative_slope, penalty
            See `TrainingSteps`.

        Returns
        -------
        Costs
        """
        loss, change = self._batch_loss(pairs, negative_slope=negative_slope, penalty=penalty)
        costs = Costs(*torch.stack([loss.detach(), loss0(change, penalty=penalty), change.mean()]).tolist())
        if costs.are_finite:
            self.adam.step()
        return costs


class CompiledSteps:
    """Steps of which loss, gradient and Adam are compiled code: two calls, however small the network."""

    def __init__(self, adam: CompiledAdam, batch_loss: FillsGradients) -> None:
        self.adam = adam
        self._batch_loss = batch_loss

    def take(self, pairs: torch.Tensor, *, negative_slope: float, penalty: float) -> Costs:
        """See `TrainingSteps`.

        Parameters
        ----------
        pairs, negative_slope, penalty
            See `TrainingSteps`.

        Returns
        -------
        Costs
        """
        adam = self.adam
        loss, change = self._batch_loss.fill(
            adam.gradient, adam.weights, pairs.numpy(), negative_slope=negative_slope, penalty=penalty
        )
        mean = float(change.mean())
        costs = Costs(loss, penalty * float(change @ change) / len(change) - mean, mean)
        if costs.are_finite:
            adam.step()
        return costs


@contextmanager
def new_steps(model: nn.Module, batch_loss: BatchLoss, learning_rate: float) -> Iterator[TrainingSteps]:
    """Yield the fastest steps for a model and its loss; the model is to be used within the block, and after it.

    Parameters
    ----------
    model : nn.Module
        The one that the loss is of, on the device that it computes on.
    batch_loss : BatchLoss
        See `hthm.learning.backends.new_batch_loss`.
    learning_rate : float
        Adam's.

    Yields
    ------
    TrainingSteps
    """
    if isinstance(batch_loss, FillsGradients):
        with compiled_adam(model, learning_rate) as adam:
            yield CompiledSteps(adam, batch_loss)
    else:
        yield TorchSteps(model, batch_loss, learning_rate)
