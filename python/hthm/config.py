"""What a run of the command computes: every choice, in one place, with the paper's as the default."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import tyro

from hthm import checks, paper
from hthm.engine_choice import AUTO, check
from hthm.gas import DiskGas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.train import TrainConfig


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Every choice of a run; `--preset` sets them all, and options change single ones."""

    n: int = paper.N
    """Disks."""
    diameter: float = paper.DIAMETER
    """Diameter of a disk, at most half the box."""
    box: float = paper.BOX
    """Side of the periodic box."""
    speed: float = paper.S0
    """s0: speed of every disk at the start."""
    speeds: Literal["equal", "uniform", "maxwell"] = "equal"
    """Distribution of the speeds at the start."""
    overlaps: Literal["allow", "reject"] = "allow"
    """Whether disks may overlap at the start."""
    runs: int = paper.RUNS
    """Independent runs."""
    frames: int = paper.FRAMES
    """Frames of a run."""
    frame_rate: float = paper.FRAME_RATE
    """Frames per unit time."""
    seed: int = 0
    """Seed of the starts."""
    engine: str = AUTO
    """Engine of the simulation; hthm.engines() names them, and auto is the fastest fixed-step one."""
    threads: int | None = None
    """Threads of the simulation and of torch; as many as the process may run on unless given."""

    frame_rates: tuple[int, ...] = paper.FRAME_RATES
    """Frame rates of Fig. 2."""
    rate_runs: int = 20
    """Runs at each frame rate of Fig. 2."""

    widths: tuple[int, ...] = paper.WIDTHS
    """Widths D of the networks."""
    trainings: int = 1
    """Trainings of each width, with seeds that follow each other."""
    training_seed: int = 0
    """Seed of the first training of each width."""
    epochs: int = paper.EPOCHS
    """Epochs of a training."""
    batch: int = paper.BATCH
    """Frame pairs of a batch."""
    learning_rate: float = paper.LEARNING_RATE
    """Adam's."""
    penalty: float = paper.PENALTY
    """λ of the loss, eq. (11)."""
    final_slope: float = paper.FINAL_SLOPE
    """Negative slope of the loss in the last epoch, eq. (12)."""
    backend: Literal["fused", "torch"] | None = None
    """How to train: with the compiled kernel, on a CPU, or with torch. The kernel wherever it can unless given."""
    device: str = "cpu"
    """Where to train: cpu, cuda, cuda:1."""
    weights: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()
    """Trained models, .safetensors or a torch state dict, in place of training. May be given several times."""

    def __post_init__(self) -> None:
        self.gas  # noqa: B018 -- checks n, diameter, speed and box
        checks.choice("speeds", self.speeds, ("equal", "uniform", "maxwell"))
        checks.choice("overlaps", self.overlaps, ("allow", "reject"))
        for name, least in (("runs", 1), ("frames", 2), ("seed", 0), ("rate_runs", 1), ("trainings", 1)):
            checks.integer(name, getattr(self, name), least=least)
        for name in ("training_seed", "epochs", "batch"):
            checks.integer(name, getattr(self, name), least=0 if name == "training_seed" else 1)
        for name in ("frame_rate", "speed", "learning_rate"):
            checks.positive(name, getattr(self, name))
        checks.positive("penalty", self.penalty, zero=True)
        checks.positive("final_slope", self.final_slope, zero=True, most=1.0)
        check(self.engine)
        checks.threads(self.threads)
        for name, least in (("widths", 1), ("frame_rates", 1)):
            for value in getattr(self, name):
                checks.integer(name, value, least=least)
            if not getattr(self, name):
                raise ValueError(f"{name}: must have at least one value, got none.")
        if len(set(self.widths)) < len(self.widths):
            raise ValueError(f"widths: must differ, got {self.widths}. --trainings repeats a width.")
        pairs = self.runs * (self.frames - 1)
        if not self.weights and self.batch > pairs:
            raise ValueError(
                f"batch: must be at most the number of frame pairs, {pairs}, got {self.batch}. "
                "Choose a smaller batch, or more runs or frames."
            )

    @property
    def gas(self) -> DiskGas:
        """The gas that is simulated."""
        return DiskGas(n=self.n, diameter=self.diameter, speed=self.speed, box=self.box)

    @property
    def dt(self) -> float:
        """Time between two frames."""
        return 1 / self.frame_rate

    def train_config(self, seed: int) -> TrainConfig:
        """Return how the training of this seed is done."""
        from hthm.train import TrainConfig  # noqa: PLC0415 -- imports torch, which --help can do without

        return TrainConfig(
            epochs=self.epochs,
            batch=self.batch,
            learning_rate=self.learning_rate,
            penalty=self.penalty,
            final_slope=self.final_slope,
            seed=seed,
            backend=self.backend,
            device=self.device,
        )

    def as_json(self) -> dict[str, Any]:
        """Return every choice as JSON can hold it."""
        choices = dataclasses.asdict(self)
        lists = {name: list(choices[name]) for name in ("frame_rates", "widths")}
        return choices | lists | {"weights": [str(path) for path in self.weights]}


PRESETS: Final[Mapping[str, RunConfig]] = MappingProxyType(
    {
        "paper": RunConfig(),
        "quick": RunConfig(
            runs=12, frames=150, rate_runs=4, epochs=5, batch=16, learning_rate=2e-3, frame_rates=(5, 15, 60, 240)
        ),
    }
)
"""`paper` is the paper's size; `quick` goes the same way on less data, and its networks learn little."""


def read_config(path: str | os.PathLike[str]) -> RunConfig:
    """Read a config.json.

    Parameters
    ----------
    path : path
        As the command writes it.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no configuration, or one with a wrong value; the message has the path.
    """
    try:
        choices = json.loads(Path(path).read_text(encoding="utf-8"))
        choices = dict(choices)
        for name in ("frame_rates", "widths"):
            if name in choices:
                choices[name] = tuple(choices[name])
        choices["weights"] = tuple(Path(weights) for weights in choices.get("weights", ()))
        return RunConfig(**choices)
    except (TypeError, ValueError) as error:  # JSON's and Unicode's errors are ValueErrors
        raise ValueError(f"{os.fspath(path)}: must be a configuration of hthm, and is not: {error}") from error
