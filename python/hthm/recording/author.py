"""The velocities that the author's program wrote, ``velocities/run_000.pkl`` and so on, as a dataset."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from hthm import checks, published
from hthm.arrays import FloatArray
from hthm.gas import DiskGas
from hthm.progress import Progress
from hthm.recording.changes import FrameChanges
from hthm.recording.formats.pickled_arrays import ForeignPickleError, read_arrays
from hthm.recording.store.description import Description
from hthm.recording.store.shard_writing import write_changes
from hthm.recording.store.writer import begun
from hthm.rules import text_of

ENGINE: Final = "imported"
"""What stands for the engine of runs that another program made."""

_NAME: Final = re.compile(r"run_([0-9]{1,9})\.pkl")
_SHARD: Final = 2**27
"""Bytes of all frames of the runs of a shard."""


class NoFilesError(ValueError):
    """A folder that is not there, or that holds no file of the author's program."""


def import_author(
    folder: str | os.PathLike[str],
    store: str | os.PathLike[str],
    *,
    diameter: float = published.DIAMETER,
    speed: float = published.S0,
    box: float = published.BOX,
    dt: float = 1 / published.FRAME_RATE,
    progress: Progress | None = None,
) -> None:
    """Make a dataset of the velocities that the author's program wrote: what changes from frame to frame, lossless.

    Parameters
    ----------
    folder : path
        Has ``run_000.pkl`` and so on, or a folder ``velocities`` with them. Each holds the velocities of a run after
        each frame, a list of arrays (n, 2), or an array (frames, n, 2), float64.
    store : path
        Folder of the dataset, empty or to be made; what a stop has left there is gone on with.
    diameter, speed, box, dt : float
        Of the gas and the frames, which the files do not say: the paper's unless given.
    progress : callable, optional
        Called as ``progress(done, total)`` with files, each of which is read twice.

    Raises
    ------
    ForeignPickleError
        If a file holds anything but such arrays; see `hthm.recording.formats.pickled_arrays`.
    ValueError
        If there are no such files (`NoFilesError`), one before another is missing, or they differ in shape.
    DatasetError, OwnedError, OSError
        If the store holds anything else, is in use, or cannot be written to, or a file cannot be read.

    Notes
    -----
    All files are read before anything is written. The runs have the numbers that the author's have, from 0.
    """
    kept = checks.path("store", store)
    paths = files_of(checks.path("folder", folder))
    total = 2 * len(paths)

    def report(done: int) -> None:
        if progress is not None:
            progress(done, total)

    digest, shape = hashlib.sha256(), None
    for number, path in enumerate(paths):
        velocities = _velocities(path, shape, paths[0])
        shape = velocities.shape
        digest.update(velocities.astype("<f8", copy=False).data)
        report(number + 1)
    assert shape is not None
    frames, n, _ = shape
    gas = DiskGas(n=n, diameter=diameter, speed=speed, box=box)
    description = Description(
        kind="frames",
        runs=len(paths),
        frames=frames,
        shard_runs=min(len(paths), max(1, _SHARD // (frames * n * 16))),
        n=n,
        diameter=gas.diameter,
        speed=gas.speed,
        box=gas.box,
        dt=checks.positive("dt", dt),
        engine=ENGINE,
        rule=text_of(gas.rule),
        start_sha256=digest.hexdigest(),
    )
    with begun(kept, description) as writer:
        for number, runs in writer.missing():
            first, parts = np.empty((runs.stop - runs.start, n, 2)), []
            for k, path in enumerate(paths[runs]):
                velocities = _velocities(path, shape, paths[0])
                first[k] = velocities[0]
                parts.append(FrameChanges.of(velocities[np.newaxis]))
                report(len(paths) + runs.start + k + 1)
            shard = writer.manifest.shards[number]
            stored = write_changes(writer.folder, description, shard, first, FrameChanges.joined(parts))
            writer.manifest = writer.manifest.having(number, replace(shard, recording=stored))
            writer.manifest.write(writer.folder)


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder in the order of their numbers, none of which is missing.

    Raises
    ------
    NoFilesError
        If there are none.
    ValueError
        If there are two of a run, or one before another is missing.
    """
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is missing"
        raise NoFilesError(f"folder: must be a folder with run_000.pkl and so on, and {folder} {what}.")
    found: dict[int, Path] = {}
    for place in (folder, folder / "velocities"):
        for path in sorted(place.glob("run_*.pkl")):
            numbered = _NAME.fullmatch(path.name)
            if numbered is None:
                continue
            number = int(numbered[1])
            if number in found:
                raise ValueError(f"{path}: must be the only file of run {number}, and {found[number]} is one, too.")
            found[number] = path
        if found:
            break
    if not found:
        raise NoFilesError(f"folder: must hold run_000.pkl and so on, and {folder} holds no run_*.pkl.")
    last = max(found)
    if len(found) <= last:  # run k of the dataset is to be run k of the author
        lost = next(number for number in range(last) if number not in found)
        raise ValueError(
            f"{found[last].parent}: must have every run from 0 to {last}, and run_{lost:03}.pkl is missing. Copy it, "
            "too, or number copies of the others from 0."
        )
    return [found[number] for number in sorted(found)]


def _velocities(path: Path, shape: tuple[int, ...] | None, before: Path) -> FloatArray:
    """Velocities of a run, (frames, n, 2), of the shape of the runs before."""
    arrays = read_arrays(path)
    if len({array.shape for array in arrays}) != 1:
        what = "no array" if not arrays else "arrays of several shapes"
        raise ForeignPickleError(f"{path}: must hold an array (n, 2) a frame, and holds {what}.")
    velocities = arrays[0] if arrays[0].ndim == 3 and len(arrays) == 1 else np.stack(arrays)  # noqa: PLR2004 -- (frames, n, 2)
    if velocities.ndim != 3 or velocities.shape[-1] != 2 or len(velocities) < 2 or not velocities.shape[1]:  # noqa: PLR2004 -- (frames, n, 2)
        raise ForeignPickleError(
            f"{path}: must hold velocities (frames, n, 2) of 2 frames at least, and holds {velocities.shape}."
        )
    if not np.isfinite(velocities).all():
        raise ForeignPickleError(f"{path}: must hold finite velocities, and holds NaN or infinity.")
    if shape is not None and velocities.shape != shape:
        raise ForeignPickleError(
            f"{path}: must have the shape (frames, n, 2) of {before}, {shape}, got {velocities.shape}."
        )
    return velocities
