"""Whether H moves at all, beside its own noise: what a fit to it can be worth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hthm import checks
from hthm.arrays import FloatArray


@dataclass(frozen=True, kw_only=True)
class Movement:
    """How far H moves along a run, and how far it wavers.

    Attributes
    ----------
    variance : float
        Of H along a run, the mean over the runs, in nats²: what an MSE is compared with, 1 − R² = MSE / variance.
    signal : float
        Standard deviation over the frames of the mean of H over the runs, less what noise adds to it, in nats.
    noise : float
        Of H of a single run at a frame, in nats: the standard deviation between the runs at the same frame, root mean
        square over the frames. Of a single run, the standard deviation of the plug-in estimate in equilibrium.
    """

    variance: float
    signal: float
    noise: float

    @property
    def moves(self) -> bool:
        """Whether H moves by more than its own noise; where not, there is nothing to fit, and a small MSE says nothing.

        The rule: `signal` is larger than `noise`.
        """
        return self.signal > self.noise


def movement(H: FloatArray, n: int) -> Movement:  # noqa: N803 -- the paper's symbol
    """Compare what H does in time with its noise.

    Parameters
    ----------
    H : (runs, frames) float64
        H of the speeds.
    n : int
        Disks of a run.

    Returns
    -------
    Movement

    Raises
    ------
    TypeError, ValueError
        If H has another dtype, shape or order, or is not finite.

    Notes
    -----
    The mean of R runs wavers with noise²/R, which is taken off the variance of the mean curve. The plug-in estimate of
    −⟨ln p⟩ from n speeds has the variance Var(ln p)/n: (π²/24)/n for Maxwell and Boltzmann's speeds in two dimensions,
    for with u = s²/s0², which is exponential, ln p is (ln u)/2 − u and a constant, and Cov(ln u, u) is 1.
    """
    checks.array("H", H, dtype=np.float64, shape=("runs", "frames"))
    runs = len(H)
    squared = float(H.var(axis=0, ddof=1).mean()) if runs > 1 else math.pi**2 / 24 / n
    of_the_mean = float(H.mean(axis=0).var())
    return Movement(
        variance=float(H.var(axis=1).mean()),
        signal=math.sqrt(max(0.0, of_the_mean - squared / runs)),
        noise=math.sqrt(squared),
    )
