"""Pairs of consecutive frames for a training of one's own: what torch's DataLoader takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from hthm import checks
from hthm.learning.feeding import NUMPY_DTYPE
from hthm.recording.reading import FramesLike, frames_of_runs

Pair = tuple[torch.Tensor, torch.Tensor]


class FramePairs(Dataset[Pair]):
    """All pairs of consecutive frames of all runs: pair k of run r has the number r·(frames − 1) + k.

    A DataLoader asks for a batch at once (``__getitems__``), and the frames of a log are then made in one go. In its
    workers, forked or spawned, each reads for itself; a dataset on the disk is the one to share among many.

    Parameters
    ----------
    velocities : (runs, frames, n, 2) float64, C order, Trajectories, a dataset of `hthm.open`, or Frames
        Box sides per unit time; or states, as `hthm.recording.states.disk_states` makes them.
    dtype : torch.dtype
        float32 or float64, what the network computes in.

    Raises
    ------
    TypeError, ValueError
        If the velocities are none of these, there are fewer than two frames a run, or the dtype is another.

    Examples
    --------
    >>> import hthm
    >>> from torch.utils.data import DataLoader
    >>> traj = hthm.simulate(hthm.DiskGas(n=50).sample(runs=3, seed=0), frames=20, record="log")
    >>> pairs = FramePairs(traj)
    >>> len(pairs)
    57
    >>> before, after = next(iter(DataLoader(pairs, batch_size=8, shuffle=True)))
    >>> before.shape
    torch.Size([8, 50, 2])
    """

    def __init__(self, velocities: FramesLike, *, dtype: torch.dtype = torch.float32) -> None:
        self._frames = frames_of_runs(velocities, None)
        self._of_run = checks.integer("frames of a run", self._frames.leading[1], least=2)
        if dtype not in NUMPY_DTYPE:
            raise ValueError(f"dtype: must be torch.float32 or torch.float64, got {dtype}.")
        self._dtype = NUMPY_DTYPE[dtype]

    def __len__(self) -> int:
        return self._frames.leading[0] * (self._of_run - 1)

    def __getitem__(self, number: int) -> Pair:
        """Return both frames of a pair, (n, 2) each.

        Raises
        ------
        IndexError
            If there is no such pair.
        """
        return self.__getitems__([number])[0]

    def __getitems__(self, numbers: Sequence[int]) -> list[Pair]:
        """Return several pairs, read together."""
        wanted = np.asarray(numbers, dtype=np.int64)
        wanted = np.where(wanted < 0, wanted + len(self), wanted)
        if ((wanted < 0) | (wanted >= len(self))).any():
            raise IndexError(f"number: must be that of one of {len(self)} pairs, got {list(numbers)}.")
        first = wanted + wanted // (self._of_run - 1)  # a run has one frame more than pairs
        frames = self._frames.take(np.concatenate([first, first + 1]), threads=1).astype(self._dtype, copy=False)
        before, after = torch.from_numpy(frames).chunk(2)
        return list(zip(before, after, strict=True))
