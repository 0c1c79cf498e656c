"""Whole runs as their first frame and what changed then: h along a run costs φ of the changes, not of every frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from hthm.deepsets import DeepSets
from hthm.learning.feeding import NUMPY_DTYPE
from hthm.learning.frame_pairs import check_velocities
from hthm.learning.recipes import Steps
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hthm.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Changes:
    """One run: where it began, and which velocities came in place of which.

    Attributes
    ----------
    n, steps : int
        Disks, and steps of the run: frames after the first, or collisions.
    velocities : (n + changes, 2) tensor
        Of the first state, disk by disk, and then of every change, in order. Box sides per unit time.
    disks : (changes,) int64 tensor
        Which disk changes.
    replaced : (changes,) int64 tensor
        Row of `velocities` in whose place a change comes.
    step : (changes,) int64 tensor
        In which step it happens.
    """

    n: int
    steps: int
    velocities: torch.Tensor
    disks: torch.Tensor
    replaced: torch.Tensor
    step: torch.Tensor

    def h(self, model: DeepSets, velocities: torch.Tensor | None = None) -> torch.Tensor:
        """Return h of the first state and after every step, (steps + 1,) float64.

        Parameters
        ----------
        model : DeepSets
            Of the dtype of the velocities.
        velocities : (n + changes, 2) tensor, optional
            What the network sees in place of `self.velocities`.

        Returns
        -------
        (steps + 1,) float64 tensor

        Notes
        -----
        The same as of the frames one by one, but for rounding. φ is computed in the dtype of the network; its sum is
        carried along in float64, for Δh is a small difference of two of them.
        """
        everything = torch.zeros(self.n, dtype=torch.int64, device=self.velocities.device)
        return self.block_h(model, everything, 1, velocities).squeeze(1)

    def block_h(
        self, model: DeepSets, block: torch.Tensor, blocks: int, velocities: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return h of parts of the gas, each as if it were all there is.

        Parameters
        ----------
        model : DeepSets
            Of the dtype of the velocities.
        block : (n,) int64 tensor
            The part that a disk belongs to; `blocks` for one that belongs to none. All parts are equally large.
        blocks : int
            How many there are.
        velocities : (n + changes, 2) tensor, optional
            What the network sees in place of `self.velocities`.

        Returns
        -------
        (steps + 1, blocks) float64 tensor
        """
        features = model.features(self.velocities if velocities is None else velocities)  # (n + changes, D)
        change = features[self.n :] - features.index_select(0, self.replaced)  # (changes, D)
        rows, at = torch.cat([features[: self.n], change]), torch.cat([torch.zeros_like(block), self.step + 1])
        of = torch.cat([block, block[self.disks]])
        sums = rows.new_zeros((self.steps + 1) * (blocks + 1), model.width)
        sums = sums.index_add(0, at * (blocks + 1) + of, rows)  # of the first state, and of what each step adds
        along = sums.double().view(self.steps + 1, blocks + 1, -1)[:, :blocks].cumsum(dim=0)  # (steps + 1, blocks, D)
        return model.of_sums(along, self.n // blocks)


def whole_runs(
    velocities: FloatArray | Trajectories, steps: Steps, dtype: torch.dtype = torch.float32
) -> list[Changes]:
    """Return every run as its changes.

    Parameters
    ----------
    velocities : (runs, frames, n, 2) float64, C order, or Trajectories
        Box sides per unit time. Neither is changed, nor a log made dense.
    steps : {"frames", "collisions"}
        Frames begin with the first frame; collisions begin with the start of the run, and need Trajectories with a log.
    dtype : torch.dtype
        What the network computes in.

    Returns
    -------
    list of Changes

    Raises
    ------
    TypeError, ValueError
        If the velocities have another dtype, shape or order, fewer than 2 frames or are not finite, or if collisions
        are asked of a recording that does not know them.
    AttributeError
        If Trajectories have no velocities.
    """
    check_velocities(velocities, dtype)
    if isinstance(velocities, Trajectories) and velocities.recording == "log":
        return list(_from_log(velocities, steps, dtype))
    if steps == "collisions":
        raise ValueError(
            "velocities: must be recorded as a log, for only that knows which disks collided, got frames. "
            "Simulate with record='log'."
        )
    frames = velocities.velocities if isinstance(velocities, Trajectories) else velocities
    return [_from_frames(run, dtype) for run in frames]


def _from_log(traj: Trajectories, steps: Steps, dtype: torch.dtype) -> Iterator[Changes]:
    log = traj.log
    for start, offsets in zip(traj.initial.velocities, log.frame_offsets, strict=True):
        first = start
        if steps == "frames":  # what happened before the first frame is part of it
            first = start.copy()
            rows = slice(offsets[0], offsets[1])
            first[log.pairs[rows].ravel()] = log.velocities[rows].reshape(-1, 2)  # of several, the last one stays
            rows = slice(offsets[1], offsets[-1])
            step = np.repeat(np.arange(len(offsets) - 2), 2 * np.diff(offsets[1:]))
            count = len(offsets) - 2
        else:
            rows = slice(offsets[0], offsets[-1])
            count = int(offsets[-1] - offsets[0])
            step = np.repeat(np.arange(count), 2)
        yield _changes(first, log.pairs[rows].ravel(), log.velocities[rows].reshape(-1, 2), step, count, dtype)


def _from_frames(frames: FloatArray, dtype: torch.dtype) -> Changes:
    step, disks = np.nonzero((frames[1:] != frames[:-1]).any(axis=-1))  # in order of the frames
    return _changes(frames[0], disks, frames[step + 1, disks], step, len(frames) - 1, dtype)


def _changes(
    first: FloatArray,
    disks: NDArray[np.integer],
    velocities: FloatArray,
    step: IntArray,
    steps: int,
    dtype: torch.dtype,
) -> Changes:
    n = len(first)
    replaced = disks.astype(np.int64)  # where a disk has not changed before, its first velocity
    order = np.argsort(disks, kind="stable")  # the changes of a disk after each other, in order
    again = disks[order[1:]] == disks[order[:-1]]
    replaced[order[1:][again]] = n + order[:-1][again]
    rows = np.concatenate([first, velocities]).astype(NUMPY_DTYPE[dtype])
    whole = (torch.from_numpy(numbers.astype(np.int64)) for numbers in (disks, replaced, step))
    return Changes(n, steps, torch.from_numpy(rows), *whole)
