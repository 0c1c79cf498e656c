"""The tables of a run that learned an entropy."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from hthm.pages.decimals import NONE, number, table, with_error
from hthm.pages.remarks import another_gas, published_unexplained
from hthm.published import PUBLISHED, RUNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def entropy_markdown(results: Mapping[str, Any]) -> str:
    """Content of results.json in Markdown.

    Parameters
    ----------
    results : mapping
        As `hthm.experiments.entropy.run_entropy` makes it.

    Returns
    -------
    str
    """
    n = results["config"]["n"]
    rows: list[list[str]] = []
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for width, model in results["models"].items():
        for one in model["trainings"]:
            if one["seed"] is None:
                rows.append(_row(f"D = {width}, given weights", one, n))
                continue
            kinds.setdefault(f"D = {width}, {one['steps']} in order", []).append(one)
            rows.append(_row(f"D = {width}, {one['steps']} in order, seed {one['seed']}", one, n))
    for title, trainings in kinds.items():
        if len(trainings) > 1:
            rows.append(_row(f"{title}, median of {len(trainings)}", _median(trainings), n))
    rows += [_row(name, one, None) for name, one in results["baselines"].items()]
    label = "published, of another gas" if another_gas(results["config"]) else "published"
    for width, row in PUBLISHED.items():
        mse = with_error(row.mse, (row.mse_variance / (RUNS - 1)) ** 0.5)
        a = with_error(row.a, (row.a_variance / (RUNS - 1)) ** 0.5)
        unexplained = number(published_unexplained(row.mse, results))
        rows.append([f"{label}, D = {width}, on the runs of its training", mse, unexplained, NONE, a, *[NONE] * 5])
    titles = ("MSE", "1 − R²", "r", "a")
    return (
        "## How well h stands for H\n\n"
        "On held-out runs: H ≈ a·h + b, run by run, with standard errors. 1 − R² is the MSE beside the variance of H "
        "along a run: 1 where h says nothing of H. r is the correlation, over the runs, of −h and H at the same "
        "frame, the mean over frames 5 to 60: 0 for what knows the time alone. H is the paper's, of the speeds; "
        "Boltzmann's, of the velocities, is H − ⟨ln 2πs⟩ for a gas without a preferred direction. An entropy has "
        f"a = −1/n = {-1 / n:.4g} with no fit. Calibration: by what factor h would have to be stretched for its odds "
        "on the order of time to be right.\n\n"
        + table(("h", *titles, *(f"{title}, velocities" for title in titles), "calibration"), rows)
    )


def _row(title: str, one: Mapping[str, Any], n: int | None) -> list[str]:
    """A row of the table; `n` where a is compared with −1/n."""
    cells = [title]
    for name, correlation in (("fit", "correlation"), ("velocity_fit", "velocity_correlation")):
        fit = one[name]
        if fit is None:  # h is constant along a run
            cells += [NONE] * 4
            continue
        a = fit["a"]["mean"]
        cells += [
            with_error(fit["mse"]["mean"], fit["mse"].get("sem")),
            number(fit.get("unexplained")),
            number(one[correlation]),
            number(a, 4) + ("" if n is None else f" = {a * n:.3f}/n"),
        ]
    cells.append(number((one.get("looks") or [{}])[-1].get("calibration")))
    return cells


def _median(trainings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Medians of all that a row shows."""

    def of(*keys: str) -> float | None:
        values = []
        for value in trainings:
            found: Any = value
            for key in keys:
                found = None if found is None else found.get(key)
            values.append(found)
        return None if None in values else statistics.median(values)

    fits: dict[str, Any] = {
        fit: {
            "mse": {"mean": of(fit, "mse", "mean")},
            "a": {"mean": of(fit, "a", "mean")},
            "unexplained": of(fit, "unexplained"),
        }
        for fit in ("fit", "velocity_fit")
    }
    slopes = [one["looks"][-1]["calibration"] for one in trainings]
    return {
        **{name: None if fit["mse"]["mean"] is None else fit for name, fit in fits.items()},
        "correlation": of("correlation"),
        "velocity_correlation": of("velocity_correlation"),
        "looks": [{"calibration": None if None in slopes else statistics.median(slopes)}],
    }
