"""Trainings that differ in one choice alone: the tilt of the loss, the architecture, how exact the gradient is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.experiments.fits import fit_and_shape
from hthm.experiments.simulation import recorded
from hthm.h_functional import speed_h_in_range
from hthm.learning.backends import TimedTraining
from hthm.learning.plain_network import new_plain_network
from hthm.pages.results import environment
from hthm.pages.spread import compare_markdown
from hthm.pages.tables import history_json
from hthm.train import train

if TYPE_CHECKING:
    from torch import nn

    from hthm.choices.seeds import CompareConfig
    from hthm.gas import State
    from hthm.pages.console import Stages
    from hthm.pages.results import ResultsFolder


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes
    ----------
    title : str
        How the table calls it.
    changes : mapping
        What differs in the `TrainConfig`.
    new : callable
        Makes an untrained network from n, width and seed.
    """

    title: str
    changes: Mapping[str, Any]
    new: Callable[[int, int, int], nn.Module]


def _deepsets(_n: int, width: int, seed: int) -> DeepSets:
    return new_model(width, seed)


VARIANTS: Final[Mapping[str, Mapping[str, Variant]]] = MappingProxyType(
    {
        "tilt": {
            "slope1": Variant("final slope 1: no tilt, eq. (10b)", {"final_slope": 1.0}, _deepsets),
            "slope0.2": Variant("final slope 0.2: the paper's", {"final_slope": 0.2}, _deepsets),
            "slope0": Variant("final slope 0: a rise earns nothing in the end", {"final_slope": 0.0}, _deepsets),
        },
        "architecture": {
            "deepsets": Variant("DeepSets: the order of the disks makes no difference", {}, _deepsets),
            "plain": Variant("plain network on the 2n components in a row", {"backend": "torch"}, new_plain_network),
        },
        "gradient": {
            "fused": Variant("exact to float32's rounding: the compiled kernel", {"backend": "fused"}, _deepsets),
            "torch": Variant("plain torch in float32", {"backend": "torch"}, _deepsets),
        },
    }
)
"""What is compared, by the name of the choice; the names within are those of the files."""


def variants(config: CompareConfig) -> list[TimedTraining]:
    """What is to be trained, to be timed before."""
    return [
        TimedTraining(variant.new(config.n, width, 0), variant.changes.get("backend", config.backend), config.trainings)
        for width in config.widths
        for variant in VARIANTS[config.compared].values()
    ]


def run_compare(config: CompareConfig, start: State, folder: ResultsFolder, stages: Stages) -> None:
    """Train every variant with every width and seed, and write compare.json and compare.md, anew after each training.

    Parameters
    ----------
    config : CompareConfig
        Every choice.
    start : State
        Where the runs start that are trained on.
    folder : ResultsFolder
        Where everything goes. Trainings that it holds go on, or are taken as they are.
    stages : Stages
        Where progress goes.

    Raises
    ------
    OSError
        If a file cannot be written.
    TrainingDivergedError
        If a loss is not finite.
    CheckpointError
        If the folder holds a training of other choices.
    """
    held_out = config.held_out
    traj, simulation = recorded(config, start, stages)
    other, held_out_simulation = recorded(held_out, held_out.start(), stages)
    H, other_h = (speed_h_in_range(runs, threads=config.threads).h for runs in (traj, other))  # noqa: N806 -- the paper's symbol
    results: dict[str, Any] = {
        "compared": config.compared,
        "simulation": simulation,
        "held_out": held_out_simulation,
        "h_itself": {"fit": fit_and_shape(-H, H), "held_out": fit_and_shape(-other_h, other_h)},
        "trainings": [],
        "config": config.as_json(),
        "environment": environment(config.threads),
    }
    for width in config.widths:
        for seed in config.seeds:  # a seed of every variant before the next: what there is can be compared
            for name, variant in VARIANTS[config.compared].items():
                files = folder.training(f"{name}-d{width}-seed{seed}")
                with stages.stage(f"{variant.title}, D = {width}, seed {seed}") as stage:
                    model = variant.new(config.n, width, seed)
                    history = train(
                        model,
                        traj,
                        replace(config.train_config(seed), **variant.changes),
                        progress=stage.report,
                        checkpoint_path=files.checkpoint,
                    )
                    found = {"fit": fit_and_shape(evaluate(model, traj), H)}
                    found["held_out"] = fit_and_shape(evaluate(model, other), other_h)
                    stage.found = f"loss {history.final_loss:.3g}, Loss0 {history.final_loss0:.4g}"
                results["trainings"].append(
                    {
                        "variant": name,
                        "title": variant.title,
                        "width": width,
                        "seed": seed,
                        **history_json(history),
                        **found,
                    }
                )
                folder.write_table("compare", results, compare_markdown(results))
