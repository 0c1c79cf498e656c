"""What `hthm arrow` computes."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from hthm import checks, rules
from hthm.choices.run import MOST, check_numbers, check_seeds
from hthm.gas import DiskGas
from hthm.learning.recipes import MOST_WIDTH
from hthm.starts.positions import MOST_REJECTED_FRACTION

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAST_DISKS, _MOST_DISKS, _MOST_RUNS = 200, 10**6, 2**20
_MOST_RATIO: Final = 0.9
_MOST_SEED: Final = 2**31


@dataclass(frozen=True, kw_only=True)
class ArrowOfTimeConfig:
    """Every choice of `hthm arrow`."""

    kind: ClassVar[str] = "arrow"

    n: int = 1000
    """Disks of a run."""
    ratio: float = 0.5
    """δ/σ, of either sign: how far the two contact distances are from σ, in diameters."""
    area_fractions: tuple[float, ...] = (0.02, 0.01, 0.005)
    """Densities, by the share of the box that disks cover; the first is that of the control, δ = 0, and of equal
    speeds."""
    runs: int = 12
    """Runs to train on, of each density."""
    held_out_runs: int = 16
    """Runs that no training sees, of each density; every number and figure is of them."""
    free_times: int = 60
    """Mean free times of a run in equilibrium."""
    width: int = 32
    """Width of the networks."""
    trainings: int = 2
    """Trainings of the pair classifier of each density, with seeds that follow each other."""
    updates: int = 3000
    """Updates of each of them, on 1024 collisions."""
    state_updates: int = 150
    """Updates of a functional of the state in equilibrium, each on one run; four times as many from equal speeds,
    whose runs are shorter."""
    seed: int = 0
    """Seed of the starts, and of the first training."""

    def __post_init__(self) -> None:
        checks.integer("n", self.n, least=_LEAST_DISKS, most=_MOST_DISKS)
        ratio = checks.number("ratio", self.ratio)
        if not 0 < abs(ratio) <= _MOST_RATIO:
            raise ValueError(
                f"ratio: must be above zero and at most {_MOST_RATIO:g} in size, got {ratio:g}. δ = 0 is the control."
            )
        for fraction in self.area_fractions:
            checks.positive("area_fractions", fraction)
            if fraction * (1 + abs(ratio)) ** 2 > MOST_REJECTED_FRACTION:
                raise ValueError(
                    "area_fractions: must be so small that disks σ + |δ| wide cover at most "
                    f"{MOST_REJECTED_FRACTION:g} of the box, to start anywhere, got {fraction:g}. Take a smaller one."
                )
            self.gas(fraction, ratio)
        if not self.area_fractions or len(set(self.area_fractions)) < len(self.area_fractions):
            raise ValueError(f"area_fractions: must be one or more that differ, got {self.area_fractions}.")
        for name in ("runs", "held_out_runs"):
            checks.integer(name, getattr(self, name), least=2, most=_MOST_RUNS)
        checks.integer("free_times", self.free_times, least=8, most=MOST)
        check_numbers("width", (self.width,), most=MOST_WIDTH)
        for name in ("updates", "state_updates"):
            checks.integer(name, getattr(self, name), least=1, most=MOST)
        checks.integer("trainings", self.trainings, least=1, most=MOST)
        checks.integer("seed", self.seed, least=0, most=_MOST_SEED)
        check_seeds(self.seed, self.trainings)

    def gas(self, area_fraction: float, ratio: float) -> DiskGas:
        """Return the gas of this density and δ/σ, with the paper's speed, in a box of side 1."""
        diameter = DiskGas.from_area_fraction(self.n, area_fraction).diameter
        return DiskGas(n=self.n, diameter=diameter, rule=rules.ChiralDisks(ratio * diameter))

    @property
    def parts(self) -> list[tuple[str, float, float]]:
        """What makes a row each: from where, area fraction, δ/σ."""
        first = self.area_fractions[0]
        return [
            *(("equilibrium", fraction, self.ratio) for fraction in self.area_fractions),
            ("equilibrium", first, 0.0),
            ("equal speeds", first, self.ratio),
            ("equal speeds", first, 0.0),
        ]

    @property
    def affinity(self) -> float:
        """ln[(σ + δ)/(σ − δ)], nats: the odds of a collision in a dilute gas."""
        return math.log((1 + self.ratio) / (1 - self.ratio))

    def as_json(self) -> dict[str, Any]:
        """Return every choice, and whose they are, as JSON can hold it."""
        return {"kind": self.kind, **dataclasses.asdict(self), "area_fractions": list(self.area_fractions)}

    def decisive(self) -> dict[str, Any]:
        """Return the choices that every number in the folder depends on: densities may be added later."""
        return {name: value for name, value in self.as_json().items() if name not in {"kind", "area_fractions"}}


ARROW_PRESETS: Final[Mapping[str, ArrowOfTimeConfig]] = MappingProxyType(
    {
        "full": ArrowOfTimeConfig(),
        "quick": ArrowOfTimeConfig(
            n=400,
            area_fractions=(0.02, 0.01),
            runs=4,
            held_out_runs=4,
            free_times=16,
            width=16,
            trainings=1,
            updates=150,
            state_updates=10,
        ),
    }
)
"""`full` is what docs/arrow-without-entropy.md has; `quick` goes the same way on less data, and learns little."""
