"""The compiled kernel of the training on the arrow of time has the loss and the gradient of autograd in float64."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hthm
from hthm import paper
from hthm.deepsets import DeepSets, new_model
from hthm.learning.arrow import new_run_losses, train_arrow
from hthm.learning.fused_runs import FusedRunLosses
from hthm.learning.recipes import BACKENDS, Architecture, ArrowConfig, Loss, entropic
from hthm.learning.seeing import RunLosses
from hthm.learning.whole_runs import TorchRunLosses
from hthm.recording.frames import Steps

CONFIG = ArrowConfig(updates=5, looks=1, penalty=0.01)
SUM = Architecture(activation="silu", velocity_scale=0.1)


def gas_log(n: int = 200, runs: int = 2, frames: int = 40) -> hthm.Trajectories:
    """A gas that relaxes; some disks collide more than once in a frame."""
    return hthm.simulate(hthm.DiskGas(n=n, diameter=0.02).sample(runs, seed=1), frames, 0.1, record="log")


LOG = gas_log()


def gradient(model: DeepSets) -> torch.Tensor:
    found = torch.cat([parameter.grad.reshape(-1) for parameter in model.parameters() if parameter.grad is not None])
    return found.double()


def check(
    traj: hthm.Trajectories, model: DeepSets, config: ArrowConfig, runs: tuple[int, ...] = (0, 1), rounding: float = 0
) -> None:
    """Loss and gradient of an update, and Δh of all runs, from the kernel and from autograd in float64."""
    exact = DeepSets(model.width, model.architecture, dtype=torch.float64)
    exact.load_state_dict(model.state_dict())
    found, expected = FusedRunLosses(model, traj, config), TorchRunLosses(exact, traj, config)
    assert (found.runs, found.n) == (expected.runs, expected.n)
    losses = [of.loss(runs, 3, torch.Generator().manual_seed(5)) for of in (found, expected)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    difference = float((gradient(model) - gradient(exact)).norm())
    assert difference < 1e-5 * float(gradient(exact).norm()) + rounding, (difference, config)
    changes = [of.change(torch.Generator().manual_seed(5)) for of in (found, expected)]
    assert float((changes[0] - changes[1]).norm()) < 1e-5 * float(changes[1].norm()) + rounding


@pytest.mark.parametrize("blocks", [1, 20])
@pytest.mark.parametrize("steps", ["frames", "collisions"])
@pytest.mark.parametrize("width", [1, 8, 16, 33, 64])
def test_the_gradient_is_that_of_autograd_in_float64(width: int, steps: Steps, blocks: int) -> None:
    check(LOG, new_model(width, 0, entropic(paper.S0)), replace(CONFIG, steps=steps, blocks=blocks))


@pytest.mark.parametrize("loss", ["logistic", "tilted"])
@pytest.mark.parametrize("share", [0.3, 2])
def test_so_it_is_for_every_loss_form_and_share(loss: Loss, share: float) -> None:
    config = replace(CONFIG, loss=loss, runs_per_update=share, steps="frames", blocks=7)  # four disks in no block
    for architecture in (SUM, entropic(paper.S0), replace(SUM, pooling="mean"), replace(SUM, extensive=True)):
        check(LOG, new_model(9, 1, architecture), config, (1,) if share < 1 else (1, 0))


@given(
    n=st.integers(1, 40), frames=st.integers(2, 30), width=st.integers(1, 20), blocks=st.integers(1, 40),
    collisions=st.booleans(), seed=st.integers(0, 1000),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_shapes_of_any_kind(n: int, frames: int, width: int, blocks: int, collisions: bool, seed: int) -> None:  # noqa: FBT001 -- drawn
    traj = hthm.simulate(hthm.DiskGas(n=n, diameter=0.03).sample(1, seed=seed), frames, 0.1, record="log")
    config = replace(CONFIG, steps="collisions" if collisions else "frames", blocks=min(blocks, n))
    model = new_model(width, seed, entropic(paper.S0))
    losses = FusedRunLosses(model, traj, config)
    change = losses.change(torch.Generator().manual_seed(0))
    if change.any():
        check(traj, model, config, (0,), rounding=1e-6 * n)  # disks that swap velocities change next to nothing
    elif len(change):
        same = torch.Generator().manual_seed(0)  # other blocks may have a disk that changes
        assert losses.loss((0,), 1, same) == pytest.approx(np.log(2))
        assert not gradient(model).any()
    else:
        assert np.isnan(losses.loss((0,), 1, torch.Generator()))  # as the mean of nothing is


def test_the_bits_do_not_depend_on_threads() -> None:
    before, found = torch.get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 7):
            torch.set_num_threads(threads)
            model = new_model(16, 0, entropic(paper.S0))
            looks = train_arrow(model, LOG, replace(CONFIG, blocks=3), held_out=LOG)
            weights = b"".join(parameter.detach().numpy().tobytes() for parameter in model.parameters())
            found.add((weights, looks[0].loss, looks[0].held_out_loss))
    finally:
        torch.set_num_threads(before)
    assert len(found) == 1


def test_a_training_by_torch_ends_nearby() -> None:
    """With the same draws."""
    models = [new_model(8, 0, entropic(paper.S0)) for _ in range(2)]
    config = replace(CONFIG, blur=0.05, steps="collisions", updates=20)
    looks = [
        train_arrow(model, LOG, replace(config, backend=backend), held_out=LOG)[0]
        for model, backend in zip(models, BACKENDS, strict=True)
    ]
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
    assert looks[0].held_out_loss == pytest.approx(looks[1].held_out_loss, rel=1e-5)


def test_what_the_kernel_does_not_take_goes_to_torch_or_is_refused() -> None:
    silu = entropic(1.0)
    frozen, tanh = new_model(4, 0, silu), DeepSets(4, replace(silu, activation="tanh"))
    frozen.phi.requires_grad_(requires_grad=False)
    for model in (new_model(4, 0), new_model(4, 0, silu).double(), frozen, tanh):
        assert isinstance(new_run_losses(model, LOG, CONFIG), TorchRunLosses)
        with pytest.raises(ValueError, match="backend: must be torch for this model, got fused"):
            train_arrow(model, LOG, replace(CONFIG, backend="fused"))
    taken = new_model(4, 0, silu)
    assert isinstance(new_run_losses(taken, LOG, CONFIG), FusedRunLosses)
    assert isinstance(new_run_losses(taken, LOG, replace(CONFIG, backend="torch")), TorchRunLosses)
    with pytest.raises(ValueError, match="backend: must be"):
        replace(CONFIG, backend="numpy")  # type: ignore[arg-type]  # what is refused


def test_ctrl_c_is_answered_within_an_update() -> None:
    """Whatever it is at: its memory, its plan or its layers. Time is that of the processor, for others may be busy."""
    velocities = np.random.default_rng(0).normal(size=(1, 100, 2000, 2))
    model = new_model(128, 0, entropic(1.0))
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)

    def work(losses: RunLosses, wait: float) -> None:
        threading.Timer(wait, interrupt).start()
        while True:
            losses.loss((0,), 1, torch.Generator())

    for wait in (0.01, 0.1):
        losses = new_run_losses(model, velocities, ArrowConfig(steps="frames"))
        assert isinstance(losses, FusedRunLosses)
        with pytest.raises(KeyboardInterrupt):
            work(losses, wait)
        assert time.process_time() - sent.pop() < 0.3
