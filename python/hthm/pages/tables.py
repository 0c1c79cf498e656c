"""Tables 2 and 3: what the trainings came to, and how well a·h + b stands for H, ours beside the published."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.fit import AffineFit, affine_fit, summarize
from hthm.pages import decimals, deviations
from hthm.pages.remarks import ANOTHER_GAS
from hthm.pages.series import Training
from hthm.published import PUBLISHED, RUNS, PublishedTraining

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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

    Returns
    -------
    Training
        With NaN for a, b and mse where h is constant along a run.

    Notes
    -----
    Eqs. (15) and (16) of arXiv:2508.14003.
    """
    fit = fitted_or_nan(h, H)
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


def summary_json(training: Training, H: FloatArray, seconds: float | None) -> dict[str, Any]:  # noqa: N803 -- the paper's symbol
    """One training as results.json holds it; null where there is none.

    Parameters
    ----------
    training : Training
    H : (runs, frames) float64
        What it is fitted to.
    seconds : float, optional
        Of the training; None for given weights.

    Returns
    -------
    dict
    """
    return {
        "seed": training.seed,
        "final_loss": float(training.loss[-1]) if training.has_losses else None,
        "final_loss0": float(training.loss0[-1]) if training.has_losses else None,
        "critical_epoch": training.critical_epoch,
        "seconds": seconds,
        "fit": fit_json(training, H),
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


def fit_json(fit: AffineFit | Training | None, H: FloatArray) -> dict[str, Any] | None:  # noqa: N803 -- the paper's symbol
    """One fit a run as results.json holds it; null where there is none.

    Parameters
    ----------
    fit : AffineFit, Training or None
        None, or all NaN, where h is constant along a run.
    H : (runs, frames) float64
        What was fitted.

    Returns
    -------
    dict or None
        `unexplained` is 1 − R²: the mean MSE beside the mean variance of H along a run; null where H is constant.
    """
    if fit is None or np.isnan(fit.mse).any():
        return None
    mse, a, b = (summarize(values) for values in (fit.mse, fit.a, fit.b))
    variance = float(H.var(axis=1).mean())
    return {
        "mse": {"mean": mse.mean, "sem": _or_none(mse.sem)},
        "a": {"mean": a.mean, "cv": _or_none(a.cv)},
        "b": {"mean": b.mean, "cv": _or_none(b.cv)},
        "unexplained": mse.mean / variance if variance else None,
    }


def fitted_or_nan(h: FloatArray, H: FloatArray) -> AffineFit:  # noqa: N803 -- the paper's symbol
    """Fit H ≈ a·h + b, or return NaN for every run where h is constant along one: a network may have died."""
    nan = np.full(len(H), np.nan)
    return fit_or_none(h, H) or AffineFit(a=nan, b=nan, mse=nan)


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
                        "mse": {"mean": row.mse, "sem": deviations.published_sem(row.mse_variance)},
                        "a": {"mean": row.a, "cv": row.a_cv},
                        "b": {"mean": row.b, "cv": row.b_cv},
                    },
                }
            ]
        }
        for width, row in PUBLISHED.items()
    }


def tables_markdown(trainings: Sequence[Training], H: FloatArray, *, published: str = "published") -> str:  # noqa: N803 -- the paper's symbol
    """Tables 2 and 3 in Markdown, every training beside the published one of its width.

    Parameters
    ----------
    trainings : sequence of Training
        In the order of the rows.
    H : (runs, frames) float64
        What they are fitted to.
    published : str
        How the paper's rows are called: whether they are of the same gas.

    Returns
    -------
    str
    """
    return f"{_table2(trainings, published)}\n{_table3(trainings, H, published)}"


def _table2(trainings: Sequence[Training], label: str) -> str:
    rows: list[tuple[str, float | None, float | None, str, str]] = []
    for training, published in _with_published(trainings):
        width = str(training.width)
        if published is not None:
            epoch = str(published.critical_epoch)
            rows.append((width, published.final_loss, published.final_loss0, epoch, label))
        if training.has_losses:
            critical = "not reached" if training.critical_epoch is None else str(training.critical_epoch)
            rows.append((width, training.loss[-1], training.loss0[-1], critical, f"seed {training.seed}"))
        else:
            rows.append((width, None, None, decimals.NONE, "given weights"))
    widths, loss, loss0, critical_epochs, sources = zip(*rows, strict=True)
    cells = zip(widths, sources, decimals.column(loss), decimals.column(loss0, 4), critical_epochs, strict=True)
    differences = {
        str(width): deviations.of_training(seeds, PUBLISHED[width])
        for width, seeds in deviations.by_width(trainings).items()
        if label != ANOTHER_GAS
    }
    return (
        "## Table 2: trainings\n\n"
        "Means over the batches of the last epoch; the critical epoch is the first whose mean loss is above zero, "
        "counted from 1. Of a single seed no error is known; of several, the difference of their mean from the "
        "published value is given in standard errors (s.e.).\n\n"
        + decimals.table(("D", "training", *TITLES_2), _with_differences(cells, differences), text=2)
    )


def _table3(trainings: Sequence[Training], H: FloatArray, label: str) -> str:  # noqa: N803 -- the paper's symbol
    rows: list[tuple[str, str, list[tuple[float | None, float | None]]]] = []
    variance = float(H.var(axis=1).mean())
    for training, published in _with_published(trainings):
        if published is not None:
            error = deviations.published_sem(published.mse_variance)
            same = published.mse / variance if label == "published" else None  # of another gas H varies otherwise
            values = [
                (published.mse, error),
                (same, None),
                (published.a, deviations.published_sem(published.a_variance)),
            ]
            values += [
                (published.b, deviations.published_sem(published.b_variance)),
                _cv(published.a_cv),
                _cv(published.b_cv),
            ]
            rows.append((str(training.width), label, values))
        source = "given weights" if training.seed is None else f"seed {training.seed}"
        fit = fit_json(training, H)
        if fit is None:
            rows.append((str(training.width), f"{source}: h is constant", [(None, None)] * len(TITLES_3)))
            continue
        mse, a, b = (summarize(each) for each in (training.mse, training.a, training.b))
        values = [(mse.mean, mse.sem), (fit["unexplained"], None), (a.mean, a.sem), (b.mean, b.sem)]
        rows.append((str(training.width), source, [*values, *(_cv(each.cv, len(training.a)) for each in (a, b))]))
    columns = [decimals.column(values) for values in zip(*(values for _, _, values in rows), strict=True)]
    cells = ((width, name, *of) for (width, name, _), of in zip(rows, zip(*columns, strict=True), strict=True))
    differences = {
        str(width): (of["mse"], None, None, None, of["a"], of["b"])
        for width, seeds in deviations.by_width(trainings).items()
        if label != ANOTHER_GAS and (of := deviations.of_fit(seeds, PUBLISHED[width]))
    }
    return (
        "## Table 3: H ≈ a·h + b\n\n"
        "One fit a run; means over the runs with standard errors, and coefficients of variation std/|mean|. 1 − R² is "
        "the MSE beside the variance of H along a run: 1 where h says nothing of H. The scale of h differs from "
        "training to training: compare MSE, 1 − R² and the CVs, not a and b. Differences are ours less the published, "
        "in standard errors (s.e.): of one network over the runs, of several seeds from training to training, which "
        "are larger.\n\n" + decimals.table(("D", "model", *TITLES_3), _with_differences(cells, differences), text=2)
    )


TITLES_2: Final = ("final loss", "final Loss0", "critical epoch")
TITLES_3: Final = ("MSE", "1 − R²", "a", "b", "CV a", "CV b")


def _with_published(trainings: Sequence[Training]) -> Iterable[tuple[Training, PublishedTraining | None]]:
    """Every training, the first of a width with the published row of that width."""
    seen: set[int] = set()
    for training in trainings:
        yield training, None if training.width in seen else PUBLISHED.get(training.width)
        seen.add(training.width)


def _with_differences(
    rows: Iterable[tuple[str, ...]], differences: Mapping[str, Sequence[float | None]]
) -> list[tuple[str, ...]]:
    """Rows that begin with a width, those of a width followed by its deviations, where there are any."""
    rows = list(rows)
    last = {row[0]: number for number, row in enumerate(rows)}
    found = []
    for number, row in enumerate(rows):
        found.append(row)
        values = differences.get(row[0], ())
        if last[row[0]] == number and any(value is not None for value in values):
            said = (deviations.written(value) or decimals.NONE for value in values)
            found.append((row[0], deviations.DIFFERENCE, *said))
    return found


def _cv(cv: float, runs: int = RUNS) -> tuple[float | None, float | None]:
    """A CV with its standard error; a single value has no spread."""
    return (cv, deviations.cv_error(cv, runs)) if runs > 1 else (None, None)


def _column(values: Iterable[float]) -> FloatArray:
    return np.fromiter(values, dtype=np.float64)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
