"""Gases of any size and density that are otherwise the paper's, and where they start."""

from __future__ import annotations

import math

import hthm
from hthm.experiments.frame_rate import legal_start

EVENT, DSMC = "event", "dsmc"
FIXED_STEP = tuple(name for name in hthm.engines() if name not in (EVENT, DSMC))
PAPER_FRACTION = hthm.paper.GAS.area_fraction


def gas_of(n: int, area_fraction: float = PAPER_FRACTION) -> hthm.DiskGas:
    """N disks of this area fraction, of the paper's diameter and speed, in a box that fits them."""
    box = hthm.paper.DIAMETER * math.sqrt(math.pi * n / (4 * area_fraction))
    return hthm.DiskGas(n=n, diameter=hthm.paper.DIAMETER, box=max(box, 2 * hthm.paper.DIAMETER))


def start_of(gas: hthm.DiskGas, runs: int = 1, *, legal: bool) -> hthm.State:
    """A start in which disks may overlap, as the paper's, or one for the exact engine."""
    start = legal_start(gas, runs, seed=1) if legal else gas.sample(runs, seed=1)
    assert start is not None, f"no room for {gas}"
    return start
