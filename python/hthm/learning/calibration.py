"""Whether the odds that a functional gives for the order of time are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import torch

_HALVINGS: Final = 40


def calibration(change: torch.Tensor) -> float | None:
    """By what factor h would have to be stretched for its odds to be right: 1 for an h of the right slope.

    Parameters
    ----------
    change : (batch,) tensor
        Δh of runs that the training did not see.

    Returns
    -------
    float or None
        β at which the logistic loss of β·Δh is least; None where no finite one is, as with a Δh that never falls.

    Notes
    -----
    Platt scaling with a slope alone, Guo et al., On calibration of modern neural networks (2017). Theory knows the
    slope of an entropy, dH/dh = −1/n; this says whether h has it, and does not look at H.
    """
    change = change.double()
    if not bool((change < 0).any()) or not bool((change > 0).any()):
        return None  # the further it is stretched, the better

    def steeper(beta: float) -> bool:
        return float(((-beta * change).sigmoid() * change).mean()) > 0  # minus the derivative of the loss

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
