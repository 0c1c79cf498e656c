"""What a run that goes on after a stop has left to train."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

import safetensors

from hthm.choices.entropy import AblationConfig, EntropyConfig, UniversalConfig
from hthm.choices.seeds import CompareConfig
from hthm.experiments.variants import VARIANTS, training_name
from hthm.pages.results import ResultsFolder, network_name

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.choices.run import TrainingChoices


def trainings_left(config: TrainingChoices | EntropyConfig, out: Path) -> list[float]:
    """Count the trainings that a folder does not hold yet, begun ones by the share of their epochs.

    Returns
    -------
    list of float
        One for each width; of what is compared, one for each width and variant; of learned entropies, one for each
        width and kind of steps.

    Raises
    ------
    DamagedFileError
        If the table that says which are done cannot be read.
    """
    folder = ResultsFolder(out)
    if isinstance(config, EntropyConfig):
        return [_networks_left(config, folder, width, steps) for width, steps in product(config.widths, config.steps)]
    if isinstance(config, CompareConfig):
        return [
            sum(_left(folder, training_name(variant, width, seed), config.epochs) for seed in config.seeds)
            for width, variant in product(config.widths, VARIANTS[config.compared])
        ]
    return [
        sum(_left(folder, network_name(width, seed), config.epochs) for seed in config.seeds) for width in config.widths
    ]


def _networks_left(config: EntropyConfig, folder: ResultsFolder, width: int, steps: str) -> float:
    """Learned entropies of a width and kind of steps; each is kept when it is done, and not before."""
    if isinstance(config, AblationConfig):
        rows = folder.rows("ablation.json", "trainings", ("width", "steps"))
    elif isinstance(config, UniversalConfig):
        rows = folder.rows("universal.json", "networks", ("width", "steps"))
    else:
        return sum(not folder.model(network_name(width, seed, steps)).exists() for seed in config.seeds)
    done = len([row for row in rows if row["width"] == width and row["steps"] == steps])
    return max(0, config.trainings * config.networks - done)


def _left(folder: ResultsFolder, name: str, epochs: int) -> float:
    """The share of one training that is left."""
    files = folder.training(name)
    if files.model.exists():
        return 0.0
    try:
        with safetensors.safe_open(files.checkpoint, "np") as file:
            done: int = len(json.loads((file.metadata() or {})["epochs"]))
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError):
        return 1.0  # none, or one that the training itself will say what is wrong with
    return max(0.0, 1 - done / epochs)
