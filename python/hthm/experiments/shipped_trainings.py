"""Trainings that the workers of a cluster do, ahead of the experiment that asks for them, each kept in the folder.

What comes back is what the experiment finds there after a stop: a finished checkpoint, or a network. So it takes them
as it does with `--resume`, and its results do not depend on who trained.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from hthm.deepsets import new_model
from hthm.experiments.pieces import ArrivalError, Piece
from hthm.files import write_bytes
from hthm.learning.arrow import Look, train_arrow
from hthm.learning.checkpoint import CheckpointError
from hthm.learning.weights import WeightsError, load_configuration, load_weights, save_weights
from hthm.recording.store.dataset import Dataset
from hthm.train import train
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from torch import nn

    from hthm.deepsets import DeepSets
    from hthm.experiments.work import Work
    from hthm.experiments.workers import Workers
    from hthm.learning.recipes import Architecture, ArrowConfig, TrainConfig
    from hthm.progress import Progress

Learned: TypeAlias = tuple["DeepSets", list[Look]]


@dataclass(frozen=True, eq=False)
class Runs:
    """Recorded runs as they are sent, once to each worker: those of the training, and those it is looked at with.

    As bytes: arrays that Dask sends may arrive at addresses that are no multiple of eight, which the core refuses.
    """

    content: bytes
    sha256: str

    @classmethod
    def of(cls, trained_on: Trajectories | Dataset, held_out: Trajectories | None = None) -> Runs:
        """Return runs with their hash; those of a dataset are read, whose disk workers need not see."""
        content = pickle.dumps(tuple(map(_in_memory, (trained_on, held_out))), protocol=5)
        return cls(content, hashlib.sha256(content).hexdigest())

    @cached_property
    def opened(self) -> tuple[Trajectories, Trajectories | None]:
        """What arrived; raises ArrivalError if it is not what was sent."""
        if hashlib.sha256(self.content).hexdigest() != self.sha256:
            raise ArrivalError("the runs must arrive as they were sent, and did not")
        runs: tuple[Trajectories, Trajectories | None] = pickle.loads(self.content)  # noqa: S301 -- from our client, as all that Dask sends
        return runs


@dataclass(frozen=True, eq=False)
class Training:
    """A training as the paper did it: its network by what makes it, and the checkpoint it goes on from, if any."""

    title: str
    new: Callable[..., nn.Module]
    arguments: tuple[int, ...]
    config: TrainConfig
    path: Path
    checkpoint: bytes = b""


@dataclass(frozen=True, eq=False)
class Learning:
    """A training on the order of frames or collisions, and what its file is to say of it."""

    title: str
    width: int
    seed: int
    architecture: Architecture
    config: ArrowConfig
    path: Path
    made_by: Mapping[str, Any]
    share: float = 1.0


# ---- Here -----------------------------------------------------------------------------------------------------------


def train_on_workers(work: Work[Any], trainings: Sequence[Training], traj: Trajectories | Dataset) -> None:
    """Have workers finish trainings; their checkpoints are then in the folder. Nothing without workers.

    Raises
    ------
    ClusterError
        If the workers cannot.
    TrainingDivergedError, CheckpointError
        As `hthm.train.train`.
    OSError
        If a file cannot be written.
    """
    if work.workers is None or not trainings:
        return
    runs = Runs.of(traj)

    def pieces() -> Iterable[Piece]:
        for training in trainings:
            begun = training.path.read_bytes() if training.path.exists() else b""
            given = Training(**{**vars(training), "checkpoint": begun})
            yield Piece(training.title, finish_training, given, shared=runs, key=training.path)

    _keep(work, work.workers, pieces(), len(trainings))


def learn_on_workers(work: Work[Any], learnings: Iterable[tuple[Learning, Runs]], count: int) -> None:
    """Have workers learn entropies; `learned` then finds them in the folder. Nothing without workers.

    Raises
    ------
    ClusterError
        If the workers cannot.
    ArrowDivergedError
        If a loss is not finite.
    OSError
        If a file cannot be written.
    """
    if work.workers is None or not count:
        return
    pieces = (Piece(one.title, finish_learning, one, shared=runs, key=one.path) for one, runs in learnings)
    _keep(work, work.workers, pieces, count)


def learned(
    work: Work[Any],
    learning: Learning,
    traj: Trajectories,
    held_out: Trajectories | None,
    progress: Progress,
) -> Learned:
    """Return a network that workers, or a command that was stopped, have learned, or learn it here and keep it.

    Raises
    ------
    ArrowDivergedError
        If a loss is not finite.
    OSError
        If its file cannot be written.
    """
    if (work.resume or work.workers is not None) and is_learned(learning):
        looks = load_configuration(learning.path)["looks"]
        return load_weights(learning.path), [Look(**look) for look in looks]
    model, looks = _learn(learning, traj, held_out, progress)
    save_weights(learning.path, model, _described(learning, looks))
    return model, looks


def is_learned(learning: Learning) -> bool:
    """Whether the folder has the network of a training, by the same choices."""
    try:
        return load_configuration(learning.path).get("made_by") == learning.made_by
    except (OSError, WeightsError):
        return False


def _keep(work: Work[Any], workers: Workers, pieces: Iterable[Piece], count: int) -> None:
    """Write what comes back, each file as it comes."""
    with work.stages.stage(f"Train {count} networks on the workers") as stage:
        for piece, content in workers.answers(pieces, count, stage.report):
            write_bytes(piece.key, content)


# ---- On a worker ----------------------------------------------------------------------------------------------------


def finish_training(given: Training, runs: Runs, threads: int, progress: Progress) -> bytes:
    """Train, and return the checkpoint of the finished training.

    Raises
    ------
    ArrivalError
        If the runs are not what was sent.
    TrainingDivergedError, CheckpointError
        As `hthm.train.train`.
    OSError, MemoryError
        If the disk of temporary files, or the memory, do not suffice.
    """
    traj, _ = runs.opened
    torch.set_num_threads(threads)
    with TemporaryDirectory(prefix="hthm-") as name:
        path = Path(name) / given.path.name
        if given.checkpoint:
            path.write_bytes(given.checkpoint)
        try:
            train(given.new(*given.arguments), traj, given.config, progress=progress, checkpoint_path=path)
        except CheckpointError as error:
            raise CheckpointError(str(error).replace(str(path), str(given.path))) from None
        return path.read_bytes()


def finish_learning(given: Learning, runs: Runs, threads: int, progress: Progress) -> bytes:
    """Learn an entropy, and return the file of its network.

    Raises
    ------
    ArrivalError
        If the runs are not what was sent.
    ArrowDivergedError
        If a loss is not finite.
    OSError, MemoryError
        If the disk of temporary files, or the memory, do not suffice.
    """
    traj, held_out = runs.opened
    torch.set_num_threads(threads)
    model, looks = _learn(given, traj, held_out, progress)
    with TemporaryDirectory(prefix="hthm-") as name:
        path = Path(name) / given.path.name
        save_weights(path, model, _described(given, looks))
        return path.read_bytes()


def _described(learning: Learning, looks: Sequence[Look]) -> dict[str, Any]:
    """What a network's file says of its training."""
    return {"made_by": dict(learning.made_by), "looks": [asdict(look) for look in looks]}


def _learn(given: Learning, traj: Trajectories, held_out: Trajectories | None, progress: Progress) -> Learned:
    model = new_model(given.width, given.seed, given.architecture)
    used = traj[: max(1, round(traj.runs * given.share))]
    return model, train_arrow(model, used, given.config, held_out=held_out, progress=progress)


def _in_memory(runs: Trajectories | Dataset | None) -> Trajectories | None:
    if isinstance(runs, Dataset):
        return runs.load()
    return None if runs is None else runs[:]
