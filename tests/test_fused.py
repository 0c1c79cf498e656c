"""The compiled kernel gives the loss and the gradient of float64 autograd, to the rounding of its float32 result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import hthm
from hthm import _core
from hthm.deepsets import DeepSets, new_model
from hthm.learning.frame_pairs import TorchBatchLoss
from hthm.learning.fused import FusedBatchLoss
from hthm.learning.recipes import Backend, TrainConfig
from hthm.train import TrainingDivergedError, train
from simd import needs_level, run_at_level

Array = NDArray[np.float64]
CPU = torch.device("cpu")
GAS = hthm.DiskGas(n=1000, diameter=0.006)


@pytest.fixture(scope="module")
def gas() -> Array:
    """A few runs of the paper's gas, (3, 60, 1000, 2)."""
    return hthm.simulate(GAS.sample(3, seed=5), frames=60, dt=1 / 60).velocities


def random_frames(seed: int, n: int = 20) -> Array:
    """Frames that share nothing, of speeds around 1: kinks are crossed everywhere, (4, 17, n, 2)."""
    return np.random.default_rng(seed).normal(size=(4, 17, n, 2))


def wild(width: int, seed: int) -> DeepSets:
    """Return a network whose kinks lie all over the velocities, in both of its parts."""
    model, random = new_model(width, seed), np.random.default_rng(seed)
    with torch.no_grad():
        for name in ("phi.0.weight", "phi.2.weight", "rho.0.weight", "rho.2.weight"):
            weights = model.get_parameter(name)
            weights.copy_(torch.from_numpy(random.normal(size=weights.shape) / np.sqrt(weights.shape[1])))
    return model


def exact(
    model: DeepSets, velocities: Array, pairs: torch.Tensor, slope: float = 0.3
) -> tuple[float, torch.Tensor, torch.Tensor]:
    """Return loss, Δh and gradient by autograd in float64, of velocities rounded to float32."""
    double = DeepSets(model.width).double()
    double.load_state_dict(model.state_dict())
    rounded = velocities.astype(np.float32).astype(np.float64)
    return found(double, TorchBatchLoss(double, rounded, CPU), pairs, slope)


def found(
    model: DeepSets, batch_loss: FusedBatchLoss | TorchBatchLoss, pairs: torch.Tensor, slope: float = 0.3
) -> tuple[float, torch.Tensor, torch.Tensor]:
    model.zero_grad()
    loss, change = batch_loss(pairs, negative_slope=slope, penalty=0.2)
    gradients = [parameter.grad for parameter in model.parameters()]
    return (
        loss.item(),
        change,
        torch.cat([gradient.flatten().double() for gradient in gradients if gradient is not None]),
    )


def fused(
    model: DeepSets, velocities: Array | hthm.Trajectories, pairs: torch.Tensor, slope: float = 0.3
) -> tuple[float, torch.Tensor, torch.Tensor]:
    return found(model, FusedBatchLoss(model, velocities), pairs, slope)


def assert_agree(
    ours: tuple[float, torch.Tensor, torch.Tensor], theirs: tuple[float, torch.Tensor, torch.Tensor]
) -> None:
    torch.testing.assert_close(ours[1], theirs[1], rtol=1e-8, atol=1e-11)
    assert ours[0] == pytest.approx(theirs[0], rel=1e-7, abs=1e-12)
    # Autograd's own rounding is 1e-13 where the sums of two frames cancel.
    error, size = torch.linalg.vector_norm(ours[2] - theirs[2]), torch.linalg.vector_norm(theirs[2])
    assert error <= 3e-7 * size + 1e-13, f"relative error of the gradient {error / size:.2g}"


@pytest.mark.parametrize("width", [1, 2, 15, 16, 17, 32, 64, 65, 128, 256])
def test_fresh_networks_on_the_papers_gas(gas: Array, width: int) -> None:
    model, pairs = new_model(width, 0), torch.randperm(3 * 59, generator=torch.Generator().manual_seed(1))[:64]
    assert_agree(fused(model, gas, pairs), exact(model, gas, pairs))


@pytest.mark.parametrize("width", [1, 3, 16, 40, 64, 256])
@pytest.mark.parametrize("n", [1, 2, 30])
def test_wild_networks_on_frames_that_share_nothing(width: int, n: int) -> None:
    """Here rho switches all the time, and several lines go through most squares of the plane."""
    model, velocities, pairs = wild(width, n), random_frames(n, n), torch.arange(64)
    assert_agree(fused(model, velocities, pairs), exact(model, velocities, pairs))


@pytest.mark.parametrize("width", [16, 32, 64])
def test_networks_in_training_on_the_papers_gas(gas: Array, width: int) -> None:
    """At the weights of the first, a middle and the last epoch, with their slopes."""
    model, pairs = new_model(width, 3), torch.arange(0, 3 * 59, 2)
    for epochs, slope in ((6, 1.0), (6, 0.6), (6, 0.2)):
        train(model, gas, TrainConfig(epochs=epochs, batch=16, learning_rate=3e-3, final_slope=slope))
        assert_agree(fused(model, gas, pairs, slope), exact(model, gas, pairs, slope))


def test_pairs_in_which_rho_switches(gas: Array) -> None:
    """The bias of each unit of rho is put where half of the frames are beyond its kink."""
    model, pairs = new_model(16, 4), torch.arange(3 * 59)
    rounded = torch.from_numpy(gas.astype(np.float32).reshape(180, 1000, 2)).double()
    with torch.no_grad():
        double = DeepSets(16).double()
        double.load_state_dict(model.state_dict())
        z = double.rho[0](double.phi(rounded).sum(dim=-2))  # (180, 16)
        model.get_parameter("rho.0.bias").sub_(z.median(dim=0).values.float())
        double.load_state_dict(model.state_dict())
        active = double.rho[0](double.phi(rounded).sum(dim=-2)).reshape(3, 60, 16) > 0
    assert (active[:, 1:] != active[:, :-1]).any(dim=-1).sum() > 20, "hardly a pair switches: this tests nothing"
    assert_agree(fused(model, gas, pairs), exact(model, gas, pairs))


def test_exact_kinks_have_the_slope_of_autograd() -> None:
    """z = 0 to the last bit: dead units, lines through velocities, zero sums. Autograd's slope there is 0."""
    model = new_model(4, 0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.get_parameter("phi.0.weight").copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]))
        model.get_parameter("phi.0.bias").copy_(torch.tensor([-0.5, 0.25, 0.0, 0.0]))
        model.get_parameter("phi.2.weight").copy_(
            torch.tensor([[1.0, -1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 2.0, 0.0], [-1.0, -1.0, -1.0, 0.0]])
        )
        model.get_parameter("rho.0.weight").copy_(torch.eye(4) * 2 - 1)
        model.get_parameter("rho.2.weight").fill_(0.5)
    grid = np.arange(-4, 5) / 4
    random = np.random.default_rng(0)
    velocities = random.choice(grid, size=(3, 9, 12, 2))
    velocities[0, :, ::2] = [0.5, -0.25]  # on two lines at once
    velocities[1] = 0.0
    velocities[2, ::2] = velocities[2, 1::2].mean()
    for pairs in (torch.arange(24), torch.arange(8), torch.arange(8, 16)):
        ours, theirs = fused(model, velocities, pairs), exact(model, velocities, pairs)
        torch.testing.assert_close(ours[2], theirs[2], rtol=1e-6, atol=1e-9)
        torch.testing.assert_close(ours[1], theirs[1], rtol=1e-12, atol=1e-12)


def test_one_pair_and_repeated_pairs(gas: Array) -> None:
    model = new_model(16, 1)
    for pairs in (torch.tensor([70]), torch.tensor([3, 3, 3, 100, 100, 58])):
        assert_agree(fused(model, gas, pairs), exact(model, gas, pairs))


def test_a_run_in_which_nothing_moves_has_no_gradient() -> None:
    model = new_model(8, 0)
    loss, change, gradient = fused(model, np.ones((2, 5, 7, 2)), torch.arange(8))
    assert loss == 0
    assert not change.any()
    assert not gradient.any()


def test_the_bits_do_not_depend_on_the_number_of_threads(gas: Array) -> None:
    pairs = torch.arange(3 * 59)
    threads = torch.get_num_threads()
    cases = [(new_model(48, 2), gas, pairs), (wild(33, 1), random_frames(1), torch.arange(64))]
    try:
        for model, velocities, chosen in cases:
            seen = set()
            for count in (1, 2, 4, 7):
                torch.set_num_threads(count)
                loss, change, gradient = fused(model, velocities, chosen)
                seen.add((loss, change.numpy().tobytes(), gradient.numpy().tobytes()))
            assert len(seen) == 1
    finally:
        torch.set_num_threads(threads)


def test_threads_that_share_a_kernel_take_turns(gas: Array) -> None:
    """Networks of different widths, beside each other, on one object of the core."""
    kernel = _core.PairLoss.from_dense(gas, 1)
    random, pairs = np.random.default_rng(0), np.arange(3 * 59)
    networks = [(width, random.normal(size=2 * width**2 + 6 * width + 1).astype(np.float32)) for width in (5, 16, 40)]

    def answer(width: int, weights: NDArray[np.float32]) -> bytes:
        change, gradient = np.empty(len(pairs)), np.empty_like(weights)
        loss = kernel.loss(weights, width, pairs, 0.3, 0.2, change, gradient, 2)
        return np.float64(loss).tobytes() + change.tobytes() + gradient.tobytes()

    alone = [answer(*network) for network in networks]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda k: answer(*networks[k % 3]), range(60)))
    assert together == [alone[k % 3] for k in range(60)]


@pytest.mark.parametrize("scale", [1e-40, 1e-36, 1e-20, 1e15])
def test_velocities_of_any_size(gas: Array, scale: float) -> None:
    model, velocities, pairs = new_model(16, 0), np.ascontiguousarray(gas[:, :8] * scale), torch.arange(21)
    ours, theirs = fused(model, velocities, pairs), exact(model, velocities, pairs)
    torch.testing.assert_close(ours[1], theirs[1], rtol=1e-8, atol=1e-11)
    error, size = torch.linalg.vector_norm(ours[2] - theirs[2]), torch.linalg.vector_norm(theirs[2])
    assert error <= 3e-7 * size + 1e-12  # autograd's own rounding of what cancels


@pytest.mark.parametrize("backend", ["fused", "torch"])
@pytest.mark.parametrize("size", [1e12, 1e25])
def test_a_loss_that_overflows_ends_alike_on_every_backend(gas: Array, backend: Backend, size: float) -> None:
    model = new_model(8, 0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(size)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(TrainingDivergedError, match=r"The loss became (inf|nan)"):
        train(model, gas, TrainConfig(epochs=1, batch=16, backend=backend))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_log_and_the_dense_recording_give_the_same_bits() -> None:
    for gas, frames in ((GAS, 40), (hthm.DiskGas(n=60, diameter=0.04, speed=1.0), 30)):
        state = gas.sample(3, seed=2)
        dense, log = (hthm.simulate(state, frames=frames, record=record) for record in ("velocities", "log"))
        model, pairs = new_model(24, 0), torch.arange(3 * (frames - 1))
        ours, theirs = fused(model, log, pairs), fused(model, dense, pairs)
        assert ours[0] == theirs[0]
        assert ours[1].numpy().tobytes() == theirs[1].numpy().tobytes()
        assert ours[2].numpy().tobytes() == theirs[2].numpy().tobytes()
        one, two = fused(model, log[1:3], pairs[:frames]), fused(model, dense.velocities[1:3], pairs[:frames])
        assert one[2].numpy().tobytes() == two[2].numpy().tobytes()


def test_the_order_of_the_disks_does_not_matter(gas: Array) -> None:
    model, pairs = new_model(16, 0), torch.arange(59)
    order = np.random.default_rng(0).permutation(1000)
    ours, theirs = fused(model, gas, pairs), fused(model, np.ascontiguousarray(gas[:, :, order]), pairs)
    assert_agree(ours, theirs)


@pytest.mark.parametrize("level", ["avx2", "avx512"])
def test_every_instruction_set_agrees_with_the_portable_loops(level: str) -> None:
    """Levels differ in the last bits of sums, and in no more."""
    needs_level(level)
    program = (
        "import numpy as np, torch\n"
        "from hthm.deepsets import new_model\n"
        "from hthm.learning.fused import FusedBatchLoss\n"
        "model = new_model(40, 0)\n"
        "velocities = np.random.default_rng(0).normal(size=(2, 9, 50, 2)).repeat(3, axis=1)\n"
        "loss, change = FusedBatchLoss(model, velocities)(torch.arange(52), negative_slope=0.3, penalty=0.2)\n"
        "print(loss.item(), *(float(p.grad.double().square().sum()) for p in model.parameters()))"
    )
    ours, portable = (
        np.array(run_at_level(chosen, program).splitlines()[-1].split(), dtype=float) for chosen in (level, "portable")
    )
    assert len(ours) == 9  # the last is that of a bias, which no change of h has
    assert (ours[:-1] != 0).all()
    np.testing.assert_allclose(ours, portable, rtol=1e-6)


def test_backends_train_alike(gas: Array) -> None:
    """In float32, torch gets Δh as a difference of large sums, so the curves are close and not the same."""
    config = TrainConfig(epochs=4, batch=32, learning_rate=1e-3, seed=3)
    losses = [train(new_model(16, 0), gas, replace(config, backend=name)).loss for name in ("fused", "torch")]
    np.testing.assert_allclose(losses[0], losses[1], rtol=0.02, atol=2e-5)


def test_gradients_are_added_to_those_that_are_there(gas: Array) -> None:
    model, pairs = new_model(8, 0), torch.arange(16)
    once = fused(model, gas, pairs)[2]
    FusedBatchLoss(model, gas)(pairs, negative_slope=0.3, penalty=0.2)
    twice = torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])
    torch.testing.assert_close(twice.double(), 2 * once, rtol=1e-6, atol=0.0)


def test_the_kernel_refuses_what_it_cannot_train(gas: Array) -> None:
    config = TrainConfig(epochs=1, batch=16, backend="fused")
    for model in (new_model(4, 0).double(), torch.nn.Linear(2, 1), new_model(257, 0)):
        with pytest.raises(ValueError, match="backend: must be torch for this model on cpu, got fused"):
            train(model, gas, config)


def test_velocities_beyond_float32_are_refused() -> None:
    with pytest.raises(ValueError, match=r"velocities: must be below 1\.8e19 in magnitude"):
        FusedBatchLoss(new_model(2, 0), np.full((1, 2, 1, 2), 1e30))
