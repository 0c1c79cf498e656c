"""Reading some runs of a shard: where they start, and what was recorded of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from hthm import _core
from hthm.arrays import FloatArray, IntArray
from hthm.recording.changes import FrameChanges
from hthm.recording.collision_log import CollisionLog, frame_offsets
from hthm.recording.store.manifest import DatasetError, Description, Shard, StoredFile
from hthm.recording.store.shard_writing import Recorded

_CACHE: Final = 2**23  # bytes of chunks that HDF5 keeps of an open file; its own default differs with the version


def read_start(folder: Path, description: Description, shard: Shard, runs: slice, name: str) -> FloatArray:
    """Read positions or velocities that some runs start with.

    Parameters
    ----------
    folder, description, shard
        As `hthm.recording.store.shard_writing.write_start` takes them; the shard with its files.
    runs : slice
        Counted from the first of the shard.
    name : str
        "positions" or "velocities".

    Returns
    -------
    (runs, n, 2) float64

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or of another dataset.
    """
    with opened(folder, description, shard, shard.start, shard.names()[0]) as file:
        values: FloatArray = _frames_like(file, name, runs, shard, (description.n, 2))
        return values


def read_recording(
    folder: Path, description: Description, shard: Shard, runs: slice, start: FloatArray, threads: int
) -> Recorded:
    """Read what was recorded of some runs.

    Parameters
    ----------
    folder, description, shard, runs
        As `read_start` takes them.
    start : (runs, n, 2) float64
        Velocities that these runs started with.
    threads : int
        As many as may be busy.

    Returns
    -------
    Recorded

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or of another dataset.
    """
    with opened(folder, description, shard, shard.recording, shard.names()[1]) as file:
        state, dense = (description.n, 2), (description.frames, description.n, 2)
        every = _array(file, "collisions", "u", (shard.runs, description.frames))[()].astype(np.int64)
        log = None
        if description.kind == "log":
            log = _log(file, every, runs, start, threads)
        final_velocities = (
            _last(start, log) if log is not None else _frames_like(file, "final_velocities", runs, shard, state)
        )
        return Recorded(
            collisions=every[runs],
            final_positions=_frames_like(file, "final_positions", runs, shard, state),
            final_velocities=final_velocities,
            log=log,
            velocities=_frames_like(file, "velocities", runs, shard, dense)
            if description.kind == "velocities"
            else None,
            positions=_frames_like(file, "positions", runs, shard, dense) if description.positions else None,
        )


def read_collisions(folder: Path, description: Description, shard: Shard) -> IntArray:
    """Read the collisions of every frame of a shard's runs.

    Parameters
    ----------
    folder, description, shard
        As `read_start` takes them.

    Returns
    -------
    (runs, frames) int64

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or of another dataset.
    """
    with opened(folder, description, shard, shard.recording, shard.names()[1]) as file:
        counts: IntArray = _array(file, "collisions", "u", (shard.runs, description.frames))[()].astype(np.int64)
        return counts


def read_changes(folder: Path, description: Description, shard: Shard, runs: slice) -> tuple[FloatArray, FrameChanges]:
    """Read frames that came without anything else.

    Parameters
    ----------
    folder, description, shard, runs
        As `read_start` takes them.

    Returns
    -------
    first : (runs, n, 2) float64
        Velocities in the first frame.
    changes : FrameChanges
        From there.

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or of another dataset.
    """
    with opened(folder, description, shard, shard.recording, shard.names()[1]) as file:
        counts = _array(file, "changed", "u", (shard.runs, description.frames))[()].astype(np.int64)
        ends = np.cumsum(counts.sum(axis=1))  # of each run, in changes
        first, last = int(ends[runs.start] - counts[runs.start].sum()), int(ends[runs.stop - 1])
        total = int(ends[-1])
        changes = FrameChanges(
            counts=counts[runs],
            disks=_array(file, "disks", "u", (total,))[first:last].astype(np.int32),
            velocities=np.ascontiguousarray(_array(file, "velocities", "f", (2, total))[:, first:last].T),
        )
        return _frames_like(file, "first_velocities", runs, shard, (description.n, 2)), changes


def _log(file: Any, collisions: IntArray, runs: slice, start: FloatArray, threads: int) -> CollisionLog:  # noqa: ANN401 -- h5py ships no types
    every = frame_offsets(collisions)
    offsets = every[runs]
    rows = slice(int(offsets[0, 0]), int(offsets[-1, -1]))
    total, count = int(every[-1, -1]), rows.stop - rows.start
    pairs = np.ascontiguousarray(_array(file, "pairs", "u", (2, total))[:, rows].T).astype(np.int32)
    momenta = np.ascontiguousarray(_array(file, "momenta", "f", (2, total))[:, rows].T)
    exact, exact_velocities = np.zeros(0, dtype=np.int64), np.zeros((0, 2, 2))
    if "exact" in file:
        everywhere = file["exact"][()]
        chosen = slice(*np.searchsorted(everywhere, (rows.start, rows.stop)))
        exact = everywhere[chosen] - rows.start
        exact_velocities = _array(file, "exact_velocities", "f", (len(everywhere), 2, 2))[chosen]
    offsets = offsets - rows.start
    return CollisionLog(
        frame_offsets=offsets,
        pairs=pairs.reshape(count, 2),
        velocities=_core.apply_momenta(start, offsets, pairs, momenta, exact, exact_velocities, threads),
        times=_array(file, "times", "f", (total,))[rows] if "times" in file else None,
    )


def _last(start: FloatArray, log: CollisionLog) -> FloatArray:
    """Velocities after the last collision of every run."""
    velocities = start.copy()
    for run, (first, *_, end) in enumerate(log.frame_offsets):
        # Of equal indices the last is assigned.
        velocities[run, log.pairs[first:end].reshape(-1)] = log.velocities[first:end].reshape(-1, 2)
    return velocities


def _frames_like(file: Any, name: str, runs: slice, shard: Shard, shape: tuple[int, ...]) -> FloatArray:  # noqa: ANN401 -- h5py ships no types
    values: FloatArray = _array(file, name, "f", (shard.runs, *shape))[runs]
    return values


def _array(file: Any, name: str, kind: str, shape: tuple[int, ...]) -> Any:  # noqa: ANN401 -- h5py ships no types
    dataset = file[name]
    if dataset.dtype.kind != kind or (kind == "f" and dataset.dtype != np.float64) or dataset.shape != shape:
        raise ValueError(f"{name} is {dataset.dtype} {dataset.shape} and not {shape}")
    return dataset


@contextmanager
def opened(folder: Path, description: Description, shard: Shard, stored: StoredFile | None, name: str) -> Iterator[Any]:
    """Open an HDF5 file of a shard; all that is wrong with it, in the block too, is a `DatasetError` with its path.

    Parameters
    ----------
    folder, description, shard
        As `read_start` takes them.
    stored : StoredFile or None
        What the manifest says of it.
    name : str
        Of the file.

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or of another dataset.
    """
    h5py = import_module("h5py")  # `import hthm` does without
    path = folder / name
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise DatasetError(f"{path}: must be there, and is missing. {advice(name, description)}") from None
    try:
        _check_size(size, stored)
        with h5py.File(path, "r", locking=False, rdcc_nbytes=_CACHE) as file:
            _check_belongs(path, file, description, shard)
            yield file
    except DatasetError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        why = " ".join(str(error).strip("\"'").split())
        raise DatasetError(
            f"{path}: must be what hthm wrote, and is damaged ({why}). {advice(name, description)}"
        ) from error


def _check_size(size: int, stored: StoredFile | None) -> None:
    if stored is not None and size != stored.nbytes:
        raise ValueError(f"it has {size} bytes and not {stored.nbytes}")


def _check_belongs(path: Path, file: Any, description: Description, shard: Shard) -> None:  # noqa: ANN401 -- h5py ships no types
    if bytes(file.attrs["dataset"]).decode() != description.text():
        raise DatasetError(
            f"{path}: must be a shard of this dataset, and is one of another, with other parameters. "
            f"Take it out of the folder. {advice(path.name, description)}"
        )
    found = (int(file.attrs["first"]), int(file.attrs["end"]))
    if found != (shard.first, shard.end):
        raise DatasetError(
            f"{path}: must hold runs {shard.first} to {shard.end - 1}, and holds {found[0]} to {found[1] - 1}. "
            f"Give it its own name again. {advice(path.name, description)}"
        )


def fault_of(folder: Path, description: Description, shard: Shard, stored: StoredFile | None, name: str) -> str | None:
    """Say what is wrong with one file, read whole; None if nothing is.

    Parameters
    ----------
    folder, description, shard
        As `read_start` takes them.
    stored : StoredFile or None
        What the manifest says of it.
    name : str
        Of the file.

    Returns
    -------
    str or None
        One line that begins with its path.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    path = folder / name
    if stored is None and name == shard.names()[0]:
        again = "Go on with hthm simulate." if description.seed is not None else "Simulate again, into another folder."
        return f"{path}: must be there, and where {shard.where} start is lost. {again}"
    if stored is None:
        finishes = "hthm repair finishes" if description.has_starts else "The same hthm import-author goes on with"
        return f"{path}: must be there, and {shard.where} are not finished. {finishes} them."
    try:
        with opened(folder, description, shard, stored, name):
            pass
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except DatasetError as error:
        return str(error)
    if found != stored.sha256:
        return (
            f"{path}: must have the checksum that the manifest names, and has another: it was damaged since it was "
            f"written. {advice(name, description)}"
        )
    return None


def advice(name: str, description: Description) -> str:
    """Return what can be done about a file that is lost."""
    if not description.has_starts:
        return "Take out what is there of it, and the same hthm import-author makes it anew."
    if name.startswith("start-"):
        return "Restore it from a copy: where runs start cannot be computed again."
    return "hthm repair makes it anew."
