"""A learned entropy: networks that put frames, or collisions, in order, and how well −h stands for H."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.experiments.frame_rate import count_as_chosen
from hthm.experiments.simulation import recorded
from hthm.experiments.speeds import speed_distributions
from hthm.files import write_text
from hthm.fit import affine_fit, deviation_correlation
from hthm.h_functional import speed_h_in_range
from hthm.learning.arrow import Look, train_arrow
from hthm.learning.recipes import entropic
from hthm.learning.weights import WeightsError, load_configuration, load_weights, save_weights
from hthm.measures.baselines import clock, ensemble_mean, speed_statistics
from hthm.measures.isotropic import ln_circumference
from hthm.pages.entropy_figures import losses_figure
from hthm.pages.entropy_tables import entropy_markdown
from hthm.pages.plots import save_figures
from hthm.pages.print_style import save_figure
from hthm.pages.report import machine_facts, report_html
from hthm.pages.results import environment, network_name
from hthm.pages.series import Series, Training
from hthm.pages.tables import fit_json, published_json
from hthm.recording.frames import Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hthm.arrays import FloatArray
    from hthm.choices.entropy import EntropyConfig
    from hthm.gas import State
    from hthm.pages.console import Stages
    from hthm.pages.results import ResultsFolder
    from hthm.trajectories import Trajectories

CLOCK: Final = 25.0
"""Decay of the clock among the baselines, in frames: near the best."""


def run_entropy(
    config: EntropyConfig,
    start: State,
    given: Sequence[DeepSets],
    folder: ResultsFolder,
    stages: Stages,
    *,
    resume: bool = False,
) -> None:
    """Train, fit on held-out runs, and write results.json, tables.md, series.h5, models, figures and report.html.

    Parameters
    ----------
    config : EntropyConfig
        Every choice.
    start : State
        Where the runs start that are trained on.
    given : sequence of DeepSets
        The networks of `config.weights`.
    folder : ResultsFolder
        Where everything goes.
    stages : Stages
        Where progress goes.
    resume : bool
        Whether networks that the folder holds are taken from there.

    Raises
    ------
    OSError
        If a file cannot be written.
    ArrowDivergedError
        If a loss is not finite.
    """
    (traj, training_simulation), (check, _), (held_out, simulation) = recorded_runs(config, start, stages)
    with stages.stage("Measure H, fit baselines and given networks") as stage:
        H, _ = speed_h_in_range(held_out, threads=config.threads)  # (runs, frames)  # noqa: N806 -- the paper's symbol
        velocity = H - ln_circumference(held_out)
        baselines = _baselines(held_out, H, velocity, speed_h_in_range(traj, threads=config.threads).h)
        trainings = [_training(model, None, held_out, H) for model in given]
        rows = [_row(training, velocity, H) for training in trainings]
        stage.found = f"{H[:, 0].mean():.3f} in the first frame, {H[:, -1].mean():.3f} in the last"
    for model in given:
        save_weights(folder.model(network_name(model.width, None)), model)
    for width in config.widths:
        for seed in config.seeds:
            for steps in config.steps:
                model, looks = _trained(config, steps, width, seed, (traj, check), folder, stages, resume=resume)
                training = _training(model, seed, held_out, H, steps)
                trainings.append(training)
                rows.append(_row(training, velocity, H) | _history(looks))
    with stages.stage("Write tables, figures and report") as stage:
        series = Series(
            gas=config.gas,
            times=held_out.times,
            H=H,
            trainings=tuple(trainings),
            frame_rates=count_as_chosen(config, held_out.initial),
            speeds=speed_distributions(held_out, threads=config.threads),
        )
        models: dict[str, Any] = {}
        for training, row in zip(trainings, rows, strict=True):
            models.setdefault(str(training.width), {"trainings": []})["trainings"].append(row)
        results = {
            "simulation": simulation,
            "training_simulation": training_simulation,
            "models": models,
            "baselines": baselines,
            "published": published_json(),
            "config": config.as_json(),
            "environment": environment(config.threads),
        }
        series.save(folder.path / "series.h5")
        folder.write_json("results.json", results)  # first: `hthm figures` makes the rest from these two
        write_entropy_products(folder, series, results)
        stage.found = str(folder.path / "report.html")


def recorded_runs(
    config: EntropyConfig, start: State, stages: Stages
) -> tuple[tuple[Trajectories, dict[str, Any]], ...]:
    """Simulate the runs of the training, those of its held-out loss, and those of the fits, a stage each.

    Parameters
    ----------
    config : EntropyConfig
        Every choice.
    start : State
        Where the runs of the training start.
    stages : Stages
        Where progress goes.

    Returns
    -------
    three pairs of Trajectories and dict
        As `hthm.experiments.simulation.recorded` returns them.
    """
    first, *others = config.gases
    return recorded(first, start, stages), *(recorded(gas, gas.start(), stages) for gas in others)


def write_entropy_products(folder: ResultsFolder, series: Series, results: dict[str, Any]) -> None:
    """Write what is drawn from a Series and results.json: tables.md, figures, report.html.

    Parameters
    ----------
    folder : ResultsFolder
        Where they go.
    series : Series
        What the figures show.
    results : dict
        Content of results.json.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    tables = entropy_markdown(results)
    write_text(folder.path / "tables.md", tables)
    config = results["config"]
    facts = {
        "Gas": f"{series.gas.n} disks, diameter {series.gas.diameter:g}, area fraction {series.gas.area_fraction:.4g}",
        "Trained on": f"{config['runs']} runs of {config['training_frames']} frames, seed {config['seed']}",
        "Fitted on": f"{config['held_out_runs']} held-out runs of {config['frames']} frames, seed {config['seed'] + 2}",
        "Training": f"{config['updates']} updates of one run, learning rate {config['learning_rate']:g}, "
        f"blur {config['blur']:.4g} s0",
        **machine_facts(results["environment"]),
    }
    figures = [
        *save_figures(series, folder.figures),
        *save_figure(partial(losses_figure, results), folder.figures, "entropy_losses"),
    ]
    write_text(folder.path / "report.html", report_html(facts, tables, figures, title="A learned entropy"))


def _trained(
    config: EntropyConfig,
    steps: Steps,
    width: int,
    seed: int,
    runs: tuple[Trajectories, Trajectories],
    folder: ResultsFolder,
    stages: Stages,
    *,
    resume: bool,
) -> tuple[DeepSets, list[Look]]:
    """A network and what its training was like, from its file where an interrupted command has finished it."""
    title = f"Put {steps} in order, D = {width}, seed {seed}"
    path = folder.model(network_name(width, seed, steps))
    training = config.arrow_config(steps, seed)
    made_by = {**config.decisive(), "training": training.as_json()}
    if resume and path.exists():
        try:
            kept = load_configuration(path)
            if kept.get("made_by") == made_by:
                looks = [Look(**look) for look in kept["looks"]]
                stages.say(f"{title}: finished before")
                return load_weights(path), looks
        except (WeightsError, TypeError, KeyError):
            stages.say(f"{title}: {path} cannot be read, and is trained again")
    with stages.stage(title) as stage:
        model = new_model(width, seed, entropic(config.speed))
        looks = train_arrow(model, runs[0], training, held_out=runs[1], progress=stage.report)
        stage.found = f"held-out loss {looks[-1].held_out_loss:.4f}"
    save_weights(path, model, {"made_by": made_by, "looks": [asdict(look) for look in looks]})
    return model, looks


def _training(
    model: DeepSets,
    seed: int | None,
    held_out: Trajectories,
    H: FloatArray,  # noqa: N803 -- the paper's symbol
    steps: str = "",
) -> Training:
    h, none = evaluate(model, held_out), np.empty(0)
    fit = affine_fit(h, H)
    return Training(model.width, seed, h, fit.a, fit.b, fit.mse, none, none, none, None, steps)


def _row(training: Training, velocity: FloatArray, H: FloatArray) -> dict[str, Any]:  # noqa: N803 -- the paper's symbol
    """One network as results.json holds it, before its training is added."""
    return {
        "seed": training.seed,
        "steps": training.steps or None,
        "final_loss": None,
        "final_loss0": None,
        "critical_epoch": None,
        "seconds": None,
        **measured(training.h, velocity, H),
    }


def measured(h: FloatArray, velocity: FloatArray, H: FloatArray) -> dict[str, Any]:  # noqa: N803 -- the paper's symbol
    """What a functional is worth, as JSON can hold it.

    Parameters
    ----------
    h, velocity, H : (runs, frames) float64
        The functional, H of the velocities, and H of the speeds.

    Returns
    -------
    dict
        Fits H ≈ a·h + b, and correlations over the runs, of both.
    """
    return {
        "fit": fit_json(affine_fit(h, H)),
        "correlation": deviation_correlation(h, H, first=min(5, h.shape[1] - 1)),
        "velocity_fit": fit_json(affine_fit(h, velocity)),
        "velocity_correlation": deviation_correlation(h, velocity, first=min(5, h.shape[1] - 1)),
    }


def _history(looks: Sequence[Look]) -> dict[str, Any]:
    last = looks[-1]
    return {"final_loss": last.loss, "seconds": last.seconds, "looks": [asdict(look) for look in looks]}


def _baselines(
    held_out: Trajectories,
    H: FloatArray,  # noqa: N803 -- the paper's symbol
    velocity: FloatArray,
    training_h: FloatArray,
) -> dict[str, Any]:
    """The same measures of functionals that nobody had to learn."""
    runs, frames = H.shape
    functionals = {
        "−H of the velocities, from that of the speeds": -velocity,
        f"−exp(−t / {CLOCK:g} frames)": -clock(runs, frames, CLOCK),
        **{name: values for name, values in speed_statistics(held_out).items() if name in {"speed", "kurtosis"}},
    }
    if training_h.shape[1] >= frames:
        functionals["−mean of H over the training runs"] = -ensemble_mean(training_h)[:1, :frames].repeat(runs, axis=0)
    return {name: measured(h, velocity, H) for name, h in functionals.items()}
