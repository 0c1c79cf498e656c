"""The loss of whole runs from the compiled kernel, for `DeepSets` of velocities with SiLU in float32 on a CPU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from hthm import _core
from hthm.deepsets import DeepSets
from hthm.learning.frame_pairs import check_velocities
from hthm.learning.fused import add_gradient
from hthm.learning.loss import negative_slope
from hthm.learning.recipes import ArrowConfig
from hthm.learning.seeing import chosen_terms, seen
from hthm.learning.sharing import kernel_threads
from hthm.recording.reading import FramesLike, frames_of_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hthm.recording.frames import RunChanges

_Run: TypeAlias = tuple[_core.WholeRun, torch.Tensor]
"""A run, and its velocities (n + changes, 2) float32: of its first state, and of every change."""


class FusedRunLosses:
    """Losses and gradients of whole runs, exact up to rounding: every layer is computed once at every velocity.

    Parameters
    ----------
    model : DeepSets
        One that `hthm.learning.fused.takes_runs`.
    velocities : (runs, frames, n, 2) float64, C order, Trajectories or Frames
        See `hthm.learning.whole_runs.whole_runs`.
    config : ArrowConfig
        What is put in order, and what it costs.

    Notes
    -----
    docs/learned-entropy.md explains the kernel. As many threads as torch has, `torch.get_num_threads`; the bits do not
    depend on how many.
    """

    def __init__(self, model: DeepSets, velocities: FramesLike, config: ArrowConfig) -> None:
        frames = frames_of_runs(velocities)
        check_velocities(frames, torch.float32)
        self._config, self._width, self._architecture = config, model.width, model.architecture
        self._parameters = list(model.parameters())
        self._runs = [_whole_run(frames.changes(run, config.steps)) for run in range(frames.leading[0])]
        self._kernel = _core.ArrowLoss()
        self.runs, self.n = len(self._runs), frames.n
        self.steps = [run.steps for run, _ in self._runs]

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
        gradient = np.zeros(sum(parameter.numel() for parameter in self._parameters))
        loss = self.fill(gradient, self._weights(), numbers, update, noise)
        add_gradient(self._parameters, torch.from_numpy(gradient).float())
        return loss

    def fill(
        self,
        gradient: NDArray[np.float64],
        weights: NDArray[np.float32],
        numbers: Sequence[int],
        update: int,
        noise: torch.Generator,
    ) -> float:
        """Return the loss of an update for other weights than the model's, and add its gradient to one.

        Parameters
        ----------
        gradient, weights, numbers, update, noise
            See `hthm.learning.seeing.FillsRunGradients`.

        Returns
        -------
        float
        """
        config = self._config
        total = sum(self._runs[number][0].steps for number in numbers) * config.blocks
        views = [(self._runs[number], *self._seen(self._runs[number], noise)) for number in numbers]
        chosen = chosen_terms(config, total, noise)
        slope = 1.0 if config.loss == "logistic" else negative_slope(update - 1, config.updates, config.final_slope)
        loss = 0.0 if total else math.nan  # the mean of nothing
        for (run, _), velocities, block in views:
            loss += self._kernel.loss(
                weights,
                self._width,
                self._form,
                run,
                velocities,
                block,
                config.blocks,
                (config.loss == "logistic", slope, config.penalty),
                None if chosen is None else chosen.numpy(),
                float(total if chosen is None else len(chosen)),
                gradient,
                kernel_threads(),
            )
        return loss

    def change(self, noise: torch.Generator) -> torch.Tensor:
        """See `hthm.learning.seeing.RunLosses.change`."""
        weights, blocks = self._weights(), self._config.blocks
        changes = []
        for run in self._runs:
            velocities, block = self._seen(run, noise)
            change = np.empty(run[0].steps * blocks)
            threads = kernel_threads()
            self._kernel.change(weights, self._width, self._form, run[0], velocities, block, blocks, change, threads)
            changes.append(change)
        return torch.from_numpy(np.concatenate(changes))

    @property
    def _form(self) -> tuple[float, bool, bool]:
        architecture = self._architecture
        return architecture.velocity_scale, architecture.pooling == "mean", architecture.extensive

    def _weights(self) -> NDArray[np.float32]:
        return torch.cat([parameter.detach().reshape(-1) for parameter in self._parameters]).numpy()

    def _seen(self, run: _Run, noise: torch.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        velocities, block = seen(run[1], self.n, self._config, self._architecture, noise)
        return velocities.numpy(), None if block is None else block.numpy()


def _whole_run(changes: RunChanges) -> _Run:
    first, disks, velocities, step, steps = changes
    n = len(first)
    rows = np.empty((n + len(velocities), 2), dtype=np.float32)
    rows[:n], rows[n:] = first, velocities
    run = _core.WholeRun(
        n, steps, np.ascontiguousarray(disks, dtype=np.int32), np.ascontiguousarray(step, dtype=np.int64)
    )
    return run, torch.from_numpy(rows)
