"""The gas that a dataset is of."""

from __future__ import annotations

from hthm.gas import DiskGas
from hthm.recording.store.manifest import Description
from hthm.rules import of_text


def gas_of(description: Description) -> DiskGas:
    """Return the gas that is simulated."""
    of = description
    return DiskGas(n=of.n, diameter=of.diameter, speed=of.speed, box=of.box, rule=of_text(of.rule))
