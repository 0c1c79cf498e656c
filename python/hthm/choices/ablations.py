"""Changes of the recipe of a learned entropy, by name: what `hthm ablate` compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, get_args

from hthm import published
from hthm.learning.recipes import Architecture, ArrowConfig
from hthm.recording.frames import Steps


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
    steps : tuple of {"frames", "collisions"}
        What the changed recipe puts in order: where the change means something.
    """

    title: str
    architecture: Callable[[Architecture], Architecture] | None = None
    training: Callable[[ArrowConfig], ArrowConfig] | None = None
    width: float = 1.0
    runs: float = 1.0
    steps: tuple[Steps, ...] = get_args(Steps)


def _quarter(recipe: ArrowConfig) -> ArrowConfig:
    updates = max(1, recipe.updates // 4)
    return replace(recipe, updates=updates, warm_up=min(recipe.warm_up // 4, updates - 1), looks=1)


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
        "sharp": Ablation("no blur", training=lambda recipe: replace(recipe, blur=0.0), steps=("collisions",)),
        "blurred": Ablation("blur 0.03 s0", training=lambda recipe: replace(recipe, blur=0.03)),
        "whole": Ablation("no blocks", training=lambda recipe: replace(recipe, blocks=1), steps=("frames",)),
        "penalty": Ablation(
            "no blocks, 3e-6 of mean (Δh)²",
            training=lambda recipe: replace(recipe, blocks=1, penalty=3e-6),
            steps=("frames",),
        ),
        "penalty10": Ablation(
            "no blocks, 3e-5 of mean (Δh)²",
            training=lambda recipe: replace(recipe, blocks=1, penalty=3e-5),
            steps=("frames",),
        ),
        "paper": Ablation(
            f"the paper's loss, λ = {published.PENALTY:g}, no blocks",
            training=lambda recipe: replace(recipe, loss="tilted", penalty=published.PENALTY, blocks=1),
        ),
        "part": Ablation("a quarter of a run an update", training=lambda recipe: replace(recipe, runs_per_update=0.25)),
        "batch": Ablation(
            "four runs an update, a quarter of the updates",
            training=lambda recipe: replace(_quarter(recipe), runs_per_update=4),
        ),
        "few": Ablation("a quarter of the runs", runs=0.25),
        "short": Ablation("a quarter of the updates", training=_quarter),
        "slow": Ablation(
            "a quarter of the learning rate",
            training=lambda recipe: replace(recipe, learning_rate=recipe.learning_rate / 4),
        ),
    }
)
"""What is compared, by name."""
