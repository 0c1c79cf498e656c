"""The kernels for GPUs, in Triton's interpreter, which runs them on a CPU; and what of a GPU is asked without one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from types import ModuleType

import pytest
import torch

import hthm
from hthm.deepsets import DeepSets, new_model
from hthm.learning import gpu_pairs
from hthm.learning.arrow import train_arrow
from hthm.learning.frame_pairs import TorchBatchLoss
from hthm.learning.gpu_pairs import GpuBatchLoss
from hthm.learning.recipes import ArrowConfig, entropic

needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton, 0.3 GB, is not installed")

LOG = hthm.simulate(hthm.DiskGas(n=150, diameter=0.02).sample(2, seed=1), 5, 0.1, record="log")


@pytest.fixture
def gpu_sums(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The kernels as Triton interprets them: it asks for its variable when it meets them."""
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    name = "hthm.learning.gpu_sums"
    yield importlib.import_module(name)
    del sys.modules[name]


def gradient(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.reshape(-1).double() for p in model.parameters() if p.grad is not None])


@needs_triton
@pytest.mark.parametrize("width", [3, 16, 50, 64])
def test_sums_and_their_gradient_are_those_of_torch_in_float64(gpu_sums: ModuleType, width: int) -> None:
    velocities = 0.2 * torch.randn(6, 130, 2, generator=torch.Generator().manual_seed(1))  # no whole number of tiles
    frames, slopes = torch.tensor([4, 0, 4]), torch.randn(3, width, generator=torch.Generator().manual_seed(2))
    phi = new_model(width, 3).phi
    exact = new_model(width, 3).double().phi
    found, expected = gpu_sums.phi_sums(velocities, frames, phi), exact(velocities[frames].double()).sum(dim=1)
    assert float((found - expected).norm().detach()) < 1e-6 * float(expected.norm().detach())
    (found * slopes).sum().backward()
    (expected * slopes).sum().backward()
    assert float((gradient(phi) - gradient(exact)).norm()) < 5e-6 * float(gradient(exact).norm())


@needs_triton
def test_loss_and_gradient_of_a_batch_are_those_of_torch(gpu_sums: ModuleType) -> None:
    assert gpu_sums.triton is not None
    model, exact = new_model(16, 0), new_model(16, 0).double()
    pairs = torch.tensor([0, 7, 3, 2])
    cpu = torch.device("cpu")
    found = GpuBatchLoss(model, LOG, cpu)(pairs, negative_slope=0.9, penalty=0.2)
    expected = TorchBatchLoss(exact, LOG, cpu)(pairs, negative_slope=0.9, penalty=0.2)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)  # Δh is a small difference of two sums in float32
    plain = new_model(16, 0)
    TorchBatchLoss(plain, LOG, cpu)(pairs, negative_slope=0.9, penalty=0.2)
    off, as_torch = (float((gradient(of) - gradient(exact)).norm()) for of in (model, plain))
    assert off < 3 * as_torch


def test_the_kernels_take_the_papers_network_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, model = torch.device("cuda"), new_model(16, 0)
    for there in (True, False):
        monkeypatch.setattr(gpu_pairs, "find_spec", lambda name, there=there: (there and name) or None)
        assert gpu_pairs.takes(model, gpu) is there
    monkeypatch.setattr(gpu_pairs, "find_spec", lambda name: name)
    assert not gpu_pairs.takes(model, torch.device("cpu"))
    frozen = new_model(16, 0)
    frozen.phi[0].weight.requires_grad_(False)
    for other in (new_model(65, 0), DeepSets(16, entropic(0.1)), new_model(16, 0).double(), frozen):
        assert not gpu_pairs.takes(other, gpu)


@pytest.mark.parametrize("device", ["cuda:x", "tpu", 0])
def test_a_device_of_another_kind_is_named(device: object) -> None:
    with pytest.raises((TypeError, ValueError), match="device: must be"):
        ArrowConfig(device=device)  # type: ignore[arg-type]  # the point


def test_a_gpu_that_is_not_there_is_named() -> None:
    model = new_model(2, 0, entropic(0.1))
    with pytest.raises(ValueError, match="device: must be one that this machine has, got 'cuda:99'"):
        train_arrow(model, LOG, replace(ArrowConfig(updates=1, looks=1), device="cuda:99"))
    assert model.phi[0].weight.device.type == "cpu"
