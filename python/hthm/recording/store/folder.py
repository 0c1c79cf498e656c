"""What a folder holds before a dataset is written into it."""

from __future__ import annotations

from pathlib import Path

from hthm.recording.store.manifest import NAME, DatasetError, Manifest


def found(folder: Path, planned: Manifest) -> Manifest | None:
    """Return the manifest of a dataset that can be gone on with; None where one can be begun.

    Raises
    ------
    DatasetError
        If the folder holds anything else, or a damaged dataset.
    OSError
        If it is a file, or cannot be read.
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
    strangers = folder.exists() and sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if strangers:
        raise DatasetError(
            f"{folder}: must be a dataset, or an empty folder, and holds {strangers[0]}. Choose another folder."
        )
    return None
