"""Fig. 3: the distribution of the speeds at several times, on its way to Maxwell and Boltzmann's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import published
from hthm.h_functional import speed_counts_in_range, speed_edges
from hthm.pages.series import Speeds
from hthm.recording.reading import frames_of

if TYPE_CHECKING:
    from hthm.recording.store.dataset import Dataset
    from hthm.trajectories import Trajectories

SHOWN_TIMES: Final = (1 / 60, 0.25, 0.5, 1.0, 2.0)
"""Times at which the distribution is shown, beside that of the last frame."""


def speed_distributions(traj: Trajectories | Dataset, *, threads: int | None = None) -> Speeds:
    """Count the speeds of all runs at several times.

    Parameters
    ----------
    traj : Trajectories or Dataset
        Of either recording.
    threads : int, optional
        As `hthm.speed_counts` takes them.

    Returns
    -------
    Speeds
        In the bins of H, at `SHOWN_TIMES` as far as the runs go, and at their end.

    Notes
    -----
    Fig. 3 of arXiv:2508.14003.
    """
    last = traj.frames - 1
    frames = sorted({min(max(round(time / traj.dt) - 1, 0), last) for time in SHOWN_TIMES} | {last})
    numbers = np.add.outer(np.arange(traj.runs) * traj.frames, frames)  # (runs, shown)
    shown = frames_of(traj).take(numbers.reshape(-1), threads=threads)  # (runs * shown, n, 2)
    counts = speed_counts_in_range(shown, speed=traj.gas.speed, threads=threads)
    counts = counts.reshape(*numbers.shape, -1).sum(axis=0)  # (shown, bins)
    return Speeds(
        times=traj.times[frames],
        edges=speed_edges(traj.gas.speed, published.BINS),
        counts=counts,
        total=traj.runs * traj.gas.n,
    )
