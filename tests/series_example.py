"""A small series for tests of what is made from one: shapes as from a run, numbers made up."""

from __future__ import annotations

import numpy as np

from hthm.gas import DiskGas
from hthm.pages.series import FrameRates, Series, Speeds, Training


def training(width: int, seed: int | None, *, runs: int = 5, frames: int = 12, epochs: int = 6) -> Training:
    """Return a training whose loss crosses zero in its last epoch but one; given weights have no losses."""
    random = np.random.default_rng(width)
    epochs = 0 if seed is None else epochs
    return Training(
        width=width,
        seed=seed,
        h=random.normal(size=(runs, frames)),
        a=random.normal(size=runs),
        b=random.normal(size=runs),
        mse=random.random(runs),
        loss=np.linspace(-0.1, 0.02, epochs),
        loss0=np.linspace(-0.1, -0.02, epochs),
        slope=np.linspace(1, 0.2, epochs),
        critical_epoch=epochs or None,
    )


def series(
    *trainings: Training,
    gas: DiskGas | None = None,
    runs: int = 5,
    frames: int = 12,
    exact: bool = True,
    boltzmann: bool = True,
) -> Series:
    """Return a series with these trainings."""
    gas = gas or DiskGas()
    random = np.random.default_rng(0)
    rates = np.array([5, 20, 60, 240])
    edges = np.linspace(0, 3 * gas.speed, 31)
    drawn = random.rayleigh(gas.speed / np.sqrt(2), (2, 1000))
    return Series(
        gas=gas,
        times=np.arange(1, frames + 1) / 60,
        H=1.6 + random.random((runs, frames)),
        trainings=trainings,
        frame_rates=FrameRates(
            rates=rates,
            collisions=random.poisson(8000 * (1 - np.exp(-rates / 30))[:, np.newaxis], (4, runs)),
            time=500 / 60,
            exact=random.poisson(8116, runs) if exact else None,
            engine="sorted_cells",
        ),
        speeds=Speeds(
            times=np.array([1 / 60, 0.5]),
            edges=edges,
            counts=np.stack([np.histogram(speeds, edges)[0] for speeds in drawn]),
            total=1000,
        ),
        boltzmann=1.6 + random.random((runs, frames)) if boltzmann else None,
    )
