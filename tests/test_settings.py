"""What a session has set for itself in torch, NumPy or Python changes no result of hthm, which leaves it as it was."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event

import numpy as np
import pytest
import torch
from torch import nn

import hthm
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.learning.arrow import train_arrow
from hthm.learning.backends import new_batch_loss
from hthm.learning.own_settings import flushes_subnormals, own_settings
from hthm.learning.plain_network import new_plain_network
from hthm.learning.recipes import BACKENDS, ArrowConfig, Backend, TrainConfig, entropic
from hthm.learning.timing import step_seconds
from hthm.learning.weights import load_weights, save_weights
from hthm.run import main
from hthm.train import train

CPU = torch.device("cpu")
LOG = hthm.simulate(hthm.DiskGas(n=30, diameter=0.05, speed=1.0).sample(2, seed=0), frames=8, record="log")
CONFIG = TrainConfig(epochs=2, batch=4, learning_rate=1e-2)
ARROW = ArrowConfig(updates=3, looks=1, blocks=2, blur=0.01, runs_per_update=2)


@contextmanager
def default_dtype() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device() -> Iterator[None]:
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def gradients_off() -> Iterator[None]:
    torch.set_grad_enabled(False)
    try:
        yield
    finally:
        torch.set_grad_enabled(True)


@contextmanager
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextmanager
def flushed() -> Iterator[None]:
    assert torch.set_flush_denormal(True)
    try:
        yield
        assert flushes_subnormals(), "the session's setting did not come back"
    finally:
        torch.set_flush_denormal(False)


SETTINGS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "dtype": default_dtype,
    "device": default_device,
    "device context": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "gradients off": gradients_off,
    "deterministic": deterministic,
    "subnormals": flushed,
    "numpy": lambda: np.errstate(all="raise"),
}


def bits(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.detach().numpy().tobytes() for name, tensor in model.state_dict().items()}


def results(folder: Path) -> dict[str, object]:
    """Everything that learning makes, small."""
    found: dict[str, object] = {}
    small = LOG.dense() * 1e-41  # subnormal in float32
    for backend in BACKENDS:
        model = new_model(5, 1)
        history = train(model, LOG, replace(CONFIG, backend=backend), checkpoint_path=folder / backend)
        found[backend] = (bits(model), history.loss.tobytes())
        again = new_model(5, 1)
        train(again, LOG, replace(CONFIG, backend=backend), checkpoint_path=folder / backend)  # from its file
        assert bits(again) == bits(model)
        (folder / backend).unlink()
        train(model, small, replace(CONFIG, backend=backend))
        found[f"{backend}, small"] = bits(model)
    plain = new_plain_network(30, 4, 0)
    train(plain, LOG, CONFIG)
    found["plain"] = bits(plain)
    smooth = new_model(4, 0, entropic(1.0))
    looks = train_arrow(smooth, LOG, ARROW, held_out=LOG)
    found["arrow"] = (bits(smooth), [look.held_out_loss for look in looks])
    save_weights(folder / "m.safetensors", smooth)
    loaded = load_weights(folder / "m.safetensors")
    assert bits(loaded) == bits(smooth)
    train(loaded, LOG, CONFIG)  # what is loaded can be trained
    for kind, recording in (("log", LOG), ("dense", LOG.dense())):
        found[kind] = [evaluate(model, recording).tobytes() for model in (loaded, plain)]
    found["made"] = bits(new_model(3, 2))
    step_seconds(smooth, new_batch_loss(smooth, LOG, None, CPU), 2)
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return results(tmp_path_factory.mktemp("expected"))


@pytest.mark.parametrize("name", SETTINGS)
def test_a_session_s_own_settings_change_nothing(tmp_path: Path, expected: dict[str, object], name: str) -> None:
    shared = torch.get_rng_state()
    with SETTINGS[name]():
        state = (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"))
        found = results(tmp_path)
        assert state == (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"))
    assert found == expected
    if name != "inference":
        assert torch.equal(torch.get_rng_state(), shared), "torch's own generator has been drawn from"


def test_settings_come_back_after_an_error() -> None:
    def interrupted() -> None:
        with own_settings(CPU):
            assert torch.is_grad_enabled()
            raise KeyboardInterrupt

    with torch.no_grad():
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("settings", ["dtype", "device"])
def test_a_network_is_float32_on_the_cpu_unless_asked_for(settings: str) -> None:
    with SETTINGS[settings]():
        weight = DeepSets(3).phi[0].weight
        assert (weight.dtype, weight.device) == (torch.float32, CPU)
        assert DeepSets(3, dtype=torch.float64).rho[0].bias.dtype == torch.float64


def test_models_that_cannot_be_trained_are_refused_by_name() -> None:
    with torch.inference_mode():
        inferred = DeepSets(3)
    frozen = new_model(3, 0).requires_grad_(requires_grad=False)
    for model, message in (
        (inferred, r"model: must have weights that can be trained, got some made in torch\.inference_mode"),
        (DeepSets(3, device="meta"), "model: must have weights with values, got some on the device meta"),
        (frozen, r"model: must have weights that can be trained, and all are frozen\. Free them"),
    ):
        with pytest.raises(ValueError, match=message):
            train(model, LOG, CONFIG)
        with pytest.raises(ValueError, match=message):
            train_arrow(model, LOG, ARROW)
    assert evaluate(inferred, LOG).shape == (2, 8)
    with pytest.raises(ValueError, match="device meta"):
        evaluate(DeepSets(3, device="meta"), LOG)


def test_frozen_weights_stay(expected: dict[str, object]) -> None:
    """By every backend: the kernel, which knows of no frozen weights, is not taken for them."""
    assert expected
    model = new_model(5, 1)
    model.phi.requires_grad_(requires_grad=False)
    before = copy.deepcopy(model)
    train(model, LOG, CONFIG)
    assert bits(model.phi) == bits(before.phi)
    assert bits(model.rho) != bits(before.rho)


def test_a_seed_gives_its_weights_while_others_draw() -> None:
    """Eight threads make models at the same moment, and another draws from torch's own generator all the time."""
    together, done = Barrier(8), Event()

    def make(number: int) -> list[dict[str, bytes]]:
        together.wait(30)
        return [bits(new_model(8, 5)) if number % 2 else bits(new_plain_network(3, 8, 5)) for _ in range(50)]

    def disturb() -> None:
        while not done.is_set():
            torch.rand(100)

    with ThreadPoolExecutor(9) as pool:
        other = pool.submit(disturb)
        try:
            made = list(pool.map(make, range(8), timeout=120))
        finally:
            done.set()
        other.result(30)
    for number, models in enumerate(made):
        want = bits(new_model(8, 5)) if number % 2 else bits(new_plain_network(3, 8, 5))
        assert all(model == want for model in models)


@pytest.mark.parametrize("seed", [0, 1, 5, 2**31, 2**63 + 5])
@pytest.mark.parametrize("width", [1, 3, 16, 65])
def test_weights_are_those_of_torch_s_own_initialisation(seed: int, width: int) -> None:
    """Drawn by `nn.Linear` itself from the shared generator with the same seed."""
    sequence = np.random.SeedSequence(seed, spawn_key=(0, 0))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0]))
        layers = [nn.Linear(2, width), nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 1)]
    made = new_model(width, seed)
    ours = [made.phi[0], made.phi[2], made.rho[0], made.rho[2]]
    assert [bits(layer) for layer in ours] == [bits(layer) for layer in layers]


@pytest.mark.parametrize("backend", ["torch", "fused"])
def test_velocities_too_large_for_the_network_are_refused_by_name(backend: Backend) -> None:
    velocities = np.ones((2, 3, 4, 2))
    velocities[1, 2, 3, 0] = -1e39
    config = replace(CONFIG, backend=backend)
    with pytest.raises(ValueError, match=r"velocities: must be at most 3\.4e\+38 for a network in float32.* in run 1"):
        train(new_model(3, 0), velocities, config)
    with pytest.raises(ValueError, match=r"velocities: must be at most 3\.4e\+38 .* in frames 0 to 5"):
        evaluate(new_model(3, 0), velocities)
    assert np.isfinite(evaluate(new_model(3, 0).double(), velocities)).all()


def test_what_a_user_wrote_into_a_recording_is_refused_by_name() -> None:
    state = hthm.DiskGas(n=30, diameter=0.05, speed=1.0).sample(2, seed=0)
    dense, log = hthm.simulate(state, frames=8), hthm.simulate(state, frames=8, record="log")
    dense.velocities[-1, -1, 0] = log.log.velocities[-1, -1] = np.nan
    for traj, place in ((dense, "run 1"), (log, "the log")):
        for backend in BACKENDS:
            with pytest.raises(ValueError, match=f"velocities: must be finite, got NaN or infinity in {place}"):
                train(new_model(3, 0), traj, replace(CONFIG, backend=backend))
        with pytest.raises(ValueError, match=f"velocities: must be finite, got NaN or infinity in {place}"):
            train_arrow(new_model(3, 0), traj, replace(ARROW, steps="frames"))
        with pytest.raises(ValueError, match="velocities: must be finite, got NaN or infinity in"):
            evaluate(new_model(3, 0), traj)


@pytest.mark.parametrize(("asked", "meanwhile"), [(700, 10_000), (50_000, 50_000), (0, 0)])
def test_how_often_python_collects_is_as_before(asked: int, meanwhile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And while a command runs no more often than that."""
    seen = []

    def work(_given: list[str]) -> int:
        seen.append(gc.get_threshold()[0])
        return 0

    monkeypatch.setattr("hthm.run._work", work)
    before = gc.get_threshold()
    gc.set_threshold(asked, *before[1:])
    try:
        assert main(["--version"]) == 0
        assert gc.get_threshold() == (asked, *before[1:])
    finally:
        gc.set_threshold(*before)
    assert seen == [meanwhile]
