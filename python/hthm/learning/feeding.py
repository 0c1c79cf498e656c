"""What a network is fed: velocities cast to its dtype, in which every one of them must have a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

NUMPY_DTYPE: Final = {torch.float32: np.float32, torch.float64: np.float64}
"""What a network of this dtype is fed."""

_AT_A_TIME: Final = 2**17
"""Numbers looked at in one go: within a core's cache, and Ctrl-C comes in between."""


def check_numbers(velocities: FloatArray, dtype: torch.dtype, where: str) -> float:
    """Refuse velocities that are not finite, or become so in the dtype of a network; return the largest magnitude.

    Parameters
    ----------
    velocities : array of float64, C order
        Box sides per unit time, of any shape. Copied nowhere, nor is a mask of them made.
    dtype : torch.dtype
        Of the network, float32 or float64.
    where : str
        What they are part of, for the message.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If one is NaN, infinite or too large.
    """
    numbers, most, largest = velocities.reshape(-1), float(torch.finfo(dtype).max), 0.0
    for first in range(0, len(numbers), _AT_A_TIME):
        piece = numbers[first : first + _AT_A_TIME]
        least, greatest = float(piece.min()), float(piece.max())
        if -most <= least and greatest <= most:  # both are NaN where a number is
            largest = max(largest, -least, greatest)
            continue
        if not np.isfinite(piece).all():
            raise ValueError(f"velocities: must be finite, got NaN or infinity in {where}.")
        raise ValueError(
            f"velocities: must be at most {most:.3g} for a network in {str(dtype).removeprefix('torch.')}, got "
            f"{np.abs(piece).max():.3g} in {where}. Measure lengths and times in units that make speeds about 1."
        )
    return largest


def fed(velocities: FloatArray, like: torch.Tensor) -> torch.Tensor:
    """Return a copy of the velocities in the dtype and on the device of a network's weight."""
    # astype copies, so that torch never sees memory it might warn about, such as a read-only array.
    return torch.from_numpy(velocities.astype(NUMPY_DTYPE[like.dtype])).to(like.device)
