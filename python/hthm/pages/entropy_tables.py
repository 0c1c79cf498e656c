"""The tables of a run that learned an entropy."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from hthm import paper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NONE = "–"


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
    rows: list[str] = []
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
    published = [
        f"| published, D = {width}, on the runs of its training | {row.mse:.5f} | {_NONE} | {row.a:.4g} | {_NONE} "
        f"| {_NONE} | {_NONE} | {_NONE} |"
        for width, row in paper.PUBLISHED.items()
    ]
    return (
        "## How well h stands for H\n\n"
        "On held-out runs: H ≈ a·h + b, run by run. r is the correlation, over the runs, of −h and H at the same "
        "frame, the mean over frames 5 to 60: 0 for what knows the time alone. H is the paper's, of the speeds; "
        "Boltzmann's, of the velocities, is H − ⟨ln 2πs⟩ for a gas without a preferred direction. An entropy has "
        f"a = −1/n = {-1 / n:.4g} with no fit. Calibration: by what factor h would have to be stretched for its odds "
        "on the order of time to be right.\n\n"
        "| h | MSE | r | a | MSE, velocities | r, velocities | a, velocities | calibration |\n"
        "|---|---|---|---|---|---|---|---|\n" + "\n".join([*rows, *published]) + "\n"
    )


def _row(title: str, one: Mapping[str, Any], n: int | None) -> str:
    """A row of the table; `n` where a is compared with −1/n."""
    cells = [title]
    for fit, correlation in (("fit", "correlation"), ("velocity_fit", "velocity_correlation")):
        a, r = one[fit]["a"]["mean"], one[correlation]
        cells += [
            f"{one[fit]['mse']['mean']:.5f}",
            _NONE if r is None else f"{r:.3f}",
            f"{a:.4g}" + ("" if n is None else f" = {a * n:.3f}/n"),
        ]
    last = (one.get("looks") or [{}])[-1].get("calibration")
    cells.append(_NONE if last is None else f"{last:.3f}")
    return f"| {' | '.join(cells)} |"


def _median(trainings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Medians of all that a row shows."""

    def of(*keys: str) -> float | None:
        values = []
        for value in trainings:
            found: Any = value
            for key in keys:
                found = found[key]
            values.append(found)
        return None if None in values else statistics.median(values)

    slopes = [one["looks"][-1]["calibration"] for one in trainings]
    return {
        **{
            fit: {"mse": {"mean": of(fit, "mse", "mean")}, "a": {"mean": of(fit, "a", "mean")}}
            for fit in ("fit", "velocity_fit")
        },
        "correlation": of("correlation"),
        "velocity_correlation": of("velocity_correlation"),
        "looks": [{"calibration": None if None in slopes else statistics.median(slopes)}],
    }
