"""Which engine is the fastest for a gas."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from hthm.engines.names import AUTO
from hthm.gas import State

_MANY: Final = 5000  # disks whose cells do not stay in the cache


def fastest(n: int, area_fraction: float, moved: float) -> str:
    """Return the name of the fixed-step engine that takes the least time for a step.

    Parameters
    ----------
    n : int
        Disks of a run.
    area_fraction : float
        Fraction φ of the box that they cover.
    moved : float
        Root of the mean square distance that a disk moves in a step, in diameters.

    Returns
    -------
    str
        One of `hthm.engines`, never an exact one.

    Notes
    -----
    Speed alone is at stake. With u = moved·φ^0.6, a measure of how long a list of neighbours lasts and how long it is:

    ====================  =========================================  ===============================================
    u                     up to                                      from there on
    ====================  =========================================  ===============================================
    below the limit       n = 20 + 160 φ: all_pairs                  neighbor_list, its list lasts for many steps
    the limit and above   n = 110 + 200 φ: all_pairs                 sorted_cells
    ====================  =========================================  ===============================================

    The limit is 0.003, and 0.011 from n = 5000 on, where the cells do not stay in the cache. The rule
    is the same on every machine, for datasets name the engine: all_pairs is the faster one up to n = 150 + 200 φ with
    AVX2, up to 75 + 200 φ without.
    ``python -m bench.bench_auto`` measures what the rule loses.
    """
    limit = 0.003 if n < _MANY else 0.011
    if moved * area_fraction**0.6 < limit:
        return "all_pairs" if n <= 20 + 160 * area_fraction else "neighbor_list"
    return "all_pairs" if n <= 110 + 200 * area_fraction else "sorted_cells"


def chosen(engine: str, state: State, dt: float) -> str:
    """Return the engine that simulates a state: the one that is named, or the fastest in place of "auto".

    Parameters
    ----------
    engine : str
        One of `hthm.engines`, or "auto".
    state : State
        Where the runs start; the root mean square of its velocities is what disks move by in a unit of time.
    dt : float
        Length of a step.

    Returns
    -------
    str
        One of `hthm.engines`.
    """
    if engine != AUTO:
        return engine
    speed = math.sqrt(float(np.vdot(state.velocities, state.velocities)) / (state.runs * state.n))
    return fastest(state.n, state.gas.area_fraction, speed * dt / state.diameter)
