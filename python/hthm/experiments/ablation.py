"""What each choice of the recipe is worth: trainings that differ in one of them, over several seeds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hthm.arrow import ArrowConfig, train_arrow
from hthm.deepsets import Architecture, entropic, evaluate, new_model
from hthm.experiments.entropy import measured, recorded_runs
from hthm.files import write_text
from hthm.h_functional import isotropic_h, speed_h
from hthm.results import environment

if TYPE_CHECKING:
    from hthm.console import Stages
    from hthm.experiments.entropy_choices import AblationConfig
    from hthm.gas import State
    from hthm.results import ResultsFolder


@dataclass(frozen=True)
class Ablation:
    """One change of the recipe.

    Attributes
    ----------
    title : str
        How the table calls it.
    architecture, training : callable, optional
        Makes another architecture, or another training, of the recipe's.
    width : float
        What the width is multiplied by.
    runs : float
        Share of the training runs that are used.
    """

    title: str
    architecture: Callable[[Architecture], Architecture] | None = None
    training: Callable[[ArrowConfig], ArrowConfig] | None = None
    width: float = 1.0
    runs: float = 1.0


ABLATIONS: Final[Mapping[str, Ablation]] = MappingProxyType(
    {
        "recipe": Ablation("the recipe"),
        "relu": Ablation("ReLU", lambda recipe: replace(recipe, activation="relu")),
        "tanh": Ablation("tanh", lambda recipe: replace(recipe, activation="tanh")),
        "raw": Ablation("velocities as they are, not v/s0", lambda recipe: replace(recipe, velocity_scale=1.0)),
        "sum": Ablation(
            "sum of φ, h = ρ without the factor n", lambda recipe: replace(recipe, pooling="sum", extensive=False)
        ),
        "narrow": Ablation("half the width", width=0.5),
        "sharp": Ablation("no blur", training=lambda recipe: replace(recipe, blur=0.0)),
        "blurred": Ablation("blur 0.03 s0", training=lambda recipe: replace(recipe, blur=0.03)),
        "whole": Ablation("no blocks", training=lambda recipe: replace(recipe, blocks=1)),
        "penalty": Ablation(
            "no blocks, 3e-6 of mean (Δh)²", training=lambda recipe: replace(recipe, blocks=1, penalty=3e-6)
        ),
        "few": Ablation("a quarter of the runs", runs=0.25),
        "short": Ablation(
            "a quarter of the updates",
            training=lambda recipe: replace(recipe, updates=max(1, recipe.updates // 4), looks=1),
        ),
        "slow": Ablation(
            "a quarter of the learning rate",
            training=lambda recipe: replace(recipe, learning_rate=recipe.learning_rate / 4),
        ),
    }
)
"""What is compared, by name."""


def run_ablation(config: AblationConfig, start: State, folder: ResultsFolder, stages: Stages) -> None:
    """Train every change with every seed, and write ablation.json and ablation.md, anew after each training.

    Parameters
    ----------
    config : AblationConfig
        Every choice.
    start : State
        Where the runs start that are trained on.
    folder : ResultsFolder
        Where everything goes.
    stages : Stages
        Where progress goes.

    Raises
    ------
    OSError
        If a file cannot be written.
    ArrowDivergedError
        If a loss is not finite.
    """
    (traj, _), (check, _), (held_out, simulation) = recorded_runs(config, start, stages)
    H, velocity = speed_h(held_out, threads=config.threads), isotropic_h(held_out, threads=config.threads)  # noqa: N806 -- the paper's symbol
    results: dict[str, Any] = {
        "simulation": simulation,
        "trainings": [],
        "config": config.as_json(),
        "environment": environment(config.threads),
    }
    for seed in config.seeds:  # a seed of every change before the next: what there is can be compared
        for steps in config.steps:
            recipe = config.arrow_config(steps, seed)
            for name in config.changes or tuple(ABLATIONS):
                ablation = ABLATIONS[name]
                training = ablation.training(recipe) if ablation.training else recipe
                if ablation.training and training == recipe:
                    continue  # the recipe has no blur there, or no blocks
                architecture = entropic(config.speed)
                if ablation.architecture:
                    architecture = ablation.architecture(architecture)
                for width in config.widths:
                    narrowed = max(1, round(width * ablation.width))
                    with stages.stage(f"{steps}, D = {narrowed}, seed {seed}: {ablation.title}") as stage:
                        model = new_model(narrowed, seed, architecture)
                        used = traj[: max(1, round(traj.runs * ablation.runs))]
                        looks = train_arrow(model, used, training, held_out=check, progress=stage.report)
                        row = {
                            "change": name,
                            "title": ablation.title,
                            "steps": steps,
                            "width": width,
                            "seed": seed,
                            "held_out_loss": looks[-1].held_out_loss,
                            "calibration": looks[-1].calibration,
                            "seconds": looks[-1].seconds,
                            **measured(evaluate(model, held_out), velocity, H),
                        }
                        stage.found = f"MSE {row['fit']['mse']['mean']:.5f}"
                    results["trainings"].append(row)
                    folder.write_json("ablation.json", results)
                    write_text(folder.path / "ablation.md", ablation_markdown(results))


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
    for row in results["trainings"]:
        groups.setdefault((row["steps"], row["width"], row["title"]), []).append(row)
    lines = []
    for (steps, width, title), rows in groups.items():
        mse = [row["fit"]["mse"]["mean"] for row in rows]
        lines.append(
            f"| {steps} | {width} | {title} | {len(rows)} | {statistics.median(mse):.5f} | {min(mse):.5f} … "
            f"{max(mse):.5f} | {_median(row['correlation'] for row in rows)} "
            f"| {_median(n * row['fit']['a']['mean'] for row in rows)} "
            f"| {_median((row['velocity_fit']['mse']['mean'] for row in rows), '.5f')} "
            f"| {_median(row['calibration'] for row in rows)} |"
        )
    config = results["config"]
    return (
        f"Trained on {config['runs']} runs of {config['training_frames']} frames, {config['updates']} updates; fitted "
        f"on {config['held_out_runs']} held-out runs of {config['frames']} frames. Medians over the seeds.\n\n"
        "| in order | D | change | seeds | MSE | least … most | r | a, times n | MSE, H of the velocities "
        "| calibration |\n|---|---|---|---|---|---|---|---|---|---|\n" + "\n".join(lines) + "\n"
    )


def _median(values: Iterable[float | None], form: str = ".3f") -> str:
    found = [value for value in values if value is not None]
    return f"{statistics.median(found):{form}}" if found else "–"
