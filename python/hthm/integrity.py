"""A checksum that stands inside the file it is of, so that a single changed bit is noticed before the file is used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

DIGITS: Final = 64
"""Characters of a checksum: SHA-256 in hexadecimal."""

BLANK: Final = "0" * DIGITS
"""What stands in a checksum's place while it is computed."""


PREFACE_BYTES: Final = 512
"""The least that HDF5 allows for a user block."""

CHECKSUM: Final = "checksum"
"""Name of the last entry of what is written as JSON: 16 digits of the SHA-256 of all others, however it is laid out."""

_PREFACE: Final = b"SHA-256 of this file, with 64 zeros in its place: "


def sealed(content: bytes, mark: bytes) -> bytes:
    """Return the content of a file with its checksum in place of the `BLANK` that follows the first such mark."""
    start = content.index(mark + BLANK.encode()) + len(mark)
    return content[:start] + _digest(content, start) + content[start + DIGITS :]


def is_whole(content: bytes, mark: bytes) -> bool:
    """Whether the content of a file is what its checksum, which follows the first such mark, was made of."""
    found = content.find(mark)
    start = found + len(mark)
    return found >= 0 and content[start : start + DIGITS] == _digest(content, start)


def with_preface(content: bytes) -> bytes:
    """Return the content of a file behind a preface of `PREFACE_BYTES` that holds its checksum.

    HDF5 leaves room for one: a user block, which other readers of the file pass over.
    """
    preface = _PREFACE + BLANK.encode()
    return sealed(preface.ljust(PREFACE_BYTES, b"\n") + content, _PREFACE)


def check_preface(content: bytes) -> bool:
    """Return whether a file begins with the preface that `with_preface` writes.

    Raises
    ------
    ValueError
        If it does, and is not what the checksum there was made of.
    """
    if not content.startswith(_PREFACE):
        return False
    if not is_whole(content, _PREFACE):
        raise ValueError("its checksum is not that of its content, which was damaged since it was written")
    return True


def with_checksum(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be written as JSON with a checksum of it as its last entry, `CHECKSUM`."""
    return {**content, CHECKSUM: _checksum(content)}


def without_checksum(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was read from JSON without its checksum; older files have none.

    Raises
    ------
    ValueError
        If it has one, of another content.
    """
    rest = {name: value for name, value in content.items() if name != CHECKSUM}
    if CHECKSUM in content and content[CHECKSUM] != _checksum(rest):
        raise ValueError("its checksum is not that of its content, which was changed since it was written")
    return rest


def _checksum(content: Mapping[str, Any]) -> str:
    """Of the values, and not of how many spaces stand between them: a file may be laid out anew."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _digest(content: bytes, start: int) -> bytes:
    """Checksum of a content whose own checksum, from `start`, is blank."""
    view, digest = memoryview(content), hashlib.sha256()
    for part in (view[:start], BLANK.encode(), view[start + DIGITS :]):
        digest.update(part)
    return digest.hexdigest().encode()
