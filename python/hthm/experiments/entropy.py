"""A learned entropy: networks that put frames, or collisions, in order, and how well −h stands for H."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.deepsets import DeepSets, evaluate
from hthm.experiments.boltzmann import beside
from hthm.experiments.fits import measured
from hthm.experiments.frame_rate import count_as_chosen
from hthm.experiments.simulation import simulations
from hthm.experiments.speeds import speed_distributions, speeds_by_frame
from hthm.experiments.trainings import all_put_in_order
from hthm.h_functional import speed_h_in_range
from hthm.learning.weights import save_weights
from hthm.measures.baselines import clock, ensemble_mean, speed_statistics
from hthm.measures.isotropic import ln_circumference
from hthm.pages.products import models_json, write_run
from hthm.pages.remarks import h_json
from hthm.pages.results import network_name
from hthm.pages.series import Series, Training
from hthm.pages.tables import fitted_or_nan, published_json
from hthm.pages.viewer_page import played

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hthm.arrays import FloatArray
    from hthm.choices.entropy import EntropyConfig
    from hthm.experiments.work import Work
    from hthm.learning.arrow import Look
    from hthm.trajectories import Trajectories

CLOCK: Final = 25.0
"""Decay of the clock among the baselines, in frames: near the best."""


def run_entropy(work: Work[EntropyConfig]) -> None:
    """Train, fit on held-out runs, and write results.json, tables.md, series.h5, models, figures and report.html.

    Raises
    ------
    OSError
        If a file cannot be written.
    ArrowDivergedError
        If a loss is not finite.
    """
    config, folder, stages = work.config, work.folder, work.stages
    (traj, training_simulation), (check, _), (held_out, simulation) = simulations(work)
    with stages.stage("Measure H, fit baselines and given networks") as stage:
        H, left_out = speed_h_in_range(held_out, threads=config.threads)  # (runs, frames)  # noqa: N806 -- the paper's symbol
        isotropic = H - ln_circumference(held_out)
        baselines = _baselines(held_out, H, isotropic, speed_h_in_range(traj, threads=config.threads).h)
        trainings = [_training(model, None, held_out, H) for model in work.given]
        rows = [_row(training, isotropic, H) for training in trainings]
        stage.found = f"{H[:, 0].mean():.3f} in the first frame, {H[:, -1].mean():.3f} in the last"
    boltzmann, of_boltzmann = beside(held_out, H, config.threads, stages)
    for model in work.given:
        save_weights(folder.model(network_name(model.width, None)), model)
    keys = list(product(config.widths, config.seeds, config.steps))
    with all_put_in_order(work, keys, traj, check) as found:
        for (_, seed, steps), (model, looks) in zip(keys, found, strict=True):
            training = _training(model, seed, held_out, H, steps)
            trainings.append(training)
            rows.append(_row(training, isotropic, H) | _history(looks))
    with stages.stage("Write tables, figures and report") as stage:
        series = Series(
            gas=config.gas,
            times=held_out.times,
            H=H,
            trainings=tuple(trainings),
            frame_rates=count_as_chosen(config, held_out.initial),
            speeds=speed_distributions(held_out, threads=config.threads),
            speeds_by_frame=speeds_by_frame(held_out, threads=config.threads),
            boltzmann=boltzmann,
        )
        results = {
            "simulation": simulation,
            "training_simulation": training_simulation,
            "models": models_json((training.width, row) for training, row in zip(trainings, rows, strict=True)),
            "baselines": baselines,
            "published": published_json(),
            "H": h_json(H, config.n, float(left_out.mean())),
            "stages": work.stages.seconds(),
            "boltzmann": of_boltzmann,
            **work.origin(),
        }
        stage.found = str(write_run(folder, series, results, played(series, held_out[:1], config.threads)))


def _training(
    model: DeepSets,
    seed: int | None,
    held_out: Trajectories,
    H: FloatArray,  # noqa: N803 -- the paper's symbol
    steps: str = "",
) -> Training:
    h, none = evaluate(model, held_out), np.empty(0)
    fit = fitted_or_nan(h, H)
    return Training(model.width, seed, h, fit.a, fit.b, fit.mse, none, none, none, None, steps)


def _row(training: Training, isotropic: FloatArray, H: FloatArray) -> dict[str, Any]:  # noqa: N803 -- the paper's symbol
    """One network as results.json holds it, before its training is added."""
    return {
        "seed": training.seed,
        "steps": training.steps or None,
        "final_loss": None,
        "final_loss0": None,
        "critical_epoch": None,
        "seconds": None,
        **measured(training.h, isotropic, H),
    }


def _history(looks: Sequence[Look]) -> dict[str, Any]:
    last = looks[-1]
    return {"final_loss": last.loss, "seconds": last.seconds, "looks": [asdict(look) for look in looks]}


def _baselines(
    held_out: Trajectories,
    H: FloatArray,  # noqa: N803 -- the paper's symbol
    isotropic: FloatArray,
    training_h: FloatArray,
) -> dict[str, Any]:
    """The same measures of functionals that nobody had to learn."""
    runs, frames = H.shape
    functionals = {
        "−H of the velocities, from that of the speeds": -isotropic,
        f"−exp(−t / {CLOCK:g} frames)": -clock(runs, frames, CLOCK),
        **{name: values for name, values in speed_statistics(held_out).items() if name in {"speed", "kurtosis"}},
    }
    if training_h.shape[1] >= frames:
        functionals["−mean of H over the training runs"] = -ensemble_mean(training_h)[:1, :frames].repeat(runs, axis=0)
    return {name: measured(h, isotropic, H) for name, h in functionals.items()}
