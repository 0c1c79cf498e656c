"""Fig. 2: how many collisions a fixed step finds in the same physical time, against the frame rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm.series import FrameRates
from hthm.simulate import Progress, simulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hthm.gas import State


def count_collisions(
    state: State,
    rates: Sequence[int],
    time: float,
    *,
    engine: str = "cell_list",
    threads: int | None = None,
    progress: Progress | None = None,
) -> FrameRates:
    """Count the collisions of every run in the same time at every frame rate.

    Parameters
    ----------
    state : State
        Where the runs start, at every rate.
    rates : sequence of int
        Frames per unit time.
    time : float
        Physical time; a rate takes the nearest number of frames, at least one.
    engine : str
        A fixed-step engine.
    threads : int, optional
        As `simulate` takes them.
    progress : callable, optional
        Called as ``progress(done, total)`` with frames of all runs and rates.

    Returns
    -------
    FrameRates

    Notes
    -----
    Fig. 2 of arXiv:2508.14003: a step that is too long misses pairs that graze between two frames.
    """
    frames = [max(1, round(time * rate)) for rate in rates]
    total = state.runs * sum(frames)
    collisions = np.empty((len(rates), state.runs), dtype=np.int64)
    for k, rate in enumerate(rates):
        before = state.runs * sum(frames[:k])

        def report(done: int, _: int, before: int = before) -> None:
            if progress is not None:
                progress(before + done, total)

        traj = simulate(state, frames[k], 1 / rate, engine=engine, threads=threads, record="counts", progress=report)
        collisions[k] = traj.collisions.sum(axis=1)
    return FrameRates(rates=np.array(rates, dtype=np.int64), collisions=collisions, time=time, exact=None)
