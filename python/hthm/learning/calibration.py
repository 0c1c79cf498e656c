"""Whether the odds that a functional gives for the order of time are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hthm.measures.logistic_slope import logistic_slope

if TYPE_CHECKING:
    import torch


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
    return logistic_slope(change.detach().double().cpu().numpy())
