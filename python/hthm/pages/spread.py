"""What several trainings of one width came to: mean, spread, and whether the published training lies within."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any, Final

from hthm import paper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

UNROUNDED: Final = "as it is"
"""How tables call runs and H that no rounding has touched."""

_NONE: Final = "–"
_WITHOUT_BOUND: Final = 1e9
"""A CV beyond is that of a mean which is 0 but for rounding, as b of the mean of H."""


def _of_fit(runs: str, value: str, measure: str) -> Callable[[Mapping[str, Any]], float | None]:
    def of(training: Mapping[str, Any]) -> float | None:
        fit = training[runs]
        return None if fit is None else fit[value][measure]

    return of


def _measure(name: str, factor: float = 1.0) -> Callable[[Mapping[str, Any]], float | None]:
    def of(training: Mapping[str, Any]) -> float | None:
        fit = training["held_out"]
        return None if fit is None else factor * fit[name]

    return of


def _late_variance(training: Mapping[str, Any]) -> float | None:
    fit = training["held_out"]
    return None if fit is None or not fit["late_variance_h"] else fit["late_variance"] / fit["late_variance_h"]


QUANTITIES: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], float | None], str]]] = {
    "mse": ("MSE", _of_fit("fit", "mse", "mean"), ".5f"),
    "a_cv": ("CV a", _of_fit("fit", "a", "cv"), ".3g"),
    "b_cv": ("CV b", _of_fit("fit", "b", "cv"), ".3g"),
    "held_out_mse": ("MSE, held-out runs", _of_fit("held_out", "mse", "mean"), ".5f"),
    "held_out_a_cv": ("CV a, held-out runs", _of_fit("held_out", "a", "cv"), ".3g"),
    "held_out_b_cv": ("CV b, held-out runs", _of_fit("held_out", "b", "cv"), ".3g"),
    "critical_epoch": ("critical epoch", lambda training: training["critical_epoch"], ".4g"),
    "final_loss": ("final loss", lambda training: training["final_loss"], ".3g"),
    "final_loss0": ("final Loss0", lambda training: training["final_loss0"], ".4g"),
}
"""What is compared: its name in the tables, where a training has it, and how it is written."""


def spread_json(trainings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and spread over the trainings of every quantity, as tables.json holds them; null where there is none.

    Parameters
    ----------
    trainings : sequence of mapping
        Of one width, as tables.json holds them.

    Returns
    -------
    dict
        By the names of `QUANTITIES`.
    """
    return {name: _spread([of(training) for training in trainings]) for name, (_, of, _) in QUANTITIES.items()}


def _spread(values: Iterable[float | None]) -> dict[str, Any]:
    found = [value for value in values if value is not None]
    return {
        "trainings": len(found),
        "mean": statistics.fmean(found) if found else None,
        "std": statistics.stdev(found) if len(found) > 1 else None,
        "least": min(found, default=None),
        "most": max(found, default=None),
    }


def published_values(width: int) -> dict[str, float]:
    """The paper's training of this width, by the names of `QUANTITIES`; empty where it has none."""
    row = paper.PUBLISHED.get(width)
    if row is None:
        return {}
    return {
        "mse": row.mse,
        "a_cv": row.a_cv,
        "b_cv": row.b_cv,
        "critical_epoch": row.critical_epoch,
        "final_loss": row.final_loss,
        "final_loss0": row.final_loss0,
    }


def seeds_markdown(results: Mapping[str, Any]) -> str:
    """All of tables.json that a person reads, in Markdown.

    Parameters
    ----------
    results : mapping
        Content of tables.json, complete or as far as it goes.

    Returns
    -------
    str
    """
    parts = [_widths(results), _trainings(results), _baselines(results), _traps(results)]
    return "\n".join(part for part in parts if part)


def _widths(results: Mapping[str, Any]) -> str:
    rows = []
    for width, model in results["models"].items():
        published = published_values(int(width))
        for name, (title, _, form) in QUANTITIES.items():
            spread, theirs = model["spread"][name], published.get(name)
            inside = _NONE
            if theirs is not None and spread["std"] is not None:
                inside = "yes" if spread["least"] <= theirs <= spread["most"] else "no"
            rows.append(
                f"| {width} | {title} | {_written(theirs, form)} | {_written(spread['mean'], form)} "
                f"| {_written(spread['std'], '.2g')} | {_written(spread['least'], form)} … "
                f"{_written(spread['most'], form)} | {spread['trainings']} | {inside} |"
            )
    if not rows:
        return ""
    return (
        "## Over the seeds\n\n"
        "Trainings with different seeds on the same runs. Inside: whether the published value, of a single training, "
        "lies between our least and most; one more training of ours would with k trainings by chance lie outside in "
        "2 of k + 1 cases. A critical epoch that was not reached is left out of its row.\n\n"
        "| D | | published | mean | std | least … most | trainings | inside |\n|---|---|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _trainings(results: Mapping[str, Any]) -> str:
    rows = []
    for width, model in results["models"].items():
        for training in model["trainings"]:
            values = " | ".join(_written(of(training), form) for _, of, form in QUANTITIES.values())
            rows.append(f"| {width} | {training['seed']} | {values} |")
    if not rows:
        return ""
    titles = " | ".join(title for title, _, _ in QUANTITIES.values())
    return (
        f"## Every training\n\n| D | seed | {titles} |\n|---|---|{'---|' * len(QUANTITIES)}\n" + "\n".join(rows) + "\n"
    )


SHAPES: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], float | None], str]]] = {
    "mse": ("MSE, runs of the training", *QUANTITIES["mse"][1:]),
    "held_out_mse": ("MSE", *QUANTITIES["held_out_mse"][1:]),
    "held_out_a_cv": ("CV a", *QUANTITIES["held_out_a_cv"][1:]),
    "falls": ("h falls, % of the frames", _measure("falls", 100.0), ".3g"),
    "late_variance": ("late variance, times that of H", _late_variance, ".3g"),
    "steepness": ("slope at the start, times that of H", _measure("steepness"), ".3f"),
    "critical_epoch": QUANTITIES["critical_epoch"],
    "final_loss0": QUANTITIES["final_loss0"],
}
"""What `hthm compare` shows of every training."""


def compare_markdown(results: Mapping[str, Any]) -> str:
    """Content of compare.json in Markdown: a row a kind of training, mean and spread over its seeds.

    Parameters
    ----------
    results : mapping
        Content of compare.json, complete or as far as it goes.

    Returns
    -------
    str
    """
    kinds: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for training in results["trainings"]:
        kinds.setdefault((training["width"], training["title"]), []).append(training)
    rows = []
    for (width, title), trainings in kinds.items():
        cells = [_mean_and_spread([of(one) for one in trainings], form) for _, of, form in SHAPES.values()]
        rows.append(f"| {width} | {title} | {len(trainings)} | {' | '.join(cells)} |")
    itself = {"critical_epoch": None, "final_loss0": None, **results["h_itself"]}
    cells = [_written(of(itself), form) for _, of, form in SHAPES.values()]
    rows.append(f"| {_NONE} | −H itself | {_NONE} | {' | '.join(cells)} |")
    config = results["config"]
    titles = " | ".join(title for title, _, _ in SHAPES.values())
    return (
        f"Trained on {config['runs']} runs of {config['frames']} frames, {config['epochs']} epochs of batches of "
        f"{config['batch']} pairs; {config['held_out_runs']} held-out runs, on which all is measured unless said. "
        "Mean over the seeds, ± the standard deviation between them.\n\n"
        f"| D | | trainings | {titles} |\n|---|---|---|{'---|' * len(SHAPES)}\n" + "\n".join(rows) + "\n"
    )


def _mean_and_spread(values: Iterable[float | None], form: str) -> str:
    spread = _spread(values)
    mean = _written(spread["mean"], form)
    return mean if spread["std"] is None else f"{mean} ± {_written(spread['std'], '.2g')}"


def _baselines(results: Mapping[str, Any]) -> str:
    rows = []
    for name, fits in {**results["baselines"], **_given(results)}.items():
        cells = [
            _written(of(fits), form)
            for key, (_, of, form) in QUANTITIES.items()
            if key.endswith(("mse", "a_cv", "b_cv"))
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return (
        "## Without learning\n\n"
        "The same fits, H ≈ a·h + b run by run, of functionals that nobody had to learn, and of networks that were "
        "given. The mean of H over the runs that were trained on is the floor: what fluctuates in a single run.\n\n"
        "| h | MSE | CV a | CV b | MSE, held-out runs | CV a, held-out runs | CV b, held-out runs |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _traps(results: Mapping[str, Any]) -> str:
    networks: dict[str, list[Mapping[str, Any]]] = {
        f"D = {width}": [one["traps"] for one in model["trainings"] if one["traps"]]
        for width, model in results["models"].items()
    }
    networks |= {name: [fits["traps"]] for name, fits in _given(results).items() if fits["traps"]}
    rows = []
    for network, traps in networks.items():
        for name in traps[0] if traps else ():
            exact, trapped = ([one[kind] for one in traps] for kind in (UNROUNDED, name))
            mse, a = (
                _mean_and_spread(
                    [mine[key]["mean"] / his[key]["mean"] for mine, his in zip(trapped, exact, strict=True)], ".3f"
                )
                for key in ("mse", "a")
            )
            rows.append(f"| {network} | {name} | {trapped[0]['first_h']:.3f} | {mse} | {a} |")
    if not rows:
        return ""
    return (
        "## Traps\n\n"
        "s0 is the edge between two bins of H, so that rounding moves disks that have not yet collided to another bin. "
        "MSE and a of the fits beside those without rounding, ± the standard deviation between the seeds.\n\n"
        "| h | H | H in the first frame | MSE, times | a, times |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _given(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Fits of the given networks, by what the tables call them."""
    return {f"given network, D = {fits['width']}: {fits['weights']}": fits for fits in results["given"]}


def _written(value: float | None, form: str) -> str:
    if value is None or math.isnan(value):
        return _NONE
    return "∞" if value > _WITHOUT_BOUND else f"{value:{form}}"
