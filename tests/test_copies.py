"""Every public object survives pickle, copy, deepcopy and the way to another process and back."""

from __future__ import annotations

import atexit
import copy
import dataclasses
import functools
import importlib
import inspect
import multiprocessing
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from enum import Enum

import numpy as np
import pytest
import torch

import hthm
from codebase import module_names
from hthm.choices.ablations import Ablation
from hthm.choices.share import Share
from hthm.deepsets import new_model
from hthm.engines.precision import LongState
from hthm.estimators import Histogram, HWithError, over_runs
from hthm.fit import affine_fit, summarize
from hthm.learning.arrow import ArrowDivergedError, Look
from hthm.learning.collision_order import new_collision_order
from hthm.learning.history import Epoch, History
from hthm.learning.leading import Call
from hthm.learning.pair_dataset import FramePairs
from hthm.learning.plain_network import new_plain_network
from hthm.learning.steps import Costs
from hthm.learning.timing import TimedTraining
from hthm.learning.whole_runs import whole_runs
from hthm.measures.fluctuation import Slope
from hthm.measures.in_range import HInRange
from hthm.measures.lyapunov import random_tangent
from hthm.measures.motion import Lagged
from hthm.measures.movement import Movement
from hthm.measures.rotation import Temperatures
from hthm.measures.shear import shear
from hthm.measures.vanishing import Exponent, Grouped
from hthm.measures.viscosity import DiluteViscosities, Viscosities
from hthm.pages.quantities import Quantity
from hthm.published import PUBLISHED
from hthm.recording.changes import FrameChanges
from hthm.recording.formats.particles import Particles
from hthm.recording.frames import Frames
from hthm.recording.log_states import Part
from hthm.recording.states import disk_states
from hthm.recording.store.dataset import Dataset
from hthm.recording.store.frames import Piece
from hthm.recording.store.manifest import Manifest, Shard, StoredFile
from hthm.recording.store.writer import describe
from hthm.starts.lattice import Lattice
from hthm.train import TrainConfig, TrainingDivergedError
from series_example import series, training

STATE = hthm.DiskGas(n=10, diameter=0.05).sample(2, seed=0)
DENSE, LOG, COUNTS = (hthm.simulate(STATE, frames=4, record=record) for record in ("velocities", "log", "counts"))
EPOCH = Epoch(epoch=0, loss=-0.1, loss0=-0.2, mean_change=0.3, negative_slope=1.0, seconds=2.0)
SERIES = series(training(16, 0))
HASH = "0" * 64
DESCRIPTION = describe(STATE, kind="log", frames=4, dt=DENSE.dt, engine="all_pairs")
FILE = StoredFile(name="start.h5", nbytes=1, sha256=HASH, content=HASH, versions="hthm")
PARTICLES = Particles(
    steps=np.arange(2),
    times=np.arange(2.0),
    positions=np.zeros((2, 1, 2)),
    velocities=np.ones((2, 1, 2)),
    box=1.0,
    depth=1.0,
    diameters=np.full(1, 0.1),
    masses=np.ones(1),
    rule="smooth disks",
)
SHARD = Shard(first=0, end=2, start=FILE)


@functools.cache
def kept() -> Dataset:
    """A dataset on the disk, for as long as this process lives."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    LOG.save(folder)
    return Dataset(folder)


EXAMPLES: dict[str, Callable[[], object]] = {
    "hthm.choices.ablations.Ablation": lambda: Ablation("the recipe"),
    "hthm.choices.share.Share": lambda: Share(3, 10),
    "hthm.estimators.MeanOverRuns": lambda: over_runs(np.array([[1.0, 2.0], [3.0, 5.0]])),
    "hthm.learning.steps.Costs": lambda: Costs(1.0, 2.0, 3.0),
    "hthm.measures.fluctuation.Slope": lambda: Slope(1.1, 0.01),
    "hthm.measures.vanishing.Exponent": lambda: Exponent(1.1, 0.01, 5.0, 0.9),
    "hthm.measures.lyapunov.Tangent": lambda: random_tangent(STATE),
    "hthm.measures.vanishing.Grouped": lambda: Grouped(np.array([1.0, 2.0]), np.array([3.0, 3.0])),
    "hthm.learning.timing.TimedTraining": lambda: TimedTraining(new_model(3, 0), "fused", 2),
    "hthm.measures.estimator.Histogram": lambda: Histogram(low=0.0, high=1.0),
    "hthm.measures.of_frames.HWithError": lambda: HWithError(np.ones(2), np.zeros(2), np.full(2, np.inf)),
    "hthm.measures.in_range.HInRange": lambda: HInRange(np.ones((2, 3)), np.zeros((2, 3))),
    "hthm.measures.movement.Movement": lambda: Movement(variance=1.0, signal=0.5, noise=0.1),
    "hthm.measures.rotation.Temperatures": lambda: Temperatures(np.ones((2, 3)), np.zeros((2, 3))),
    "hthm.pages.quantities.Quantity": lambda: Quantity("1", "Disks"),
    "hthm.published.PublishedTraining": lambda: PUBLISHED[16],
    "hthm.rules.ChiralDisks": lambda: hthm.ChiralDisks(0.1),
    "hthm.disk_kinds.Kind": lambda: hthm.Kind(3, 0.1, 2.0),
    "hthm.rules.RoughDisks": lambda: hthm.RoughDisks(0.3, 0.9, 0.5),
    "hthm.starts.lattice.Lattice": lambda: Lattice(rows=2, columns=1),
    "hthm.deepsets.DeepSets": lambda: new_model(3, 0),
    "hthm.fit.AffineFit": lambda: affine_fit(np.array([[0.0, 1.0, 2.0]]), np.array([[5.0, 3.0, 1.0]])),
    "hthm.fit.Summary": lambda: summarize(np.array([1.0, 2.0])),
    "hthm.gas.State": lambda: STATE,
    "hthm.engines.precision.LongState": lambda: LongState(
        STATE, np.zeros((*STATE.positions.shape, 4)), np.zeros((*STATE.positions.shape, 4)), "quad"
    ),
    "hthm.learning.arrow.ArrowDivergedError": lambda: ArrowDivergedError("The loss became nan.", epoch=0, step=3),
    "hthm.learning.arrow.Look": lambda: Look(update=1, loss=0.5, held_out_loss=None, calibration=None, seconds=1.0),
    "hthm.learning.collision_order.CollisionOrder": lambda: new_collision_order(3, 0),
    "hthm.learning.diverged.TrainingDivergedError": lambda: TrainingDivergedError("It is nan.", epoch=1, step=2),
    "hthm.learning.history.Epoch": lambda: EPOCH,
    "hthm.learning.history.History": lambda: History([EPOCH]),
    "hthm.learning.leading.Call": lambda: Call(new_model(3, 0), LOG.as_frames(), TrainConfig(), 1),
    "hthm.learning.plain_network.PlainNetwork": lambda: new_plain_network(3, 2, 0),
    "hthm.learning.whole_runs.Changes": lambda: whole_runs(LOG, "collisions")[0],
    "hthm.pages.series.FrameRates": lambda: SERIES.frame_rates,
    "hthm.pages.series.Series": lambda: SERIES,
    "hthm.pages.series.Speeds": lambda: SERIES.speeds,
    "hthm.pages.series.Training": lambda: SERIES.trainings[0],
    "hthm.recording.changes.FrameChanges": lambda: FrameChanges.of(DENSE.velocities),
    "hthm.recording.collision_log.CollisionLog": lambda: LOG.log,
    "hthm.recording.dense.DenseFrames": DENSE.as_frames,
    "hthm.recording.frames.RunChanges": lambda: LOG.as_frames().changes(0, "frames"),
    "hthm.recording.log.LogFrames": LOG.as_frames,
    "hthm.recording.dense.DenseStates": lambda: disk_states(DENSE),
    "hthm.recording.log_states.LogStates": lambda: disk_states(LOG),
    "hthm.recording.log_states.Part": lambda: Part(np.ones((1, 3, 2)), np.zeros((4, 2, 2))),
    "hthm.learning.pair_dataset.FramePairs": lambda: FramePairs(LOG),
    "hthm.measures.shear.Shear": lambda: shear(STATE, 0.1, 1, 0.01),
    "hthm.measures.viscosity.DiluteViscosities": lambda: DiluteViscosities(1.0, -0.1),
    "hthm.measures.viscosity.Viscosities": lambda: Viscosities(1.0, 0.1, -0.1, 0.1),
    "hthm.measures.motion.Lagged": lambda: Lagged(times=np.zeros(2), values=np.ones(2), sem=np.ones(2)),
    "hthm.recording.formats.particles.Particles": lambda: PARTICLES,
    "hthm.recording.store.dataset.Dataset": kept,
    "hthm.recording.store.frames.Piece": lambda: Piece(shard=0, first=0, end=2),
    "hthm.recording.store.frames.StoredFrames": lambda: kept().as_frames(),
    "hthm.recording.store.description.Description": lambda: DESCRIPTION,
    "hthm.recording.store.manifest.Manifest": lambda: Manifest.planned(DESCRIPTION).having(0, SHARD),
    "hthm.recording.store.manifest.Shard": lambda: SHARD,
    "hthm.recording.store.manifest.StoredFile": lambda: FILE,
    "hthm.recording.store.shard_writing.Recorded": LOG.recorded,
    "hthm.simulate.LogMemoryError": lambda: hthm.LogMemoryError("The memory did not suffice.", LOG),
    "hthm.trajectories.Trajectories": lambda: (DENSE, LOG, COUNTS, LOG[1:]),
}
"""Of classes that cannot be made without arguments."""

NOT_VALUES = {
    "hthm.recording.pieces.Pace": "judges the speed of a simulation that is under way",
    "hthm.recording.pieces.LogOfBlock": "counts the rows of a simulation that is under way",
    "hthm.engines.precision.Rests": "is filled while a simulation runs",
    "hthm.reprs.OneLine": "says how records are shown, and is none itself",
    "hthm.reprs.OnDisk": "says how what lies on the disk is shown, and is none itself",
    "hthm.recording.of_kinds.OfKinds": "is what trajectories say of kinds, and holds nothing itself",
    "hthm.recording.plotted.Plotted": "is what trajectories and datasets draw of themselves, and holds nothing itself",
    "hthm.instant.Instant": "is what a state says of its arrays, and has none of its own",
    "hthm.recording.spinning.Spinning": "is what trajectories say of spins, and holds nothing itself",
    "hthm.equilibrium.Equilibrium": "is the part of a gas that theory knows, and has no numbers of its own",
    "hthm.recording.one_run.OneRun": "is what trajectories and datasets have in common, and holds nothing itself",
    "hthm.recording.store.writer.Writer": "owns a folder while its block runs",
    "hthm.learning.checkpoint.Checkpoint": "holds the model and the generator of a training that is under way",
    "hthm.learning.frame_pairs.TorchBatchLoss": "holds the model that a training changes",
    "hthm.learning.sharing.Shared": "is there for trainings that are under way",
    "hthm.learning.adam.CompiledAdam": "is the memory of the weights it trains",
    "hthm.learning.adam.TorchAdam": "refers to the weights of the model it trains",
    "hthm.learning.steps.CompiledSteps": "is the memory of the weights it trains",
    "hthm.learning.steps.TorchSteps": "refers to the weights of the model it trains",
    "hthm.learning.updates.CompiledUpdates": "is the memory of the weights it trains",
    "hthm.learning.updates.TorchUpdates": "refers to the weights of the model it trains",
    "hthm.learning.fused.FusedBatchLoss": "holds memory of the compiled kernel",
    "hthm.learning.gpu_pairs.GpuBatchLoss": "holds the model that a training changes",
    "hthm.learning.phi_sums.PhiSums": "holds memory of the compiled kernel",
    "hthm.measures.binned.BinnedSamples": "is how one call counts the samples that it was given",
    "hthm.learning.fused_runs.FusedRunLosses": "holds memory of the compiled kernel",
    "hthm.learning.whole_runs.TorchRunLosses": "holds the model that a training changes",
    "hthm.learning.leading.Leader": "is the first process of a command, while its block runs",
    "hthm.learning.processes.Processes": "is one process among others",
    "hthm.learning.processes.SharedBatchLoss": "holds the model that a training changes",
}
"""Classes whose objects belong to one computation, and why."""

LAYERS_OF_VALUES = ("hthm.pages.series", "hthm.pages.quantities", "hthm.choices")
"""Below the pages every class is the library's; of what is above, these hold values."""


def public_classes() -> Iterator[tuple[str, type]]:
    """Name and class, of everything but what the command and its pages work with; their errors are among them."""
    for name in module_names():
        above = name.startswith(("hthm.command", "hthm.pages", "hthm.experiments", "hthm.run"))
        for inner, value in vars(importlib.import_module(name)).items():
            if not inspect.isclass(value) or value.__module__ != name or inner.startswith("_"):
                continue
            if not above or name.startswith(LAYERS_OF_VALUES) or issubclass(value, BaseException):
                yield f"{name}.{inner}", value


CLASSES = {
    name: value
    for name, value in public_classes()
    if name not in NOT_VALUES and not getattr(value, "_is_protocol", False)
}


def example(name: str) -> object:
    """Return an object of the class."""
    if name in EXAMPLES:
        return EXAMPLES[name]()
    kind = CLASSES[name]
    if issubclass(kind, BaseException):
        return kind("what went wrong")
    if issubclass(kind, Enum):
        return next(iter(kind))
    assert not dataclasses.is_dataclass(kind) or not any(
        field.default is field.default_factory is dataclasses.MISSING for field in dataclasses.fields(kind)
    ), f"{name}: must have an example here, for it cannot be made without arguments."
    return kind()


def content(value: object) -> object:
    """What a value is made of, such that equal values give equal contents, arrays and weights to the last bit."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    parts: object = value
    if isinstance(value, np.ndarray):
        parts = (value.dtype.str, value.shape, value.tobytes())
    elif isinstance(value, torch.nn.Module):
        parts = content(dict(value.state_dict()))
    elif isinstance(value, dict):
        parts = {key: content(item) for key, item in value.items()}
    elif isinstance(value, BaseException):
        parts = (str(value), content(value.args), content(vars(value)))
    elif isinstance(value, list | tuple):
        parts = [content(item) for item in value]
    elif dataclasses.is_dataclass(value) or isinstance(value, Frames | Dataset | FramePairs):
        parts = content(dict(vars(value)))
    return (type(value), parts)


@pytest.mark.parametrize("name", CLASSES)
def test_objects_survive_copies_and_pickle(name: str) -> None:
    value = example(name)
    for other in [copy.copy(value), copy.deepcopy(value)]:
        assert content(other) == content(value)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        written = pickle.dumps(value, protocol)
        assert content(pickle.loads(written)) == content(value)  # noqa: S301 -- written on the line before


def identity(value: object) -> object:
    return value


def fails(error: Exception) -> None:
    raise error


def test_objects_and_errors_come_back_from_another_process() -> None:
    """A pool of the kind that shares nothing: an error that cannot be unpickled breaks it, or hangs its parent."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for name in CLASSES:
            value = example(name)
            assert content(pool.submit(identity, value).result(60)) == content(value)
            if isinstance(value, Exception):
                with pytest.raises(type(value)) as caught:
                    pool.submit(fails, value).result(60)
                assert str(caught.value) == str(value)
                assert content(caught.value.args) == content(value.args)


def test_what_an_error_says_is_its_message() -> None:
    error = TrainingDivergedError("The loss became nan.", epoch=1, step=2)
    assert (str(error), error.epoch, error.step) == ("The loss became nan.", 1, 2)
    memory = hthm.LogMemoryError("The memory did not suffice.", LOG)
    assert str(memory) == "The memory did not suffice."
    assert memory.finished is LOG
