"""What a dataset is opened by: its manifest, and the gas that it describes."""

from __future__ import annotations

from pathlib import Path

from hthm.gas import DiskGas
from hthm.recording.store.description import Description
from hthm.recording.store.gases import gas_of
from hthm.recording.store.manifest import NAME, DatasetError, Manifest


def read_manifest(folder: Path) -> tuple[Manifest, DiskGas]:
    """Read the manifest of a folder, and return it with its gas.

    Raises
    ------
    DatasetError
        As of `Manifest.read`, and if there can be no such gas: a disk may be wider than half the box.
    OSError
        If it cannot be read.
    """
    manifest = Manifest.read(folder)
    return manifest, checked_gas(folder / NAME, manifest.description)


def checked_gas(path: Path, description: Description) -> DiskGas:
    """Return the gas that a file describes.

    Raises
    ------
    DatasetError
        If there can be no such gas.
    """
    try:
        return gas_of(description)
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"{path}: must describe a gas that can be, and does not ({error}). Take the dataset as it was written."
        ) from error
