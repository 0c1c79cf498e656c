"""What a run of the command computes: every choice, in one place, with the paper's as the default."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

import numpy as np
import tyro

from hthm import checks, published
from hthm.engines.limits import check_exact, check_rate
from hthm.engines.names import AUTO, EXACT, TIMED, check
from hthm.gas import DiskGas
from hthm.learning.recipes import MOST_WIDTH, TrainConfig
from hthm.randomness import MOST_RUNS
from hthm.starts.kinds import STARTS, NamedStart
from hthm.starts.positions import OVERLAPS, Overlaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.gas import State


MOST: Final = 2**53
"""Larger whole numbers are no float64, in which time and memory are reckoned."""
_RATES: Final = (1e-200, 1e200)  # frames per unit time, so that a run has a duration
_MOST_SEED: Final = 2**63 - 1  # torch's


@dataclass(frozen=True, kw_only=True)
class GasChoices:
    """Which gas is simulated, and how.

    Attributes
    ----------
    kind : str
        Which command's choices these are; it stands in config.json. Parts of choices have none.
    """

    kind: ClassVar[str] = ""

    n: int = published.N
    """Disks."""
    diameter: float = published.DIAMETER
    """Diameter of a disk, at most half the box."""
    box: float = published.BOX
    """Side of the periodic box."""
    speed: float = published.S0
    """s0: speed of every disk at the start."""
    speeds: Annotated[NamedStart, tyro.conf.arg(aliases=["--start"], metavar="NAME")] = "equal"
    """Velocities at the start: equal, uniform, maxwell, 'equal speeds', 'uniform speeds', 'two temperatures',
    'two beams' or equilibrium. --start and --speeds are one option."""
    overlaps: Overlaps = "allow"
    """Whether disks may overlap at the start."""
    runs: int = published.RUNS
    """Independent runs."""
    frames: int = published.FRAMES
    """Frames of a run."""
    frame_rate: float = published.FRAME_RATE
    """Frames per unit time."""
    seed: int = 0
    """Seed of the starts."""
    engine: str = AUTO
    """Engine of the simulation; hthm.engines() names them, and auto is the fastest fixed-step one;
    dsmc is the Boltzmann equation in place of the gas."""
    threads: int | None = None
    """Threads of the simulation and of torch; unless given, as many as processors, control groups and OMP_NUM_THREADS
    grant, and torch keeps to fewer if it was set to fewer."""

    def __post_init__(self) -> None:
        self.gas  # noqa: B018 -- checks n, diameter, speed and box
        checks.choice("speeds", self.speeds, STARTS)
        checks.choice("overlaps", self.overlaps, OVERLAPS)
        checks.integer("runs", self.runs, least=1, most=MOST_RUNS)
        checks.integer("frames", self.frames, least=2, most=MOST)
        checks.integer("seed", self.seed, least=0)
        checks.positive("frame_rate", self.frame_rate, least=_RATES[0], most=_RATES[1])
        checks.positive("speed", self.speed)
        check(self.engine)
        checks.threads(self.threads)

    @property
    def gas(self) -> DiskGas:
        """The gas that is simulated."""
        return DiskGas(n=self.n, diameter=self.diameter, speed=self.speed, box=self.box)

    @property
    def dt(self) -> float:
        """Time between two frames."""
        return 1 / self.frame_rate

    @property
    def pairs(self) -> int:
        """Pairs of consecutive frames of all runs."""
        return self.runs * (self.frames - 1)

    def start(self, first: int = 0, runs: int | None = None) -> State:
        """Draw where the runs start: all, or so many from a first one on.

        Raises
        ------
        ValueError
            If there is no room to reject overlaps, or as `check_start`.
        """
        runs = self.runs if runs is None else runs
        state = self.gas.sample(runs, self.seed, first=first, overlaps=self.overlaps, start=self.speeds)
        self.check_start(state)
        return state

    def check_start(self, state: State) -> None:
        """Refuse what cannot be simulated from here with this engine and frame rate.

        Raises
        ------
        ValueError
            If disks overlap where the exact engine is to start from, are too small for it, nothing moves between two
            frames, or too much does. The message begins with the choice.
        """
        check_rate("frame_rate", self.frame_rate, state, exact=self.engine in TIMED)
        if self.engine not in EXACT:
            return
        check_exact(state)
        overlapping = int(np.count_nonzero(state.overlaps()))
        if overlapping:
            raise ValueError(
                f"engine: must be one of fixed step where disks overlap at the start, got {self.engine}, and in "
                f"{overlapping} of {state.runs} runs they do. Add --overlaps reject, or leave --engine out."
            )

    def as_json(self) -> dict[str, Any]:
        """Return every choice, and whose they are, as JSON can hold it."""
        named = {"kind": self.kind} if self.kind else {}
        return named | {name: _plain(value) for name, value in dataclasses.asdict(self).items()}

    def decisive(self) -> dict[str, Any]:
        """Return the choices that a simulation or a training in the folder depends on, as JSON can hold them."""
        return {name: value for name, value in self.as_json().items() if name not in {"kind", "threads"}}


@dataclass(frozen=True, kw_only=True)
class TrainingChoices(GasChoices):
    """Which networks are trained on the runs, and how."""

    widths: tuple[int, ...] = published.WIDTHS
    """Widths D of the networks."""
    trainings: int = 1
    """Trainings of each width, with seeds that follow each other."""
    training_seed: int = 0
    """Seed of the first training of each width."""
    epochs: int = published.EPOCHS
    """Epochs of a training."""
    batch: int = published.BATCH
    """Frame pairs of a batch."""
    learning_rate: float = published.LEARNING_RATE
    """Adam's."""
    penalty: float = published.PENALTY
    """λ of the loss, eq. (11)."""
    final_slope: float = published.FINAL_SLOPE
    """Negative slope of the loss in the last epoch, eq. (12)."""
    backend: Literal["fused", "torch"] | None = None
    """How to train: with the compiled kernel, on a CPU, or with torch. The kernel wherever it can unless given."""
    device: str = "cpu"
    """Where to train: cpu, cuda, cuda:1."""
    weights: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()
    """Trained models, .safetensors or a torch state dict, in place of training. May be given several times."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("trainings", "epochs", "batch"):
            checks.integer(name, getattr(self, name), least=1, most=MOST)
        check_seeds(self.training_seed, self.trainings)
        checks.positive("learning_rate", self.learning_rate)
        checks.positive("penalty", self.penalty, zero=True)
        checks.positive("final_slope", self.final_slope, zero=True, most=1.0)
        check_numbers("widths", self.widths, most=MOST_WIDTH)
        if len(set(self.widths)) < len(self.widths):
            raise ValueError(f"widths: must differ, got {self.widths}. --trainings repeats a width.")
        if self.trains and self.batch > self.pairs:
            raise ValueError(
                f"batch: must be at most the number of frame pairs, {self.pairs}, got {self.batch}. "
                "Choose a smaller batch, or more runs or frames."
            )

    @property
    def recorded_runs(self) -> int:
        """Runs whose collisions are in memory together."""
        return self.runs

    @property
    def simulated_frames(self) -> float:
        """Frames of all runs that are simulated."""
        return self.recorded_runs * self.frames

    @property
    def trains(self) -> bool:
        """Whether networks are trained, and not only given ones looked at."""
        return not self.weights

    @property
    def seeds(self) -> range:
        """Seeds of the trainings of each width."""
        return range(self.training_seed, self.training_seed + self.trainings)

    def train_config(self, seed: int) -> TrainConfig:
        """Return how the training of this seed is done."""
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


@dataclass(frozen=True, kw_only=True)
class RunConfig(TrainingChoices):
    """Every choice of a run; `--preset` sets them all, and options change single ones."""

    kind: ClassVar[str] = "run"

    frame_rates: tuple[int, ...] = published.FRAME_RATES
    """Frame rates of Fig. 2."""
    rate_runs: int = 20
    """Runs at each frame rate of Fig. 2."""

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("rate_runs", self.rate_runs, least=1, most=MOST_RUNS)
        check_numbers("frame_rates", self.frame_rates)

    @property
    def simulated_frames(self) -> float:
        """Frames of all runs that are simulated, those at the frame rates of Fig. 2 too."""
        return self.runs * self.frames + self.rate_runs * sum(self.frame_rates) * self.frames * self.dt


def check_seeds(first: int, trainings: int) -> None:
    """Refuse seeds that torch cannot have, of trainings that follow each other.

    Raises
    ------
    TypeError, ValueError
        If one is no whole number from 0 up, or too large.
    """
    checks.integer("training_seed", first, least=0, most=_MOST_SEED - trainings + 1)


def check_numbers(name: str, values: tuple[int, ...], *, most: int = MOST) -> None:
    """Refuse anything but whole numbers from 1 to `most`, at least one of them.

    Raises
    ------
    TypeError, ValueError
        If one is something else, or there is none.
    """
    for value in values:
        checks.integer(name, value, least=1, most=most)
    if not values:
        raise ValueError(f"{name}: must have at least one value, got none.")


def _plain(value: object) -> object:
    """As JSON can hold it."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


PRESETS: Final[Mapping[str, RunConfig]] = MappingProxyType(
    {
        "paper": RunConfig(),
        "quick": RunConfig(
            runs=12, frames=150, rate_runs=4, epochs=5, batch=16, learning_rate=2e-3, frame_rates=(5, 15, 60, 240)
        ),
    }
)
"""`paper` is the paper's size; `quick` goes the same way on less data, and its networks learn little."""
