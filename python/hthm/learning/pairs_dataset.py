"""Pairs of consecutive frames for torch's DataLoader: a model, a loss and a loop of your own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from hthm import checks
from hthm.recording.reading import FramesLike, frames_of_runs


class FramePairs(Dataset[torch.Tensor]):
    """Pairs of consecutive frames: item k of run r, numbered r·(frames − 1) + k, is frames k and k + 1 of that run.

    Parameters
    ----------
    velocities : (runs, frames, n, 2) float64, C order, Trajectories, a dataset or Frames
        Of at least 2 frames a run. Nothing of it is copied but the pairs that are asked for; those of a batch are read
        together. A dataset on the disk is read by every worker of a DataLoader for itself, whether it is forked or
        spawned.
    dtype : torch.dtype
        Of the items.

    Raises
    ------
    TypeError, ValueError
        If there are no runs of at least 2 frames.

    Examples
    --------
    >>> import hthm
    >>> from torch.utils.data import DataLoader
    >>> traj = hthm.simulate(hthm.DiskGas(n=50).sample(runs=3, seed=0), frames=20, record="log")
    >>> pairs = FramePairs(traj)
    >>> len(pairs), next(iter(DataLoader(pairs, batch_size=8, shuffle=True))).shape
    (57, torch.Size([8, 2, 50, 2]))
    """

    def __init__(self, velocities: FramesLike, *, dtype: torch.dtype = torch.float32) -> None:
        self._frames = frames_of_runs(velocities)
        self._dtype = dtype
        if self._frames.leading[1] < 2:  # noqa: PLR2004 -- two frames make a pair
            raise ValueError(
                f"velocities: must have at least 2 frames a run, got {self._frames.leading[1]}. Simulate more frames."
            )

    def __len__(self) -> int:
        runs, frames = self._frames.leading
        return runs * (frames - 1)

    def __getitem__(self, number: int) -> torch.Tensor:
        return self.__getitems__([number])[0]

    def __getitems__(self, numbers: Sequence[int]) -> list[torch.Tensor]:
        """Read the pairs of a batch together: torch asks for this where it is there.

        Parameters
        ----------
        numbers : sequence of int
            Of the pairs.

        Returns
        -------
        list of (2, n, 2) Tensor

        Raises
        ------
        IndexError
            If there is no such pair.
        """
        wanted = np.asarray(numbers, dtype=np.int64)
        if len(wanted) and not -len(self) <= wanted.min() <= wanted.max() < len(self):
            raise IndexError(f"numbers: must be those of the {len(self)} pairs, got {wanted.min()} to {wanted.max()}.")
        wanted %= len(self)
        first = wanted + wanted // (self._frames.leading[1] - 1)  # a run has one frame more than pairs
        frames = self._frames.take(np.stack([first, first + 1], axis=1).reshape(-1), threads=checks.threads(None))
        pairs = torch.from_numpy(frames).to(self._dtype).reshape(len(wanted), 2, self._frames.n, 2)
        return list(pairs.unbind())
