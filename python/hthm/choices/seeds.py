"""What the experiments compute: every choice of a subcommand that trains, with defaults."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

import tyro

from hthm import checks, published
from hthm.choices.run import GasChoices, TrainingChoices
from hthm.randomness import MOST_RUNS

_SPEED: Final = (1e-6, 1e30)
"""s0 that the tables are made for: 7 digits after the point, or float32, leave something of it."""


@dataclass(frozen=True, kw_only=True)
class HeldOutChoices(TrainingChoices):
    """Trainings whose networks are fitted on runs that no training saw, too."""

    held_out_runs: int = published.RUNS
    """Runs that no training sees, to fit on."""
    held_out_seed: int = 1
    """Seed of their starts, another than --seed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("held_out_runs", self.held_out_runs, least=1, most=MOST_RUNS)
        checks.integer("held_out_seed", self.held_out_seed, least=0)
        if self.held_out_seed == self.seed:
            raise ValueError(f"held_out_seed: must differ from seed, got {self.seed} for both. Take another seed.")

    @property
    def recorded_runs(self) -> int:
        """Runs that are trained on, and those that are held out."""
        return self.runs + self.held_out_runs

    @property
    def trains(self) -> bool:
        """Always: given networks come beside the trained ones."""
        return True

    def decisive(self) -> dict[str, Any]:
        """Return what a training depends on: not how many there are, nor what its network is fitted to."""
        later = {"widths", "trainings", "training_seed", "held_out_runs", "held_out_seed", "weights"}
        return {name: value for name, value in super().decisive().items() if name not in later}

    @property
    def held_out(self) -> GasChoices:
        """The same gas, simulated for runs that no training sees."""
        choices = {field.name: getattr(self, field.name) for field in dataclasses.fields(GasChoices)}
        return GasChoices(**choices | {"runs": self.held_out_runs, "seed": self.held_out_seed})


@dataclass(frozen=True, kw_only=True)
class TablesConfig(HeldOutChoices):
    """Every choice of `hthm tables`."""

    kind: ClassVar[str] = "tables"

    trainings: int = 5
    """Trainings of each width, with seeds that follow each other."""
    weights: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()
    """Trained models, such as the published ones, to be fitted beside the others. May be given several times."""

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.positive("speed", self.speed, least=_SPEED[0], most=_SPEED[1])

    @property
    def recorded_runs(self) -> int:
        """Runs that are trained on, the same from a rounded s0, and those that are held out."""
        return 2 * self.runs + self.held_out_runs


@dataclass(frozen=True, kw_only=True)
class CompareConfig(HeldOutChoices):
    """Every choice of `hthm compare`."""

    kind: ClassVar[str] = "compare"

    compared: Literal["tilt", "architecture", "gradient"] = "tilt"
    """What the trainings differ in. tilt: final slopes 1, 0.2 and 0; architecture: DeepSets and a plain network on the
    components of all velocities in a row; gradient: the compiled kernel and plain torch in float32."""
    trainings: int = 3
    """Trainings of each kind, with seeds that follow each other."""
    weights: tyro.conf.Suppress[tuple[Path, ...]] = ()
