"""Densities whose H is known: in closed form, or as an integral over one variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.estimators import Histogram
from hthm.starts.kinds import BEAM, COLD, STARTS

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

WIDTHS: Final = (0.3, 0.03)
"""Widths of the rings, in units of s0."""
_REACH: Final = 4 * math.sqrt(0.5)  # of the cells of velocity_h: four thermal speeds


@dataclass(frozen=True)
class Known:
    """A density of velocities or speeds, in units of s0, of the energy that the paper's gas has (rings: nearly).

    Attributes
    ----------
    draw : callable
        Of a generator and n, samples (n, d).
    h : callable
        H, in nats.
    bins : Histogram
        The range that `hthm.velocity_h` or `hthm.speed_h` gives its bins.
    """

    draw: Callable[[np.random.Generator, int], FloatArray]
    h: Callable[[], float]
    bins: Histogram


def _ring(width: float) -> Known:
    inner, outer = 1 - width / 2, 1 + width / 2

    def draw(random: np.random.Generator, n: int) -> FloatArray:
        radius = np.sqrt(inner**2 + (outer**2 - inner**2) * random.random(n))
        angle = 2 * math.pi * random.random(n)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)

    return Known(draw, lambda: -math.log(2 * math.pi * width), _CELLS)


def _two_temperatures_h() -> float:
    """Of half the disks at either temperature: ∫ f ln f 2πv dv."""
    from scipy import integrate  # noqa: PLC0415 -- where it is wanted

    halves = ((2 - COLD) / 2, COLD / 2)

    def inside(v: float) -> float:
        f = sum(math.exp(-v * v / (2 * t)) / (2 * math.pi * t) for t in halves) / 2
        return 2 * math.pi * v * f * math.log(f)

    return float(integrate.quad(inside, 0, 20, points=[0.3, 1, 3], limit=200)[0])


def _two_beams_h() -> float:
    """Across the beams a normal distribution, along them a mixture of two: H is the sum of both."""
    from scipy import integrate  # noqa: PLC0415 -- where it is wanted

    variance = (1 - BEAM**2) / 2

    def inside(x: float) -> float:
        p = sum(math.exp(-((x - b) ** 2) / (2 * variance)) for b in (BEAM, -BEAM)) / math.sqrt(8 * math.pi * variance)
        return p * math.log(p)

    along = float(integrate.quad(inside, -6, 6, points=[-BEAM, 0, BEAM], limit=200)[0])
    return along - math.log(2 * math.pi * math.e * variance) / 2


_CELLS: Final = Histogram(low=-_REACH, high=_REACH)

KNOWN: Final[Mapping[str, Known]] = MappingProxyType(
    {
        "Maxwell–Boltzmann": Known(
            lambda random, n: STARTS["equilibrium"](random, (n,), 1.0), lambda: -math.log(math.pi * math.e), _CELLS
        ),
        "Rayleigh, speeds": Known(
            lambda random, n: random.rayleigh(math.sqrt(0.5), (n, 1)),
            lambda: math.log(2) - 1 - np.euler_gamma / 2,
            Histogram(low=0.0, high=2.0),
        ),
        **{f"ring of width {width:g}": _ring(width) for width in WIDTHS},
        "two temperatures": Known(
            lambda random, n: STARTS["two temperatures"](random, (n,), 1.0), _two_temperatures_h, _CELLS
        ),
        "two beams": Known(lambda random, n: STARTS["two beams"](random, (n,), 1.0), _two_beams_h, _CELLS),
    }
)
"""By name. Where they stand is the number of their streams, and part of every result: never change it."""
