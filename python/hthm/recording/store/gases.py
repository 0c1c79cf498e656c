"""The gas that a dataset is of."""

from __future__ import annotations

from hthm.disk_kinds import Kind
from hthm.gas import DiskGas
from hthm.recording.store.description import Description
from hthm.rules import of_text


def gas_of(description: Description) -> DiskGas:
    """Return the gas that is simulated."""
    of = description
    kinds = None if of.kinds is None else [Kind(*numbers) for numbers in of.kinds]
    return DiskGas(n=of.n, diameter=of.diameter, speed=of.speed, box=of.box, rule=of_text(of.rule), kinds=kinds)


def numbers_of(kinds: tuple[Kind, ...] | None) -> tuple[tuple[int, float, float], ...] | None:
    """Return kinds as a description has them: number, diameter and mass."""
    return None if kinds is None else tuple((kind.n, kind.diameter, kind.mass) for kind in kinds)
