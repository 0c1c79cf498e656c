"""Networks and velocities that meet kinks to the last bit: there the kernel has the slope that autograd has, 0."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hthm.deepsets import DeepSets, new_model
from hthm.learning.fused import FusedBatchLoss
from simd import FLAGS, needs_level, run_at_level

Array = NDArray[np.float64]

SLOPE: Final = 0.3
PENALTY: Final = 0.2


def gradients(model: DeepSets) -> dict[str, torch.Tensor]:
    """By the name of the weights."""
    return {name: weights.grad for name, weights in model.named_parameters() if weights.grad is not None}


def assert_is_autograd(model: DeepSets, velocities: Array) -> None:
    """Compare Δh and gradient of all pairs (runs, frames, n, 2) with float64.

    Where Δh is 0 up to rounding, autograd takes one slope of the loss or the other by chance, and the kernel's counts.
    """
    runs, frames = velocities.shape[:2]
    model.zero_grad()
    pairs = torch.arange(runs * (frames - 1))
    _, ours = FusedBatchLoss(model, velocities)(pairs, negative_slope=SLOPE, penalty=PENALTY)
    double = DeepSets(model.width).double()
    double.load_state_dict(model.state_dict())
    h = double(torch.from_numpy(velocities.astype(np.float32).astype(np.float64)))  # (runs, frames)
    change = (h[:, 1:] - h[:, :-1]).flatten()  # (pairs)
    torch.testing.assert_close(ours, change.detach(), rtol=1e-8, atol=1e-11)
    is_open = change.detach().abs() < 1e-13 * (1 + h.detach().abs().max())
    fall = torch.full_like(ours, SLOPE).masked_fill(torch.where(is_open, ours, change.detach()) < 0, 1.0)
    (PENALTY * change.square() - fall * change).mean().backward()
    gradient, exact = gradients(model), gradients(double)
    size = max(their.abs().max() for their in exact.values())
    for name, their in exact.items():
        error = (gradient[name] - their).abs().max()
        assert error <= 3e-7 * size + 1e-13, f"{name}: {gradient[name]} in place of {their}"


@st.composite
def networks(draw: st.DrawFn) -> DeepSets:
    """With weights that are 0, negative throughout, or small whole numbers, and biases that are mostly 0."""
    width = draw(st.sampled_from([1, 2, 3, 5, 8, 16, 17, 33, 65]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    model = new_model(width, 0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = random.normal(size=parameter.shape) / np.sqrt(parameter.shape[-1])
            kind = draw(st.sampled_from(["any", "any", "negative", "quarters"]))
            if kind == "negative":
                values = -np.abs(values)
            elif kind == "quarters":
                values = np.round(4 * values) / 4
            if name.endswith("bias"):
                values *= draw(st.sampled_from([0.0, 0.0, 0.3]))
            else:
                values *= random.random(parameter.shape) >= draw(st.sampled_from([0.0, 0.3, 0.7]))
            parameter.copy_(torch.from_numpy(values))
    return model


@st.composite
def recordings(draw: st.DrawFn) -> Array:
    """Disks at rest, alone or all of a frame, on a lattice, with zeros of either sign, or in half of the plane."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.sampled_from([1, 2, 5, 20, 130]))  # from 128 on, there are sketches
    velocities = random.normal(size=(draw(st.integers(1, 3)), draw(st.integers(2, 9)), n, 2))
    kind = draw(st.sampled_from(["any", "at rest", "frames at rest", "lattice", "halves"]))
    if kind == "at rest":
        velocities[random.random(velocities.shape[:-1]) < 0.5] = 0.0
    elif kind == "frames at rest":
        velocities[random.random(velocities.shape[:2]) < 0.5] = 0.0
    elif kind == "lattice":
        velocities = np.round(velocities)
    elif kind == "halves":
        velocities = np.where(random.random((*velocities.shape[:2], 1, 1)) < 0.5, np.abs(velocities), -velocities)
    if draw(st.booleans()):
        velocities[velocities == 0] = -0.0
    stays = draw(st.sampled_from([0.0, 0.3, 0.9]))
    for frame in range(1, velocities.shape[1]):
        same = random.random((len(velocities), n)) < stays
        velocities[:, frame][same] = velocities[:, frame - 1][same]
    return velocities


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks(), recordings())
def test_any_kinks(model: DeepSets, velocities: Array) -> None:
    assert_is_autograd(model, velocities)


@pytest.mark.parametrize("n", [3, 40, 200])
@pytest.mark.parametrize("width", [4, 16, 40])
def test_a_frame_in_which_phi_is_0_leaves_rho_at_its_kink(width: int, n: int) -> None:
    """Without biases S = 0 at rest, and z = 0 in all units of ρ: in the first frame of a pair, the second, or both."""
    for seed in range(5):
        random = np.random.default_rng(seed)
        velocities = random.normal(size=(2, 7, n, 2))
        velocities[:, [1, 3, 4, 6]] = 0.0
        velocities[:, :, ::3] = 0.0  # what changes is summed in another order than a whole frame
        model = new_model(width, seed)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.endswith("bias"):
                    parameter.zero_()
        assert_is_autograd(model, velocities)


@pytest.mark.parametrize("width", [16, 40])
def test_units_to_which_nothing_active_leads(width: int) -> None:
    """z of φ's second layer is 0 wherever of the first layer only units are active that it has no weight for."""
    for seed in range(5):
        random = np.random.default_rng(seed)
        model = new_model(width, seed)
        with torch.no_grad():
            weights, bias = model.get_parameter("phi.2.weight"), model.get_parameter("phi.2.bias")
            for unit in range(0, width, 2):
                weights[unit, torch.from_numpy(random.permutation(width)[3:])] = 0.0
                bias[unit] = 0.0
            model.get_parameter("phi.0.weight").copy_(torch.from_numpy(random.normal(size=(width, 2))))
            model.get_parameter("phi.0.bias").copy_(torch.from_numpy(0.5 * random.normal(size=width)))
        assert_is_autograd(model, random.normal(size=(2, 6, 30, 2)))


def test_velocities_on_lines_where_the_first_layer_switches() -> None:
    """Lines x = 1, y = -1, x = y, x + y = 2 and so on, and disks on all their points of a lattice."""
    model = new_model(8, 0)
    with torch.no_grad():
        model.get_parameter("phi.0.weight").copy_(
            torch.tensor([[1, 0], [0, 1], [1, -1], [1, 1], [-1, 0], [0, -1], [-1, 1], [-1, -1]])
        )
        model.get_parameter("phi.0.bias").copy_(torch.tensor([-1, 1, 0, -2, 1, -1, 0, 2]))
    lattice = np.random.default_rng(0).integers(-3, 4, size=(3, 9, 50, 2)).astype(float)
    assert_is_autograd(model, lattice)


@pytest.mark.parametrize("level", FLAGS)
def test_kinks_at_every_instruction_set(level: str) -> None:
    """The level is chosen once a process; all other tests run at the highest that the machine has."""
    needs_level(level)
    arguments = ["-q", "-p", "no:cacheprovider", __file__, "-k", "not every_instruction_set"]
    said = run_at_level(level, f"import sys, pytest\nsys.exit(pytest.main({arguments!r}))")
    assert " passed" in said, said
