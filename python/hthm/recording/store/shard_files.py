"""Opening the files of a shard, and what is wrong with one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from hthm.recording.store.description import Description
from hthm.recording.store.manifest import DatasetError, Shard, StoredFile

_CACHE: Final = 2**23  # bytes of chunks that HDF5 keeps of an open file; its own default differs with the version


@contextmanager
def opened(folder: Path, description: Description, shard: Shard, stored: StoredFile | None, name: str) -> Iterator[Any]:
    """Open an HDF5 file of a shard; all that is wrong with it, in the block too, is a `DatasetError` with its path.

    Parameters
    ----------
    folder, description, shard
        As `hthm.recording.store.shard_reading.read_start` takes them.
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
        As `hthm.recording.store.shard_reading.read_start` takes them.
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
