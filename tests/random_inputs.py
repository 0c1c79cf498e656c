"""Random inputs for the whole public API: any scale of length and time, disks on edges and on each other."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import hthm

Array = NDArray[np.float64]

_TOTAL = int(os.environ.get("HTHM_EXAMPLES", "300"))
_TESTS = 8  # of tests/fuzz that share them, beside the one that trains


def _examples(count: int) -> settings:
    """Draw this many, however slow a sanitizer makes each."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=max(5, count), deadline=None, suppress_health_check=slow)


trained = _examples(_TOTAL // 50)
"""For what trains a network, where an input takes as long as twenty others."""
shared = _examples((_TOTAL - _TOTAL // 50) // _TESTS)
"""HTHM_EXAMPLES inputs of all tests together, a few hundred unless it is set."""

ANY = st.floats(allow_nan=True, allow_infinity=True)
"""What a user may write into an array."""


def assert_named(error: Exception, begins: str = r"[A-Za-z_0]+: \S") -> None:
    """Every refusal begins with the argument's name."""
    assert re.match(begins, str(error)), f"not the form of a message for a user: {error!r}"


@dataclass
class Case:
    """A start of one run or two, and the step that goes with it."""

    state: hthm.State
    frames: int
    dt: float


def power(least: int, most: int) -> st.SearchStrategy[int]:
    """Powers of two, small ones first."""
    return st.one_of(st.just(0), st.integers(max(least, -40), min(most, 40)), st.integers(least, most))


@st.composite
def velocities(draw: st.DrawFn, shape: tuple[int, ...]) -> Array:
    """Velocities (..., 2) of order 1: drawn normally, at rest, along the axes, or of very unequal sizes."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["normal", "normal", "axes", "some at rest", "unequal", "all at rest"]))
    v = random.normal(size=shape)
    if kind == "axes":
        v = np.round(v)
    elif kind == "some at rest":
        v[random.random(shape[:-1]) < 0.5] = 0
    elif kind == "unequal":
        v *= 10.0 ** random.integers(-20, 1, size=(*shape[:-1], 1))
    elif kind == "all at rest":
        v[:] = 0
    return v


@st.composite
def cases(draw: st.DrawFn, *, apart: bool = False) -> Case:
    """A start in a box of any scale; without overlaps where `apart`."""
    runs, n = draw(st.integers(1, 2)), draw(st.integers(1, 14))
    side = math.ldexp(draw(st.sampled_from([1.0, 0.3, 1.7])), draw(power(-320, 320)))
    share = draw(st.sampled_from([0.5, 0.49, 1 / 3, 0.25, 0.1, 0.05, 1e-3, 1e-9]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if apart:
        share = min(share, 0.5 if n == 1 else math.sqrt(0.4 / n))
        gas = hthm.DiskGas(n=n, diameter=share * side, box=side)
        placed = gas.sample(runs, draw(st.integers(0, 2**64)), overlaps="reject")
        x = placed.positions
    else:
        x = random.random((runs, n, 2))
        if draw(st.booleans()):
            edges = np.array([0.0, 5e-324, 1e-17, 0.5, np.nextafter(0.5, 1), share, np.nextafter(1.0, 0)])
            x = edges[random.integers(0, len(edges), size=x.shape)]
        x = x * side
        x[x >= side] = 0
        if n > 1 and draw(st.booleans()):
            x[:, 1] = x[:, 0]
    step = draw(st.sampled_from([1.0, 0.02, 0.3, 1e-6, 40.0] if not apart else [0.02, 0.3, 1e-4]))  # in boxes
    clock = max(draw(power(-330, 330)), math.frexp(side)[1] - 490)  # of the unit of time; speeds stay below 1e150
    v = draw(velocities((runs, n, 2))) * np.ldexp(side, -clock)
    state = hthm.State(x, v, diameter=share * side, box=side, speed=float(np.ldexp(side, -clock)) if side else None)
    return Case(state, draw(st.integers(1, 4)), math.ldexp(step, clock))
