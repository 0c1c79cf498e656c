"""A command in several processes: the first one does everything, and calls the others where a training begins.

They get whatever the training needs, a log in memory or the path of a dataset, and so need not be told how the first
one came by it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch
from torch import distributed

from hthm.deepsets import DeepSets
from hthm.learning.accepted import components_seen
from hthm.learning.processes import OtherProcessError, Processes, processes_of_group
from hthm.learning.recipes import Architecture, TrainConfig
from hthm.recording.collision_log import CollisionLog
from hthm.recording.frames import Frames
from hthm.recording.log import LogFrames
from hthm.recording.reading import FramesLike, frames_of_runs
from hthm.recording.store.frames import StoredFrames
from hthm.recording.store.manifest import NAME, DatasetError, Manifest

if TYPE_CHECKING:
    from torch import nn

    from hthm.learning.loss import PairLoss

_AT_A_TIME: Final = 2**28
"""Bytes of an array that are sent in one go."""

_leaders: list[Leader] = []


class Call(NamedTuple):
    """What the first process wants of the others.

    Attributes
    ----------
    model : DeepSets
        Of the shape of the one that is trained; its weights come when the training begins.
    frames : Frames
        Those that it is trained on.
    config : TrainConfig
    threads : int
        That torch has there.
    """

    model: DeepSets
    frames: Frames
    config: TrainConfig
    threads: int


class Leader:
    """The first process of a command; while the block lasts, its trainings call the others."""

    def __init__(self) -> None:
        self._sent: object = None
        self._is_calling = False

    def __enter__(self) -> None:
        _leaders.append(self)

    def __exit__(self, *_: object) -> None:
        _leaders.remove(self)
        if self._is_calling:  # stopped half-way: the others notice when this process ends
            return
        try:
            _tell(None)
        except OtherProcessError:
            return  # they have gone already

    def call(self, model: DeepSets, velocities: object, frames: LogFrames | StoredFrames, config: TrainConfig) -> None:
        """Have the others train too.

        Parameters
        ----------
        model, velocities, config
            As `hthm.train.train` takes them. Velocities that the others had last are not sent again.
        frames : LogFrames or StoredFrames
            Those of the velocities.

        Raises
        ------
        OtherProcessError
            If another process has ended.
        """
        self._is_calling = True
        arrays: tuple[Any, ...] = ()
        if velocities is self._sent:
            described: dict[str, Any] = {"kind": "same"}
        elif isinstance(frames, LogFrames):
            arrays = frames.log_arrays()
            described = {"kind": "log", "arrays": [(array.dtype.str, array.shape) for array in arrays]}
        else:
            folder, runs = frames.place
            described = {
                "kind": "stored",
                "folder": str(folder),
                "runs": (runs.start, runs.stop),
                "is": _digest(folder),
            }
        _tell(
            {
                "width": model.width,
                "architecture": model.architecture.as_json(),
                "float64": next(model.parameters()).dtype == torch.float64,
                "config": config.as_json(),
                "threads": torch.get_num_threads(),
                "frames": described,
            }
        )
        for array in arrays:
            _share(array)
        self._sent, self._is_calling = velocities, False


def called_together(model: nn.Module, velocities: FramesLike, config: TrainConfig, loss: PairLoss | None) -> Processes:
    """Return the processes of a training that begins: of a command, all where it can be shared, after a call.

    Parameters
    ----------
    model, velocities, config, loss
        As `hthm.train.train` takes them.

    Raises
    ------
    TypeError, ValueError, AttributeError
        If the velocities are no frames of runs.
    OtherProcessError
        If another process has ended.
    """
    if not _leaders:
        return processes_of_group()
    frames = frames_of_runs(velocities, components_seen(model))
    if type(model) is not DeepSets or loss is not None or not isinstance(frames, LogFrames | StoredFrames):
        return Processes()  # the first one trains what it cannot describe
    _leaders[-1].call(model, velocities, frames, config)
    return processes_of_group()


def are_shared() -> bool:
    """Whether trainings of this process are shared with others, which take them one by one."""
    return bool(_leaders) or processes_of_group().count > 1


def next_call(last: Call | None) -> Call | None:
    """Wait for the next training, in a process that is not the first; None when there will be no other.

    Raises
    ------
    OtherProcessError
        If the first process has ended.
    DatasetError, OSError
        If its dataset is not the same here.
    """
    told = json.loads(processes_of_group().from_first(None) or b"null")
    if told is None:
        return None
    dtype = torch.float64 if told["float64"] else torch.float32
    model = DeepSets(told["width"], Architecture(**told["architecture"]), dtype=dtype)
    return Call(model, _frames(told["frames"], last), TrainConfig(**told["config"]), told["threads"])


def _frames(described: dict[str, Any], last: Call | None) -> Frames:
    if described["kind"] == "log":
        start, *rows = (np.empty(shape, dtype=dtype) for dtype, shape in described["arrays"])
        for array in (start, *rows):
            _share(array)
        offsets, pairs, velocities = rows
        return LogFrames(start, CollisionLog(frame_offsets=offsets, pairs=pairs, velocities=velocities, times=None))
    if described["kind"] == "stored":
        folder = Path(described["folder"])
        if _digest(folder) != described["is"]:
            raise DatasetError(f"{folder}: must be the same dataset for all processes, and is another one here.")
        return StoredFrames(folder, Manifest.read(folder), slice(*described["runs"]))
    assert last is not None
    return last.frames


def _digest(folder: Path) -> str:
    return hashlib.sha256((folder / NAME).read_bytes()).hexdigest()


def _tell(told: dict[str, Any] | None) -> None:
    processes_of_group().from_first(json.dumps(told).encode())


def _share(array: np.ndarray[Any, Any]) -> None:
    """Give an array to the others, or take it from the first."""
    numbers = array.reshape(-1).view(np.uint8)
    for first in range(0, len(numbers), _AT_A_TIME):
        piece = torch.from_numpy(numbers[first : first + _AT_A_TIME].copy())
        try:
            distributed.broadcast(piece, 0)
        except RuntimeError as error:
            raise OtherProcessError("Another process of this command has ended.") from error
        if distributed.get_rank() != 0:
            numbers[first : first + _AT_A_TIME] = piece.numpy()
