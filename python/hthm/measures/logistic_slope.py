"""The one number of a logistic regression without a constant: how steep odds are in what they are said to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

_HALVINGS: Final = 40


def logistic_slope(changes: FloatArray) -> float | None:
    """Return β of P(+x) / P(−x) = exp(βx), by maximum likelihood of the sign of x given its size.

    Parameters
    ----------
    changes : float64, any shape
        Each x with its sign. Zeros tell nothing.

    Returns
    -------
    float or None
        None where no finite β is best: no x, or every x, is below zero.
    """
    if not ((changes < 0).any() and (changes > 0).any()):
        return None

    def steeper(beta: float) -> bool:
        return float((changes * (1 - np.tanh(beta / 2 * changes))).sum()) > 0  # minus the derivative of the loss

    # The loss is convex in β: its derivative changes sign once.
    low, high = (0.0, 1.0) if steeper(0.0) else (-1.0, 0.0)
    while steeper(high):
        low, high = high, 2 * high
    while not steeper(low):
        low, high = 2 * low, low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if steeper(middle) else (low, middle)
    return (low + high) / 2
