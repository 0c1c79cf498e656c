"""Tables 2 and 3: what the trainings came to, and how well a·h + b stands for H, ours beside the published."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hthm import paper
from hthm.fit import AffineFit, Summary, affine_fit, summarize
from hthm.pages.series import Training

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hthm.arrays import FloatArray
    from hthm.learning.history import History


def fitted(width: int, h: FloatArray, H: FloatArray, *, seed: int | None, history: History | None) -> Training:  # noqa: N803 -- the paper's symbol
    """Fit H to h, run by run, and keep both with the history of the training.

    Parameters
    ----------
    width : int
        D.
    h, H : (runs, frames) float64
        The learned functional and H.
    seed : int, optional
        Of the training; None for given weights.
    history : History, optional
        Of the training; None for given weights.

    Raises
    ------
    ValueError
        If h is constant along a run, or not finite.

    Notes
    -----
    Eqs. (15) and (16) of arXiv:2508.14003.
    """
    fit = affine_fit(h, H)
    epochs = [] if history is None else history.epochs
    return Training(
        width=width,
        seed=seed,
        h=h,
        a=fit.a,
        b=fit.b,
        mse=fit.mse,
        loss=_column(epoch.loss for epoch in epochs),
        loss0=_column(epoch.loss0 for epoch in epochs),
        slope=_column(epoch.negative_slope for epoch in epochs),
        critical_epoch=None if history is None else history.critical_epoch,
    )


def summary_json(training: Training, seconds: float | None) -> dict[str, Any]:
    """One training as results.json holds it; null where there is none."""
    trained = len(training.loss) > 0
    return {
        "seed": training.seed,
        "final_loss": float(training.loss[-1]) if trained else None,
        "final_loss0": float(training.loss0[-1]) if trained else None,
        "critical_epoch": training.critical_epoch,
        "seconds": seconds,
        "fit": fit_json(training),
    }


def history_json(history: History) -> dict[str, Any]:
    """A training as tables.json holds it: what Table 2 says, its seconds, and the losses of every epoch."""
    return {
        "final_loss": history.final_loss,
        "final_loss0": history.final_loss0,
        "critical_epoch": history.critical_epoch,
        "seconds": history.seconds,
        "loss": history.loss.tolist(),
        "loss0": history.loss0.tolist(),
    }


def fit_json(fit: AffineFit | Training) -> dict[str, Any]:
    """One fit a run as results.json holds it; null where there is none."""
    mse, a, b = (summarize(values) for values in (fit.mse, fit.a, fit.b))
    return {
        "mse": {"mean": mse.mean, "sem": _or_none(mse.sem)},
        "a": {"mean": a.mean, "cv": _or_none(a.cv)},
        "b": {"mean": b.mean, "cv": _or_none(b.cv)},
    }


def fit_or_none(h: FloatArray, H: FloatArray) -> AffineFit | None:  # noqa: N803 -- the paper's symbol
    """Fit H ≈ a·h + b, or return None where h is constant along a run.

    A training whose units have all died is a result, and no reason to stop.
    """
    try:
        return affine_fit(h, H)
    except ValueError:
        return None


def published_json() -> dict[str, Any]:
    """The paper's trainings as results.json holds them."""
    return {
        str(width): {
            "trainings": [
                {
                    "final_loss": row.final_loss,
                    "final_loss0": row.final_loss0,
                    "critical_epoch": row.critical_epoch,
                    "fit": {
                        "mse": {"mean": row.mse, "sem": math.sqrt(row.mse_variance / (paper.RUNS - 1))},
                        "a": {"mean": row.a, "cv": row.a_cv},
                        "b": {"mean": row.b, "cv": row.b_cv},
                    },
                }
            ]
        }
        for width, row in paper.PUBLISHED.items()
    }


def tables_markdown(trainings: Sequence[Training]) -> str:
    """Tables 2 and 3 in Markdown, every training beside the published one of its width.

    Parameters
    ----------
    trainings : sequence of Training
        In the order of the rows.

    Returns
    -------
    str
    """
    return f"{_table2(trainings)}\n{_table3(trainings)}"


def _table2(trainings: Sequence[Training]) -> str:
    rows = []
    for training, published in _with_published(trainings):
        if published is not None:
            rows.append(
                f"| {training.width} | {published.final_loss:.3g} | {published.final_loss0:.4g} "
                f"| {published.critical_epoch} | published |"
            )
        if len(training.loss):
            critical = training.critical_epoch if training.critical_epoch is not None else "not reached"
            rows.append(
                f"| {training.width} | {training.loss[-1]:.3g} | {training.loss0[-1]:.4g} | {critical} "
                f"| seed {training.seed} |"
            )
        else:
            rows.append(f"| {training.width} | – | – | – | given weights |")
    return (
        "## Table 2: trainings\n\n"
        "Means over the batches of the last epoch; the critical epoch is the first whose mean loss is above zero, "
        "counted from 1.\n\n"
        "| D | final loss | final Loss0 | critical epoch | training |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _table3(trainings: Sequence[Training]) -> str:
    rows = []
    for training, published in _with_published(trainings):
        if published is not None:
            error = math.sqrt(published.mse_variance / (paper.RUNS - 1))
            rows.append(
                f"| {training.width} | {published.mse:.5f} ± {error:.5f} | {published.a:.4g} | {published.b:.5g} "
                f"| {published.a_cv:.4f} | {published.b_cv:.4f} | published |"
            )
        mse, a, b = (summarize(values) for values in (training.mse, training.a, training.b))
        source = "given weights" if training.seed is None else f"seed {training.seed}"
        rows.append(
            f"| {training.width} | {_with_error(mse, 5)} | {a.mean:.4g} ± {a.sem:.1g} | {b.mean:.5g} ± {b.sem:.1g} "
            f"| {_cv(a, len(training.a))} | {_cv(b, len(training.b))} | {source} |"
        )
    return (
        "## Table 3: H ≈ a·h + b\n\n"
        "One fit a run; means over the runs with standard errors, and coefficients of variation std/|mean|. The scale "
        "of h differs from training to training: compare MSE and the CVs, not a and b.\n\n"
        "| D | MSE | a | b | CV a | CV b | model |\n|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _with_published(trainings: Sequence[Training]) -> Iterable[tuple[Training, paper.PublishedTraining | None]]:
    """Every training, the first of a width with the published row of that width."""
    seen: set[int] = set()
    for training in trainings:
        yield training, None if training.width in seen else paper.PUBLISHED.get(training.width)
        seen.add(training.width)


def _with_error(summary: Summary, digits: int) -> str:
    return f"{summary.mean:.{digits}f} ± {summary.sem:.{digits}f}"


def _cv(summary: Summary, runs: int) -> str:
    """A CV with the standard error that normally distributed values give it, cv √(1/2 + cv²) / √(runs − 1)."""
    if runs < 2:  # noqa: PLR2004 -- a single value has no spread
        return "–"
    error = summary.cv * math.sqrt(0.5 + summary.cv**2) / math.sqrt(runs - 1)
    return f"{summary.cv:.4f} ± {error:.4f}"


def _column(values: Iterable[float]) -> FloatArray:
    return np.fromiter(values, dtype=np.float64)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
