"""A loss of one's own trains by the trainer as it is: the paper's, given so, gives the paper's training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

import hthm
from hthm.arrays import FloatArray
from hthm.deepsets import new_model
from hthm.learning.checkpoint import CheckpointError
from hthm.learning.history import Epoch
from hthm.learning.recipes import TrainConfig
from hthm.train import train

SMALL = TrainConfig(epochs=3, batch=8, learning_rate=1e-2, seed=1, final_slope=1.0, backend="torch")


@pytest.fixture(scope="module")
def velocities() -> FloatArray:
    """Velocities of a small, dense gas that relaxes, (4, 9, 60, 2): 32 pairs."""
    return hthm.simulate(hthm.DiskGas(n=60, diameter=0.04, speed=1.0).sample(4, seed=0), frames=9).velocities


def untilted(change: torch.Tensor) -> torch.Tensor:
    """Eq. (11) with a slope of 1, a pair."""
    return functional.leaky_relu(-change, 1.0) + hthm.paper.PENALTY * change.square()


def logistic(change: torch.Tensor) -> torch.Tensor:
    return functional.softplus(-change)


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_the_papers_loss_as_ones_own_is_the_papers_training(velocities: FloatArray) -> None:
    with_papers, with_own = new_model(6, 0).double(), new_model(6, 0).double()
    expected = train(with_papers, velocities, SMALL)
    found = train(with_own, velocities, replace(SMALL, backend=None), loss=untilted)
    torch.testing.assert_close(weights(with_own), weights(with_papers), rtol=1e-9, atol=1e-12)
    for one, other in zip(found.epochs, expected.epochs, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-9)
        assert one.loss0 == pytest.approx(other.loss0, rel=1e-9)


def test_pairs_in_pieces_cost_what_they_cost_together() -> None:
    """500 disks go through the network 16 pairs at a time: the gradient is that of the mean over all 30."""
    velocities = hthm.simulate(hthm.DiskGas(n=500, diameter=0.01, speed=1.0).sample(2, seed=0), frames=16).velocities
    model = new_model(6, 0).double()
    seen: list[int] = []

    def watched(change: torch.Tensor) -> torch.Tensor:
        seen.append(len(change))
        return logistic(change)

    train(model, velocities, TrainConfig(epochs=1, batch=30, learning_rate=1e-3, seed=1), loss=watched)
    assert seen == [16, 14, 30]
    plain = new_model(6, 0).double()
    adam = torch.optim.Adam(plain.parameters(), lr=1e-3)
    frames = torch.from_numpy(velocities)
    change = plain(frames[:, 1:].reshape(30, 500, 2)) - plain(frames[:, :-1].reshape(30, 500, 2))
    logistic(change).mean().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    adam.step()
    torch.testing.assert_close(weights(model), weights(plain), rtol=1e-9, atol=1e-12)


def test_a_network_of_ones_own_with_a_loss_of_ones_own(velocities: FloatArray) -> None:
    class Speeds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            h: torch.Tensor = self.layers(frames.square().sum(dim=-1, keepdim=True)).mean(dim=(1, 2))
            return h

    seen: list[Epoch] = []
    history = train(Speeds(), velocities, replace(SMALL, epochs=20), loss=logistic, epoch_done=seen.append)
    assert history.epochs == seen
    assert history.epochs[-1].loss < history.epochs[0].loss


def test_a_checkpoint_knows_the_loss(velocities: FloatArray, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    train(new_model(6, 0), velocities, replace(SMALL, epochs=2), loss=logistic, checkpoint_path=path)
    with pytest.raises(CheckpointError, match=r"differs in (epochs, )?loss\."):
        train(new_model(6, 0), velocities, replace(SMALL, epochs=2), loss=untilted, checkpoint_path=path)
    with pytest.raises(CheckpointError, match="differs in loss"):
        train(new_model(6, 0), velocities, replace(SMALL, epochs=2), checkpoint_path=path)


def test_losses_that_cannot_be_are_named(velocities: FloatArray) -> None:
    model = new_model(6, 0)
    before = weights(model).clone()
    for loss, error, message in (
        (3, TypeError, r"loss: must be a function of Δh, got int"),
        (lambda change: change.mean(), ValueError, r"loss: must return what each of 8 pairs costs, \(8,\), got \(\)"),
        (lambda _: 1.0, TypeError, "loss: must return a tensor, got float"),
    ):
        with pytest.raises(error, match=message):
            train(model, velocities, SMALL, loss=loss)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(ValueError, match="backend: must be torch for a loss of your own, got fused"):
        train(model, velocities, replace(SMALL, backend="fused"), loss=logistic)
    assert torch.equal(weights(model), before)
