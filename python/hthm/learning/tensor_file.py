"""Named tensors and strings in a safetensors file: equal content gives equal bytes, and a checksum guards all of them.

Files that others wrote have no checksum, and are read all the same.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Final

import safetensors
import safetensors.torch
import torch

from hthm.integrity import BLANK, is_whole, sealed

_STRINGS: Final = "__metadata__"
_CHECKSUM: Final = "hthm checksum"
_MARK: Final = f'"{_CHECKSUM}":"'.encode()
"""Before the checksum. Within a string JSON writes quotation marks in another way, so the first one is the mark."""

_LENGTH: Final = struct.Struct("<Q")
"""A safetensors file: the length of its header, the header in JSON, the numbers."""


class DamagedError(ValueError):
    """A content that is no safetensors file, or not what was written; the message says which, and has no path."""


def packed(tensors: Mapping[str, torch.Tensor], strings: Mapping[str, str]) -> bytes:
    """Return the content of a safetensors file, equal tensors and strings giving equal bytes.

    Parameters
    ----------
    tensors : mapping
        On any device.
    strings : mapping
        What stands beside them; a checksum is added.

    Raises
    ------
    TypeError
        If one of the tensors is something else.
    """
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{name}: must be a tensor to be saved, got {type(tensor).__name__}.")
    # Clones, for weights that a network uses twice are written twice.
    content = safetensors.torch.save({name: tensor.detach().cpu().clone() for name, tensor in tensors.items()})
    header, numbers = _split(content)
    ordered = {name: strings[name] for name in sorted(strings)}
    with_strings = {_STRINGS: {_CHECKSUM: BLANK} | ordered} | header  # safetensors itself writes them in any order
    written = json.dumps(with_strings, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)  # the numbers begin at a multiple of 8, as the format wants
    return sealed(_LENGTH.pack(len(written)) + written + numbers, _MARK)


def unpacked(content: bytes, formats: tuple[str, ...] = ()) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Return tensors, on the CPU, and strings of a file's content.

    Parameters
    ----------
    content : bytes
        All of it.
    formats : tuple of str
        What the string ``format`` may say in files that must have a checksum. Any other file may have one.

    Raises
    ------
    DamagedError
        If it is no safetensors file, or its checksum is missing or that of another content.
    """
    guarded = _MARK in content
    if guarded and not is_whole(content, _MARK):
        raise DamagedError("its checksum is not that of its content, which was damaged since it was written")
    try:
        with torch.device("cpu"):  # whatever device a session has chosen to make tensors on
            tensors = safetensors.torch.load(content)
        strings = dict(_split(content)[0].get(_STRINGS) or {})
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise DamagedError(f"it is no safetensors file: {error}") from error
    if strings.get("format") in formats and not guarded:
        raise DamagedError("its checksum is missing, so it was damaged since it was written")
    strings.pop(_CHECKSUM, None)
    return tensors, strings


def described(value: object) -> str:
    """Return dtype and shape of a tensor, in words, or what else a value is."""
    if not isinstance(value, torch.Tensor):
        return "nothing" if value is None else type(value).__name__
    return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"


def _split(content: bytes) -> tuple[dict[str, dict[str, str]], bytes]:
    """Header and numbers of a content that safetensors has read, or written."""
    (length,) = _LENGTH.unpack_from(content)
    end = _LENGTH.size + length
    header: dict[str, dict[str, str]] = json.loads(content[_LENGTH.size : end])
    return header, content[end:]
