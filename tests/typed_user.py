"""A program of a user's: `.ci/run types` has mypy and pyright check it against what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

import hthm
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.fit import AffineFit, affine_fit
from hthm.recording.collision_log import CollisionLog
from hthm.recording.store.dataset import Dataset
from hthm.train import History, TrainConfig, train


def h_of_a_gas(n: int) -> NDArray[np.float64]:
    gas = hthm.DiskGas(n=n, diameter=0.006)
    start = gas.sample(runs=2, seed=1)
    assert_type(start, hthm.State)
    assert_type(start[0:1], hthm.State)
    traj = hthm.simulate(start, frames=10, dt=1 / 60)
    assert_type(traj, hthm.Trajectories)
    assert_type(traj.velocities, NDArray[np.float64])
    assert_type(traj.collisions, NDArray[np.int64])
    return hthm.speed_h(traj)


def own_start() -> hthm.State:
    places = np.array([[[0.2, 0.5], [0.6, 0.5]]])
    return hthm.State(places, np.ones((1, 2, 2)), diameter=0.1, box=1.0)


def learned(traj: hthm.Trajectories, H: NDArray[np.float64]) -> AffineFit:  # noqa: N803 -- H is its name
    model = new_model(8, seed=0)
    assert_type(model, DeepSets)
    history = train(model, traj, TrainConfig(epochs=2), loss=lambda change: (-change).mean())
    assert_type(history, History)
    return affine_fit(evaluate(model, traj), H)


def logged(start: hthm.State) -> CollisionLog:
    return hthm.simulate(start, frames=10, dt=1 / 60, record="log").log


def kept(folder: Path) -> NDArray[np.float64]:
    dataset = hthm.open(folder)
    assert_type(dataset, Dataset)
    return hthm.velocity_h(dataset)


def of_torch(velocities: Tensor) -> NDArray[np.float64]:
    return hthm.speed_h(velocities, speed=1.0)
