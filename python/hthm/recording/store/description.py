"""What all runs of a dataset have in common."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

from hthm.checks import choice, integer, positive

Kept: TypeAlias = Literal["log", "velocities", "counts", "frames"]
_KINDS: Final = ("log", "velocities", "counts", "frames")
_KEPT: Final = {
    "log": "every collision",
    "velocities": "velocities after every frame",
    "counts": "the number of collisions alone",
    "frames": "frames that another program made",
}


@dataclass(frozen=True, kw_only=True)
class Description:
    """What all runs of a dataset have in common: with their starts, all that decides its bits.

    Attributes
    ----------
    kind : {"log", "velocities", "counts", "frames"}
        What is kept of a run; "frames" are velocities after each frame that another program made, without more.
    runs, frames : int
        Size of the whole.
    shard_runs : int
        Runs of a shard; the last one may have fewer.
    n, diameter, speed, box
        Of the gas, see `hthm.DiskGas`.
    dt : float
        Time between two frames.
    engine, rule : str
        What advanced the runs, and what happens at contact.
    start_sha256 : str
        `State.sha256` of where all runs start; empty where they were drawn run by run, by the next three. Of frames
        alone, which do not say it, the SHA-256 of all of them.
    seed : int or None
        Seed of the starts.
    speeds, overlaps : str or None
        What was drawn, as `hthm.DiskGas.sample` takes it: its `start` and its `overlaps`.
    positions : bool
        Whether positions are kept too.
    kinds : tuple of (int, float, float), or None
        Of a mixture: number, diameter and mass of the disks of each kind.
    """

    kind: Kept
    runs: int
    frames: int
    shard_runs: int
    n: int
    diameter: float
    speed: float
    box: float
    dt: float
    engine: str
    rule: str
    start_sha256: str = ""
    seed: int | None = None
    speeds: str | None = None
    overlaps: str | None = None
    positions: bool = False
    kinds: tuple[tuple[int, float, float], ...] | None = None

    def __post_init__(self) -> None:
        choice("kind", self.kind, _KINDS)
        for name in ("runs", "frames", "shard_runs", "n"):
            integer(name, getattr(self, name), least=1)
        for name in ("diameter", "box", "dt"):
            positive(name, getattr(self, name))
        positive("speed", self.speed, zero=True)
        drawn = () if self.seed is None else ("speeds", "overlaps")
        for name in ("engine", "rule", "start_sha256", *drawn):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name}: must be text, got {type(getattr(self, name)).__name__}.")
        if self.seed is not None:
            integer("seed", self.seed, least=0)
        if self.kinds is not None:  # JSON has lists
            kinds = tuple(
                (
                    integer("n of a kind", n, least=1),
                    positive("diameter of a kind", diameter),
                    positive("mass of a kind", mass),
                )
                for n, diameter, mass in self.kinds
            )
            object.__setattr__(self, "kinds", kinds)

    @property
    def has_starts(self) -> bool:
        """Whether it is known where the runs start."""
        return self.kind != "frames"

    def content(self) -> dict[str, Any]:
        """Return it by name, as JSON holds it; of disks that are alike, it is what it was before there were kinds."""
        content = asdict(self)
        if self.kinds is None:
            del content["kinds"]
        return content

    def text(self) -> str:
        """Return it as JSON in one line: equal descriptions are equal texts."""
        return json.dumps(self.content(), sort_keys=True)

    def differences(self, other: Description) -> str:
        """Name what differs, with both values: what this one has first; of another kind, that alone."""
        if self.kind != other.kind:
            return f"it keeps {_KEPT[self.kind]}, and not {_KEPT[other.kind]}"
        ours, theirs = asdict(self), asdict(other)
        return ", ".join(f"{name} {ours[name]} and not {theirs[name]}" for name in ours if ours[name] != theirs[name])

    def ranges(self) -> list[tuple[int, int]]:
        """Return the first run of every shard, and the one after its last."""
        return [(first, min(first + self.shard_runs, self.runs)) for first in range(0, self.runs, self.shard_runs)]
