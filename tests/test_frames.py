"""What reads frames reads either recording, and finds the same: the bits of H, and h to rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

import hthm
from hthm.deepsets import evaluate, new_model
from hthm.experiments.speeds import speed_distributions
from hthm.learning.recipes import TrainConfig
from hthm.measures.baselines import speed_statistics
from hthm.recording import frames as frames_module
from hthm.recording.reading import frames_of
from hthm.train import train

SMALL = TrainConfig(epochs=2, batch=7, learning_rate=1e-2)


def both(n: int = 150, runs: int = 4, frames: int = 20, **choices: object) -> list[hthm.Trajectories]:
    """The same simulation, dense and as a log."""
    state = hthm.DiskGas(n=n, diameter=min(0.5, 0.03 * (150 / n) ** 0.5)).sample(runs, seed=n)
    return [hthm.simulate(state, frames, 0.05, record=record, **choices) for record in ("velocities", "log")]  # type: ignore[arg-type]  # whatever simulate takes


@given(
    n=st.sampled_from([1, 2, 40, 150]),
    runs=st.integers(1, 4),
    bins=st.integers(1, 120),
    speed=st.floats(0.01, 3),
    threads=st.sampled_from([1, 2, 4, 7]),
)
@settings(max_examples=25, deadline=None)
def test_h_of_a_log_has_the_bits_of_the_dense_recording(
    n: int, runs: int, bins: int, speed: float, threads: int
) -> None:
    dense, log = both(n, runs)
    for measure in (hthm.speed_h, hthm.speed_counts):
        expected = measure(dense, speed=speed, bins=bins)
        found = measure(log, speed=speed, bins=bins, threads=threads)
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()
    temperatures = np.linspace(0.5, 2, runs * 20).reshape(runs, 20) * speed**2
    for temperature in (None, speed**2, temperatures):
        expected = hthm.velocity_h(dense, temperature=temperature, bins=bins)
        assert hthm.velocity_h(log, temperature=temperature, bins=bins, threads=threads).tobytes() == expected.tobytes()


def test_h_of_the_papers_frames_has_the_bits_of_the_dense_recording() -> None:
    state = hthm.paper.GAS.sample(6, seed=2)
    dense, log = (hthm.simulate(state, record=record) for record in ("velocities", "log"))
    assert hthm.speed_h(log).tobytes() == hthm.speed_h(dense).tobytes()
    assert hthm.velocity_h(log).tobytes() == hthm.velocity_h(dense).tobytes()
    assert hthm.speed_h(log[2:4]).tobytes() == hthm.speed_h(dense[2:4]).tobytes()
    assert log.nbytes < dense.nbytes / 25


@pytest.mark.parametrize("at_a_time", [1, 700, 2**20])
def test_networks_and_statistics_find_the_same_in_either_recording(
    at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames_module, "_DISKS_AT_A_TIME", at_a_time)
    dense, log = both()
    model = new_model(5, 0)
    assert_allclose(evaluate(model, log), evaluate(model, dense), rtol=1e-6)  # φ is float32
    model = model.double()
    assert_allclose(evaluate(model, log), evaluate(model, dense), rtol=1e-12)
    expected, found = speed_statistics(dense), speed_statistics(log)
    assert all(found[name].tobytes() == expected[name].tobytes() for name in expected)
    assert speed_distributions(log).counts.tobytes() == speed_distributions(dense).counts.tobytes()


def test_both_recordings_train_alike() -> None:
    models: list[nn.Module] = [new_model(3, 0), new_model(3, 0)]
    histories = [train(model, traj, SMALL) for model, traj in zip(models, both(), strict=True)]
    assert histories[0].loss.tobytes() == histories[1].loss.tobytes()
    for ours, theirs in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(ours, theirs)


@given(st.lists(st.integers(0, 79), max_size=30), st.integers(1, 100))
@settings(deadline=None)
def test_frames_are_taken_by_number_and_in_chunks(numbers: list[int], count: int) -> None:
    dense, log = (frames_of(traj) for traj in both())
    wanted = np.array(numbers, dtype=np.int64)
    assert len(dense) == len(log) == 80
    assert dense.leading == log.leading == (4, 20)
    assert log.take(wanted).tobytes() == dense.take(wanted).tobytes()
    chunks = zip(log.chunks(count), dense.chunks(count), strict=True)
    for (number, frames), (expected_number, expected) in chunks:
        assert number == expected_number
        assert frames.tobytes() == expected.tobytes()


def test_a_frame_that_is_not_there_is_refused() -> None:
    for frames in map(frames_of, both()):
        for wrong in (80, -1):
            with pytest.raises(
                IndexError, match=f"numbers: must be those of the 80 frames, counted from 0, got {wrong}"
            ):
                frames.take(np.array([3, wrong]))


def test_what_holds_no_velocities_says_so() -> None:
    counts = hthm.simulate(hthm.DiskGas(n=5).sample(1), frames=3, record="counts")
    for read in (hthm.speed_h, hthm.velocity_h, speed_statistics, frames_of):
        with pytest.raises(AttributeError, match="velocities: were not recorded"):
            read(counts)


def test_too_few_frames_of_a_log_cannot_train() -> None:
    with pytest.raises(ValueError, match="velocities: must have at least 2 frames a run, got 1"):
        train(new_model(3, 0), both(frames=1)[1], SMALL)
