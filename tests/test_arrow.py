"""Training on the arrow of time by logistic regression finds what theory says it must."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import hthm
from hthm import paper
from hthm.deepsets import DeepSets, new_model
from hthm.learning import whole_runs as by_torch
from hthm.learning.arrow import ArrowDivergedError, Look, train_arrow
from hthm.learning.calibration import calibration
from hthm.learning.loss import logistic_loss, tilted_loss
from hthm.learning.recipes import ArrowConfig, entropic
from hthm.learning.whole_runs import whole_runs
from hthm.randomness import Stream, stream_seed
from hthm.recording.dense import DenseStates

SMALL = ArrowConfig(updates=12, looks=3)


def gas_log(runs: int = 3, seed: int = 0) -> hthm.Trajectories:
    """A small, dense gas that relaxes."""
    return hthm.simulate(hthm.DiskGas(n=60, diameter=0.04).sample(runs, seed=seed), 12, 0.1, record="log")


def model(seed: int = 0) -> DeepSets:
    return new_model(6, seed, entropic(paper.S0))


@pytest.mark.parametrize("steps", ["frames", "collisions"])
@pytest.mark.parametrize("kind", ["logistic", "tilted"])
def test_a_training_is_the_plain_loop_written_out(steps: Any, kind: Any) -> None:  # noqa: ANN401 -- literals
    """Of the tilted loss the slope falls linearly from 1 to 0.2."""
    traj, config = gas_log(runs=1), replace(SMALL, steps=steps, loss=kind, penalty=1e-3)
    trained, plain = model(), model()
    looks = train_arrow(trained, traj, config)
    (run,) = whole_runs(traj, steps)
    adam = torch.optim.Adam(plain.parameters())
    losses = []
    for update in range(12):
        adam.param_groups[0]["lr"] = 1e-2 * (1 + math.cos(math.pi * update / 12)) / 2
        adam.zero_grad()
        change = run.h(plain).diff()
        if kind == "logistic":
            loss = logistic_loss(change, penalty=1e-3)
        else:
            loss = tilted_loss(change, negative_slope=1 - 0.8 * update / 11, penalty=1e-3)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        losses.append(loss.item())
        adam.step()
    for one, other in zip(trained.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert [look.update for look in looks] == [4, 8, 12]
    assert [look.loss for look in looks] == pytest.approx([np.mean(losses[k : k + 4]) for k in (0, 4, 8)], rel=1e-5)


def test_an_update_of_all_runs_is_one_of_a_long_run() -> None:
    """The mean over the steps of three runs, whatever their order."""
    trained, plain = model(), model()
    train_arrow(trained, gas_log(), replace(SMALL, runs_per_update=3, updates=1, looks=1))
    adam = torch.optim.Adam(plain.parameters(), lr=1e-2)
    logistic_loss(torch.cat([run.h(plain).diff() for run in whole_runs(gas_log(), "collisions")])).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    adam.step()
    for one, other in zip(trained.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_the_loss_of_a_part_of_a_run_is_that_of_some_of_its_steps() -> None:
    """An eleventh of 12 frames is one pair, drawn anew at every update."""
    network, traj = model(), gas_log(runs=1)
    config = replace(SMALL, steps="frames", runs_per_update=1 / 11, learning_rate=1e-12, looks=12)
    losses = {round(look.loss, 6) for look in train_arrow(network, traj, config)}
    (run,) = whole_runs(traj, "frames")
    terms = {round(logistic_loss(change).item(), 6) for change in run.h(network).diff()}
    assert losses <= terms
    assert len(losses) > 1


def blurred(network: DeepSets, runs: hthm.Trajectories, stream: Stream) -> torch.Tensor:
    """Δh of runs whose velocities are seen with 0.05 s0 of noise, run by run from one stream of seed 7."""
    generator = torch.Generator().manual_seed(stream_seed(7, stream))
    changes = []
    for run in whole_runs(runs, "collisions"):
        noise = torch.randn(run.velocities.shape, generator=generator)
        changes.append(run.h(network, run.velocities + 0.05 * paper.S0 * noise).diff())
    return torch.cat(changes)


def test_noise_is_in_units_of_s0_and_from_streams_of_its_own() -> None:
    """One of the training, and one that is the same at every look."""
    traj, held_out = gas_log(runs=1), gas_log(runs=2, seed=1)
    trained, plain = model(), model()
    config = replace(SMALL, blur=0.05, updates=1, looks=1, seed=7)
    (look,) = train_arrow(trained, traj, config, held_out=held_out)
    loss = logistic_loss(blurred(plain, traj, Stream.NOISE))
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    torch.optim.Adam(plain.parameters(), lr=1e-2).step()
    assert look.loss == pytest.approx(loss.item(), rel=1e-6)
    for one, other in zip(trained.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    change = blurred(trained, held_out, Stream.LOOK).detach()
    assert look.held_out_loss == pytest.approx(logistic_loss(change).item(), rel=1e-6)
    assert look.calibration == pytest.approx(calibration(change), rel=1e-4)


@pytest.mark.parametrize("runs_per_update", [0.5, 1, 2])
def test_the_seed_alone_decides(runs_per_update: float) -> None:
    traj, config = gas_log(), replace(SMALL, blur=0.1, blocks=7, runs_per_update=runs_per_update)
    one, same, other = model(), model(), model()
    for network, seed in ((one, 1), (same, 1), (other, 2)):
        train_arrow(network, traj, replace(config, seed=seed))
    first, again, different = (list(network.parameters()) for network in (one, same, other))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, different, strict=True))


def test_looks_tell_of_held_out_runs_and_leave_the_training_as_it_is() -> None:
    traj, seen = gas_log(), list[Look]()
    alone, looked_at = model(), model()
    train_arrow(alone, traj, SMALL)
    looks = train_arrow(looked_at, traj, SMALL, held_out=gas_log(seed=1), looked=seen.append)
    assert seen == looks
    assert all(torch.equal(a, b) for a, b in zip(alone.parameters(), looked_at.parameters(), strict=True))
    change = torch.cat([run.h(looked_at).diff().detach() for run in whole_runs(gas_log(seed=1), "collisions")])
    assert looks[-1].held_out_loss == pytest.approx(logistic_loss(change).item())
    assert looks[-1].calibration == pytest.approx(calibration(change), rel=1e-4)


def test_training_lowers_the_loss_of_runs_that_it_does_not_see() -> None:
    network = model()
    looks = train_arrow(network, gas_log(runs=40), replace(SMALL, updates=400, looks=2), held_out=gas_log(10, seed=1))
    assert looks[-1].held_out_loss is not None
    assert looks[-1].held_out_loss < math.log(2) - 0.01  # what a network without a clue has


def test_calibration_worked_by_hand() -> None:
    """Of 4 steps that look alike 3 go forwards: the odds are right at Δh = ln 3."""
    for rise in (0.01, 0.5, math.log(3), 40.0):
        change = rise * torch.tensor([1.0, 1.0, 1.0, -1.0], dtype=torch.float64)
        assert calibration(change) == pytest.approx(math.log(3) / rise, rel=1e-6)
    assert calibration(torch.tensor([1.0, -1.0])) == pytest.approx(0, abs=1e-6)
    assert calibration(torch.tensor([1.0, 2.0])) is None
    assert calibration(torch.zeros(3)) is None


def test_more_blocks_than_disks_are_refused() -> None:
    with pytest.raises(ValueError, match="blocks: must be at most the 60 disks, got 61"):
        train_arrow(model(), gas_log(), replace(SMALL, blocks=61))


@pytest.mark.parametrize("backend", ["fused", "torch"])
@pytest.mark.parametrize("share", [0.5, 2])
def test_a_run_without_a_collision_is_refused_before_a_training(backend: Any, share: float) -> None:  # noqa: ANN401 -- a literal
    dilute = hthm.simulate(hthm.DiskGas(n=50, diameter=0.02).sample(3), frames=10, record="log")
    assert dilute.collisions.sum(axis=1).tolist() == [0, 2, 3]
    config, network = replace(SMALL, backend=backend, runs_per_update=share), model()
    with pytest.raises(
        ValueError, match=r"^velocities: must have a collision in every run, .* in run 0\. Simulate more"
    ):
        train_arrow(network, dilute, config)
    with pytest.raises(ValueError, match=r"^held_out: must have a collision in every run, .* in run 0\. Simulate more"):
        train_arrow(network, dilute[1:], config, held_out=dilute)
    assert train_arrow(network, dilute[1:], config, held_out=dilute[2:])[-1].update == 12
    for blocks in (1, 50):  # a run where nothing changes has frames to put in order all the same
        looks = train_arrow(network, dilute, replace(config, steps="frames", blocks=blocks), held_out=dilute)
        assert all(math.isfinite(look.loss) and math.isfinite(look.held_out_loss or 0.0) for look in looks)


def test_what_is_wrong_with_held_out_runs_is_said_of_them() -> None:
    states = np.ones((2, 3, 60, 3))
    with pytest.raises(ValueError, match=r"^held_out: must have 2 numbers a disk, got 3"):
        train_arrow(model(), gas_log(), SMALL, held_out=DenseStates(states))
    with pytest.raises(ValueError, match=r"^held_out: must have shape"):
        train_arrow(model(), gas_log(), replace(SMALL, steps="frames"), held_out=states)
    with pytest.raises(ValueError, match=r"^velocities: must have 2 numbers a disk, got 3"):
        train_arrow(model(), DenseStates(states), SMALL)


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    network = model()
    with torch.no_grad():
        network.get_parameter("rho.2.weight").fill_(math.inf)
    with pytest.raises(ArrowDivergedError, match=r"The loss became nan at update 1 of 12\. Lower the learning rate"):
        train_arrow(network, gas_log(), SMALL)


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"steps": "runs"}, "steps"),
        ({"updates": 0}, "updates"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"loss": "leaky"}, "loss"),
        ({"updates": 20, "warm_up": 20}, "warm_up"),
        ({"warm_up": -1}, "warm_up"),
        ({"runs_per_update": 1.5}, "runs_per_update"),
        ({"runs_per_update": 0}, "runs_per_update"),
        ({"penalty": -1.0}, "penalty"),
        ({"final_slope": 1.5}, "final_slope"),
        ({"blocks": 0}, "blocks"),
        ({"blur": math.nan}, "blur"),
        ({"updates": 5, "looks": 6}, "looks"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_a_training_cannot_be_is_named(choice: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: must be"):
        ArrowConfig(**choice)


def test_the_learning_rate_warms_up_and_falls_to_zero() -> None:
    config = ArrowConfig(updates=12, warm_up=3, looks=1, learning_rate=0.4)
    rates = [config.rate(done) for done in range(12)]
    assert rates[:4] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert rates[3:] == [0.4 * (1 + math.cos(math.pi * k / 9)) / 2 for k in range(9)]


def test_a_training_warms_up() -> None:
    plain, warm = model(), model()
    train_arrow(plain, gas_log(), SMALL)
    train_arrow(warm, gas_log(), replace(SMALL, warm_up=4))
    assert not torch.equal(plain.get_parameter("rho.2.weight"), warm.get_parameter("rho.2.weight"))


def test_ctrl_c_is_answered_within_a_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two runs of an update: one of many runs would otherwise be one long call of torch's."""
    answered: list[int] = []

    def answer(gradient: torch.Tensor) -> None:
        answered.append(len(gradient))
        if len(answered) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        by_torch._answer(gradient)  # noqa: SLF001 -- what stands between the runs

    gas = hthm.DiskGas(n=100, diameter=0.01, speed=1.0)
    many = hthm.simulate(gas.sample(4, seed=0), frames=40, record="log")
    config = ArrowConfig(updates=2, looks=1, runs_per_update=24, backend="torch")
    monkeypatch.setattr(by_torch, "_answer", answer)
    with pytest.raises(KeyboardInterrupt):
        train_arrow(new_model(8, 0, entropic(1.0)), many, config)
    assert 3 <= len(answered) < 24, "a pass has as many runs as an update, and ended before its last"
