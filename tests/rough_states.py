"""Rough disks in both recordings, and networks that see more of them than a velocity: what tests of these share."""

from __future__ import annotations

import numpy as np

import hthm
from hthm.deepsets import DeepSets, new_model
from hthm.learning.recipes import TrainConfig, entropic

GAS = hthm.DiskGas(n=150, diameter=0.02, speed=1.0, rule=hthm.RoughDisks(inertia=0.5))
LOG, DENSE = (hthm.simulate(GAS.sample(3, seed=1), 12, 0.02, record=record) for record in ("log", "velocities"))
KINDS = np.random.default_rng(0).integers(2, size=(GAS.n, 1)).astype(np.float64)
TINY = TrainConfig(epochs=2, batch=8, learning_rate=1e-3)


def wide(components: int = 3, labels: int = 0, width: int = 6) -> DeepSets:
    return new_model(width, 0, entropic(GAS.speed, components=components, labels=labels))
