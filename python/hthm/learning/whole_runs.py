"""Whole runs as their first frame and what changed then: h along a run costs φ of the changes, not of every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from hthm.deepsets import DeepSets
from hthm.learning.feeding import NUMPY_DTYPE
from hthm.learning.frame_pairs import check_velocities
from hthm.learning.loss import logistic_loss, negative_slope, tilted_loss
from hthm.learning.recipes import ArrowConfig
from hthm.learning.seeing import chosen_terms, seen
from hthm.recording.frames import RunChanges, Steps
from hthm.recording.reading import FramesLike, frames_of_runs


@dataclass(frozen=True, eq=False)
class Changes:
    """One run: where it began, and which velocities came in place of which.

    Attributes
    ----------
    n, steps : int
        Disks, and steps of the run: frames after the first, or collisions.
    velocities : (n + changes, 2) tensor
        Of the first state, disk by disk, and then of every change, in order. Box sides per unit time; of states wider
        than a velocity, as many numbers as these have.
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

    def to(self, device: torch.device) -> Changes:
        """Return the run with its tensors on a device."""
        tensors = (self.velocities, self.disks, self.replaced, self.step)
        return Changes(self.n, self.steps, *(tensor.to(device) for tensor in tensors))

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
    velocities: FramesLike, steps: Steps, dtype: torch.dtype = torch.float32, components: int | None = 2
) -> list[Changes]:
    """Return every run as its changes.

    Parameters
    ----------
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time. Neither is changed, nor a log made dense.
    steps : {"frames", "collisions"}
        Frames begin with the first frame; collisions begin with the start of the run, and need Trajectories with a log.
    dtype : torch.dtype
        What the network computes in.
    components : int, optional
        Numbers of a disk that it sees.

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
    frames = frames_of_runs(velocities, components)
    check_velocities(frames, dtype)
    return [_changes(frames.changes(run, steps), dtype) for run in range(frames.leading[0])]


def _changes(run: RunChanges, dtype: torch.dtype) -> Changes:
    """As a network sees a run: every change knows what it replaces."""
    first, disks, velocities, step, steps = run
    n = len(first)
    replaced = disks.astype(np.int64)  # where a disk has not changed before, its first velocity
    order = np.argsort(disks, kind="stable")  # the changes of a disk after each other, in order
    again = disks[order[1:]] == disks[order[:-1]]
    replaced[order[1:][again]] = n + order[:-1][again]
    rows = np.concatenate([first, velocities]).astype(NUMPY_DTYPE[dtype])
    whole = (torch.from_numpy(numbers.astype(np.int64)) for numbers in (disks, replaced, step))
    return Changes(n, steps, torch.from_numpy(rows), *whole)


class TorchRunLosses:
    """The reference: the gradient is left to autograd.

    Parameters
    ----------
    model : DeepSets
        Any. The runs go where it is.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        See `whole_runs`.
    config : ArrowConfig
        What is put in order, and what it costs.
    """

    def __init__(self, model: DeepSets, velocities: FramesLike, config: ArrowConfig) -> None:
        self._model, self._config = model, config
        weight = next(model.parameters())
        runs = whole_runs(velocities, config.steps, weight.dtype, model.components)
        self._runs = [run.to(weight.device) for run in runs]
        self.runs, self.n = len(self._runs), self._runs[0].n
        self.steps = [run.steps for run in self._runs]

    def loss(self, numbers: Sequence[int], update: int, noise: torch.Generator) -> float:
        """Add the gradient of an update to that of the weights, and return its loss.

        Parameters
        ----------
        numbers, update, noise
            See `hthm.learning.seeing.RunLosses.loss`.

        Returns
        -------
        float
        """
        config = self._config
        change = torch.cat([self._change(self._runs[number], noise) for number in numbers])
        chosen = chosen_terms(config, len(change), noise)
        if chosen is not None:
            change = change[chosen.to(change.device)]
        if config.loss == "logistic":
            loss = logistic_loss(change, penalty=config.penalty)
        else:
            slope = negative_slope(update - 1, config.updates, config.final_slope)
            loss = tilted_loss(change, negative_slope=slope, penalty=config.penalty)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return float(loss.detach())

    def change(self, noise: torch.Generator) -> torch.Tensor:
        """See `hthm.learning.seeing.RunLosses.change`."""
        with torch.inference_mode():
            return torch.cat([self._change(run, noise) for run in self._runs]).cpu()

    def _change(self, run: Changes, noise: torch.Generator) -> torch.Tensor:
        config, model = self._config, self._model
        velocities, block = seen(run.velocities, run.n, config, model.architecture, noise)
        if block is None:
            block = torch.zeros(run.n, dtype=torch.int64, device=velocities.device)
        change = run.block_h(model, block, config.blocks, velocities).diff(dim=0).flatten()
        if change.requires_grad:
            change.register_hook(_answer)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return change


def _answer(_: torch.Tensor) -> None:
    """Let Python in between two runs of a backward pass, which is one call of torch's otherwise: Ctrl-C is answered."""
