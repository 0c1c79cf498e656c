"""What several trainings of one width came to: mean, spread, and whether the published training lies within."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, Final

from hthm.pages.decimals import NONE, column, number, table, with_error
from hthm.pages.remarks import headed, published_label, published_unexplained
from hthm.published import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

UNROUNDED: Final = "as it is"
"""How tables call runs and H that no rounding has touched."""


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


def _unexplained(runs: str) -> Callable[[Mapping[str, Any]], float | None]:
    def of(training: Mapping[str, Any]) -> float | None:
        fit = training[runs]
        return None if fit is None else fit.get("unexplained")  # tables of an older hthm have none

    return of


QUANTITIES: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], float | None]]]] = {
    "mse": ("MSE", _of_fit("fit", "mse", "mean")),
    "unexplained": ("1 − R²", _unexplained("fit")),
    "a_cv": ("CV a", _of_fit("fit", "a", "cv")),
    "b_cv": ("CV b", _of_fit("fit", "b", "cv")),
    "held_out_mse": ("MSE, held-out runs", _of_fit("held_out", "mse", "mean")),
    "held_out_unexplained": ("1 − R², held-out runs", _unexplained("held_out")),
    "held_out_a_cv": ("CV a, held-out runs", _of_fit("held_out", "a", "cv")),
    "held_out_b_cv": ("CV b, held-out runs", _of_fit("held_out", "b", "cv")),
    "critical_epoch": ("critical epoch", lambda training: training["critical_epoch"]),
    "final_loss": ("final loss", lambda training: training["final_loss"]),
    "final_loss0": ("final Loss0", lambda training: training["final_loss0"]),
}
"""What is compared: its name in the tables, and where a training has it."""
_OF_FITS: Final = ("mse", "unexplained", "a_cv", "b_cv")


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
    return {name: _spread([of(training) for training in trainings]) for name, (_, of) in QUANTITIES.items()}


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
    row = PUBLISHED.get(width)
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
    return headed(results, "\n".join(part for part in parts if part))


def _widths(results: Mapping[str, Any]) -> str:
    rows = []
    for width, model in results["models"].items():
        published: dict[str, float | None] = {**published_values(int(width))}
        if (mse := published.get("mse")) is not None:
            published["unexplained"] = published_unexplained(mse, results)
        for name, (title, _) in QUANTITIES.items():
            spread, theirs = model["spread"].get(name, _spread([])), published.get(name)
            inside = NONE
            if theirs is not None and spread["std"] is not None:
                inside = "yes" if spread["least"] <= theirs <= spread["most"] else "no"
            least, most = column([spread["least"], spread["most"]])
            ours = with_error(spread["mean"], spread["std"])
            rows.append([width, title, number(theirs), ours, f"{least} … {most}", str(spread["trainings"]), inside])
    if not rows:
        return ""
    label = published_label(results.get("config", {}))
    return (
        "## Over the seeds\n\n"
        "Trainings with different seeds on the same runs: their mean, ± the standard deviation between them. 1 − R² is "
        "the MSE beside the variance of H along a run: 1 where h says nothing of H. Inside: whether the published "
        "value, of a single training, lies between our least and most; one more training of ours would with k "
        "trainings by chance lie outside in 2 of k + 1 cases. A critical epoch that was not reached is left out of its "
        "row.\n\n" + table(("D", "", label, "mean", "least … most", "trainings", "inside"), rows, text=2)
    )


def _trainings(results: Mapping[str, Any]) -> str:
    trainings = [(width, one) for width, model in results["models"].items() for one in model["trainings"]]
    if not trainings:
        return ""
    columns = [column([of(one) for _, one in trainings]) for _, of in QUANTITIES.values()]
    rows = [
        [width, f"{one['seed']}", *cells]
        for (width, one), cells in zip(trainings, zip(*columns, strict=True), strict=True)
    ]
    return "## Every training\n\n" + table(("D", "seed", *(title for title, _ in QUANTITIES.values())), rows)


SHAPES: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], float | None]]]] = {
    "mse": ("MSE, runs of the training", QUANTITIES["mse"][1]),
    "unexplained": ("1 − R², runs of the training", QUANTITIES["unexplained"][1]),
    "held_out_mse": ("MSE", QUANTITIES["held_out_mse"][1]),
    "held_out_unexplained": ("1 − R²", QUANTITIES["held_out_unexplained"][1]),
    "held_out_a_cv": ("CV a", QUANTITIES["held_out_a_cv"][1]),
    "falls": ("h falls, % of the frames", _measure("falls", 100.0)),
    "late_variance": ("late variance, times that of H", _late_variance),
    "steepness": ("slope at the start, times that of H", _measure("steepness")),
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
    itself = {"critical_epoch": None, "final_loss0": None, **results["h_itself"]}
    columns = []
    for _, of in SHAPES.values():
        spreads = [_spread([of(one) for one in trainings]) for trainings in kinds.values()]
        columns.append(column([*((spread["mean"], spread["std"]) for spread in spreads), of(itself)]))
    names = [[str(width), title, str(len(trainings))] for (width, title), trainings in kinds.items()]
    names.append([NONE, "−H itself", NONE])
    rows = [[*name, *cells] for name, cells in zip(names, zip(*columns, strict=True), strict=True)]
    config = results["config"]
    return headed(
        results,
        f"Trained on {config['runs']} runs of {config['frames']} frames, {config['epochs']} epochs of batches of "
        f"{config['batch']} pairs; {config['held_out_runs']} held-out runs, on which all is measured unless said. "
        "Mean over the seeds, ± the standard deviation between them. 1 − R² is the MSE beside the variance of H along "
        "a run.\n\n" + table(("D", "", "trainings", *(title for title, _ in SHAPES.values())), rows, text=2),
    )


def _baselines(results: Mapping[str, Any]) -> str:
    named = {**results["baselines"], **_given(results)}
    kinds = [f"{held_out}{name}" for held_out in ("", "held_out_") for name in _OF_FITS]
    rows = [[name, *(_with_sem(fits, kind) for kind in kinds)] for name, fits in named.items()]
    return (
        "## Without learning\n\n"
        "The same fits, H ≈ a·h + b run by run, of functionals that nobody had to learn, and of networks that were "
        "given, with standard errors. The mean of H over the runs that were trained on is the floor: what fluctuates "
        "in a single run.\n\n" + table(("h", *(QUANTITIES[kind][0] for kind in kinds)), rows)
    )


def _with_sem(fits: Mapping[str, Any], kind: str) -> str:
    """A quantity of one fit, with the standard error over the runs where there is one."""
    value = QUANTITIES[kind][1](fits)
    if kind not in {"mse", "held_out_mse"} or value is None:
        return number(value)
    return with_error(value, fits["fit" if kind == "mse" else "held_out"]["mse"]["sem"])


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
                _spread([mine[key]["mean"] / his[key]["mean"] for mine, his in zip(trapped, exact, strict=True)])
                for key in ("mse", "a")
            )
            times = [with_error(spread["mean"], spread["std"], 4) for spread in (mse, a)]
            rows.append([network, name, number(trapped[0]["first_h"], 4), *times])
    if not rows:
        return ""
    return (
        "## Traps\n\n"
        "s0 is the edge between two bins of H, so that rounding moves disks that have not yet collided to another bin. "
        "MSE and a of the fits beside those without rounding, ± the standard deviation between the seeds.\n\n"
        + table(("h", "H", "H in the first frame", "MSE, times", "a, times"), rows, text=2)
    )


def _given(results: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Fits of the given networks, by what the tables call them."""
    return {f"given network, D = {fits['width']}: {fits['weights']}": fits for fits in results["given"]}
