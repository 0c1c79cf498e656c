"""h of a log by the compiled kernel is the network's in float64; torch computes what the kernel does not know."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

import hthm
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.learning import phi_sums
from hthm.learning.phi_sums import PhiSums, new_phi_sums
from hthm.learning.recipes import Architecture, entropic

GAS = hthm.DiskGas(n=300, diameter=0.03, speed=1.0)


def simulated(runs: int = 3, frames: int = 20) -> hthm.Trajectories:
    return hthm.simulate(GAS.sample(runs, seed=0), frames, record="log", threads=1)


def known(model: DeepSets) -> PhiSums | None:
    return new_phi_sums(model.phi, model.rho, model.architecture.velocity_scale)


@pytest.mark.parametrize("pooling", ["sum", "mean"])
@pytest.mark.parametrize("width", [1, 16, 64, 128])
def test_h_is_that_of_float64_with_velocities_as_the_network_is_fed(width: int, pooling: str) -> None:
    model = new_model(width, 0, Architecture(pooling=pooling))  # type: ignore[arg-type]  # one of the two
    traj = simulated()
    assert known(model) is not None
    fed = traj.dense().astype(np.float32).astype(np.float64)
    expected = evaluate(new_model(width, 0, model.architecture).double(), fed)
    assert_allclose(evaluate(model, traj), expected, rtol=1e-13)


def test_bits_hang_neither_on_threads_nor_on_other_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    model, traj = new_model(40, 1), simulated(runs=7)
    threads = torch.get_num_threads()
    h = evaluate(model, traj)
    try:
        for count in (1, 2, 4, 7):
            torch.set_num_threads(count)
            assert evaluate(model, traj).tobytes() == h.tobytes()
    finally:
        torch.set_num_threads(threads)
    assert evaluate(model, traj[2:5]).tobytes() == h[2:5].tobytes()
    monkeypatch.setattr(phi_sums, "_SUMS_AT_A_TIME", 2 * 40 * 21)
    assert evaluate(model, traj).tobytes() == h.tobytes()


class Doubled(DeepSets):
    """A network of a user's own."""

    def features(self, velocities: torch.Tensor) -> torch.Tensor:
        return 2 * super().features(velocities)


def other_networks() -> dict[str, DeepSets]:
    own_layer, not_finite = new_model(3, 0), new_model(3, 0)
    own_layer.phi[1] = nn.LeakyReLU()
    with torch.no_grad():
        next(not_finite.parameters())[0, 0] = torch.inf
    return {
        "silu": new_model(3, 0, entropic(1.0)),
        "wide": new_model(129, 0),
        "float64": new_model(3, 0).double(),
        "own layer": own_layer,
        "not finite": not_finite,
    }


@pytest.mark.parametrize("name", other_networks())
def test_other_networks_are_left_to_torch(name: str) -> None:
    assert known(other_networks()[name]) is None


def test_networks_left_to_torch_give_their_own_h() -> None:
    traj = simulated()
    for model in (other_networks()["own layer"], Doubled(3)):
        assert_allclose(evaluate(model, traj), evaluate(model, traj.dense()), rtol=1e-6)


def test_speeds_beyond_the_kernel_are_left_to_torch() -> None:
    model, traj = new_model(3, 0), simulated()
    traj.log.velocities[-1] = 1e22
    assert_allclose(evaluate(model, traj), evaluate(model, traj.dense()), rtol=1e-6)
