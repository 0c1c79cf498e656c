"""What each choice of the recipe is worth: trainings that differ in one of them, over several seeds."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hthm.choices.ablations import ABLATIONS
from hthm.deepsets import evaluate
from hthm.experiments.fits import measured
from hthm.experiments.shipped_trainings import Learning, Runs, is_learned, learn_on_workers, learned
from hthm.experiments.simulation import simulations
from hthm.experiments.trainings import all_learned
from hthm.h_functional import speed_h_in_range
from hthm.learning.recipes import entropic
from hthm.measures.isotropic import ln_circumference
from hthm.pages.decimals import NONE, number, table
from hthm.pages.remarks import h_json, headed
from hthm.pages.results import network_name
from hthm.recording.frames import Steps

if TYPE_CHECKING:
    from hthm.choices.entropy import AblationConfig
    from hthm.experiments.work import Work
    from hthm.pages.results import ResultsFolder


_KEY: Final = ("seed", "steps", "change", "width")
"""What tells one training from the others, in ablation.json."""
_FOUND: Final = ("title", "calibration", "fit", "correlation", "velocity_fit")
"""What its table shows of each."""


def run_ablation(work: Work[AblationConfig]) -> None:
    """Train every change with every seed, and write ablation.json and ablation.md, anew after each training.

    Raises
    ------
    OSError
        If a file cannot be written.
    ArrowDivergedError
        If a loss is not finite.
    """
    config, folder, stages = work.config, work.folder, work.stages
    (traj, _), (check, _), (held_out, simulation) = simulations(work)
    H, left_out = speed_h_in_range(held_out, threads=config.threads)  # noqa: N806 -- the paper's symbol
    isotropic = H - ln_circumference(held_out)
    results: dict[str, Any] = {
        "simulation": simulation,
        "H": h_json(H, config.n, float(left_out.mean())),
        "trainings": folder.rows("ablation.json", "trainings", (*_KEY, *_FOUND), config) if work.resume else [],
        **work.origin(),
    }
    finished = {tuple(row[name] for name in _KEY) for row in results["trainings"]}
    keys = list(_keys(config))
    learnings = {key: _learning(work, key) for key in keys}
    if work.workers is not None:
        left = [one for key, one in learnings.items() if key not in finished and not is_learned(one)]
        runs = Runs.of(traj, check)
        learn_on_workers(work, ((one, runs) for one in left), len(left))

    def row_of(learning: Learning, key: tuple[int, Steps, str, int]) -> dict[str, Any]:
        with stages.stage(learning.title) as stage:
            model, looks = learned(work, learning, traj, check, stage.report)
            row = {
                **dict(zip(_KEY, key, strict=True)),
                "title": ABLATIONS[key[2]].title,
                "held_out_loss": looks[-1].held_out_loss,
                "calibration": looks[-1].calibration,
                "seconds": looks[-1].seconds,
                **measured(evaluate(model, held_out), isotropic, H),
            }
            fit = row["fit"]
            stage.found = "h is constant along a run" if fit is None else f"MSE {number(fit['mse']['mean'])}"
            return row

    with all_learned(
        work, [(one, partial(row_of, one, key)) for key, one in learnings.items() if key not in finished]
    ) as found:
        for key, learning in learnings.items():
            if key in finished:
                stages.say(f"{learning.title}: finished before")
                continue
            results["trainings"].append(next(found))
            _write(folder, results)
            learning.path.unlink(missing_ok=True)
    if finished.issuperset(keys):  # no training has written it: the choices beside it may be others today
        _write(folder, results)


def _learning(work: Work[AblationConfig], key: tuple[int, Steps, str, int]) -> Learning:
    """One training, by the names in `_KEY`."""
    seed, steps, name, width = key
    ablation, recipe = ABLATIONS[name], work.config.arrow_config(steps, seed)
    narrowed = max(1, round(width * ablation.width))
    training = ablation.training(recipe) if ablation.training else recipe
    architecture = entropic(work.config.speed)
    if ablation.architecture:
        architecture = ablation.architecture(architecture)
    return Learning(
        f"{steps}, D = {narrowed}, seed {seed}: {ablation.title}",
        narrowed,
        seed,
        architecture,
        training,
        work.folder.model(f"{name}-{network_name(width, seed, steps)}"),
        {**work.config.decisive(), "key": list(key)},
        share=ablation.runs,
    )


def _keys(config: AblationConfig) -> Iterator[tuple[int, Steps, str, int]]:
    """What is trained, by the names in `_KEY`: a seed of every change before the next, so that all can be compared."""
    for seed in config.seeds:
        for steps in config.steps:
            for name in config.changes or tuple(ABLATIONS):
                if steps in ABLATIONS[name].steps:
                    for width in config.widths:
                        yield seed, steps, name, width


def _write(folder: ResultsFolder, results: dict[str, Any]) -> None:
    folder.write_table("ablation", results, ablation_markdown(results))


def ablation_markdown(results: Mapping[str, Any]) -> str:
    """Content of ablation.json in Markdown: a row a change, medians over its seeds, with least and most of the MSE.

    Parameters
    ----------
    results : mapping
        As `run_ablation` writes it.

    Returns
    -------
    str
    """
    n = results["config"]["n"]
    groups: dict[tuple[str, int, str], list[Mapping[str, Any]]] = {}
    order = list(ABLATIONS)
    for row in sorted(results["trainings"], key=lambda row: (row["steps"] != "frames", order.index(row["change"]))):
        groups.setdefault((row["steps"], row["width"], row["title"]), []).append(row)
    lines = []
    for (steps, width, title), rows in groups.items():
        fits, of_velocities = ([row[name] for row in rows if row[name]] for name in ("fit", "velocity_fit"))
        mse = [fit["mse"]["mean"] for fit in fits]
        range_ = f"{number(min(mse))} … {number(max(mse))}" if mse else NONE
        lines.append(
            [
                *(steps, title, str(width), str(len(rows)), _median(mse), range_),
                _median(fit.get("unexplained") for fit in fits),
                _median(row["correlation"] for row in rows),
                _median(n * fit["a"]["mean"] for fit in fits),
                _median(fit["mse"]["mean"] for fit in of_velocities),
                _median(fit.get("unexplained") for fit in of_velocities),
                _median(row["calibration"] for row in rows),
            ]
        )
    config = results["config"]
    titles = ("in order", "change", "D", "seeds", "MSE", "least … most", "1 − R²", "r", "a, times n")
    return headed(
        results,
        f"Trained on {config['runs']} runs of {config['training_frames']} frames, {config['updates']} updates; fitted "
        f"on {config['held_out_runs']} held-out runs of {config['frames']} frames. Medians over the seeds; a network "
        "whose h is constant along a run cannot be fitted, and is left out of them.\n\n"
        + table((*titles, "MSE, H of the velocities", "1 − R², H of the velocities", "calibration"), lines, text=2),
    )


def _median(values: Iterable[float | None]) -> str:
    found = [value for value in values if value is not None]
    return number(statistics.median(found)) if found else NONE
