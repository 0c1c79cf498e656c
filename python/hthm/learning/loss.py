"""Losses: functions of how h changes from one frame, or from one collision, to the next.

h is to rise. In the paper's losses a Δh = h(next frame) − h(frame) below zero costs more than one above zero earns as
soon as the negative slope is below 1. Eq. (14): with h → βh and λ → λ/β they are scaled by β, so λ alone sets the scale
of h. The logistic loss sets it by itself: Δh is the logarithm of odds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from torch.nn import functional

from hthm import checks, published

if TYPE_CHECKING:
    import torch

PairLoss: TypeAlias = "Callable[[torch.Tensor], torch.Tensor]"
"""A loss of one's own: Δh (batch,) of frame pairs to what each costs, (batch,), of which the mean is taken."""


def tilted_loss(change: torch.Tensor, *, negative_slope: float, penalty: float = published.PENALTY) -> torch.Tensor:
    """Mean of leaky_relu(−Δh) plus λ times the mean of (Δh)², eq. (11) of arXiv:2508.14003.

    Parameters
    ----------
    change : (batch,) tensor
        Δh of frame pairs.
    negative_slope : float
        1 − α, what a rise of h by 1 earns; a fall by 1 costs 1.
    penalty : float
        λ.

    Returns
    -------
    () tensor
    """
    return functional.leaky_relu(-change, negative_slope).mean() + penalty * change.square().mean()


def loss0(change: torch.Tensor, *, penalty: float = published.PENALTY) -> torch.Tensor:
    """Minus the mean of Δh plus λ times the mean of (Δh)², eq. (10b) of arXiv:2508.14003: the loss without a tilt.

    Parameters
    ----------
    change : (batch,) tensor
        Δh of frame pairs.
    penalty : float
        λ.

    Returns
    -------
    () tensor
    """
    return penalty * change.square().mean() - change.mean()


def logistic_loss(change: torch.Tensor, *, penalty: float = 0.0) -> torch.Tensor:
    """Mean of ln(1 + exp(−Δh)) plus λ times the mean of (Δh)².

    Parameters
    ----------
    change : (batch,) tensor
        Δh of frame pairs, or of single collisions.
    penalty : float
        λ. Without it, a pair whose order is beyond doubt pulls h ever further apart, though it teaches nothing more.

    Returns
    -------
    () tensor

    Notes
    -----
    Minus the log-likelihood of logistic regression: σ(Δh) = 1 / (1 + exp(−Δh)) is the probability that what came
    second did come second. The best guess has Δh = ln P(forwards) − ln P(backwards), Seif, Hafezi & Jarzynski, Nat.
    Phys. 17, 105 (2021), doi:10.1038/s41567-020-1018-2. Where the dynamics is reversible and conserves volume, as in a
    closed gas of hard disks, a step and its reverse differ only in how often their first state occurs: the best h is
    −ln ρ̄, ρ̄ the density of states over all times of all runs. For disks that are independent it is n times the
    entropy of their velocities, and H falls by 1/n where h rises by 1.
    """
    return functional.softplus(-change).mean() + penalty * change.square().mean()


def negative_slope(epoch: int, epochs: int, final: float = published.FINAL_SLOPE) -> float:
    """Negative slope of an epoch, eq. (12) of arXiv:2508.14003: from 1 in the first to `final` in the last, linearly.

    Parameters
    ----------
    epoch : int
        Counted from 0.
    epochs : int
        Epochs of the training; a training of one epoch has no tilt.
    final : float
        1 − α_final, from 0 to 1. 1 is the untilted loss throughout.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    Examples
    --------
    >>> negative_slope(0, 120), negative_slope(119, 120)
    (1.0, 0.2)
    """
    epochs = checks.integer("epochs", epochs, least=1)
    epoch = checks.integer("epoch", epoch, least=0, most=epochs - 1)
    final = checks.positive("final", final, zero=True, most=1.0)
    if epochs == 1:
        return 1.0
    done = epoch / (epochs - 1)
    return (1.0 - done) + final * done  # both ends exact


def mean_cost(loss: PairLoss, change: torch.Tensor) -> torch.Tensor:
    """Mean of what a user's loss says that pairs cost.

    Parameters
    ----------
    loss : callable
        Δh (batch,) to costs (batch,).
    change : (batch,) tensor
        Δh of frame pairs.

    Returns
    -------
    () tensor

    Raises
    ------
    TypeError, ValueError
        If it returns no tensor, or one of another shape.
    """
    costs = loss(change)
    if not hasattr(costs, "shape"):
        raise TypeError(f"loss: must return a tensor, got {type(costs).__name__}.")
    if costs.shape != change.shape:
        raise ValueError(
            f"loss: must return what each of {len(change)} pairs costs, {tuple(change.shape)}, got "
            f"{tuple(costs.shape)}. Leave the mean to the trainer."
        )
    return costs.mean()
