"""The bins of H."""

from __future__ import annotations

from typing import Final

import numpy as np

from hthm import checks, published
from hthm.arrays import FloatArray

MOST_BINS: Final = 10_000


def speed_edges(speed: float, bins: int = published.BINS) -> FloatArray:
    """Edges of the bins of H, (bins + 1,): ``numpy.linspace(0, 2 * speed, bins + 1)``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.
    """
    speed = checks.positive("speed", speed, least=1e-300, most=1e300)
    bins = checks.integer("bins", bins, least=1, most=MOST_BINS)
    return np.linspace(0, 2 * speed, bins + 1)
