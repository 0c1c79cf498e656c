"""The paper's parameters, tables and gas: R. Lier, *Machine Learning H-theorem*, arXiv:2508.14003.

Units: the side of the box, the unit of time in which 60 frames are taken, and the mass of a disk.
"""

from __future__ import annotations

from typing import Final

from hthm.gas import DiskGas
from hthm.published import (
    BATCH,
    BINS,
    BOX,
    DIAMETER,
    EPOCHS,
    FINAL_SLOPE,
    FRAME_RATE,
    FRAME_RATES,
    FRAMES,
    LEARNING_RATE,
    PENALTY,
    PUBLISHED,
    RUNS,
    S0,
    SHOWN_RUNS,
    WIDTHS,
    N,
    PublishedTraining,
)

__all__ = [
    "BATCH",
    "BINS",
    "BOX",
    "DIAMETER",
    "EPOCHS",
    "FINAL_SLOPE",
    "FRAMES",
    "FRAME_RATE",
    "FRAME_RATES",
    "GAS",
    "LEARNING_RATE",
    "PENALTY",
    "PUBLISHED",
    "RUNS",
    "S0",
    "SHOWN_RUNS",
    "WIDTHS",
    "N",
    "PublishedTraining",
]

GAS: Final = DiskGas()
"""The paper's gas."""
