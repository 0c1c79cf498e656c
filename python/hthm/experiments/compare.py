"""Trainings that differ in one choice alone: the tilt of the loss, the architecture, how exact the gradient is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import torch

from hthm.deepsets import evaluate
from hthm.experiments.fits import fit_and_shape
from hthm.experiments.shipped_trainings import Training, train_on_workers
from hthm.experiments.side_by_side import Job
from hthm.experiments.simulation import runs_of, simulated
from hthm.experiments.trainings import together
from hthm.experiments.variants import VARIANTS, training_name
from hthm.h_functional import speed_h_in_range
from hthm.learning.backends import is_compiled
from hthm.pages.remarks import h_json
from hthm.pages.spread import compare_markdown
from hthm.pages.tables import history_json
from hthm.recording.reading import frames_of_runs
from hthm.train import train

if TYPE_CHECKING:
    from hthm.choices.seeds import CompareConfig
    from hthm.experiments.work import Work


def run_compare(work: Work[CompareConfig]) -> None:
    """Train every variant with every width and seed, and write compare.json and compare.md, anew after each training.

    Trainings that the folder holds go on, or are taken as they are.

    Raises
    ------
    OSError
        If a file cannot be written.
    TrainingDivergedError
        If a loss is not finite.
    CheckpointError
        If the folder holds a training of other choices.
    """
    config, folder, stages = work.config, work.folder, work.stages
    held_out = config.held_out
    traj, simulation = runs_of(work)
    other, held_out_simulation = simulated(held_out, held_out.start(), stages)
    (H, _), (other_h, left_out) = (speed_h_in_range(runs, threads=config.threads) for runs in (traj, other))  # noqa: N806 -- the paper's symbol
    results: dict[str, Any] = {
        "compared": config.compared,
        "simulation": simulation,
        "held_out": held_out_simulation,
        "h_itself": {"fit": fit_and_shape(-H, H), "held_out": fit_and_shape(-other_h, other_h)},
        "H": h_json(other_h, config.n, float(left_out.mean())),
        "trainings": [],
        **work.origin(),
    }
    frames = frames_of_runs(traj)  # which the trainings share

    def row_of(key: tuple[int, int, str], training: Training) -> dict[str, Any]:
        width, seed, name = key
        with stages.stage(training.title) as stage:
            model = training.new(*training.arguments)
            history = train(model, frames, training.config, progress=stage.report, checkpoint_path=training.path)
            found = {"fit": fit_and_shape(evaluate(model, traj), H)}
            found["held_out"] = fit_and_shape(evaluate(model, other), other_h)
            stage.found = f"loss {history.final_loss:.3g}, Loss0 {history.final_loss0:.4g}"
        title = VARIANTS[config.compared][name].title
        return {"variant": name, "title": title, "width": width, "seed": seed, **history_json(history), **found}

    trainings = _trainings(work)
    train_on_workers(work, list(trainings.values()), traj)
    jobs = [Job(partial(row_of, key, one), 0) for key, one in trainings.items()]
    with together(work, jobs, compiled=all(map(_is_compiled, trainings.values()))) as rows:
        for row in rows:
            results["trainings"].append(row)
            folder.write_table("compare", results, compare_markdown(results))


def _trainings(work: Work[CompareConfig]) -> dict[tuple[int, int, str], Training]:
    """All trainings by width, seed and variant: a seed of every variant before the next, so that one can compare."""
    config, trainings = work.config, {}
    for width, seed in product(config.widths, config.seeds):
        for name, variant in VARIANTS[config.compared].items():
            path = work.folder.training(training_name(name, width, seed)).checkpoint
            recipe = replace(config.train_config(seed), **variant.changes)
            title = f"{variant.title}, D = {width}, seed {seed}"
            trainings[width, seed, name] = Training(title, variant.new, (config.n, width, seed), recipe, path)
    return trainings


def _is_compiled(training: Training) -> bool:
    config = training.config
    return is_compiled(training.new(*training.arguments), config.backend, torch.device(config.device))
