"""The one way to write a file: whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from hthm import checks

# What file systems say that cannot sync a folder: CIFS, some shared folders and FUSE. The file itself is on disk then.
_CANNOT_SYNC: Final = {
    errno.EINVAL,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EBADF,
    errno.EACCES,
    errno.EPERM,
}

# Windows syncs what may be written only, and opens no folder, which is an error of those above.
_TO_SYNC: Final = os.O_RDWR if sys.platform == "win32" else os.O_RDONLY


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write to, which becomes `path` when the block ends well.

    Parameters
    ----------
    path : path
        The file to make or to replace. Its folder must exist.

    Yields
    ------
    Path
        A new, empty file in the same folder, so that the last step is a rename within one file system. Close what is
        opened on it before the block ends.

    Raises
    ------
    OSError
        If the folder is missing or read-only, the disk is full, and so on. Whatever is raised, in here or in the
        block, `path` is as it was and the temporary file is gone; a kill may leave the latter, ``.NAME.….part``.

    Notes
    -----
    The file's content reaches the disk before its name does (fsync, then rename), and the name before this returns
    (fsync of the folder): after a power cut there is the old file or the new one, never half of one. Where a file
    system, or a folder that may be written and not read, refuses the last of these, the file is as safe as it can be.
    """
    target = checks.path("path", path)
    folder = target.parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder to write into", str(folder))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "A file is to be written here, and it is a folder", str(target))
    part = folder / f".{target.name}.{os.urandom(4).hex()}.part"
    try:
        # Not tempfile: its files are for their owner only, and the rename would hand those permissions on.
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield part
        _to_disk(part)
        part.replace(target)
    except BaseException as error:
        with suppress(OSError):  # the first error is the one to be told
            part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in {None, str(part)}:
            _name(error, target)  # the file that the caller knows; a full disk names none
        raise
    try:
        _to_disk(folder)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            _name(error, target)
            raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a file of UTF-8 text, whole or not at all; file names in it that are no text are spelled, as JSON does.

    Raises
    ------
    OSError
        As `written_whole`.
    """
    write_bytes(path, text.encode(errors="backslashreplace"))


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    OSError
        As `written_whole`.
    """
    with written_whole(path) as part:
        part.write_bytes(content)


def _name(error: OSError, path: Path) -> None:
    """Say in an error which file it is about, and not which two."""
    error.filename = str(path)
    del error.filename2


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, _TO_SYNC if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
