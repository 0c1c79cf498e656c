"""A network without the symmetry of the disks, to compare `DeepSets` with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn

from hthm import checks
from hthm.learning.drawing import untrained
from hthm.learning.recipes import MOST_WIDTH

if TYPE_CHECKING:
    from torch import Tensor


class PlainNetwork(nn.Module):
    """h of all velocities in a row: as deep and as wide as `DeepSets`, but every disk has weights of its own.

    Parameters
    ----------
    disks : int
        n; a frame is a row of 2n numbers.
    width : int
        D, width of all hidden layers.
    device : str or torch.device
        Where its weights are made; they are float32.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a whole number, or out of range.
    """

    components: Final = 2

    def __init__(self, disks: int, width: int, *, device: str | torch.device = "cpu") -> None:
        super().__init__()
        self.disks = checks.integer("disks", disks, least=1)
        self.width = checks.integer("width", width, least=1, most=MOST_WIDTH)

        def linear(inputs: int, outputs: int) -> nn.Linear:
            return nn.Linear(inputs, outputs, device=device, dtype=torch.float32)

        self.layers = nn.Sequential(
            linear(2 * disks, width),
            nn.ReLU(),
            linear(width, width),
            nn.ReLU(),
            linear(width, width),
            nn.ReLU(),
            linear(width, 1),
        )

    def forward(self, velocities: Tensor) -> Tensor:
        """Return h of every frame: (frames, n, 2) -> (frames,)."""
        h: Tensor = self.layers(velocities.flatten(1)).squeeze(-1)  # (frames, 2n) -> (frames, 1) -> (frames,)
        return h


def new_plain_network(disks: int, width: int, seed: int) -> PlainNetwork:
    """Return an untrained network whose weights depend on the seed alone, as `hthm.deepsets.new_model` does.

    Parameters
    ----------
    disks, width : int
        n and D.
    seed : int
        0 or more.

    Returns
    -------
    PlainNetwork

    Raises
    ------
    TypeError, ValueError
        If an argument is not a whole number, or out of range.
    """
    return untrained(lambda: PlainNetwork(disks, width, device="meta"), seed)
