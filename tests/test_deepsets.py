"""The network is eq. (10a), and knows no order of the disks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from torch import nn

import hthm
from hthm import paper
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.learning.recipes import Architecture, entropic
from hthm.learning.weights import load_weights
from hthm.randomness import Stream, stream_seed
from published import WEIGHTS, needs_weights

Array = NDArray[np.float64]


def maxwell(*shape: int, seed: int = 0) -> Array:
    """Velocities of the paper's equilibrium, (*shape, 2)."""
    return np.random.default_rng(seed).normal(scale=paper.S0 / np.sqrt(2), size=(*shape, 2))


def numpy_h(model: DeepSets, velocities: Array) -> Array:
    """Eq. (10a) written out, in float64."""
    w = {name: tensor.numpy().astype(np.float64) for name, tensor in model.state_dict().items()}
    layer = np.maximum(velocities @ w["phi.0.weight"].T + w["phi.0.bias"], 0)
    layer = np.maximum(layer @ w["phi.2.weight"].T + w["phi.2.bias"], 0).sum(axis=-2)
    layer = np.maximum(layer @ w["rho.0.weight"].T + w["rho.0.bias"], 0)
    result: Array = (layer @ w["rho.2.weight"].T + w["rho.2.bias"])[..., 0]
    return result


@pytest.mark.parametrize("width", [1, 16, 64])
def test_parameters_have_the_common_names_and_shapes(width: int) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in DeepSets(width).state_dict().items()}
    assert shapes == {
        "phi.0.weight": (width, 2),
        "phi.0.bias": (width,),
        "phi.2.weight": (width, width),
        "phi.2.bias": (width,),
        "rho.0.weight": (width, width),
        "rho.0.bias": (width,),
        "rho.2.weight": (1, width),
        "rho.2.bias": (1,),
    }


def test_h_of_a_network_worked_by_hand() -> None:
    model = DeepSets(1)
    model.load_state_dict(
        {
            "phi.0.weight": torch.tensor([[1.0, -2.0]]),
            "phi.0.bias": torch.tensor([0.5]),
            "phi.2.weight": torch.tensor([[3.0]]),
            "phi.2.bias": torch.tensor([-1.0]),
            "rho.0.weight": torch.tensor([[2.0]]),
            "rho.0.bias": torch.tensor([1.0]),
            "rho.2.weight": torch.tensor([[-1.0]]),
            "rho.2.bias": torch.tensor([4.0]),
        }
    )
    # (2, 1): 0.5 -> 0.5; (0, 1): -1.5 -> 0; (1, 0): 1.5 -> 3.5. phi: 0.5, 0 (from -1), 3.5; sum 4; rho: 9; 4 - 9 = -5.
    velocities = torch.tensor([[2.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    assert model(velocities).item() == -5.0


def test_h_of_an_entropic_network_worked_by_hand() -> None:
    model = DeepSets(1, entropic(2.0)).double()
    one = torch.ones(1, 1, dtype=torch.float64)
    model.load_state_dict(
        {
            "phi.0.weight": torch.tensor([[1.0, 0.0]], dtype=torch.float64),
            "phi.0.bias": 0 * one[0],
            "phi.2.weight": one,
            "phi.2.bias": one[0],
            "rho.0.weight": one,
            "rho.0.bias": 0 * one[0],
            "rho.2.weight": 2 * one,
            "rho.2.bias": one[0],
        }
    )

    def silu(x: float) -> float:
        return x / (1 + math.exp(-x))

    # v/2 is (1, .) and (-3, .): phi, their mean, rho, times two disks.
    mean = (silu(silu(1.0) + 1) + silu(silu(-3.0) + 1)) / 2
    h = model(torch.tensor([[2.0, 5.0], [-6.0, 0.5]], dtype=torch.float64))
    assert h.item() == pytest.approx(2 * (2 * silu(mean) + 1), rel=1e-14)


def test_h_of_an_entropic_network_grows_with_the_number_of_disks() -> None:
    model, velocities = new_model(8, 0, entropic(paper.S0)).double(), torch.from_numpy(maxwell(20))
    once, twice = model(velocities).item(), model(torch.cat([velocities, velocities])).item()
    assert twice == pytest.approx(2 * once, rel=1e-12)


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"activation": "sine"}, ValueError),
        ({"velocity_scale": 0.0}, ValueError),
        ({"pooling": "max"}, ValueError),
        ({"extensive": 1}, TypeError),
    ],
)
def test_an_architecture_that_is_none_is_refused(choice: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=f"{next(iter(choice))}: must be"):
        Architecture(**choice)


@given(st.lists(st.integers(1, 3), max_size=3), st.integers(1, 40), st.integers(1, 9), st.integers(0, 99))
def test_h_is_that_of_the_equation_for_any_leading_axes_and_n(
    leading: list[int], n: int, width: int, seed: int
) -> None:
    model, velocities = new_model(width, seed), 10 * maxwell(*leading, n, seed=seed)
    h = model(torch.from_numpy(velocities.astype(np.float32)))
    assert tuple(h.shape) == tuple(leading)
    assert_allclose(h.detach().numpy(), numpy_h(model, velocities), rtol=1e-4, atol=1e-4)


@given(st.integers(1, 60), st.integers(1, 20), st.randoms(use_true_random=False))
def test_h_does_not_depend_on_the_order_of_the_disks(n: int, width: int, random: Any) -> None:  # noqa: ANN401 -- Random
    model = new_model(width, random.randrange(1000)).double()
    velocities = maxwell(n, seed=random.randrange(1000))
    order = random.sample(range(n), n)
    both = torch.from_numpy(np.stack([velocities, velocities[order]]))
    before, after = model(both).tolist()
    assert after == pytest.approx(before, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("velocities", "error", "message"),
    [
        (np.zeros((3, 2), np.float32), TypeError, r"velocities: must be a torch.Tensor, got ndarray"),
        (torch.zeros(3, 2, dtype=torch.float64), TypeError, r"must be torch.float32, got torch.float64"),
        (torch.zeros(3, 3), ValueError, r"must have shape \(\.\.\., n, 2\) with n at least 1, got \(3, 3\)"),
        (torch.zeros(2), ValueError, r"got \(2,\)"),
        (torch.zeros(4, 0, 2), ValueError, r"got \(4, 0, 2\)"),
    ],
)
def test_what_the_network_cannot_take_is_named(velocities: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401 -- wrong on purpose
    with pytest.raises(error, match=message):
        DeepSets(4)(velocities)


@pytest.mark.parametrize(
    ("width", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError), (10**6, ValueError)]
)
def test_a_width_that_is_none_is_refused(width: Any, error: type[Exception]) -> None:  # noqa: ANN401 -- wrong on purpose
    with pytest.raises(error, match="width: must be"):
        DeepSets(width)


def test_a_new_model_depends_on_its_seed_alone_and_leaves_torch_as_it_was() -> None:
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first = new_model(8, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(8)
    second, other = new_model(8, seed=1), new_model(8, seed=2)
    for one, same, different in zip(first.parameters(), second.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, same)
        assert not torch.equal(one, different)


def test_streams_of_one_seed_differ() -> None:
    assert len({stream_seed(seed, stream) for seed in range(3) for stream in Stream}) == 3 * len(Stream)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(5,), (3, 7, 30), (2, 3, 20_000), (0, 4, 5)])
def test_evaluate_is_the_forward_pass_in_pieces(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    model, velocities = new_model(6, 0).to(dtype), maxwell(*shape)
    h = evaluate(model, velocities)
    assert h.dtype == np.float64
    assert h.shape == shape[:-1]
    expected = numpy_h(model, velocities)
    assert_allclose(h, expected, rtol=1e-6 if dtype == torch.float32 else 1e-12)


def test_evaluate_takes_any_module_read_only_velocities_and_trajectories() -> None:
    class MeanSpeed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(2.0))

        def forward(self, velocities: torch.Tensor) -> torch.Tensor:
            mean: torch.Tensor = self.scale * velocities.square().sum(dim=-1).sqrt().mean(dim=-1)
            return mean

    trajectories = hthm.simulate(hthm.DiskGas(n=50).sample(2, seed=0), frames=4)
    velocities = trajectories.velocities.copy()
    velocities.flags.writeable = False
    expected = 2 * np.hypot(velocities[..., 0], velocities[..., 1]).mean(axis=-1)
    assert_allclose(evaluate(MeanSpeed(), velocities), expected, rtol=1e-6)
    assert_array_equal(evaluate(DeepSets(3), trajectories).shape, (2, 4))


def test_evaluate_refuses_what_is_not_finite_and_what_is_not_float64() -> None:
    velocities = maxwell(2, 3, 10)
    with pytest.raises(TypeError, match="velocities: must be float64, got float32"):
        evaluate(DeepSets(2), velocities.astype(np.float32))
    velocities[1, 2, 3, 0] = np.nan
    with pytest.raises(ValueError, match="velocities: must be finite, got NaN or infinity in frames 0 to 5"):
        evaluate(DeepSets(2), velocities)


@needs_weights
@pytest.mark.parametrize("width", paper.WIDTHS)
def test_published_networks_are_evaluated_to_a_thousandth_of_their_spread(width: int) -> None:
    """The sum over 1000 disks in float32 alone would be off by 3e-5; h of D = 16 varies by 8e-3 along a run."""
    model = load_weights(WEIGHTS / f"d{width}.safetensors")
    velocities = maxwell(40, 1000)
    expected = numpy_h(model, velocities)
    assert np.abs(evaluate(model, velocities) - expected).max() < 1e-5 < 1e-3 * expected.std()
