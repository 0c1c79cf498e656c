"""Every number of the paper: R. Lier, *Machine Learning H-theorem*, arXiv:2508.14003. Users find them in `hthm.paper`.

Units: the side of the box, the unit of time in which 60 frames are taken, and the mass of a disk. Where the paper's
text leaves something open, the programs and logs that its author published decided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# ---- The gas, section III -------------------------------------------------------------------------------------------
N: Final = 1000
"""Disks."""
DIAMETER: Final = 0.006
"""Diameter of a disk."""
BOX: Final = 1.0
"""Side of the square, periodic box."""
S0: Final = 35 * 0.005 / math.sqrt(2)
"""Speed of every disk at the start. Always by this formula: s0 is the edge of a bin of H, and rounding it moves H."""
FRAME_RATE: Final = 60
"""Frames per unit time."""
FRAMES: Final = 500
"""Frames of a run; the start is not one of them."""
RUNS: Final = 500
"""Independent runs."""
FRAME_RATES: Final = (5, 10, 20, 30, 60, 120, 240, 480, 960)
"""Frame rates at which collisions are counted, Fig. 2."""

# ---- H, section V ---------------------------------------------------------------------------------------------------
BINS: Final = 50
"""Bins of the speeds, over [0, 2 s0]."""
SHOWN_RUNS: Final = (153, 308, 443, 496)
"""Runs shown in Fig. 5."""

# ---- The learned functional, section IV -----------------------------------------------------------------------------
WIDTHS: Final = (16, 32, 64)
"""Widths D of the network, Table 1."""
PENALTY: Final = 0.2
"""λ of eqs. (10b) and (11)."""
EPOCHS: Final = 120
"""Epochs of a training."""
FINAL_SLOPE: Final = 0.2
"""Negative slope of the loss in the last epoch, eq. (12); it starts from 1. The paper's α is 1 - slope."""
BATCH: Final = 512
"""Frame pairs of a batch."""
LEARNING_RATE: Final = 4e-4
"""Adam's."""


@dataclass(frozen=True, kw_only=True)
class PublishedTraining:
    """One row of Table 2, and the row of Table 3 with the digits of the author's notebook."""

    final_loss: float
    final_loss0: float
    critical_epoch: int
    mse: float
    mse_variance: float
    a: float
    a_variance: float
    b: float
    b_variance: float

    @property
    def a_cv(self) -> float:
        """Coefficient of variation of a, std / |mean| over the runs."""
        return math.sqrt(self.a_variance) / abs(self.a)

    @property
    def b_cv(self) -> float:
        """Coefficient of variation of b, std / |mean| over the runs."""
        return math.sqrt(self.b_variance) / abs(self.b)


PUBLISHED: Final[Mapping[int, PublishedTraining]] = MappingProxyType(
    {
        16: PublishedTraining(
            final_loss=9.50e-6,
            final_loss0=-1.418e-5,
            critical_epoch=95,
            mse=0.0428971,
            mse_variance=2.841e-5,
            a=-448.216,
            a_variance=371.494,
            b=-9452.722,
            b_variance=167382,
        ),
        32: PublishedTraining(
            final_loss=1.7283e-4,
            final_loss0=-1.11001e-3,
            critical_epoch=105,
            mse=0.0154805,
            mse_variance=8.591e-6,
            a=-4.622,
            a_variance=0.050707,
            b=1104.860,
            b_variance=2603.26,
        ),
        64: PublishedTraining(
            final_loss=3.145e-5,
            final_loss0=-3.8164e-4,
            critical_epoch=111,
            mse=0.0171351,
            mse_variance=4.180e-6,
            a=-14.885,
            a_variance=0.102335,
            b=-380.249,
            b_variance=70.683,
        ),
    }
)
"""Tables 2 and 3, one training each, by width. Variances are population variances over the 500 runs."""
