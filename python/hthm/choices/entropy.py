"""What `--preset improved` computes: every choice, with defaults that were measured (docs/learned-entropy.md)."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

import tyro

from hthm import checks, published
from hthm.choices.ablations import ABLATIONS
from hthm.choices.run import MOST, GasChoices, check_numbers, check_seeds
from hthm.gas import DiskGas
from hthm.learning.recipes import MOST_WIDTH, ArrowConfig
from hthm.measures.smooth_h import FINEST
from hthm.randomness import MOST_RUNS
from hthm.starts.kinds import COMPARED, ENSEMBLES, LEAVE_ONE_OUT, MIXTURE, NamedStart

RESOLUTION: Final = 2 / published.BINS / math.sqrt(2 * math.pi * math.e)
"""Blur of the velocities, in units of s0, at which disks of equal speed have the entropy that one bin of H gives them.

A normal distribution of standard deviation σ has the entropy ln(σ√(2πe)), a bin of width ds has ln ds.
"""


@dataclass(frozen=True, kw_only=True)
class EntropyConfig(GasChoices):
    """Every choice of a run that learns an entropy."""

    kind: ClassVar[str] = "improved"

    _LATER: ClassVar = frozenset(
        {"steps", "widths", "trainings", "training_seed", "held_out_runs", "frames", "weights"}
    )  # no training, and no row of a table, depends on these

    runs: int = 200
    """Runs to train on."""
    training_frames: int = 150
    """Frames of each of them: as long as H falls. What comes later teaches little and costs as much."""
    check_runs: int = 20
    """Runs to look at a training with."""
    held_out_runs: int = 40
    """Runs to fit H on; no training sees them. They are --frames long."""
    steps: tuple[Literal["frames", "collisions"], ...] = ("frames", "collisions")
    """What the networks put in order: a frame and its successor, or single collisions."""
    widths: tuple[int, ...] = (32,)
    """Widths D of the networks."""
    trainings: int = 1
    """Trainings of each width, with seeds that follow each other."""
    training_seed: int = 0
    """Seed of the first training of each width."""
    updates: int = 4000
    """Updates of a training that puts collisions in order, each on one run; half as many where frames are."""
    learning_rate: float = 2e-2
    """Adam's, at its highest; it falls to zero along half a cosine."""
    warm_up: int = 0
    """Updates over which the learning rate rises to that first, evenly; half as many where frames are put in order."""
    blocks: int = 20
    """Random parts of the gas that are put in order by themselves where frames are; single collisions need none."""
    blur: float = RESOLUTION
    """Standard deviation of what is added to the components of every velocity where collisions are put in order, in
    units of s0."""
    frame_rates: tuple[int, ...] = (5, 15, 60, 240)
    """Frame rates of Fig. 2."""
    rate_runs: int = 4
    """Runs at each frame rate of Fig. 2."""
    weights: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()
    """Trained models, such as the published ones, to be fitted to the held-out runs beside the others. May be given
    several times."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("check_runs", "held_out_runs", "rate_runs"):
            checks.integer(name, getattr(self, name), least=1, most=MOST_RUNS)
        for name in ("trainings", "updates", "blocks"):
            checks.integer(name, getattr(self, name), least=1, most=MOST)
        checks.integer("training_frames", self.training_frames, least=2, most=MOST)
        check_seeds(self.training_seed, self.trainings)
        checks.positive("learning_rate", self.learning_rate)
        checks.integer("warm_up", self.warm_up, least=0, most=self.updates - 1)
        checks.positive("blur", self.blur, zero=True)
        check_numbers("widths", self.widths, most=MOST_WIDTH)
        check_numbers("frame_rates", self.frame_rates)
        if not self.steps:
            raise ValueError("steps: must have at least one value, got none.")
        for value in self.steps:
            checks.choice("steps", value, ("frames", "collisions"))

    @property
    def seeds(self) -> range:
        """Seeds of the trainings of each width."""
        return range(self.training_seed, self.training_seed + self.trainings)

    @property
    def networks(self) -> int:
        """Networks of each width, kind of steps and seed, as far as they take equally long."""
        return 1

    @property
    def recorded_runs(self) -> float:
        """Runs in memory together, in runs of `frames` frames."""
        return self.held_out_runs + (self.runs + self.check_runs) * self.training_frames / self.frames

    @property
    def simulated_frames(self) -> float:
        """Frames of all runs that are simulated, those at the frame rates of Fig. 2 too."""
        return self.recorded_runs * self.frames + self.rate_runs * sum(self.frame_rates) * self.frames * self.dt

    @property
    def trains(self) -> bool:
        """Always: given networks come beside the trained ones."""
        return True

    @property
    def gases(self) -> tuple[GasChoices, GasChoices, GasChoices]:
        """The runs to train on, to look with and to fit on, with seeds that follow each other."""
        choices = {field.name: getattr(self, field.name) for field in dataclasses.fields(GasChoices)}
        return tuple(  # type: ignore[return-value]  # mypy does not count
            GasChoices(**choices | {"runs": runs, "frames": frames, "seed": self.seed + number})
            for number, (runs, frames) in enumerate(
                (
                    (self.runs, self.training_frames),
                    (self.check_runs, self.training_frames),
                    (self.held_out_runs, self.frames),
                )
            )
        )

    def arrow_config(self, steps: Literal["frames", "collisions"], seed: int) -> ArrowConfig:
        """Return how the training of this kind and seed is done."""
        frames = steps == "frames"
        updates = max(1, self.updates // 2) if frames else self.updates
        warm_up = min(self.warm_up // 2, updates - 1) if frames else self.warm_up
        return ArrowConfig(
            steps=steps,
            updates=updates,
            learning_rate=self.learning_rate,
            warm_up=warm_up,
            blocks=min(self.blocks, self.n) if frames else 1,
            blur=0.0 if frames else self.blur,
            looks=min(20, updates),
            seed=seed,
        )

    def decisive(self) -> dict[str, Any]:
        """Return what a training depends on: not how many there are, nor what its network is fitted to."""
        return {name: value for name, value in super().decisive().items() if name not in self._LATER}


@dataclass(frozen=True, kw_only=True)
class AblationConfig(EntropyConfig):
    """Every choice of `hthm ablate`."""

    kind: ClassVar[str] = "ablate"

    _LATER: ClassVar = frozenset({"steps", "widths", "trainings", "training_seed", "changes", "weights"})

    trainings: int = 3
    """Trainings of each change, with seeds that follow each other."""
    changes: tuple[str, ...] = ()
    """Changes of the recipe, by name (hthm.choices.ablations.ABLATIONS); all of them unless given."""
    weights: tyro.conf.Suppress[tuple[Path, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.changes:
            for change in self.changes:
                checks.choice("changes", change, tuple(ABLATIONS))

    @property
    def networks(self) -> int:
        """Each change has its network."""
        return len(self.changes or ABLATIONS)


@dataclass(frozen=True, kw_only=True)
class UniversalConfig(EntropyConfig):
    """Every choice of `hthm universal`."""

    kind: ClassVar[str] = "universal"

    steps: tuple[Literal["frames", "collisions"], ...] = ("collisions",)
    """What the networks put in order: a frame and its successor, or single collisions."""
    frames: int = 300
    """Frames of the held-out runs."""
    sizes: tuple[int, ...] = (250, 4000)
    """Other numbers of disks, at the same area fraction, that networks trained at --n are tried at."""
    trained_on: tuple[str, ...] = ("equal speeds", MIXTURE)
    """Starts of the runs of each training: one by its name, 'mixture' for all in equal shares, 'all but two beams' and
    so on for all but one; 'leave one out' for each of these, one after the other."""
    bandwidth: float = 0.05
    """Of the density that H is measured with, in units of s0."""
    speeds: tyro.conf.Suppress[NamedStart] = "equal"  # trained_on says which
    weights: tyro.conf.Suppress[tuple[Path, ...]] = ()

    _LATER: ClassVar = frozenset({"steps", "widths", "trainings", "training_seed", "trained_on", "weights"})

    def __post_init__(self) -> None:
        super().__post_init__()
        for size in self.sizes:
            self._check_size(size)
        for name in self.trained_on:
            checks.choice("trained_on", name, (*ENSEMBLES, LEAVE_ONE_OUT))
        checks.positive("bandwidth", self.bandwidth, least=FINEST)

    def _check_size(self, size: int) -> None:
        checks.integer("sizes", size, least=1)
        try:
            self.gas_of(size)
        except ValueError as error:
            raise ValueError(
                f"sizes: must be numbers of disks that fit into the box at the area fraction of n = {self.n}, "
                f"got {size}. For that many, {error}"
            ) from error

    def gas_of(self, size: int) -> DiskGas:
        """Return the gas of another number of disks, at the same area fraction."""
        diameter = self.diameter * (self.n / size) ** 0.5
        return DiskGas(n=size, diameter=diameter, speed=self.speed, box=self.box)

    @property
    def networks(self) -> int:
        """Each kind of runs has its network."""
        return len(self.ensembles)

    @property
    def ensembles(self) -> tuple[str, ...]:
        """What each training is done on, by the names in `hthm.starts.kinds.ENSEMBLES`, none of them twice."""
        names: list[str] = []
        for name in self.trained_on:
            names += [f"all but {kind}" for kind in COMPARED] if name == LEAVE_ONE_OUT else [name]
        return tuple(dict.fromkeys(names))
