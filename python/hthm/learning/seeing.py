"""What every backend of a training on the arrow of time has, and what it draws: it sees the same of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch

from hthm.learning.recipes import Architecture, ArrowConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def seen(
    velocities: torch.Tensor, n: int, config: ArrowConfig, architecture: Architecture, noise: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Blur the velocities of a run, and divide its disks into blocks.

    Parameters
    ----------
    velocities : (n + changes, 2) tensor
        Of its first state and of every change, box sides per unit time.
    n : int
        Disks.
    config : ArrowConfig
        Which blur, and how many blocks.
    architecture : Architecture
        Of the network: its velocity scale is what the blur is in units of, and its labels are not blurred.
    noise : torch.Generator
        What both are drawn from, the blur first. One of the CPU, wherever the velocities are.

    Returns
    -------
    velocities : (n + changes, 2) tensor
        What the network sees; those that were given where nothing is blurred.
    block : (n,) int64 tensor, or None
        The block of each disk, and their number for those that are left over; None where there is only one.
    """
    if config.blur:
        deviation = config.blur * architecture.velocity_scale
        drawn = torch.randn(velocities.shape, generator=noise, dtype=velocities.dtype, device="cpu")
        if architecture.labels:
            drawn[:, architecture.components - architecture.labels :] = 0
        velocities = velocities + deviation * drawn.to(velocities.device)
    if config.blocks == 1:
        return velocities, None
    order = torch.randperm(n, generator=noise, device="cpu")
    return velocities, (order // (n // config.blocks)).clamp(max=config.blocks).to(velocities.device)


def chosen_terms(config: ArrowConfig, count: int, noise: torch.Generator) -> torch.Tensor | None:
    """Return which terms of a loss count, where an update sees a share of them.

    Parameters
    ----------
    config : ArrowConfig
        Which share.
    count : int
        Terms.
    noise : torch.Generator
        What they are drawn from.

    Returns
    -------
    (chosen,) int64 tensor, or None
        Their numbers; None where all count.
    """
    if config.runs_per_update >= 1:
        return None
    share = max(1, round(config.runs_per_update * count))
    return torch.randperm(count, generator=noise, device="cpu")[:share]


class RunLosses(Protocol):
    """Losses of whole runs, by the network that is trained.

    Attributes
    ----------
    runs, n : int
        Runs, and disks of each.
    steps : list of int
        Of every run.
    """

    runs: int
    n: int
    steps: list[int]

    def loss(self, numbers: Sequence[int], update: int, noise: torch.Generator) -> float:
        """Add the gradient of an update to that of the weights, and return its loss.

        Parameters
        ----------
        numbers : sequence of int
            The runs that it goes through.
        update : int
            Counted from 1.
        noise : torch.Generator
            What blur, blocks and a share of the steps are drawn from.

        Returns
        -------
        float
        """

    def change(self, noise: torch.Generator) -> torch.Tensor:
        """Return Δh of all steps of all runs, and of all blocks, (steps,) float64."""


@runtime_checkable
class FillsRunGradients(Protocol):
    """Losses of runs that know nothing of torch's gradients, as `hthm.learning.fused_runs.FusedRunLosses`."""

    def fill(
        self,
        gradient: NDArray[np.float64],
        weights: NDArray[np.float32],
        numbers: Sequence[int],
        update: int,
        noise: torch.Generator,
    ) -> float:
        """Return the loss of an update for other weights than the model's, and add its gradient to one.

        Parameters
        ----------
        gradient : (weights,) float64
            In the order in which the model lists its parameters, as the next.
        weights : (weights,) float32
            What the loss is computed with.
        numbers, update, noise
            See `RunLosses.loss`.

        Returns
        -------
        float
        """
