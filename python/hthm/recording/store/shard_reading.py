"""Reading some runs of a shard: where they start, and what was recorded of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hthm import _core
from hthm.arrays import FloatArray, IntArray
from hthm.recording.changes import FrameChanges
from hthm.recording.collision_log import CollisionLog, frame_offsets
from hthm.recording.store.description import Description
from hthm.recording.store.manifest import Shard
from hthm.recording.store.shard_files import opened
from hthm.recording.store.shard_writing import Recorded


def read_start(folder: Path, description: Description, shard: Shard, runs: slice, name: str) -> FloatArray:
    """Read positions, velocities or spins that some runs start with.

    Parameters
    ----------
    folder, description, shard
        As `hthm.recording.store.shard_writing.write_start` takes them; the shard with its files.
    runs : slice
        Counted from the first of the shard.
    name : str
        "positions", "velocities" or "spins".

    Returns
    -------
    (runs, n, 2) float64, of spins (runs, n)

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or of another dataset.
    """
    with opened(folder, description, shard, shard.start, shard.names()[0]) as file:
        shape = (description.n,) if name == "spins" else (description.n, 2)
        values: FloatArray = _frames_like(file, name, runs, shard, shape)
        return values


def read_recording(
    folder: Path,
    description: Description,
    shard: Shard,
    runs: slice,
    start: FloatArray,
    threads: int,
    spins: FloatArray | None = None,
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
    spins : (runs, n) float64, or None
        Likewise; without these, spins are not read.

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
            log = _log(file, every, runs, start, threads, spins)
        final_velocities = (
            _last(start, log, log.velocities)
            if log is not None
            else _frames_like(file, "final_velocities", runs, shard, state)
        )
        final_spins = kept_spins = None
        if spins is not None and log is not None and log.spins is not None:
            final_spins = _last(spins, log, log.spins)
        elif spins is not None:
            final_spins = _frames_like(file, "final_spins", runs, shard, state[:1])
            kept_spins = _frames_like(file, "spins", runs, shard, dense[:2]) if "velocities" in file else None
        return Recorded(
            collisions=every[runs],
            final_positions=_frames_like(file, "final_positions", runs, shard, state),
            final_velocities=final_velocities,
            final_spins=final_spins,
            log=log,
            velocities=_frames_like(file, "velocities", runs, shard, dense)
            if description.kind == "velocities"
            else None,
            positions=_frames_like(file, "positions", runs, shard, dense) if description.positions else None,
            spins=kept_spins,
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


def _log(
    file: Any,  # noqa: ANN401 -- h5py ships no types
    collisions: IntArray,
    runs: slice,
    start: FloatArray,
    threads: int,
    spins: FloatArray | None,
) -> CollisionLog:
    every = frame_offsets(collisions)
    offsets = every[runs]
    rows = slice(int(offsets[0, 0]), int(offsets[-1, -1]))
    total, count = int(every[-1, -1]), rows.stop - rows.start
    pairs = np.ascontiguousarray(_array(file, "pairs", "u", (2, total))[:, rows].T).astype(np.int32)
    momenta = np.ascontiguousarray(_array(file, "momenta", "f", (2, total))[:, rows].T)
    exact, exact_velocities = _exact(file, rows, "exact", "exact_velocities", (2, 2))
    offsets = offsets - rows.start
    after = None
    if spins is not None:
        turns = _array(file, "turns", "f", (total,))[rows]
        unturned = _exact(file, rows, "unturned", "unturned_spins", (2,))
        after = _core.apply_turns(spins, offsets, pairs, turns, *unturned, threads)
    return CollisionLog(
        frame_offsets=offsets,
        pairs=pairs.reshape(count, 2),
        velocities=_core.apply_momenta(start, offsets, pairs, momenta, exact, exact_velocities, threads),
        times=_array(file, "times", "f", (total,))[rows] if "times" in file else None,
        spins=after,
    )


def _exact(file: Any, rows: slice, name: str, of: str, shape: tuple[int, ...]) -> tuple[IntArray, FloatArray]:  # noqa: ANN401 -- h5py ships no types
    """Which of these rows are kept as they are, counted from the first, and what they leave disks with."""
    if name not in file:
        return np.zeros(0, dtype=np.int64), np.zeros((0, *shape))
    everywhere = file[name][()]
    chosen = slice(*np.searchsorted(everywhere, (rows.start, rows.stop)))
    return everywhere[chosen] - rows.start, _array(file, of, "f", (len(everywhere), *shape))[chosen]


def _last(start: FloatArray, log: CollisionLog, after: FloatArray) -> FloatArray:
    """Velocities or spins after the last collision of every run, by those after each."""
    values = start.copy()
    for run, (first, *_, end) in enumerate(log.frame_offsets):
        # Of equal indices the last is assigned.
        values[run, log.pairs[first:end].reshape(-1)] = after[first:end].reshape(-1, *start.shape[2:])
    return values


def _frames_like(file: Any, name: str, runs: slice, shard: Shard, shape: tuple[int, ...]) -> FloatArray:  # noqa: ANN401 -- h5py ships no types
    values: FloatArray = _array(file, name, "f", (shard.runs, *shape))[runs]
    return values


def _array(file: Any, name: str, kind: str, shape: tuple[int, ...]) -> Any:  # noqa: ANN401 -- h5py ships no types
    dataset = file[name]
    if dataset.dtype.kind != kind or (kind == "f" and dataset.dtype != np.float64) or dataset.shape != shape:
        raise ValueError(f"{name} is {dataset.dtype} {dataset.shape} and not {shape}")
    return dataset
