"""How long a step of a training takes on this machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import torch

from hthm.learning.accepted import check_model
from hthm.learning.own_settings import own_settings
from hthm.learning.steps import new_steps

if TYPE_CHECKING:
    from torch import nn

    from hthm.learning.frame_pairs import BatchLoss
    from hthm.learning.recipes import Backend

_PROBE: Final = 0.05
"""Seconds that are enough to measure a step: some thirty of the compiled kernel."""


class TimedTraining(NamedTuple):
    """Trainings that take equally long."""

    model: nn.Module
    backend: Backend | None
    trainings: int


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
    drawn = torch.Generator(device="cpu").manual_seed(0)
    taken: list[float] = []
    with new_steps(model, batch_loss, 1e-6) as steps:
        while len(taken) < 2 or sum(taken[1:]) < _PROBE:  # noqa: PLR2004 -- the first is slower than all others
            pairs = torch.randint(batch_loss.pairs, (batch,), generator=drawn, dtype=torch.int64, device="cpu")
            start = time.perf_counter()
            steps.take(pairs, negative_slope=1.0, penalty=1.0)
            taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))
