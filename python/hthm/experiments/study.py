"""The whole way of the paper: simulate, measure H, train or take models, fit, and write everything down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hthm.choices.run import RunConfig
from hthm.deepsets import DeepSets, evaluate
from hthm.experiments.frame_rate import count_as_chosen
from hthm.experiments.simulation import recorded, with_error
from hthm.experiments.speeds import speed_distributions
from hthm.experiments.trainings import trained
from hthm.files import write_text
from hthm.h_functional import speed_h_in_range
from hthm.learning.weights import save_weights
from hthm.pages.console import Stages, duration
from hthm.pages.plots import save_figures
from hthm.pages.report import machine_facts, report_html
from hthm.pages.results import ResultsFolder, environment, network_name
from hthm.pages.series import Series
from hthm.pages.tables import fitted, published_json, summary_json, tables_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hthm.arrays import FloatArray
    from hthm.gas import State
    from hthm.learning.history import History
    from hthm.pages.series import Training
    from hthm.trajectories import Trajectories

_SIZES: Final = ("n", "diameter", "runs", "frames", "frame_rate", "epochs", "batch", "learning_rate")
"""Choices without which a result is not comparable with the paper's."""


def run_study(
    config: RunConfig,
    state: State,
    given: Sequence[DeepSets],
    folder: ResultsFolder,
    stages: Stages,
    *,
    resume: bool = False,
) -> None:
    """Go the whole way and write results.json, tables.md, series.h5, models, figures and report.html.

    Parameters
    ----------
    config : RunConfig
        Every choice.
    state : State
        Where the runs start.
    given : sequence of DeepSets
        The networks of `config.weights`; where there are any, none is trained.
    folder : ResultsFolder
        Where everything goes.
    stages : Stages
        Where progress goes.
    resume : bool
        Whether trainings that the folder holds already are taken from there.

    Raises
    ------
    OSError
        If a file cannot be written.
    TrainingDivergedError
        If a loss is not finite.
    """
    traj, simulation = recorded(config, state, stages)
    with stages.stage("Measure H") as stage:
        H, _ = speed_h_in_range(traj, threads=config.threads)  # (runs, frames)  # noqa: N806 -- the paper's symbol
        speeds = speed_distributions(traj, threads=config.threads)
        stage.found = f"{H[:, 0].mean():.3f} in the first frame, {H[:, -1].mean():.3f} in the last"

    with stages.stage(f"Count collisions at {len(config.frame_rates)} frame rates") as stage:
        frame_rates = count_as_chosen(config, state, stage.report)

    trainings: list[Training] = []
    seconds: list[float | None] = []
    for model in given:
        trainings.append(_fit(stages, model, None, None, traj, H))
        save_weights(folder.model(network_name(model.width, None)), model)
        seconds.append(None)
    for width in config.widths if config.trains else ():
        for seed in config.seeds:
            model, history = trained(
                f"Train D = {width}, seed {seed}",
                width,
                traj,
                config.train_config(seed),
                folder.training(network_name(width, seed)),
                stages,
                made_by=config.decisive(),
                resume=resume,
            )
            trainings.append(_fit(stages, model, seed, history, traj, H))
            seconds.append(history.seconds)

    series = Series(
        gas=config.gas, times=traj.times, H=H, trainings=tuple(trainings), frame_rates=frame_rates, speeds=speeds
    )
    models: dict[str, Any] = {}
    for training, took in zip(trainings, seconds, strict=True):
        models.setdefault(str(training.width), {"trainings": []})["trainings"].append(summary_json(training, took))
    results = {
        "simulation": simulation,
        "models": models,
        "published": published_json(),
        "config": config.as_json(),
        "environment": environment(config.threads),
    }
    with stages.stage("Write tables, figures and report") as stage:
        series.save(folder.path / "series.h5")
        folder.write_json("results.json", results)  # first: `hthm figures` makes the rest from these two
        write_products(folder, series, results)
        stage.found = str(folder.path / "report.html")


def write_products(folder: ResultsFolder, series: Series, results: dict[str, Any]) -> None:
    """Write what is drawn from a Series: tables.md, figures, report.html.

    Parameters
    ----------
    folder : ResultsFolder
        Where they go.
    series : Series
        What they show.
    results : dict
        Content of results.json, for the facts at the head of the report.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    tables = tables_markdown(series.trainings)
    write_text(folder.path / "tables.md", tables)
    figures = save_figures(series, folder.figures)
    page = report_html(_facts(results), tables, figures, notes=_notes(results))
    write_text(folder.path / "report.html", page)


def _fit(
    stages: Stages,
    model: DeepSets,
    seed: int | None,
    history: History | None,
    traj: Trajectories,
    H: FloatArray,  # noqa: N803 -- the paper's symbol
) -> Training:
    with stages.stage(f"Fit D = {model.width}") as stage:
        training = fitted(model.width, evaluate(model, traj), H, seed=seed, history=history)
        stage.found = f"MSE {training.mse.mean():.5f}"
    return training


def _facts(results: dict[str, Any]) -> dict[str, str]:
    """What was run, and where, for the head of the report."""
    simulation, config = results["simulation"], results["config"]
    counted = simulation["collisions_per_run"]
    gas = RunConfig(**{name: config[name] for name in ("n", "diameter", "box", "speed")}).gas
    enskog = ""
    if gas.area_fraction < 1:  # beyond, there is no theory of hard disks
        rate = gas.collision_rate * gas.n / 2 * config["frames"] / config["frame_rate"]
        enskog = f" (Enskog at equilibrium: {rate:.1f})"
    return {
        "Gas": f"{gas.n} disks, diameter {gas.diameter:g}, area fraction {gas.area_fraction:.4g}",
        "Start": f"speeds {config['speeds']}, overlaps {config['overlaps']}, seed {simulation['seed']}",
        "Start, SHA-256": simulation["start_sha256"],
        "Simulation": f"{simulation['runs']} runs of {simulation['frames']} frames, {config['frame_rate']:g} per unit "
        f"time, engine {simulation['engine']}, {duration(simulation['seconds'])}",
        "Collisions a run": f"{with_error(counted['mean'], counted['sem'])}{enskog}",
        **machine_facts(results["environment"]),
    }


def _notes(results: dict[str, Any]) -> list[str]:
    """What a reader must know before comparing with the paper."""
    config = RunConfig().as_json()
    differ = [
        f"{name.replace('_', ' ')} {results['config'][name]} (paper: {value})"
        for name, value in config.items()
        if name in _SIZES and results["config"][name] != value
    ]
    return [f"Not the paper's size: {', '.join(differ)}."] if differ else []
