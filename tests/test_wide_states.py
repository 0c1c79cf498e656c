"""States wider than a velocity: the same functional of k numbers a disk, and one clear error where they do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import hthm
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.learning.arrow import new_run_losses, train_arrow
from hthm.learning.checkpoint import CheckpointError
from hthm.learning.pair_dataset import FramePairs
from hthm.learning.recipes import Architecture, ArrowConfig, entropic
from hthm.learning.whole_runs import TorchRunLosses, whole_runs
from hthm.recording.dense import DenseStates
from hthm.recording.frames import Frames, Steps, components_of
from hthm.recording.states import disk_states
from hthm.train import Epoch, train
from hthm.trajectories import Recording
from rough_states import DENSE, GAS, KINDS, LOG, TINY, wide

Array = NDArray[np.float64]


def everything(frames: Frames) -> Array:
    return frames.take(np.arange(len(frames), dtype=np.int64))


def silu(x: Array) -> Array:
    active: Array = x / (1 + np.exp(-x))
    return active


def numpy_h(weights: dict[str, Array], states: Array, architecture: Architecture) -> Array:
    """h = n·ρ(mean φ) written out, in float64; labels are not divided."""
    moving = architecture.components - architecture.labels
    seen = np.concatenate([states[..., :moving] / architecture.velocity_scale, states[..., moving:]], axis=-1)
    layer = silu(seen @ weights["phi.0.weight"].T + weights["phi.0.bias"])
    layer = silu(layer @ weights["phi.2.weight"].T + weights["phi.2.bias"]).mean(axis=-2)
    layer = silu(layer @ weights["rho.0.weight"].T + weights["rho.0.bias"])
    h: Array = states.shape[-2] * (layer @ weights["rho.2.weight"].T + weights["rho.2.bias"])[..., 0]
    return h


def arrays(model: DeepSets) -> dict[str, Array]:
    return {name: tensor.numpy().astype(np.float64) for name, tensor in model.state_dict().items()}


# ---- What a state is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [None, KINDS, np.concatenate([KINDS, 1 - KINDS], axis=1)])
def test_states_of_either_recording_are_velocity_spin_and_labels(labels: Array | None) -> None:
    log, dense = disk_states(LOG, labels=labels), disk_states(DENSE, labels=labels)
    found = everything(log).reshape(3, 12, GAS.n, -1)
    assert found.tobytes() == everything(dense).tobytes()
    assert (
        components_of(log) == components_of(dense) == found.shape[-1] == 3 + (0 if labels is None else labels.shape[1])
    )
    assert found[..., :2].tobytes() == DENSE.velocities.tobytes()
    assert_allclose(found[..., 2], DENSE.spins * np.sqrt(0.5) * 0.01, rtol=1e-15)
    if labels is not None:
        assert (found[..., 3:] == labels).all()
    assert_allclose(np.square(found[..., :3]).sum(axis=-1).mean(axis=-1), 1)  # energy is kept: ⟨v²⟩ = s0² at the start


def test_all_components_have_one_variance_in_equilibrium() -> None:
    gas = replace(GAS, n=4000, diameter=0.005)
    traj = hthm.simulate(gas.sample(2, spins="equilibrium", speeds="maxwell"), 3, 0.01)
    variance = everything(disk_states(traj)).var(axis=(0, 1))
    assert_allclose(variance, variance.mean(), rtol=0.06)  # 8000 disks: a standard error of 0.016


@pytest.mark.parametrize("record", ["log", "velocities"])
def test_the_kind_of_a_disk_is_an_input(record: Recording) -> None:
    kinds = [hthm.Kind(40, 0.02), hthm.Kind(30, 0.01, 4.0), hthm.Kind(20, 0.02, 2.0)]
    gas = hthm.DiskGas(kinds=kinds, speed=1.0, rule=GAS.rule)
    traj = hthm.simulate(gas.sample(2, spins="equilibrium"), 6, 0.05, record=record)
    states = disk_states(traj, labels=np.arange(90.0)[:, np.newaxis])
    found = everything(states).reshape(2, 6, 90, 6)
    assert found[..., :2].tobytes() == traj.dense().tobytes()
    reach = np.sqrt(0.5) * np.repeat([0.01, 0.005, 0.01], [40, 30, 20])
    assert_allclose(found[..., 2], traj.dense_spins() * reach, rtol=1e-14)
    assert (found[..., 3] == np.repeat([0, 1, 0], [40, 30, 20])).all()
    assert (found[..., 4] == np.repeat([0, 0, 1], [40, 30, 20])).all()
    assert (found[..., 5] == np.arange(90)).all()
    assert evaluate(wide(6, 3), states).shape == (2, 6)
    steps: Steps = "collisions" if record == "log" else "frames"
    config = ArrowConfig(steps=steps, updates=2, looks=1, blur=0.05)
    assert np.isfinite(train_arrow(wide(6, 3), states, config)[-1].loss)


def test_states_of_a_dataset_are_those_of_its_runs(tmp_path: Path) -> None:
    LOG.save(tmp_path / "kept")
    states = disk_states(hthm.open(tmp_path / "kept").load(slice(1, 3)))
    assert everything(states).tobytes() == everything(disk_states(LOG[1:3])).tobytes()


def test_states_of_smooth_disks_are_their_velocities() -> None:
    smooth = hthm.simulate(replace(GAS, rule=hthm.SmoothDisks()).sample(1), 3, 0.02, record="log")
    states = disk_states(smooth)
    assert components_of(states) == 2
    assert everything(states).tobytes() == smooth.dense().tobytes()
    assert repr(states).startswith("LogStates(leading=")


@pytest.mark.parametrize("steps", ["frames", "collisions"])
def test_runs_as_changes_are_the_states_step_by_step(steps: Steps) -> None:
    """Of a log and of frames; the states after every collision, from the rows of the log."""
    frames, log = everything(disk_states(LOG)).reshape(3, 12, GAS.n, 3), LOG.log
    assert log.spins is not None
    for run in range(3):
        changes = disk_states(LOG).changes(run, steps)
        now, steps_of = changes.first.copy(), [changes.first.copy()]
        for step in range(changes.steps):
            of = changes.step == step
            for disk, state in zip(changes.disks[of], changes.velocities[of], strict=True):
                now[disk] = state
            steps_of.append(now.copy())
        if steps == "frames":
            assert np.stack(steps_of).tobytes() == frames[run].tobytes()
            continue
        offsets = log.frame_offsets[run]
        assert len(steps_of) == offsets[-1] - offsets[0] + 1
        for step, row in enumerate(range(offsets[0], offsets[-1])):
            gone, come = steps_of[step], steps_of[step + 1]
            pair = log.pairs[row]
            assert set(np.flatnonzero((gone != come).any(axis=1))) <= set(pair)
            assert_allclose(come[pair, :2], log.velocities[row])
            assert_allclose(come[pair, 2], log.spins[row] * np.sqrt(0.5) * 0.01, rtol=1e-15)
            energy = [np.square(state[pair]).sum() for state in (gone, come)]  # of translation and spin together
            assert energy[1] == pytest.approx(energy[0], rel=1e-12)


# ---- The functional -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("components", "labels"), [(1, 0), (3, 0), (4, 1), (7, 2), (3, 3)])
def test_h_is_that_of_numpy(components: int, labels: int) -> None:
    model = wide(components, labels)
    states = np.random.default_rng(1).normal(size=(2, 3, 20, components))
    expected = numpy_h(arrays(model), states, model.architecture)
    assert_allclose(evaluate(model, states), expected, rtol=1e-5, atol=1e-5)
    assert_allclose(evaluate(model.double(), states), expected, rtol=1e-12)


def test_h_of_either_recording_agrees() -> None:
    model = wide()
    dense = evaluate(model, disk_states(DENSE))
    assert_allclose(evaluate(model, disk_states(LOG)), dense, rtol=1e-7)
    assert dense.shape == (3, 12)


@given(components=st.integers(1, 9), n=st.integers(1, 12), seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_disks_does_not_matter(components: int, n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    states = random.normal(size=(2, n, components))
    model = wide(components).double()
    assert_allclose(evaluate(model, states[:, random.permutation(n)].copy()), evaluate(model, states), rtol=1e-12)


@pytest.mark.parametrize("steps", ["frames", "collisions"])
def test_the_gradient_is_that_of_float64_and_of_differences_in_numpy(steps: Steps) -> None:
    states, model = disk_states(LOG, labels=KINDS), wide(4, 1)
    config = ArrowConfig(steps=steps, updates=1, looks=1)
    losses = []
    for precise in (model, DeepSets(6, model.architecture, dtype=torch.float64)):
        precise.load_state_dict(model.state_dict())
        losses.append(TorchRunLosses(precise, states, config).loss([0, 2], 1, torch.Generator()))
    single, double = (
        torch.cat([parameter.grad.double().reshape(-1) for parameter in of.parameters() if parameter.grad is not None])
        for of in (model, precise)
    )
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert float((single - double).norm()) < 1e-3 * float(double.norm())  # plain float32: docs/learned-entropy.md
    runs = [whole_runs(states, steps, torch.float64, 4)[run] for run in (0, 2)]
    along = []  # every state of a run, (steps + 1, n, 4)
    for run in runs:
        now, rows = run.velocities[: run.n].numpy().copy(), run.velocities[run.n :].numpy()
        seen = [now.copy()]
        for step in range(run.steps):
            for k in np.flatnonzero(run.step.numpy() == step):
                now[run.disks[k]] = rows[k]
            seen.append(now.copy())
        along.append(np.stack(seen))

    def loss(weights: dict[str, Array]) -> float:
        change = np.concatenate([np.diff(numpy_h(weights, states_of, model.architecture)) for states_of in along])
        return float(np.logaddexp(0, -change).mean())

    weights, by = arrays(model), 1e-5
    assert loss(weights) == pytest.approx(losses[1], rel=1e-9)
    for name, where in (
        ("phi.0.weight", (2, 2)),
        ("phi.0.weight", (1, 3)),
        ("phi.2.bias", (4,)),
        ("rho.0.weight", (0, 5)),
    ):
        moved = []
        for sign in (1, -1):
            weights[name][where] += sign * by
            moved.append(loss(weights))
            weights[name][where] -= sign * by
        gradient = dict(precise.named_parameters())[name].grad
        assert gradient is not None
        assert float(gradient[where]) == pytest.approx((moved[0] - moved[1]) / (2 * by), rel=1e-4, abs=1e-9)


def test_velocities_have_the_bits_they_always_had() -> None:
    """Weights, h and a training of a network of two components, by whichever way they come."""
    model, same = new_model(6, 0, entropic(1.0)), wide(2)
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), same.parameters(), strict=True))
    as_states = DenseStates(DENSE.velocities)
    assert evaluate(model, as_states).tobytes() == evaluate(model, DENSE.velocities).tobytes()
    config = ArrowConfig(steps="frames", updates=3, looks=1, blur=0.05, blocks=2)
    looks = [train_arrow(of, given, config)[-1] for of, given in ((model, DENSE), (same, as_states))]
    assert looks[0].loss == looks[1].loss
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), same.parameters(), strict=True))
    assert "components" not in entropic(1.0).as_json()


def test_labels_are_not_blurred() -> None:
    """A network that sees nothing but the kind: no blur changes what it sees, and no collision."""
    model = wide(1, 1)
    states = DenseStates(np.ascontiguousarray(np.broadcast_to(KINDS, (2, 5, GAS.n, 1))))
    losses = new_run_losses(model, states, ArrowConfig(steps="frames", updates=1, looks=1, blur=3.0))
    assert not losses.change(torch.Generator().manual_seed(0)).any()


# ---- Trainings ------------------------------------------------------------------------------------------------------


def test_the_collisions_of_rough_disks_are_put_in_order() -> None:
    gas = replace(GAS, n=200, diameter=0.02)
    both = [hthm.simulate(gas.sample(2, seed, spins="all in translation"), 40, 0.02, record="log") for seed in (0, 1)]
    training, held_out = map(disk_states, both)
    model = wide(width=8)
    config = ArrowConfig(updates=100, looks=1, blur=0.05)
    looks = train_arrow(model, training, config, held_out=held_out)
    assert looks[-1].held_out_loss is not None
    assert looks[-1].held_out_loss < np.log(2) - 0.02  # better than not to know
    h = evaluate(model, held_out).mean(axis=0)
    assert h[-1] > h[0] + 50  # entropy rises: by some 2 nats a disk


def test_the_paper_s_training_takes_states_and_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    states, architecture = disk_states(LOG), Architecture(components=3)
    whole, resumed = new_model(4, 0, architecture), new_model(4, 0, architecture)
    expected = train(whole, states, TINY)

    def stop(_: Epoch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(resumed, states, TINY, checkpoint_path=tmp_path / "checkpoint", epoch_done=stop)
    again = new_model(4, 5, architecture)
    history = train(again, states, TINY, checkpoint_path=tmp_path / "checkpoint")
    assert [epoch.loss for epoch in history.epochs] == [epoch.loss for epoch in expected.epochs]
    assert all(torch.equal(one, other) for one, other in zip(again.parameters(), whole.parameters(), strict=True))
    labelled, wider = disk_states(LOG, labels=KINDS), new_model(4, 5, Architecture(components=4))
    with pytest.raises(CheckpointError, match=r"differs in components\."):
        train(wider, labelled, TINY, checkpoint_path=tmp_path / "checkpoint")


def test_pairs_of_frames_of_states_are_read() -> None:
    before, after = FramePairs(disk_states(LOG))[3]
    expected = everything(disk_states(DENSE)).astype(np.float32)
    assert before.shape == (GAS.n, 3)
    assert (before.numpy() == expected[3]).all()
    assert (after.numpy() == expected[4]).all()


def test_a_network_of_one_s_own_sees_states() -> None:
    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(3, 1, dtype=torch.float64)

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            h: torch.Tensor = self.layer(states).squeeze(-1).mean(dim=-1)
            return h

    assert evaluate(Mean(), disk_states(LOG)).shape == (3, 12)
    losses = train(Mean(), disk_states(LOG), TINY).epochs
    assert len(losses) == TINY.epochs
