"""What `hthm chaos` computes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from hthm import checks, published
from hthm.choices.run import check_numbers
from hthm.gas import DiskGas
from hthm.starts.positions import MOST_REJECTED_FRACTION

_LEAST_SIZE, _MOST_SIZE = 10, 10**6
_MOST_DISKS = 10**12


@dataclass(frozen=True, kw_only=True)
class ChaosConfig:
    """Every choice of `hthm chaos`."""

    kind: ClassVar[str] = "chaos"

    sizes: tuple[int, ...] = (250, 1000, 4000)
    """Numbers of disks N of a run; 16000 and 64000 cost as much each."""
    disks: int = 1_000_000
    """Disks of all runs of a size together, which set the errors and the time: a minute for a size on one core."""
    diameters: float = published.N * published.DIAMETER
    """Nσ, the diameters of all disks in box sides: fixed, as Boltzmann and Grad have it. The paper's is 6."""
    seed: int = 0
    """Seed of the starts."""

    def __post_init__(self) -> None:
        check_numbers("sizes", self.sizes, most=_MOST_SIZE)
        checks.positive("diameters", self.diameters)
        checks.integer("disks", self.disks, least=1, most=_MOST_DISKS)
        checks.integer("seed", self.seed, least=0)
        if len(set(self.sizes)) < len(self.sizes):
            raise ValueError(f"sizes: must differ, got {self.sizes}. --disks makes more runs of a size.")
        for size in self.sizes:
            checks.integer("sizes", size, least=_LEAST_SIZE)
            if self.diameters > size / 2 or self.gas(size).area_fraction > MOST_REJECTED_FRACTION:
                raise ValueError(
                    f"sizes: must be so large that disks of {self.diameters:g}/N cover at most "
                    f"{MOST_REJECTED_FRACTION:g} of the box, to start anywhere, got {size}. Take more disks."
                )

    def gas(self, size: int) -> DiskGas:
        """Return the gas of so many disks, with the paper's speed, in a box of side 1."""
        return DiskGas(n=size, diameter=self.diameters / size)

    def runs(self, size: int) -> int:
        """Return how many runs of so many disks there are; two at least, whose spread is the error."""
        return max(2, self.disks // size)

    def as_json(self) -> dict[str, Any]:
        """Return every choice, and whose they are, as JSON can hold it."""
        return {"kind": self.kind, **dataclasses.asdict(self), "sizes": list(self.sizes)}

    def decisive(self) -> dict[str, Any]:
        """Return the choices that every number in the folder depends on: more sizes and disks may be added later."""
        return {name: value for name, value in self.as_json().items() if name not in {"kind", "sizes", "disks"}}
