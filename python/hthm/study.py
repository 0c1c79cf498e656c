"""The whole way of the paper: simulate, measure H, train or take models, fit, and write everything down."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hthm.backends import checked_device, new_batch_loss, step_seconds
from hthm.config import RunConfig
from hthm.console import Stages, duration
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.experiments.frame_rate import count_collisions, exact_start
from hthm.experiments.speeds import speed_distributions
from hthm.experiments.tables import fitted, published_json, summary_json, tables_markdown
from hthm.files import write_text
from hthm.h_functional import speed_h
from hthm.history import History, read_history
from hthm.plots import save_figures
from hthm.report import report_html
from hthm.results import ResultsFolder, environment
from hthm.series import Series
from hthm.simulate import simulate
from hthm.train import train
from hthm.weights import WeightsError, load_configuration, load_weights, save_weights

if TYPE_CHECKING:
    from hthm.gas import FloatArray, State
    from hthm.series import Training
    from hthm.trajectories import Trajectories

_SIZES: Final = ("n", "diameter", "runs", "frames", "frame_rate", "epochs", "batch", "learning_rate")
"""Choices without which a result is not comparable with the paper's."""


def expected_seconds(config: RunConfig) -> dict[str, float]:
    """Measure this machine for a moment, and return how long each part of a run is likely to take.

    Parameters
    ----------
    config : RunConfig
        The run.

    Returns
    -------
    dict
        Seconds of "simulation" and "training".
    """
    state = config.gas.sample(2, config.seed, overlaps=config.overlaps, speeds=config.speeds)
    frames = max(2, min(40, 80_000 // config.n))

    def simulated() -> Trajectories:
        return simulate(state, frames, config.dt, engine=config.engine, threads=config.threads)

    traj = simulated()
    steps = config.runs * config.frames + config.rate_runs * sum(config.frame_rates) * config.frames * config.dt
    seconds = {"simulation": _seconds(simulated) / (2 * frames) * steps, "training": 0.0}
    steps_of_training = config.runs * (config.frames - 1) // config.batch * config.epochs * config.trainings
    for width in () if config.weights else config.widths:
        model = new_model(width, 0)
        batch_loss = new_batch_loss(model, traj, config.backend, checked_device(config.device))
        seconds["training"] += step_seconds(model, batch_loss, config.batch) * steps_of_training
    return seconds


def _seconds(work: Callable[[], object]) -> float:
    """Wall clock of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run_study(config: RunConfig, folder: ResultsFolder, stages: Stages, *, resume: bool = False) -> None:
    """Go the whole way and write results.json, tables.md, series.h5, models, figures and report.html.

    Parameters
    ----------
    config : RunConfig
        Every choice.
    folder : ResultsFolder
        Where everything goes.
    stages : Stages
        Where progress goes.
    resume : bool
        Whether trainings that the folder holds already are taken from there.

    Raises
    ------
    OSError, WeightsError
        If given weights cannot be read, or a file not written.
    TrainingDivergedError
        If a loss is not finite.
    """
    given = [load_weights(path) for path in config.weights]  # before the long work: a wrong file stops here
    gas = config.gas
    state = gas.sample(config.runs, config.seed, overlaps=config.overlaps, speeds=config.speeds)

    with stages.stage(f"Simulate {config.runs} runs of {config.frames} frames, {config.n} disks") as stage:
        began = time.perf_counter()
        traj = simulate(
            state,
            config.frames,
            config.dt,
            engine=config.engine,
            threads=config.threads,
            progress=stage.report,
        )
        simulation = _simulation_json(config, state, traj, time.perf_counter() - began)
        counted = simulation["collisions_per_run"]
        stage.found = f"{_with_error(counted['mean'], counted['sem'], 1)} collisions a run"

    with stages.stage("Measure H") as stage:
        H = speed_h(traj, threads=config.threads)  # (runs, frames)  # noqa: N806 -- the paper's symbol
        speeds = speed_distributions(traj, threads=config.threads)
        stage.found = f"{H[:, 0].mean():.3f} in the first frame, {H[:, -1].mean():.3f} in the last"

    with stages.stage(f"Count collisions at {len(config.frame_rates)} frame rates") as stage:
        frame_rates = count_collisions(
            state[: min(config.rate_runs, config.runs)],
            config.frame_rates,
            config.frames * config.dt,
            engine=config.engine,
            exact_start=exact_start(gas, min(config.rate_runs, config.runs), config.seed, config.speeds),
            threads=config.threads,
            progress=stage.report,
        )

    trainings: list[Training] = []
    seconds: list[float | None] = []
    for model in given:
        trainings.append(_fit(stages, model, None, None, traj, H))
        save_weights(folder.model(model.width, None), model)
        seconds.append(None)
    for width in () if given else config.widths:
        for seed in range(config.training_seed, config.training_seed + config.trainings):
            model, history = _train(config, width, seed, traj, folder, stages, resume=resume)
            trainings.append(_fit(stages, model, seed, history, traj, H))
            seconds.append(history.seconds)

    series = Series(gas=gas, times=traj.times, H=H, trainings=tuple(trainings), frame_rates=frame_rates, speeds=speeds)
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
        write_products(folder, series, results)
        folder.write_json("results.json", results)  # last: where it is, everything is
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


def _train(
    config: RunConfig,
    width: int,
    seed: int,
    traj: Trajectories,
    folder: ResultsFolder,
    stages: Stages,
    *,
    resume: bool,
) -> tuple[DeepSets, History]:
    """Train one network, or take it from the folder where an interrupted run has finished it."""
    training, path, log = config.train_config(seed), folder.model(width, seed), folder.history(width, seed)
    made_by = {**config.as_json(), "threads": None, "training": training.as_json()}
    if resume and path.exists():
        try:
            if load_configuration(path) == made_by:
                model, history = load_weights(path), read_history(log)
                stages.say(f"Train D = {width}, seed {seed}: finished before")
                return model, history
        except (WeightsError, ValueError, OSError):
            stages.say(f"Train D = {width}, seed {seed}: {path} cannot be read, and is trained again")
    log.unlink(missing_ok=True)
    with stages.stage(f"Train D = {width}, seed {seed}") as stage:
        model = new_model(width, seed)
        history = train(model, traj, training, progress=stage.report, log_path=log)
        critical = history.critical_epoch
        stage.found = (
            f"loss {history.final_loss:.3g}, Loss0 {history.final_loss0:.4g}, "
            f"critical epoch {'not reached' if critical is None else critical}"
        )
    save_weights(path, model, made_by)
    return model, history


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


def _simulation_json(config: RunConfig, state: State, traj: Trajectories, seconds: float) -> dict[str, Any]:
    totals = traj.collisions.sum(axis=1)
    sem = float(totals.std(ddof=1) / math.sqrt(len(totals))) if len(totals) > 1 else None
    return {
        "engine": traj.engine,
        "runs": traj.runs,
        "frames": traj.frames,
        "seed": config.seed,
        "start_sha256": state.sha256(),
        "collisions_per_run": {"mean": float(totals.mean()), "sem": sem},
        "seconds": seconds,
    }


def _facts(results: dict[str, Any]) -> dict[str, str]:
    """What was run, and where, for the head of the report."""
    simulation, config, machine = results["simulation"], results["config"], results["environment"]
    counted = simulation["collisions_per_run"]
    gas = RunConfig(**{name: config[name] for name in ("n", "diameter", "box", "speed")}).gas
    enskog = gas.collision_rate * gas.n / 2 * config["frames"] / config["frame_rate"]
    return {
        "Gas": f"{gas.n} disks, diameter {gas.diameter:g}, area fraction {gas.area_fraction:.4g}",
        "Start": f"speeds {config['speeds']}, overlaps {config['overlaps']}, seed {simulation['seed']}",
        "Start, SHA-256": simulation["start_sha256"],
        "Simulation": f"{simulation['runs']} runs of {simulation['frames']} frames, {config['frame_rate']:g} per unit "
        f"time, engine {simulation['engine']}, {duration(simulation['seconds'])}",
        "Collisions a run": f"{_with_error(counted['mean'], counted['sem'], 1)} (Enskog at equilibrium: {enskog:.1f})",
        "Versions": ", ".join(f"{name} {machine[name]}" for name in ("hthm", "python", "numpy", "torch")),
        "Machine": f"{machine['cpu']}, {machine['threads']} threads, {machine['compiler']}",
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


def _with_error(mean: float, error: float | None, digits: int) -> str:
    return f"{mean:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")
