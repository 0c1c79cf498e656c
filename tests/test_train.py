"""Training minimises eq. (11) over all pairs of consecutive frames, and ends well however it ends."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

import hthm
from hthm import paper
from hthm.deepsets import evaluate, new_model
from hthm.learning.frame_pairs import TorchBatchLoss
from hthm.learning.history import Epoch, History, read_history
from hthm.learning.loss import loss0, negative_slope, tilted_loss
from hthm.learning.recipes import BACKENDS, Backend, TrainConfig
from hthm.train import TrainingDivergedError, train

Array = NDArray[np.float64]
SMALL = TrainConfig(epochs=3, batch=8, learning_rate=1e-2, seed=1)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def velocities() -> Array:
    """Velocities of a small, dense gas that relaxes, (4, 9, 60, 2): 32 pairs."""
    return hthm.simulate(hthm.DiskGas(n=60, diameter=0.04, speed=1.0).sample(4, seed=0), frames=9).velocities


def weights(model: nn.Module) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in model.state_dict().items()}


def test_a_training_is_the_plain_loop_written_out(velocities: Array) -> None:
    """Against the paper's recipe in a few lines, from the same start and with the same order of pairs."""
    orders: list[torch.Tensor] = []
    randperm = torch.randperm

    def watched(count: int, generator: torch.Generator, device: str) -> torch.Tensor:
        orders.append(randperm(count, generator=generator, device=device))
        return orders[-1]

    trained = new_model(5, seed=0).double()  # in float32 Adam makes much of the last bits of Δh
    config = replace(SMALL, batch=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "randperm", watched)
        history = train(trained, velocities, config)

    model = new_model(5, seed=0).double()
    adam = torch.optim.Adam(model.parameters(), lr=1e-2)
    before = torch.from_numpy(velocities[:, :-1].reshape(32, 60, 2))  # (pairs, n, 2)
    after = torch.from_numpy(velocities[:, 1:].reshape(32, 60, 2))
    for epoch, order in zip(range(3), orders, strict=True):
        rows = []
        for pairs in (order[:10], order[10:20], order[20:30]):  # 2 left over
            change = model(after[pairs]) - model(before[pairs])
            loss = tilted_loss(change, negative_slope=1 - 0.4 * epoch, penalty=0.2)
            rows.append([loss.item(), loss0(change, penalty=0.2).item(), change.mean().item()])
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            adam.step()
        found = history.epochs[epoch]
        assert [found.loss, found.loss0, found.mean_change] == pytest.approx(np.mean(rows, axis=0), rel=1e-9, abs=1e-12)
    for name, tensor in model.state_dict().items():
        # Adam magnifies the last bits, of some seeds by 1e8.
        torch.testing.assert_close(trained.state_dict()[name], tensor, rtol=1e-6, atol=1e-8)


def test_every_pair_of_consecutive_frames_has_its_number(velocities: Array) -> None:
    model = new_model(6, 0).double()
    batch_loss = TorchBatchLoss(model, velocities, CPU)
    assert batch_loss.pairs == 4 * 8
    loss, change = batch_loss(torch.arange(32), negative_slope=0.3, penalty=0.2)
    expected = torch.from_numpy(np.diff(evaluate(model, velocities), axis=1).reshape(32))
    torch.testing.assert_close(change, expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(loss, tilted_loss(expected, negative_slope=0.3, penalty=0.2))


def test_each_epoch_draws_every_pair_once_in_a_new_order(velocities: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    call = TorchBatchLoss.__call__

    def watched(self: TorchBatchLoss, pairs: torch.Tensor, **options: float) -> tuple[torch.Tensor, torch.Tensor]:
        drawn.extend(pairs.tolist())
        return call(self, pairs, **options)

    monkeypatch.setattr(TorchBatchLoss, "__call__", watched)
    train(new_model(2, 0), velocities, replace(SMALL, backend="torch"))
    epochs = [drawn[32 * epoch : 32 * (epoch + 1)] for epoch in range(3)]
    assert all(sorted(epoch) == list(range(32)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_a_seed_gives_the_same_bits_again_and_leaves_torch_and_velocities_as_they_were(velocities: Array) -> None:
    state, before = torch.get_rng_state(), velocities.tobytes()
    first, second, other = new_model(5, 0), new_model(5, 0), new_model(5, 0)
    histories = [train(model, velocities, SMALL) for model in (first, second)]
    train(other, velocities, replace(SMALL, seed=2))
    assert weights(first) == weights(second) != weights(other)
    assert histories[0].loss.tobytes() == histories[1].loss.tobytes()
    assert torch.equal(torch.get_rng_state(), state)
    assert velocities.tobytes() == before


def test_trajectories_and_read_only_arrays_train_alike(velocities: Array) -> None:
    trajectories = hthm.simulate(hthm.DiskGas(n=60, diameter=0.04, speed=1.0).sample(4, seed=0), frames=9)
    locked = velocities.copy()
    locked.flags.writeable = False
    models = [new_model(3, 0), new_model(3, 0)]
    train(models[0], trajectories, SMALL)
    train(models[1], locked, SMALL)
    assert weights(models[0]) == weights(models[1])


def test_the_loss_falls_and_h_learns_to_rise(velocities: Array) -> None:
    model = new_model(16, 0)
    history = train(model, velocities, replace(SMALL, epochs=30))
    assert history.loss0[-1] < history.loss0[0]
    h = evaluate(model, velocities)
    assert (h[:, -1] > h[:, 0]).all()


def test_any_module_that_maps_frames_to_numbers_trains(velocities: Array) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(120, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0))
    assert len(train(model, velocities, SMALL).epochs) == 3


def test_the_history_is_written_as_it_goes(velocities: Array, tmp_path: Path) -> None:
    path, seen = tmp_path / "log.jsonl", []

    def epoch_done(epoch: Epoch) -> None:
        seen.append(epoch)
        assert path.read_text() == "".join(past.line() for past in seen)

    history = train(new_model(3, 0), velocities, SMALL, epoch_done=epoch_done, log_path=path)
    assert history.epochs == seen == read_history(path).epochs
    assert [epoch.epoch for epoch in seen] == [0, 1, 2]
    assert [epoch.negative_slope for epoch in seen] == [negative_slope(epoch, 3) for epoch in range(3)]
    assert (history.final_loss, history.final_loss0) == (seen[-1].loss, seen[-1].loss0)
    assert history.seconds == sum(epoch.seconds for epoch in seen) > 0


def test_progress_counts_every_step(velocities: Array) -> None:
    calls: list[tuple[int, int]] = []
    train(new_model(3, 0), velocities, SMALL, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 12) for done in range(1, 13)]


def test_a_loss_that_is_not_finite_stops_at_its_step_with_the_last_good_weights(velocities: Array) -> None:
    model, good = new_model(4, 0), [b""]

    def spoil(done: int, _total: int) -> None:
        if done == 4 + 2:  # before the third step of the second epoch
            with torch.no_grad():
                model.get_parameter("rho.0.weight").fill_(torch.nan)

    def keep(_epoch: Epoch) -> None:
        good.append(weights(model)["rho.0.weight"])

    with pytest.raises(
        TrainingDivergedError, match=r"became nan at step 3 of epoch 2 of 3\. .*learning rate"
    ) as caught:
        train(model, velocities, SMALL, progress=spoil, epoch_done=keep)
    assert (caught.value.epoch, caught.value.step) == (1, 2)
    assert len(good) == 2
    assert weights(model)["rho.0.weight"] == good[1]


def test_weights_spoiled_by_the_last_step_of_an_epoch_are_not_kept(velocities: Array) -> None:
    model = new_model(4, 0)
    start = weights(model)

    def spoil(done: int, _total: int) -> None:
        if done == 4:
            with torch.no_grad():
                model.get_parameter("phi.0.weight").fill_(torch.inf)

    with pytest.raises(TrainingDivergedError, match="weights ceased to be finite at step 4 of epoch 1 of 3"):
        train(model, velocities, SMALL, progress=spoil)
    assert weights(model) == start


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_learning_rate_beyond_reason_diverges_with_a_message(velocities: Array, backend: Backend) -> None:
    with pytest.raises(TrainingDivergedError, match="Lower the learning rate, which was 1e"):
        train(new_model(4, 2), velocities, replace(SMALL, learning_rate=1e25, backend=backend))


def test_ctrl_c_passes_through_and_leaves_the_last_finished_epoch(velocities: Array, tmp_path: Path) -> None:
    model, kept = new_model(4, 0), []

    def interrupt(done: int, _total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            model,
            velocities,
            SMALL,
            progress=interrupt,
            epoch_done=lambda _: kept.append(weights(model)),
            log_path=tmp_path / "log",
        )
    assert [weights(model)] == kept
    assert len(read_history(tmp_path / "log").epochs) == 1


def test_too_few_pairs_say_what_to_do(velocities: Array) -> None:
    with pytest.raises(ValueError, match=r"batch: must be at most the number of frame pairs, 32, got 512\. Choose"):
        train(new_model(2, 0), velocities)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda v: v.astype(np.float32), TypeError, "velocities: must be float64, got float32"),
        (lambda v: v[0], ValueError, r"velocities: must have shape \(runs, frames, n, 2\)"),
        (lambda v: v[:, :1].copy(), ValueError, "velocities: must have at least 2 frames a run, got 1"),
        (lambda v: v[:, ::2], ValueError, "velocities: must be in C order"),
        (lambda v: np.where(np.arange(4)[:, None, None, None] == 2, np.nan, v), ValueError, "infinity in run 2"),
        (lambda v: v.tolist(), TypeError, "velocities: must be a numpy.ndarray, got list"),
        (lambda _: None, TypeError, "velocities: must be a numpy.ndarray, got None"),
    ],
)
def test_velocities_that_cannot_be_trained_on_are_named(
    velocities: Array,
    wrong: Any,  # noqa: ANN401 -- wrong on purpose
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        train(new_model(2, 0), wrong(velocities), SMALL)


def test_models_that_cannot_be_trained_are_named(velocities: Array) -> None:
    with pytest.raises(TypeError, match=r"model: must be a torch.nn.Module, got int"):
        train(3, velocities, SMALL)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TypeError, match=r"model: must have parameters in float32, or .* got torch\.float16"):
        train(new_model(2, 0).half(), velocities, SMALL)
    with pytest.raises(TypeError, match="got none"):
        train(nn.Identity(), velocities, SMALL)


def test_a_log_is_never_overwritten(velocities: Array, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("another run's")
    with pytest.raises(FileExistsError, match="log_path: must be a new file"):
        train(new_model(2, 0), velocities, SMALL, log_path=tmp_path / "log")
    assert (tmp_path / "log").read_text() == "another run's"


def test_the_default_is_the_papers() -> None:
    config = TrainConfig()
    assert (config.epochs, config.batch, config.learning_rate) == (120, 512, 4e-4)
    assert (config.penalty, config.final_slope) == (paper.PENALTY, paper.FINAL_SLOPE) == (0.2, 0.2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": 1.5},
        {"batch": 0},
        {"learning_rate": 0.0},
        {"learning_rate": math.inf},
        {"penalty": -1.0},
        {"final_slope": 1.5},
        {"final_slope": "a"},
        {"seed": -1},
        {"backend": "none"},
        {"device": "tpu"},
        {"device": "cuda:x"},
        {"device": 0},
    ],
)
def test_configurations_that_cannot_be_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=f"{next(iter(wrong))}: must be"):
        TrainConfig(**wrong)


def test_a_gpu_that_is_not_there_is_named(velocities: Array) -> None:
    with pytest.raises(ValueError, match="device: must be one that this machine has, got 'cuda:99'"):
        train(new_model(2, 0), velocities, replace(SMALL, device="cuda:99"))


def epoch(number: int, loss: float) -> Epoch:
    return Epoch(epoch=number, loss=loss, loss0=-1.0, mean_change=0.1, negative_slope=1.0, seconds=0.5)


def test_a_log_cut_short_in_its_last_line_is_read_without_it(tmp_path: Path) -> None:
    path, lines = tmp_path / "log", [epoch(0, -0.1).line(), epoch(1, 0.3).line()]
    for length in range(len(lines[1])):
        path.write_text(lines[0] + lines[1][:length])
        assert read_history(path).epochs == [epoch(0, -0.1)]
    path.write_text("".join(lines))
    assert read_history(path).critical_epoch == 2


@pytest.mark.parametrize("content", ["nothing\n", "[]\n", "{}\n", epoch(1, 0.0).line(), epoch(0, 0.0).line() * 2])
def test_what_is_no_log_is_refused_with_its_path_and_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "log").write_text(content)
    with pytest.raises(ValueError, match=r"log: line \d must be"):
        read_history(tmp_path / "log")


def test_a_history_without_epochs_has_no_end() -> None:
    assert History().critical_epoch is None
    with pytest.raises(ValueError, match="history: must have at least one epoch"):
        _ = History().final_loss
