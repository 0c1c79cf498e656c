"""What a functional is like: how well it stands for H, how often it falls, how it looks early and late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.fit import deviation_correlation
from hthm.pages.tables import fit_json, fit_or_none

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

EARLY: Final = 15
"""Frames in which the steepness at the start is measured: a quarter of a unit of time, half a collision of a disk."""
LATE: Final = 0.5
"""The last share of the frames, in which H has long settled at the paper's state."""


def fit_and_shape(h: FloatArray, H: FloatArray) -> dict[str, Any] | None:  # noqa: N803 -- the paper's symbol
    """The affine fit of H to h, run by run, and what the fitted curves are like.

    Parameters
    ----------
    h, H : (runs, frames) float64
        The functional, trained to rise, and H.

    Returns
    -------
    dict or None
        As JSON can hold it; None where h is constant along a run, and nothing can be fitted.

        falls : float
            Share of the pairs of consecutive frames in which h falls. h stays where no two disks collide.
        late_variance, late_variance_h : float
            Variance of a·h + b, and of H, over the last half of the frames: nats², the mean over the runs.
        steepness : float
            Slope of a·h + b in the first `EARLY` frames beside that of H, both averaged over the runs; 1 is as steep.
    """
    fit = fit_or_none(h, H)
    found = fit_json(fit, H)
    if fit is None or found is None:
        return None
    curve, late = fit(h), round(h.shape[1] * (1 - LATE))
    return {
        **found,
        "falls": float((np.diff(h, axis=1) < 0).mean()),
        "late_variance": float(curve[:, late:].var(axis=1).mean()),
        "late_variance_h": float(H[:, late:].var(axis=1).mean()),
        "steepness": _slope(curve) / _slope(H),
    }


def measured(h: FloatArray, isotropic: FloatArray, H: FloatArray) -> dict[str, Any]:  # noqa: N803 -- the paper's symbol
    """What a functional is worth, as JSON can hold it.

    Parameters
    ----------
    h, isotropic, H : (runs, frames) float64
        The functional, H of the velocities of a gas without a preferred direction, and H of the speeds.

    Returns
    -------
    dict
        Fits H ≈ a·h + b, and correlations over the runs, of both; null where h is constant along a run.
    """
    return {
        "fit": fit_json(fit_or_none(h, H), H),
        "correlation": deviation_correlation(h, H, first=min(5, h.shape[1] - 1)),
        "velocity_fit": fit_json(fit_or_none(h, isotropic), isotropic),
        "velocity_correlation": deviation_correlation(h, isotropic, first=min(5, h.shape[1] - 1)),
    }


def _slope(curves: FloatArray) -> float:
    """Slope of the mean curve in its first frames, by least squares."""
    early = curves[:, :EARLY].mean(axis=0)  # (frames,)
    return float(np.polynomial.Polynomial.fit(np.arange(len(early)), early, 1).convert().coef[1])
