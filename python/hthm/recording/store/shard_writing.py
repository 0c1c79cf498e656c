"""Writing the two files of a shard, HDF5 both: where a range of runs starts, and what was recorded of them."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hthm import _core, checks, files, integrity
from hthm.arrays import FloatArray, IntArray
from hthm.gas import State
from hthm.recording.changes import FrameChanges
from hthm.recording.collision_log import CollisionLog, frame_offsets
from hthm.recording.store.description import Description
from hthm.recording.store.manifest import Shard, StoredFile

_FILTERS: Final = {"shuffle": True, "compression": "gzip", "compression_opts": 1, "fletcher32": True}
"""In every build of HDF5: bytes of equal weight side by side, deflated, and a checksum a chunk. bench/bench_store.py
has the other filters beside it."""
_CHUNK: Final = 2**19  # bytes: a dozen frames of the paper's, and what its runs write in four


@dataclass(frozen=True, eq=False, kw_only=True)
class Recorded:
    """What a shard keeps of its runs.

    Attributes
    ----------
    collisions : (runs, frames) int64
    final_positions, final_velocities : (runs, n, 2) float64
    final_spins : (runs, n) float64, or None
        Of disks that have them.
    log : CollisionLog or None
    velocities, positions : (runs, frames, n, 2) float64, or None
    spins : (runs, frames, n) float64, or None
    """

    collisions: IntArray
    final_positions: FloatArray
    final_velocities: FloatArray
    final_spins: FloatArray | None = None
    log: CollisionLog | None = None
    velocities: FloatArray | None = None
    positions: FloatArray | None = None
    spins: FloatArray | None = None

    def of(self, runs: slice) -> Recorded:
        """Return what is kept of some of the runs: views."""
        return Recorded(
            collisions=self.collisions[runs],
            final_positions=self.final_positions[runs],
            final_velocities=self.final_velocities[runs],
            final_spins=None if self.final_spins is None else self.final_spins[runs],
            log=None if self.log is None else self.log[runs],
            velocities=None if self.velocities is None else self.velocities[runs],
            positions=None if self.positions is None else self.positions[runs],
            spins=None if self.spins is None else self.spins[runs],
        )


def write_start(folder: Path, description: Description, shard: Shard, start: State) -> StoredFile:
    """Write where the runs of a shard start.

    Parameters
    ----------
    folder : Path
        Of the dataset.
    description : Description
        Of the dataset.
    shard : Shard
        Its range of runs counts.
    start : State
        Of these runs.

    Returns
    -------
    StoredFile

    Raises
    ------
    OSError
        If it cannot be written; nothing is there then.
    """
    arrays = {"positions": start.positions, "velocities": start.velocities}
    if start.spins is not None:
        arrays["spins"] = start.spins
    return _write(folder / shard.names()[0], description, shard, arrays)


def write_recording(
    folder: Path, description: Description, shard: Shard, start: State, recorded: Recorded
) -> StoredFile:
    """Write what was recorded of the runs of a shard.

    Parameters
    ----------
    folder, description, shard
        As `write_start` takes them.
    start : State
        Where the runs started.
    recorded : Recorded
        Of the kind that the description says.

    Returns
    -------
    StoredFile

    Raises
    ------
    ValueError
        If a log is not one of these runs.
    OSError
        If it cannot be written; nothing is there then.
    """
    return _write(folder / shard.names()[1], description, shard, _arrays(description, start, recorded))


def write_changes(
    folder: Path, description: Description, shard: Shard, first: FloatArray, changes: FrameChanges
) -> StoredFile:
    """Write frames of the runs of a shard that came without anything else.

    Parameters
    ----------
    folder, description, shard
        As `write_start` takes them.
    first : (runs, n, 2) float64
        Velocities in the first frame.
    changes : FrameChanges
        From there.

    Returns
    -------
    StoredFile

    Raises
    ------
    OSError
        If it cannot be written; nothing is there then.
    """
    most = np.min_scalar_type(description.n)
    arrays = {
        "first_velocities": first,
        "changed": changes.counts.astype(most),
        "disks": changes.disks.astype(most),
        "velocities": np.ascontiguousarray(changes.velocities.T),  # (2, changes)
    }
    return _write(folder / shard.names()[1], description, shard, arrays)


def content_of(description: Description, start: State, recorded: Recorded) -> str:
    """Return the hash that `StoredFile.content` of a recording has.

    Parameters
    ----------
    description, start, recorded
        As `write_recording` takes them.

    Returns
    -------
    str
    """
    return _digest(_arrays(description, start, recorded))


def _arrays(description: Description, start: State, recorded: Recorded) -> dict[str, NDArray[Any]]:
    """What the file holds: whole numbers in as few bytes as hold them, and rows along the last axis."""
    arrays: dict[str, NDArray[Any]] = {
        "collisions": recorded.collisions.astype(np.min_scalar_type(int(recorded.collisions.max(initial=0)))),
        "final_positions": recorded.final_positions,
    }
    optional = {"velocities": recorded.velocities, "positions": recorded.positions, "spins": recorded.spins}
    if description.kind != "log":
        optional |= {"final_velocities": recorded.final_velocities, "final_spins": recorded.final_spins}
    arrays |= {name: array for name, array in optional.items() if array is not None}
    if recorded.log is not None:
        if not np.array_equal(recorded.log.frame_offsets, frame_offsets(recorded.collisions)):
            raise ValueError("frame_offsets: must be those of the collisions of every frame. Simulate again.")
        arrays |= _rows(recorded.log, start)
    return arrays


def _rows(log: CollisionLog, start: State) -> dict[str, NDArray[Any]]:
    """What rows exchange, from which with the start all that they leave disks with follows to the last bit."""
    of, threads = (log.frame_offsets, log.pairs), checks.threads(None)
    momenta, exact = _core.find_momenta(start.velocities, *of, log.velocities, threads)
    arrays: dict[str, NDArray[Any]] = {
        "pairs": np.ascontiguousarray(log.pairs.T).astype(np.min_scalar_type(start.n - 1)),  # (2, rows)
        "momenta": np.ascontiguousarray(momenta.T),  # (2, rows)
    }
    if len(exact):
        arrays["exact"], arrays["exact_velocities"] = exact, log.velocities[exact]
    if log.times is not None:
        arrays["times"] = log.times
    if log.spins is not None and start.spins is not None:
        arrays["turns"], exact = _core.find_turns(start.spins, *of, log.spins, threads)  # (rows,)
        if len(exact):
            arrays["unturned"], arrays["unturned_spins"] = exact, log.spins[exact]
    return arrays


def _write(path: Path, description: Description, shard: Shard, arrays: Mapping[str, NDArray[Any]]) -> StoredFile:
    h5py = import_module("h5py")  # `import hthm` does without
    # In memory first: a full disk is then met by plain writing, and not by HDF5 with a trace of its own.
    content = io.BytesIO()
    # v110: its metadata have checksums. No file has a time of day, so that equal content is equal bytes.
    with h5py.File(content, "w", libver="v110", track_order=False) as file:
        file.attrs["dataset"] = np.bytes_(description.text())
        file.attrs["first"], file.attrs["end"] = shard.first, shard.end
        for name, array in sorted(arrays.items()):
            filters = {"chunks": _chunks(array), **_FILTERS} if array.size else {}
            # HDF5 chooses a place when a dataset is flushed. Left to Python, that is when nothing refers to it, and a
            # profiler that holds a frame, as Dask's workers have one, makes other bytes of equal content.
            file.create_dataset(name, data=array, track_times=False, **filters).flush()
    whole = integrity.with_preface(content.getvalue())
    files.write_bytes(path, whole)
    return _stored(path.name, whole, arrays)


def stored_as(content: bytes, name: str = "") -> tuple[str, StoredFile]:
    """Return what the manifest says of a file that is whole.

    Parameters
    ----------
    content : bytes
        Of the file.
    name : str
        Its name in the folder.

    Returns
    -------
    description : str
        Text of the `Description` of its dataset.
    stored : StoredFile
    """
    h5py = import_module("h5py")
    with h5py.File(io.BytesIO(content), "r") as file:
        arrays = {key: dataset[()] for key, dataset in file.items()}
        return bytes(file.attrs["dataset"]).decode(), _stored(name, content, arrays)


def _stored(name: str, content: bytes, arrays: Mapping[str, NDArray[Any]]) -> StoredFile:
    h5py = import_module("h5py")
    return StoredFile(
        name=name,
        nbytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=_digest(arrays),
        versions=f"hthm {_core.__version__}, h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}",
    )


def _chunks(array: NDArray[Any]) -> tuple[int, ...]:
    """Whole (n, 2) frames, and stretches of everything else: the last axes first, until there is no more room."""
    whole = 2 if array.ndim > 2 and array.shape[-1] == 2 else 0  # noqa: PLR2004 -- axes (…, n, 2)
    chunk = [1] * array.ndim
    for axis in reversed(range(array.ndim)):
        room = _CHUNK // (array.itemsize * math.prod(chunk))
        chunk[axis] = array.shape[axis] if array.ndim - axis <= whole else max(1, min(array.shape[axis], room))
    return tuple(chunk)


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return digest.hexdigest()
