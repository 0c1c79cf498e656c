"""How far our numbers are from the published ones, in standard errors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.fit import summarize
from hthm.published import PUBLISHED, RUNS, PublishedTraining

if TYPE_CHECKING:
    from hthm.pages.series import Training

DIFFERENCE: Final = "difference in s.e."
"""What a row of deviations is called."""


def of_training(trainings: Sequence[Training], published: PublishedTraining) -> list[float | None]:
    """Deviations of final loss, final Loss0 and critical epoch from the published ones: ours less theirs.

    Parameters
    ----------
    trainings : sequence of Training
        Seeds of one width. Of a single one no error is known, and all are None.
    published : PublishedTraining

    Returns
    -------
    list of float or None
        Of the mean over the seeds, in the standard error of its difference from another training's.
    """
    with_losses = [training for training in trainings if training.has_losses]
    columns: tuple[list[float | None], ...] = (
        [float(training.loss[-1]) for training in with_losses],
        [float(training.loss0[-1]) for training in with_losses],
        [training.critical_epoch for training in with_losses],
    )
    theirs = (published.final_loss, published.final_loss0, published.critical_epoch)
    return [_of_seeds(values, value) for values, value in zip(columns, theirs, strict=True)]


def of_fit(trainings: Sequence[Training], published: PublishedTraining) -> dict[str, float | None]:
    """Deviations of MSE, CV of a and CV of b from the published ones: ours less theirs.

    Parameters
    ----------
    trainings : sequence of Training
        Networks of one width. Of a single one the errors are those of means over the runs; of several they are the
        spread of the seeds, which is larger.
    published : PublishedTraining

    Returns
    -------
    dict of float or None
        ``mse``, ``a`` and ``b``; None where a network's h is constant, or a single run has no spread.
    """
    if any(np.isnan(training.mse).any() for training in trainings):
        return dict.fromkeys(("mse", "a", "b"))
    theirs = {"mse": published.mse, "a": published.a_cv, "b": published.b_cv}
    if len(trainings) > 1:
        of_seeds = {
            "mse": [summarize(training.mse).mean for training in trainings],
            "a": [summarize(training.a).cv for training in trainings],
            "b": [summarize(training.b).cv for training in trainings],
        }
        return {name: _of_seeds(values, theirs[name]) for name, values in of_seeds.items()}
    (training,) = trainings
    mse, a, b = (summarize(values) for values in (training.mse, training.a, training.b))
    pairs = {
        "mse": (mse.mean, mse.sem, published_sem(published.mse_variance)),
        "a": (a.cv, cv_error(a.cv, len(training.a)), cv_error(published.a_cv)),
        "b": (b.cv, cv_error(b.cv, len(training.b)), cv_error(published.b_cv)),
    }
    return {name: _over(ours - theirs[name], error, other) for name, (ours, error, other) in pairs.items()}


def published_sem(variance: float) -> float:
    """Standard error of a published mean, from the population variance over the runs."""
    return math.sqrt(variance / (RUNS - 1))


def cv_error(cv: float, runs: int = RUNS) -> float:
    """Return the standard error of a CV of normally distributed values, cv √(1/2 + cv²) / √(runs − 1)."""
    return cv * math.sqrt(0.5 + cv**2) / math.sqrt(runs - 1) if runs > 1 else math.nan


def by_width(trainings: Iterable[Training]) -> dict[int, list[Training]]:
    """Networks of the widths that the paper has, in the order of their first."""
    found: dict[int, list[Training]] = {}
    for training in trainings:
        if training.width in PUBLISHED:
            found.setdefault(training.width, []).append(training)
    return found


def written(value: float | None) -> str:
    """A deviation with its sign, and a digit after the point; empty where there is none."""
    if value is None:
        return ""
    return f"{value:+.1f}" if abs(value) < 1e6 else "∞"  # noqa: PLR2004 -- of a spread that is rounding


def _of_seeds(values: Sequence[float | None], theirs: float) -> float | None:
    """Mean of several trainings less the value of another one, in the standard error of this difference."""
    known = [value for value in values if value is not None]
    if len(known) < max(2, len(values)):
        return None
    spread = float(np.std(known, ddof=1))
    return _over(float(np.mean(known)) - theirs, spread, spread / math.sqrt(len(known)))


def _over(difference: float, *errors: float) -> float | None:
    error = math.hypot(*errors)
    return difference / error if math.isfinite(error) and error > 0 else None
