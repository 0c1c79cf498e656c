"""What a folder holds before a dataset is written into it, and what of it was lost."""

from __future__ import annotations

from pathlib import Path

from hthm.recording.store.manifest import NAME, DatasetError, Manifest, StoredFile


def check_folder(folder: Path) -> None:
    """Refuse a path at which no folder can be made.

    Raises
    ------
    DatasetError
        If a file is there.
    """
    if folder.exists() and not folder.is_dir():
        raise DatasetError(f"{folder}: must be a dataset, or a folder to be made, and is a file. Choose another name.")


def found(folder: Path, planned: Manifest) -> Manifest | None:
    """Return the manifest of a dataset that can be gone on with; None where one can be begun.

    Raises
    ------
    DatasetError
        If it is a file, or the folder holds anything else, or a damaged dataset.
    OSError
        If it cannot be read.
    """
    if (folder / NAME).exists():
        manifest = Manifest.read(folder)
        if manifest.description != planned.description:
            raise DatasetError(
                f"{folder}: must be a dataset of the same runs, and differs: "
                f"{manifest.description.differences(planned.description)}. Choose another folder."
            )
        if manifest.runs != planned.runs:
            raise DatasetError(
                f"{folder}: must be a dataset of {planned.where}, and is one of {manifest.where}. Choose another "
                "folder."
            )
        return manifest
    check_folder(folder)
    strangers = folder.exists() and sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if strangers:
        raise DatasetError(
            f"{folder}: must be a dataset, or an empty folder, and holds {strangers[0]}. Choose another folder."
        )
    return None


def is_there(folder: Path, stored: StoredFile | None) -> bool:
    """Whether a file was finished and is in the folder, of its size; its content is not read."""
    try:
        return stored is not None and (folder / stored.name).stat().st_size == stored.nbytes
    except FileNotFoundError:
        return False


def is_finished(folder: Path, planned: Manifest) -> bool:
    """Whether all files of a dataset are there, of their sizes; what is in them is not read.

    Raises
    ------
    DatasetError, OSError
        As `found`.
    """
    manifest = found(folder, planned)
    return manifest is not None and all(
        is_there(folder, stored) for shard in manifest.shards for stored in (shard.start, shard.recording)
    )


def check_same(folder: Path, stored: StoredFile, lost: StoredFile | None) -> None:
    """Remove a file that was made in place of a lost one and has other numbers.

    Parameters
    ----------
    folder : Path
        Of the dataset.
    stored, lost : StoredFile, StoredFile or None
        What was made, and what the manifest says of the lost one, if there was one.

    Raises
    ------
    DatasetError
        If it has.
    """
    if lost is not None and stored.content != lost.content:
        path = folder / stored.name
        path.unlink()
        raise DatasetError(
            f"{path}: must have the numbers that the manifest names, and this machine and version give others. Restore "
            "it from a copy, or choose another folder."
        )


def remove_abandoned(folder: Path) -> None:
    """Remove what kills have left half written."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)
