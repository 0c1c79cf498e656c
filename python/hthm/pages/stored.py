"""What an earlier command stored as JSON, read with care: the file may be anything by now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hthm.integrity import without_checksum


class DamagedFileError(ValueError):
    """A file of a results folder is not what a command writes; the message has its path and what to do."""


def read_json(path: Path, *keys: str) -> dict[str, Any]:
    """Read a JSON file of a results folder.

    Parameters
    ----------
    path : Path
        The file.
    *keys : str
        What it must have.

    Returns
    -------
    dict
        Without its checksum.

    Raises
    ------
    DamagedFileError
        If it is no JSON, or lacks a key, or its checksum is that of another content.
    OSError
        If it cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # JSON's and Unicode's errors are ValueErrors
        raise damaged(path, str(error)) from error
    if not isinstance(content, dict):
        raise damaged(path, f"it holds {'nothing' if content is None else type(content).__name__}")
    missing = [key for key in keys if key not in content]
    if missing:
        raise damaged(path, f"it lacks {', '.join(missing)}")
    try:
        return without_checksum(content)
    except ValueError as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, why: str) -> DamagedFileError:
    """Return the error that says of a file of a results folder what is wrong with it, and what to do."""
    return DamagedFileError(
        f"{path}: must be a whole file that hthm wrote, and is not ({why}). Restore it, or run again with --overwrite."
    )
