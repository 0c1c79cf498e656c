"""What `hthm estimators` computes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from hthm import checks
from hthm.choices.run import check_numbers
from hthm.randomness import MOST_RUNS

_MOST_SIZE = 10**8
_LEAST_SIZE = 10  # more than the neighbours of every estimator


@dataclass(frozen=True, kw_only=True)
class EstimatorsConfig:
    """Every choice of `hthm estimators`."""

    kind: ClassVar[str] = "estimators"

    sizes: tuple[int, ...] = (100, 1000, 10_000, 100_000, 1_000_000)
    """Numbers of samples."""
    repeats: int = 64
    """Independent sets of samples of each size, whose spread is shown; at least 2."""
    most_samples: int = 1_000_000
    """Samples of one density and size in all: large sets are fewer, but never less than four, or than --repeats."""
    runs: int = 20
    """Runs of the paper's gas whose H is looked at in shifted bins."""
    seed: int = 0
    """Seed of the samples and of the runs."""

    def __post_init__(self) -> None:
        check_numbers("sizes", self.sizes, most=_MOST_SIZE)
        for size in self.sizes:
            checks.integer("sizes", size, least=_LEAST_SIZE)
        checks.integer("repeats", self.repeats, least=2, most=MOST_RUNS)
        checks.integer("most_samples", self.most_samples, least=1)
        checks.integer("runs", self.runs, least=1, most=MOST_RUNS)
        checks.integer("seed", self.seed, least=0)

    def sets(self, size: int) -> int:
        """Return how many sets of so many samples there are."""
        return min(self.repeats, max(4, self.most_samples // size))

    def as_json(self) -> dict[str, Any]:
        """Return every choice, and whose they are, as JSON can hold it."""
        return {"kind": self.kind, **dataclasses.asdict(self), "sizes": list(self.sizes)}

    def decisive(self) -> dict[str, Any]:
        """Return the choices that every number in the folder depends on: more sizes may be added later."""
        return {name: value for name, value in self.as_json().items() if name not in {"kind", "sizes"}}
