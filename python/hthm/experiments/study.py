"""The whole way of the paper: simulate, measure H, train or take models, fit, and write everything down."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hthm.deepsets import DeepSets, evaluate
from hthm.experiments.boltzmann import beside
from hthm.experiments.frame_rate import count_as_chosen
from hthm.experiments.simulation import runs_of
from hthm.experiments.speeds import speed_distributions, speeds_by_frame
from hthm.experiments.trainings import all_trained
from hthm.h_functional import speed_h_in_range
from hthm.learning.weights import save_weights
from hthm.pages.decimals import number, with_error
from hthm.pages.products import models_json, write_run
from hthm.pages.remarks import h_json, remarks
from hthm.pages.results import network_name
from hthm.pages.series import Series
from hthm.pages.tables import fit_json, fitted, published_json, summary_json
from hthm.pages.viewer_page import played
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.choices.run import RunConfig
    from hthm.experiments.work import Work
    from hthm.learning.history import History
    from hthm.pages.console import Stages
    from hthm.pages.series import Training
    from hthm.recording.store.dataset import Dataset


def run_study(work: Work[RunConfig]) -> None:
    """Go the whole way and write results.json, tables.md, series.h5, models, figures and report.html.

    Where networks are given, none is trained.

    Raises
    ------
    OSError
        If a file cannot be written.
    TrainingDivergedError
        If a loss is not finite.
    """
    config, folder, stages = work.config, work.folder, work.stages
    traj, simulation = runs_of(work)
    with stages.stage("Measure H") as stage:
        H, left_out = speed_h_in_range(traj, threads=config.threads)  # (runs, frames)  # noqa: N806 -- the paper's symbol
        speeds = speed_distributions(traj, threads=config.threads)
        by_frame = speeds_by_frame(traj, threads=config.threads)
        stage.found = f"{H[:, 0].mean():.3f} in the first frame, {H[:, -1].mean():.3f} in the last"

    with stages.stage(f"Count collisions at {len(config.frame_rates)} frame rates") as stage:
        frame_rates = count_as_chosen(config, work.start, stage.report)

    boltzmann, of_boltzmann = beside(traj, H, config.threads, stages)

    of_h = h_json(H, config.n, float(left_out.mean()))
    for line in remarks({"H": of_h}):
        stages.say(line)

    trainings: list[Training] = []
    seconds: list[float | None] = []
    for model in work.given:
        trainings.append(_fit(stages, model, None, None, traj, H))
        save_weights(folder.model(network_name(model.width, None)), model)
        seconds.append(None)
    keys = list(product(config.widths, config.seeds)) if config.trains else []
    with all_trained(work, keys, traj) as found:
        for (_, seed), (model, history) in zip(keys, found, strict=True):
            trainings.append(_fit(stages, model, seed, history, traj, H))
            seconds.append(history.seconds)

    series = Series(
        gas=config.gas,
        times=traj.times,
        H=H,
        trainings=tuple(trainings),
        frame_rates=frame_rates,
        speeds=speeds,
        speeds_by_frame=by_frame,
        boltzmann=boltzmann,
    )
    results = {
        "simulation": simulation,
        "models": models_json(
            (training.width, summary_json(training, H, took)) for training, took in zip(trainings, seconds, strict=True)
        ),
        "published": published_json(),
        "H": of_h,
        "stages": work.stages.seconds(),
        "boltzmann": of_boltzmann,
        **work.origin(),
    }
    with stages.stage("Write tables, figures and report") as stage:
        stage.found = str(write_run(folder, series, results, _played(series, traj, config.threads)))


def _played(series: Series, traj: Trajectories | Dataset, threads: int | None) -> str:
    """The first run as a page plays it, where more of it is known than frames."""
    if isinstance(traj, Trajectories):
        return played(series, traj[:1], threads)
    return "" if traj.recording == "frames" else played(series, traj.load(slice(1)), threads)


def _fit(
    stages: Stages,
    model: DeepSets,
    seed: int | None,
    history: History | None,
    traj: Trajectories | Dataset,
    H: FloatArray,  # noqa: N803 -- the paper's symbol
) -> Training:
    with stages.stage(f"Fit D = {model.width}") as stage:
        training = fitted(model.width, evaluate(model, traj), H, seed=seed, history=history)
        stage.found = _worth(training, H)
    return training


def _worth(training: Training, H: FloatArray) -> str:  # noqa: N803 -- the paper's symbol
    """What a fit came to, in a line."""
    fit = fit_json(training, H)
    if fit is None:
        return "h is constant along a run: nothing to fit"
    return f"MSE {with_error(fit['mse']['mean'], fit['mse']['sem'])}, 1 − R² {number(fit['unexplained'])}"
