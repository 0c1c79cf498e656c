"""What a record of arrays says of itself in one line: its sizes, never its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any


def one_line(kind: str, parts: Iterable[tuple[str, Any]], nbytes: int | None = None) -> str:
    """A record as ``Kind(runs=20, velocities=float64 (20, 500, 1000, 2), 160 MB)``.

    Parameters
    ----------
    kind : str
        Name of its class.
    parts : iterable of (str, object)
        What it holds; of an array or a tensor, dtype and shape are shown.
    nbytes : int, optional
        Memory of it all; that of the arrays among the parts unless given.

    Returns
    -------
    str
    """
    parts = list(parts)
    if nbytes is None:
        nbytes = sum(int(part.nbytes) for _, part in parts if hasattr(part, "nbytes"))
    return f"{kind}({', '.join([*(f'{name}={_shown(part)}' for name, part in parts), memory(nbytes)])})"


class OneLine:
    """A dataclass of arrays whose ``repr`` is one line."""

    def __repr__(self) -> str:
        return one_line(type(self).__name__, ((one.name, getattr(self, one.name)) for one in fields(self)))  # type: ignore[arg-type]  # a dataclass inherits this


def memory(nbytes: int) -> str:
    """Bytes as a person reads them: 512 B, 4.1 kB, 160 MB, 4.0 GB."""
    size = float(nbytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5 or unit == "GB":  # noqa: PLR2004 -- what still rounds to three digits
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"  # noqa: PLR2004 -- two digits


def _shown(part: object) -> str:
    if hasattr(part, "dtype") and hasattr(part, "shape"):
        return f"{str(part.dtype).removeprefix('torch.')} {tuple(part.shape)}"
    if isinstance(part, tuple):
        return f"({len(part)} of them)"
    return f"{part:.6g}" if isinstance(part, float) else repr(part)
