"""Time of a training step, the compiled kernel beside plain torch.

Every benchmark asserts its answer, the gradient of float64 autograd, before it times it. The table of ratios, rounds
interleaved, on as many threads as torch takes: ``python bench/bench_training.py [threads]``.
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

import hthm
from hthm.deepsets import DeepSets, new_model
from hthm.learning.backends import new_batch_loss
from hthm.learning.frame_pairs import BatchLoss
from hthm.learning.recipes import Backend
from hthm.learning.steps import new_steps

Array = NDArray[np.float64]
CPU = torch.device("cpu")
WIDTHS = hthm.paper.WIDTHS


def frames(runs: int, count: int) -> Array:
    """Velocities (runs, count, 1000, 2) of the paper's gas."""
    return hthm.simulate(hthm.paper.GAS.sample(runs, seed=1), frames=count, dt=1 / 60).velocities


def gradient(model: DeepSets, batch_loss: BatchLoss, pairs: torch.Tensor) -> torch.Tensor:
    """Gradient of the loss of the first epoch, in float64."""
    model.zero_grad()
    batch_loss(pairs, negative_slope=1.0, penalty=hthm.paper.PENALTY)
    return torch.cat([p.grad.flatten().double() for p in model.parameters() if p.grad is not None])


def assert_exact(width: int, velocities: Array) -> None:
    """Compare the kernel's gradient of 64 pairs with autograd's in float64."""
    model, double = new_model(width, 0), new_model(width, 0).double()
    pairs = torch.arange(64)
    rounded = velocities.astype(np.float32).astype(np.float64)
    expected = gradient(double, new_batch_loss(double, rounded, "torch", CPU), pairs)
    found = gradient(model, new_batch_loss(model, velocities, "fused", CPU), pairs)
    assert torch.linalg.vector_norm(found - expected) < 1e-6 * torch.linalg.vector_norm(expected)


class Training:
    """Steps of a training, Adam included."""

    def __init__(
        self, width: int, velocities: Array | hthm.Trajectories, backend: Backend, batch: int = hthm.paper.BATCH
    ) -> None:
        self.model = new_model(width, 0)
        self.batch_loss = new_batch_loss(self.model, velocities, backend, CPU)
        self.steps = ExitStack().enter_context(new_steps(self.model, self.batch_loss, hthm.paper.LEARNING_RATE))
        self.random = torch.Generator().manual_seed(0)
        self.batch = batch

    def step(self) -> None:
        """Draw a batch and take a step."""
        pairs = torch.randint(self.batch_loss.pairs, (self.batch,), generator=self.random)
        self.steps.take(pairs, negative_slope=0.6, penalty=hthm.paper.PENALTY)

    def seconds(self, steps: int) -> float:
        """Median wall clock of a step."""
        taken = []
        for _ in range(steps):
            began = time.perf_counter()
            self.step()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)


@pytest.mark.parametrize("width", WIDTHS)
def test_step_of_the_kernel(benchmark: BenchmarkFixture, width: int) -> None:
    velocities = frames(4, 100)
    assert_exact(width, velocities)
    benchmark(Training(width, velocities, "fused").step)


def test_step_in_torch(benchmark: BenchmarkFixture) -> None:
    velocities = frames(2, 20)
    benchmark(Training(16, velocities, "torch", batch=32).step)


def main(threads: int | None, rounds: int = 5) -> None:
    """Print the table."""
    if threads is not None:
        torch.set_num_threads(threads)
    velocities = frames(20, 500)
    for width in WIDTHS:
        assert_exact(width, velocities[:1])
        fused, plain = Training(width, velocities, "fused"), Training(width, velocities, "torch")
        fused.seconds(3)
        plain.seconds(1)
        times = [(fused.seconds(20), plain.seconds(1)) for _ in range(rounds)]
        ours, torchs = (statistics.median(column) for column in zip(*times, strict=True))
        ratios = sorted(theirs / mine for mine, theirs in times)
        print(
            f"D = {width:3}: fused {ours * 1e3:6.2f} ms a step, torch {torchs * 1e3:7.1f} ms, "
            f"{statistics.median(ratios):4.0f} times (rounds {ratios[0]:.0f} to {ratios[-1]:.0f}), "
            f"{torch.get_num_threads()} threads"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
