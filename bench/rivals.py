"""What one would run without hthm: the algorithm of the paper's author, and scipy's k-d tree."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

import hthm

Array = NDArray[np.float64]
Step = Callable[[Array, Array, hthm.DiskGas], None]
DT = 1 / hthm.paper.FRAME_RATE


def collide_pairs(x: Array, v: Array, pairs: NDArray[np.int64], box: float) -> None:
    """Collide overlapping pairs (pairs, 2) in ascending (i, j), in place, in a Python loop."""
    for i, j in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        d = x[i] - x[j]
        d = np.where(d > box / 2, d - box, np.where(d < -box / 2, d + box, d))
        normal = d / math.sqrt(d[0] * d[0] + d[1] * d[1])
        w = v[i] - v[j]
        closing = w[0] * normal[0] + w[1] * normal[1]
        if closing <= 0:
            v[i] -= closing * normal
            v[j] += closing * normal


def distance_matrix_step(x: Array, v: Array, gas: hthm.DiskGas) -> None:
    """One step as the paper's author computes it: the matrix of all distances, then a loop over overlapping pairs."""
    x[:] = np.mod(x + v * DT, gas.box)
    d = x[:, None, :] - x[None, :, :]  # (n, n, 2)
    d = np.where(d > gas.box / 2, d - gas.box, np.where(d < -gas.box / 2, d + gas.box, d))
    d2 = d[..., 0] * d[..., 0] + d[..., 1] * d[..., 1]
    collide_pairs(x, v, np.argwhere(np.triu(d2 < gas.diameter * gas.diameter, k=1)), gas.box)


def tree_step(x: Array, v: Array, gas: hthm.DiskGas) -> None:
    """One step with scipy's k-d tree, what one would write without hthm."""
    x[:] = np.mod(x + v * DT, gas.box)
    pairs = cKDTree(x, boxsize=np.full(2, gas.box)).query_pairs(gas.diameter, output_type="ndarray")
    collide_pairs(x, v, pairs, gas.box)


def python_run(step: Step, state: hthm.State, frames: int) -> Array:
    """Velocities (frames, n, 2) of the first run of a state by a step in Python."""
    x, v = state.positions[0].copy(), state.velocities[0].copy()
    recorded = np.empty((frames, *v.shape))
    for frame in range(frames):
        step(x, v, state.gas)
        recorded[frame] = v
    return recorded
