"""Rows of chaos.json, summed up: means and errors at every size, and the exponents with which differences vanish."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hthm.experiments.chaos import CURVES, FRAMES_EACH, MEASURES, SIDES
from hthm.measures.vanishing import Grouped, exponent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum up the rows that there are.

    Parameters
    ----------
    rows : sequence of mapping
        As `hthm.experiments.chaos.chaos_row` returns them.

    Returns
    -------
    dict
        ``sizes``, one each, with ``size``, ``runs``, and of every measure mean and error of gas, equation, and
        difference; ``curves`` in time; ``turned``, the difference of the control. ``exponents``: of every measure the
        fit to all sizes and those of neighbouring sizes, null where the difference is not seen.
    """
    by_size: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_size.setdefault(row["size"], []).append(row)
    differences = {
        name: [_grouped(of_size, name, "gas", minus="equation") for of_size in by_size.values()] for name in MEASURES
    }
    sizes = [
        {
            "size": size,
            "runs": sum(row["runs"] for row in of_size),
            "measures": {
                name: {side: _plain(_grouped(of_size, name, side)) for side in SIDES}
                | {"difference": _plain(differences[name][number])}
                for name in MEASURES
            },
            "curves": {name: _curve(of_size, name) for name in CURVES},
            "turned": _turned(of_size),
        }
        for number, (size, of_size) in enumerate(by_size.items())
    ]
    return {"sizes": sizes, "exponents": {name: _exponents([*by_size], differences[name]) for name in MEASURES}}


def _grouped(rows: Sequence[Mapping[str, Any]], name: str, side: str, *, minus: str = "") -> Grouped:
    """A measure of one side, or of one side less the other, of all runs of a size."""
    values = np.concatenate([row["values"][name][side] for row in rows])
    if minus:
        values = values - np.concatenate([row["values"][name][minus] for row in rows])
    return Grouped(values, np.concatenate([row["groups"] for row in rows]).astype(np.float64))


def _plain(one: Grouped) -> dict[str, float | None]:
    return {"mean": one.mean, "error": _or_none(one.error)}


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _curve(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, list[float]]:
    """The difference of H in time, with its standard error from the mean square over the runs."""
    runs = np.array([row["runs"] for row in rows])

    def mean(of: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.average([row["curves"][name][of] for row in rows], axis=0, weights=runs)

    difference = mean("gas") - mean("equation")
    spread = np.maximum(mean("squares") - np.square(difference), 0)
    return {
        "times": ((1 + np.arange(len(difference))) / FRAMES_EACH).tolist(),
        "gas": mean("gas").tolist(),
        "difference": difference.tolist(),
        "error": np.sqrt(spread / (runs.sum() - 1)).tolist(),
    }


def _turned(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float | None]] | None:
    turned = next((row["turned"] for row in rows if row["turned"]), None)
    if turned is None:
        return None
    return {name: _plain(_of_runs(turned[name]["gas"], turned[name]["equation"])) for name in CURVES}


def _of_runs(gas: Sequence[float], equation: Sequence[float]) -> Grouped:
    return Grouped(np.array(gas) - np.array(equation), np.ones(len(gas)))


def _exponents(sizes: list[int], measured: list[Grouped]) -> dict[str, Any] | None:
    whole = exponent(sizes, measured) if len(sizes) > 1 else None
    if whole is None:
        return None
    steps = [
        (pair, exponent([sizes[k] for k in pair], [measured[k] for k in pair])) for pair in pairwise(range(len(sizes)))
    ]
    return {
        "exponent": whole.exponent,
        "error": whole.error,
        "amplitude": whole.amplitude,
        "misfit": _or_none(whole.misfit),
        "steps": [
            {"from": sizes[pair[0]], "to": sizes[pair[1]], "exponent": one.exponent, "error": one.error}
            for pair, one in steps
            if one is not None
        ],
    }
