"""Sums of φ over the frames of a log from the compiled kernel, for a φ like the paper's in float32 on a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import nn

from hthm import _core
from hthm.learning.sharing import kernel_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hthm.arrays import FloatArray, IntArray

MOST_SPEED: Final = 2.0**64
"""Components of a velocity are below this."""

_MOST_WIDTH: Final = 128
"""Tables of wider networks take more memory than their layers: 300 MB at D = 256."""

_SUMS_AT_A_TIME: Final = 2**20
"""Numbers: 8 MB, and some dozen of the paper's runs for threads to share."""


def new_phi_sums(phi: nn.Sequential, rho: nn.Sequential, scale: float) -> PhiSums | None:
    """Return the kernel's sums for a network that it knows, and None for another.

    Parameters
    ----------
    phi, rho : nn.Sequential
        Of a `hthm.deepsets.DeepSets`.
    scale : float
        What velocities are divided by.

    Returns
    -------
    PhiSums or None
    """
    weights = [parameter.detach() for network in (phi, rho) for parameter in network.parameters()]
    width = phi[0].out_features if type(phi[0]) is nn.Linear else 0
    if (
        scale != 1
        or [type(layer) for layer in phi] != [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU]  # a user's own is another φ
        or [weight.shape for weight in weights[:4]] != [(width, 2), (width,), (width, width), (width,)]
        or not all(weight.dtype == torch.float32 and weight.device.type == "cpu" for weight in weights)
        or not 1 <= width <= _MOST_WIDTH
    ):
        return None
    together = torch.cat([weight.reshape(-1) for weight in weights])
    if not torch.isfinite(together).all():
        return None
    return PhiSums(together.numpy(), width)


class PhiSums:
    """Σφ of every frame of logs: φ and its sums in float64, of weights and velocities in float32.

    Parameters
    ----------
    weights : (size,) float32
        Of the whole network, in the order in which it lists its parameters.
    width : int
        D.

    Notes
    -----
    As many threads as torch has, `torch.get_num_threads`; the bits do not depend on how many, nor on the other runs.
    """

    def __init__(self, weights: NDArray[np.float32], width: int) -> None:
        self._kernel, self._width = _core.PhiSums(weights, width), width

    def __call__(
        self, start: FloatArray, offsets: IntArray, pairs: NDArray[np.int32], velocities: FloatArray
    ) -> Iterator[FloatArray]:
        """Go through the runs of a log.

        Parameters
        ----------
        start, offsets, pairs, velocities : (runs, n, 2), (runs, frames + 1), (rows, 2), (rows, 2, 2)
            As `hthm.recording.collision_log.CollisionLog` has them; components of velocities below `MOST_SPEED`.

        Yields
        ------
        (frames, D) float64
            Of one run after the other.
        """
        at_a_time = max(1, _SUMS_AT_A_TIME // (offsets.shape[1] * self._width))
        for first in range(0, len(start), at_a_time):
            runs = slice(first, first + at_a_time)
            yield from self._kernel.of_log(start[runs], offsets[runs], pairs, velocities, kernel_threads())
