"""Speeds on their way to Maxwell and Boltzmann's distribution: at several times, Fig. 3, and frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import published
from hthm.h_functional import speed_counts_in_range, speed_edges
from hthm.pages.series import Speeds
from hthm.recording.reading import frames_of
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hthm.arrays import IntArray
    from hthm.recording.store.dataset import Dataset

SHOWN_TIMES: Final = (1 / 60, 0.25, 0.5, 1.0, 2.0)
"""Times at which the distribution is shown, beside that of the last frame."""
POOLED_RUNS: Final = 100
"""Most runs that are counted together frame by frame: 10^5 speeds at the paper's size, and no second over all 500."""
MOST_FRAMES: Final = 1000
"""Most frames that are counted so; of more, every second, third, and so on."""
_DISKS_AT_A_TIME: Final = 2**22


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
    return _speeds(traj, frames, counts, traj.runs)


def speeds_by_frame(traj: Trajectories | Dataset, *, threads: int | None = None) -> Speeds:
    """Count the speeds of the first runs, together, frame by frame.

    Parameters
    ----------
    traj : Trajectories or Dataset
        Of either recording.
    threads : int, optional
        As `hthm.speed_counts` takes them.

    Returns
    -------
    Speeds
        In the bins of H, of at most `POOLED_RUNS` runs, at no more than `MOST_FRAMES` evenly many frames.
    """
    runs, every = min(traj.runs, POOLED_RUNS), -(-traj.frames // MOST_FRAMES)
    shown = np.arange(every - 1, traj.frames, every)  # (shown,)
    counts = np.zeros((len(shown), published.BINS), dtype=np.int64)
    for run in range(runs):
        if isinstance(traj, Trajectories):
            of_run = speed_counts_in_range(traj[run : run + 1], threads=threads)[0]  # (frames, bins)
            counts += of_run[shown]
            continue
        pieces = -(-len(shown) * traj.n // _DISKS_AT_A_TIME)
        for piece in np.array_split(np.arange(len(shown)), pieces):
            velocities = frames_of(traj).take(run * traj.frames + shown[piece], threads=threads)
            counts[piece] += speed_counts_in_range(velocities, speed=traj.gas.speed, threads=threads)
    return _speeds(traj, shown, counts, runs)


def _speeds(traj: Trajectories | Dataset, frames: Sequence[int] | IntArray, counts: IntArray, runs: int) -> Speeds:
    """Counts (frames, bins) of so many runs, in the bins of H, by number of the frame."""
    return Speeds(
        times=traj.times[frames],
        edges=speed_edges(traj.gas.speed, published.BINS),
        counts=counts,
        total=runs * traj.gas.n,
    )
