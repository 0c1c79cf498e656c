"""Rows of arrow.json, summed up: what trainings agree on, and where it goes as the gas gets dilute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def summary(rows: Sequence[Mapping[str, Any]], affinity: float) -> dict[str, Any]:
    """Sum up the rows that there are.

    Parameters
    ----------
    rows : sequence of mapping
        As `hthm.experiments.arrow.equilibrium_row` returns them, and others.
    affinity : float
        ln[(σ + δ)/(σ − δ)] of the chiral gas, nats.

    Returns
    -------
    dict
        ``learned``, of each row of the equilibrium ``nats`` and ``atom``, over its trainings: mean f, and half the
        distance of the medians of f of the two senses. ``dilute``, by a straight line to density 0 through two
        densities or more, null with fewer, and the closed form: ``expected``.
    """
    in_equilibrium = [row for row in rows if row["part"] == "equilibrium"]
    spreads = {of: _spreads([row for row in in_equilibrium if bool(row["ratio"]) == of]) for of in (True, False)}
    learned = [
        {"area_fraction": row["area_fraction"], "ratio": row["ratio"], **_learned(row, spreads[bool(row["ratio"])])}
        for row in in_equilibrium
    ]
    chiral = [(row, of) for row, of in zip(in_equilibrium, learned, strict=True) if row["ratio"]]
    ratio = abs(chiral[0][0]["ratio"]) if chiral else 0.0
    affinity = abs(affinity)
    expected = {
        "outer": (1 + ratio) / 2,
        "odds": affinity,
        "at once": 0.0,
        "others": (1 + ratio) / 2,
        "nats": ratio * affinity,
        "atom": affinity,
        "learned nats": ratio * affinity,
        "rate": 1.0,
        "total": ratio * affinity,
    }
    measured = {
        "outer": [row["outer"] for row, _ in chiral],
        "odds": [row["odds"] for row, _ in chiral],
        "at once": [row["at_once"] for row, _ in chiral],
        "others": [row["others"]["outer"] for row, _ in chiral],
        "nats": [row["nats"] for row, _ in chiral],
        "atom": [of["atom"] for _, of in chiral],
        "learned nats": [of["nats"] for _, of in chiral],
        "rate": [row["rate"]["collisions"] for row, _ in chiral],
        "total": [row["rate"]["nats"] for row, _ in chiral],
    }
    densities = [row["area_fraction"] for row, _ in chiral]
    dilute = {name: at_zero(densities, values) for name, values in measured.items()}
    return {"learned": learned, "dilute": dilute, "expected": expected}


def at_zero(densities: Sequence[float], values: Sequence[Mapping[str, float]]) -> dict[str, float] | None:
    """Return a quantity at density 0, by a weighted straight line, with its standard error.

    Parameters
    ----------
    densities : sequence of float
    values : sequence of mapping
        ``mean`` and ``error`` at each.

    Returns
    -------
    dict or None
        ``mean``, ``error`` and ``slope``; None of fewer than two densities.
    """
    if len(densities) < 2:  # noqa: PLR2004 -- a line
        return None
    means, errors = (np.array([value[key] for value in values]) for key in ("mean", "error"))
    design = np.stack([np.ones(len(means)), np.array(densities)], axis=1) / errors[:, np.newaxis]
    covariance = np.linalg.inv(design.T @ design)
    mean, slope = covariance @ design.T @ (means / errors)
    return {"mean": float(mean), "error": float(np.sqrt(covariance[0, 0])), "slope": float(slope)}


def _learned(row: Mapping[str, Any], spreads: tuple[float, float]) -> dict[str, Any]:
    """Means over the trainings of a row; their spread, and that of the runs, make the error."""
    trainings = row["trainings"]
    made = [(np.mean(of), spread / np.sqrt(len(of))) for of, spread in zip(_found(row), spreads, strict=True)]
    errors = (trainings[0]["nats"]["error"], row["odds"]["error"])
    return {
        name: {"mean": float(mean), "error": float(np.hypot(spread, error))}
        for name, (mean, spread), error in zip(("nats", "atom"), made, errors, strict=True)
    }


def _found(row: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Mean f of each training, and half the distance of the medians."""
    medians = [[of["atoms"][name]["quantiles"][2] for name in ("outer", "inner")] for of in row["trainings"]]
    return [of["nats"]["mean"] for of in row["trainings"]], [(outer - inner) / 2 for outer, inner in medians]


def _spreads(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Standard deviations of one training about the mean of its row, over all rows: few trainings have chance ones."""
    free = sum(len(row["trainings"]) - 1 for row in rows)
    squares = [
        sum(float(np.square(np.array(_found(row)[k]) - np.mean(_found(row)[k])).sum()) for row in rows) for k in (0, 1)
    ]
    return (float(np.sqrt(squares[0] / free)), float(np.sqrt(squares[1] / free))) if free else (0.0, 0.0)
