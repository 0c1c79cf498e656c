"""Networks of wider states in files, and one clear error where widths do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import hthm
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.learning.arrow import new_run_losses, train_arrow
from hthm.learning.loss import logistic_loss
from hthm.learning.plain_network import new_plain_network
from hthm.learning.recipes import Architecture, ArrowConfig, entropic
from hthm.learning.weights import WeightsError, load_functional, load_weights, save_weights
from hthm.learning.whole_runs import TorchRunLosses, whole_runs
from hthm.recording.dense import DenseStates
from hthm.recording.frames import MOST_COMPONENTS, Frames, components_of
from hthm.recording.reading import frames_of
from hthm.recording.states import disk_states
from hthm.train import train
from rough_states import DENSE, GAS, LOG, TINY, wide

Array = NDArray[np.float64]


# ---- Files ----------------------------------------------------------------------------------------------------------


def test_weights_come_back_with_their_architecture(tmp_path: Path) -> None:
    model, path = wide(4, 1), tmp_path / "wide.safetensors"
    save_weights(path, model)
    loaded = load_weights(path)
    assert loaded.architecture == model.architecture
    assert all(torch.equal(one, other) for one, other in zip(loaded.parameters(), model.parameters(), strict=True))
    with pytest.raises(
        WeightsError, match=r"wide\.safetensors: must be a network that sees the 2 numbers of a velocity, got"
    ):
        load_functional(path)
    velocities = tmp_path / "velocities.safetensors"
    save_weights(velocities, wide(2))
    assert load_functional(velocities).architecture == entropic(GAS.speed)
    with safetensors.safe_open(velocities, "pt") as file:
        said = json.loads(file.metadata()["architecture"])
    assert said == {"activation": "silu", "velocity_scale": 1.0, "pooling": "mean", "extensive": True}


@given(said=st.one_of(st.integers(-3, 400), st.floats(), st.text(max_size=3), st.none()), arrays=st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_a_file_whose_arrays_are_not_as_wide_as_it_says_is_refused(
    tmp_path_factory: pytest.TempPathFactory, said: object, arrays: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "said.safetensors"
    named = {"architecture": json.dumps({"activation": "silu", "components": said})}
    safetensors.torch.save_file(wide(arrays).state_dict(), path, named)
    if said == arrays and type(said) is int:
        assert load_weights(path).components == arrays
        return
    with pytest.raises(WeightsError, match=r"components: must be|phi\.0\.weight must be float32 \(6, "):
        load_weights(path)


# ---- What does not fit ----------------------------------------------------------------------------------------------


@given(components=st.one_of(st.integers(), st.floats(), st.booleans(), st.none()), labels=st.integers(-2, 9))
@settings(max_examples=60, deadline=None)
def test_widths_that_are_none_are_refused(components: object, labels: int) -> None:
    is_whole = isinstance(components, int) and not isinstance(components, bool)
    if is_whole and 1 <= components <= MOST_COMPONENTS and 0 <= labels <= components:  # type: ignore[operator]  # a number
        assert Architecture(components=components, labels=labels).components == components  # type: ignore[arg-type]  # a number
        return
    with pytest.raises((TypeError, ValueError), match=r"^(components|labels): must be"):
        Architecture(components=components, labels=labels)  # type: ignore[arg-type]  # wrong on purpose


READERS: dict[str, Callable[[DeepSets, Frames | Array], object]] = {
    "evaluate": evaluate,
    "train": lambda model, states: train(model, states, TINY),
    "train_arrow": lambda model, states: train_arrow(model, states, ArrowConfig(steps="frames", updates=1, looks=1)),
}


@pytest.mark.parametrize("reader", READERS)
@given(sees=st.integers(1, 5), given_=st.integers(1, 5), as_array=st.booleans())
@settings(max_examples=20, deadline=None)
def test_states_of_another_width_than_the_network_s_are_refused(
    reader: str,
    sees: int,
    given_: int,
    as_array: bool,  # noqa: FBT001 -- drawn
) -> None:
    states = np.random.default_rng(0).normal(size=(2, 9, 4, given_))
    read, model = READERS[reader], wide(sees)
    frames = states if as_array else DenseStates(states)
    if sees == given_:
        read(model, frames)
        return
    with pytest.raises(
        ValueError, match=rf"^velocities: must have (shape \(\.\.\., n, {sees}\)|{sees} numbers a disk)"
    ):
        read(model, frames)


def test_the_messages_say_what_to_do() -> None:
    with pytest.raises(
        ValueError, match=r"must have 3 numbers a disk, got 2\. hthm\.recording\.states\.disk_states makes"
    ):
        evaluate(wide(), LOG)
    with pytest.raises(
        ValueError, match=r"must have 2 numbers a disk, got 3\. Give the velocities alone, \(\.\.\., n, 2\): only"
    ):
        hthm.velocity_h(disk_states(LOG))
    with pytest.raises(ValueError, match=r"must have 4 numbers a disk, got 3\. Give the 4 numbers"):
        frames_of(disk_states(LOG), 4)
    with pytest.raises(ValueError, match="must have 2 numbers a disk, got 3"):
        evaluate(new_plain_network(GAS.n, 4, 0), disk_states(LOG))
    with pytest.raises(ValueError, match=r"must have shape \(\.\.\., n, 3\) with n at least 1, got \(5, 2\)"):
        wide()(torch.ones(5, 2))
    with pytest.raises(ValueError, match=r"labels: must have shape \(150, m\)"):
        disk_states(LOG, labels=np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"labels: must leave at most 256 numbers of a disk, .*, got 303\. Give fewer"):
        disk_states(LOG, labels=np.ones((GAS.n, 300)))
    assert components_of(disk_states(LOG, labels=np.ones((GAS.n, MOST_COMPONENTS - 3)))) == MOST_COMPONENTS
    with pytest.raises(TypeError, match=r"traj: must be Trajectories, got ndarray\."):
        disk_states(DENSE.velocities)  # type: ignore[arg-type]  # wrong on purpose
    counts = hthm.simulate(GAS.sample(1), 2, 0.02, record="counts")
    with pytest.raises(AttributeError, match="velocities: were not recorded"):
        disk_states(counts)


def test_numbers_of_numpy_s_are_python_s_in_an_architecture(tmp_path: Path) -> None:
    numbers: dict[str, Any] = {"components": np.int64(3), "labels": np.int32(1)}
    scale: Any = np.float32(0.5)
    architecture = replace(entropic(1.0, **numbers), velocity_scale=scale)
    assert [type(number) for number in (architecture.components, architecture.labels)] == [int, int]
    assert type(architecture.velocity_scale) is float
    save_weights(tmp_path / "model.safetensors", new_model(4, 0, architecture))
    assert load_weights(tmp_path / "model.safetensors").architecture == architecture


def test_the_compiled_kernels_say_that_they_know_velocities_alone() -> None:
    states = disk_states(LOG)
    assert isinstance(new_run_losses(wide(), states, ArrowConfig()), TorchRunLosses)  # unless named
    why = r"backend: must be torch .*It knows velocities alone, and this model sees 3 numbers of a disk, of which 0 are"
    with pytest.raises(ValueError, match=why):
        train_arrow(wide(), states, ArrowConfig(backend="fused"))
    with pytest.raises(ValueError, match=why):
        train(new_model(4, 0, Architecture(components=3)), states, replace(TINY, backend="fused"))
    with pytest.raises(ValueError, match=r"sees 2 numbers of a disk, of which 1 are labels"):
        train_arrow(wide(2, 1), DENSE, ArrowConfig(backend="fused", steps="frames"))


def test_a_log_that_was_written_to_is_refused() -> None:
    traj = hthm.simulate(GAS.sample(1), 6, 0.02, record="log")
    traj.log.pairs[0, 1] = GAS.n
    for read in (
        lambda: evaluate(wide(), disk_states(traj)),
        lambda: whole_runs(disk_states(traj), "frames", components=3),
    ):
        with pytest.raises(ValueError, match="pairs: must be"):
            read()
    assert traj.log.spins is not None
    traj.log.pairs[0, 1] = GAS.n - 1
    traj.log.spins[0] = np.nan
    with pytest.raises(ValueError, match="velocities: must be finite"):
        evaluate(wide(), disk_states(traj))


def test_a_loss_of_states_is_the_logistic_one() -> None:
    model = wide().double()
    losses = TorchRunLosses(model, disk_states(LOG), ArrowConfig(updates=1, looks=1))
    change = losses.change(torch.Generator())
    assert losses.loss([0, 1, 2], 1, torch.Generator()) == pytest.approx(float(logistic_loss(change)))
