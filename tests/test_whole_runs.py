"""h along whole runs is the plain network's, frame by frame and collision by collision."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

import hthm
from hthm import paper
from hthm.deepsets import DeepSets, new_model
from hthm.learning.loss import logistic_loss
from hthm.learning.recipes import PUBLISHED, Architecture, entropic
from hthm.learning.whole_runs import whole_runs
from hthm.recording.frames import Steps

SUM = Architecture(activation="tanh", velocity_scale=0.1)


def both(n: int = 60, runs: int = 3, frames: int = 25) -> list[hthm.Trajectories]:
    """The same simulation, dense and as a log: some disks collide more than once in a frame."""
    state = hthm.DiskGas(n=n, diameter=0.05).sample(runs, seed=4)
    return [hthm.simulate(state, frames, 0.1, record=record) for record in ("velocities", "log")]


def plain(model: DeepSets, velocities: torch.Tensor) -> torch.Tensor:
    """h of frames, one by one."""
    h: torch.Tensor = model(velocities)
    return h


@pytest.mark.parametrize("architecture", [PUBLISHED, entropic(paper.S0), SUM])
def test_h_of_every_frame_is_the_plain_networks(architecture: Architecture) -> None:
    dense, log = both()
    model = new_model(8, 0, architecture).double()
    expected = plain(model, torch.from_numpy(dense.velocities))  # (runs, frames)
    for recording in (dense, dense.velocities, log):
        found = torch.stack([run.h(model) for run in whole_runs(recording, "frames", torch.float64)])
        assert found.shape == expected.shape
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_h_in_float32_is_the_plain_networks_to_its_rounding() -> None:
    dense, log = both()
    model = new_model(8, 0, entropic(paper.S0))
    expected = plain(model, torch.from_numpy(dense.velocities.astype(np.float32))).double()
    found = torch.stack([run.h(model) for run in whole_runs(log, "frames")])
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_h_after_every_collision_is_the_plain_networks() -> None:
    _, log = both()
    model = new_model(8, 0, entropic(paper.S0)).double()
    for number, run in enumerate(whole_runs(log, "collisions", torch.float64)):
        rows = slice(log.log.frame_offsets[number, 0], log.log.frame_offsets[number, -1])
        velocities = log.initial.velocities[number].copy()
        states = [velocities.copy()]
        for pair, after in zip(log.log.pairs[rows], log.log.velocities[rows], strict=True):
            velocities[pair] = after
            states.append(velocities.copy())
        assert_array_equal(velocities, log.final.velocities[number])
        assert run.steps == len(states) - 1 == log.collisions[number].sum()
        torch.testing.assert_close(run.h(model), plain(model, torch.from_numpy(np.stack(states))), rtol=1e-12, atol=0)


@pytest.mark.parametrize("steps", ["frames", "collisions"])
def test_gradients_are_those_of_finite_differences(steps: Steps) -> None:
    _, log = both(n=20, runs=1, frames=6)
    (run,) = whole_runs(log, steps, torch.float64)
    model = new_model(3, 0, entropic(paper.S0)).double()
    names = [name for name, _ in model.named_parameters()]

    def loss(*weights: torch.Tensor) -> torch.Tensor:
        class Along(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self) -> torch.Tensor:
                return run.h(self.model).diff()

        change = torch.func.functional_call(
            Along(), {f"model.{name}": weight for name, weight in zip(names, weights, strict=True)}, ()
        )
        return logistic_loss(change, penalty=0.1)

    weights = tuple(parameter.detach().clone().requires_grad_() for parameter in model.parameters())
    assert torch.autograd.gradcheck(loss, weights)


def test_gradients_are_the_plain_networks() -> None:
    dense, log = both()
    model = new_model(6, 1, entropic(paper.S0)).double()
    (run, *_) = whole_runs(log, "frames", torch.float64)
    parameters = list(model.parameters())
    expected = logistic_loss(plain(model, torch.from_numpy(dense.velocities[0])).diff())
    found = logistic_loss(run.h(model).diff())
    for one, other in zip(
        torch.autograd.grad(found, parameters), torch.autograd.grad(expected, parameters), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_h_of_a_block_is_that_of_its_disks_alone() -> None:
    dense, log = both()
    model = new_model(8, 0, entropic(paper.S0)).double()
    block = torch.arange(60).flip(0) // 8  # seven blocks of eight, and four disks in none
    for velocities, run in zip(dense.velocities, whole_runs(log, "frames", torch.float64), strict=True):
        found = run.block_h(model, block, 7)
        expected = [plain(model, torch.from_numpy(velocities[:, (block == number).numpy()])) for number in range(7)]
        torch.testing.assert_close(found, torch.stack(expected, dim=1), rtol=1e-12, atol=1e-12)


def test_a_run_without_collisions_stays_where_it_is() -> None:
    log = hthm.simulate(hthm.DiskGas(n=1).sample(1, seed=0), 5, record="log")
    model = new_model(4, 0, entropic(paper.S0))
    (frames,), (collisions,) = whole_runs(log, "frames"), whole_runs(log, "collisions")
    assert frames.h(model).diff().tolist() == [0.0] * 4
    assert collisions.h(model).shape == (1,)


def test_what_does_not_know_its_collisions_is_refused() -> None:
    dense, _ = both()
    for recording in (dense, dense.velocities):
        with pytest.raises(ValueError, match="velocities: must be recorded as a log"):
            whole_runs(recording, "collisions")
    with pytest.raises(ValueError, match="velocities: must have at least 2 frames"):
        whole_runs(dense.velocities[:, :1].copy(), "frames")
