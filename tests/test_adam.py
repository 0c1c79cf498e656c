"""Steps of Adam in compiled code are torch's, and weights that lay in one array have memory of their own again."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import torch

from hthm.deepsets import new_model
from hthm.learning.adam import TorchAdam, compiled_adam
from hthm.learning.fused import FusedBatchLoss
from hthm.learning.loss import loss0
from hthm.learning.steps import new_steps
from hthm.train import TrainConfig, TrainingDivergedError, train

VELOCITIES = np.random.default_rng(0).normal(size=(2, 9, 5, 2))
FUSES = torch.backends.cpu.get_cpu_capability() in {"AVX2", "AVX512"}
"""Whether torch fuses products into sums here, as hthm does everywhere."""


def assert_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """To the bit in whole vectors; in the rest of a tensor torch fuses another product."""
    found, expected = found.detach().reshape(-1), expected.detach().reshape(-1)
    whole = len(found) // 16 * 16 if FUSES else 0
    assert torch.equal(found[:whole], expected[:whole])
    torch.testing.assert_close(found[whole:], expected[whole:], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("width", [1, 3, 16, 33])
def test_steps_are_those_of_torch(width: int) -> None:
    """Gradients from 1e-30 to 1e15, and tensors of every remainder by a vector's length."""
    random = np.random.default_rng(width)
    ours, theirs = new_model(width, 0), new_model(width, 0)
    reference = TorchAdam(theirs, 1e-3)
    with compiled_adam(ours, 1e-3) as adam:
        for step in range(60):
            rate = 1e-3 / (1 + step)
            gradient = random.normal(size=len(adam.weights)) * 10.0 ** random.uniform(-30, 15, len(adam.weights))
            adam.gradient[:] = gradient
            first = 0
            for parameter in theirs.parameters():
                part = adam.gradient[first : first + parameter.numel()]
                parameter.grad = torch.from_numpy(part.copy()).view_as(parameter)
                first += parameter.numel()
            for one in (adam, reference):
                one.set_learning_rate(rate)
                one.step()
            for found, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
                assert_same(found, expected)
        kept = reference.moments()
        for number, moments in adam.moments().items():
            for name, moment in moments.items():
                assert_same(moment, kept[number][name])


def test_steps_of_a_training_are_those_of_its_parts() -> None:
    """Loss, Loss0 and mean change too. 16 leaves no rest but the last bias, which Δh does not depend on."""
    ours, theirs = new_model(16, 0), new_model(16, 0)
    losses, adam = FusedBatchLoss(theirs, VELOCITIES), TorchAdam(theirs, 1e-2)
    with new_steps(ours, FusedBatchLoss(ours, VELOCITIES), 1e-2) as steps:
        for first in range(8):
            pairs = torch.arange(first, first + 8)
            costs = steps.take(pairs, negative_slope=0.3, penalty=0.2)
            loss, change = losses(pairs, negative_slope=0.3, penalty=0.2)
            adam.step()
            assert costs.loss == (loss.item() if FUSES else pytest.approx(loss.item()))
            assert costs.loss0 == pytest.approx(loss0(change, penalty=0.2).item(), rel=1e-12, abs=1e-12)
            assert costs.mean_change == pytest.approx(change.mean().item(), rel=1e-12, abs=1e-12)
    for found, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_same(found, expected)


def test_what_was_kept_goes_on_to_the_same_bits() -> None:
    """Also from what torch's kept, and the other way round."""
    random = np.random.default_rng(3)
    gradients = random.normal(size=(4, sum(p.numel() for p in new_model(4, 0).parameters()))).astype(np.float32)
    whole, halves = new_model(4, 0), new_model(4, 0)
    with compiled_adam(whole, 1e-2) as adam:
        for gradient in gradients:
            adam.gradient[:] = gradient
            adam.step()
    kept = None
    for half in (gradients[:2], gradients[2:]):
        with compiled_adam(halves, 1e-2) as adam:
            if kept is not None:
                between = TorchAdam(halves, 1e-2)
                between.restore(kept)
                adam.restore(between.moments())
            for gradient in half:
                adam.gradient[:] = gradient
                adam.step()
            kept = adam.moments()
    for found, expected in zip(halves.parameters(), whole.parameters(), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("ends", ["well", "stopped", "diverged"])
def test_weights_have_memory_of_their_own_afterwards(ends: str) -> None:
    model = new_model(4, 0)

    def progress(done: int, total: int) -> None:
        if ends == "stopped" and done == total // 2:
            raise KeyboardInterrupt

    rate = 1e30 if ends == "diverged" else 1e-3
    try:
        train(model, VELOCITIES, TrainConfig(epochs=2, batch=8, learning_rate=rate), progress=progress)
    except (KeyboardInterrupt, TrainingDivergedError):
        assert ends != "well"
    else:
        assert ends == "well"
    assert len({parameter.untyped_storage().data_ptr() for parameter in model.parameters()}) == 8
    safetensors.torch.save(model.state_dict())  # which refuses tensors that share memory
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in model.parameters())
