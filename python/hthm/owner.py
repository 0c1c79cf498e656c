"""Who writes into a folder: one process at a time, by a lock that ends with it, however that ends."""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK: Final = ".hthm.lock"
"""The file that is locked; it names its owner, and is there only while the folder is owned, or after a kill."""

_TAKEN: Final = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
# What file systems say that have no locks: NFS without its lock daemon, some FUSE and CIFS mounts.
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


_FAR: Final = 2**30
"""Which byte Windows locks."""


class OwnedError(Exception):
    """Another process is at work in the folder; the message names it."""


@contextmanager
def owned(folder: Path, *, otherwise: str = "choose another folder") -> Iterator[None]:
    """Own a folder while the block runs.

    Parameters
    ----------
    folder : Path
        Must exist.
    otherwise : str
        What a person can do beside waiting.

    Raises
    ------
    OwnedError
        If another process owns it.
    OSError
        If the lock file cannot be made.

    Notes
    -----
    ``flock`` belongs to the open file, so that the system releases it with the process, a kill included, and on NFS
    it holds between machines. Where a file system has no locks at all, the folder goes unprotected. Windows locks
    bytes, against reading, too: one far behind the owner's name. It removes no file that is open: the name stays.
    """
    path = folder / LOCK
    descriptor = _locked(path, otherwise)
    try:
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps(_ourselves()).encode())
        yield
    finally:
        with suppress(OSError):  # before it is released: who comes next makes a new one
            path.unlink()
        os.close(descriptor)


def _locked(path: Path, otherwise: str) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # no child inherits it
        try:
            _lock(descriptor)
        except OSError as error:
            owner = _owner(path) if error.errno in _TAKEN else ""
            if error.errno in _NO_LOCKS:
                return descriptor
            os.close(descriptor)
            if error.errno not in _TAKEN:
                error.filename = str(path)
                raise
            raise OwnedError(
                f"{path.parent}: must not be in use, and {owner} is at work in it. Wait until that has ended, or "
                f"{otherwise}."
            ) from None
        if _is_there(path, descriptor):
            return descriptor
        os.close(descriptor)  # its owner removed it between our opening and our locking


def _lock(descriptor: int) -> None:
    """Lock an open file for this process, or raise OSError at once."""
    if sys.platform == "win32":
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_there(path: Path, descriptor: int) -> bool:
    """Whether the path is still the file that was opened."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _ourselves() -> dict[str, object]:
    return {"pid": os.getpid(), "host": platform.node(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}


def _owner(path: Path) -> str:
    """Name the owner; it writes its name a moment after it has locked the file."""
    for _ in range(20):
        with suppress(OSError, ValueError, KeyError, TypeError):
            owner = json.loads(path.read_text(encoding="utf-8"))
            return f"a run (process {owner['pid']} on {owner['host']}, since {owner['since']})"
        time.sleep(0.01)
    return "another run"
