"""What `hthm reversal` computes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import tyro

from hthm import checks, published
from hthm.choices.run import MOST, check_numbers
from hthm.engines.precision import BITS, Precision
from hthm.gas import DiskGas
from hthm.learning.recipes import MOST_WIDTH
from hthm.randomness import MOST_RUNS

_RATES: Final = (1e-200, 1e200)


@dataclass(frozen=True, kw_only=True)
class ReversalConfig:
    """Every choice of `hthm reversal`."""

    kind: ClassVar[str] = "reversal"

    n: int = published.N
    """Disks."""
    diameter: float = published.DIAMETER
    """Diameter of a disk, at most half the box."""
    box: float = published.BOX
    """Side of the periodic box."""
    speed: float = published.S0
    """s0: speed of every disk at the start."""
    runs: int = 20
    """Starts, drawn without overlaps."""
    frames: int = published.FRAMES
    """Frames there, and as many back."""
    frame_rate: float = published.FRAME_RATE
    """Frames per unit time."""
    seed: int = 0
    """Seed of the starts, and of the training."""
    precisions: tuple[Precision, ...] = ("double", "quad", "extended")
    """Precisions of the exact engine to go there and back in."""
    turns: int = 10
    """Turning times, up to --frames, after which is measured how far the gas comes back from its start."""
    turned_runs: int = 4
    """Starts that do so, at most --runs."""
    widths: tuple[int, ...] = (16,)
    """Widths of the networks that are trained on the way there, and looked at on the way back."""
    epochs: int = 40
    """Epochs of their training."""
    weights: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction] = ()
    """Trained models, .safetensors or a torch state dict, in place of training. May be given several times."""

    def __post_init__(self) -> None:
        self.gas  # noqa: B018 -- checks n, diameter, speed and box
        checks.positive("speed", self.speed)
        checks.integer("runs", self.runs, least=1, most=MOST_RUNS)
        checks.integer("frames", self.frames, least=2, most=MOST)
        checks.positive("frame_rate", self.frame_rate, least=_RATES[0], most=_RATES[1])
        checks.integer("seed", self.seed, least=0)
        for precision in self.precisions:
            checks.choice("precisions", precision, BITS)
        if not self.precisions or len(set(self.precisions)) < len(self.precisions):
            raise ValueError(f"precisions: must be one or more that differ, got {self.precisions}.")
        for name in ("turns", "turned_runs", "epochs"):
            checks.integer(name, getattr(self, name), least=1, most=MOST)
        check_numbers("widths", self.widths, most=MOST_WIDTH)

    @property
    def gas(self) -> DiskGas:
        """The gas that is simulated."""
        return DiskGas(n=self.n, diameter=self.diameter, speed=self.speed, box=self.box)

    @property
    def dt(self) -> float:
        """Time between two frames."""
        return 1 / self.frame_rate

    @property
    def turning_frames(self) -> list[int]:
        """After how many frames is turned, in the measurement of how far the gas comes back."""
        count = min(self.turns, self.frames)
        return sorted({max(1, round(self.frames * (k + 1) / count)) for k in range(count)})

    def as_json(self) -> dict[str, Any]:
        """Return every choice, and whose they are, as JSON can hold it."""
        choices = {"kind": self.kind, **dataclasses.asdict(self)}
        return choices | {
            "precisions": list(self.precisions),
            "widths": list(self.widths),
            "weights": [str(path) for path in self.weights],
        }

    def decisive(self) -> dict[str, Any]:
        """Return the choices that every number in the folder depends on."""
        return {name: value for name, value in self.as_json().items() if name != "kind"}
