"""What a record of arrays says of itself in one line, or in a small table: its sizes, never its numbers."""

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
    nbytes = _bytes_of(parts) if nbytes is None else nbytes
    return f"{kind}({', '.join([*(f'{name}={shown(part)}' for name, part in parts), memory(nbytes)])})"


def table(kind: str, parts: Iterable[tuple[str, Any]], nbytes: int | None = None, *, held: str = "memory") -> str:
    """A record as a table of HTML, a row a part; notebooks show it in place of the line.

    Parameters
    ----------
    kind, parts, nbytes
        As `one_line` takes them; of what has no arrays, no memory is said.
    held : str
        What the bytes are of, where that is not memory.

    Returns
    -------
    str
        All that could be taken for HTML is escaped.
    """
    from html import escape  # noqa: PLC0415 -- import hthm is quick

    parts = list(parts)
    nbytes = _bytes_of(parts) if nbytes is None else nbytes
    rows_of = [(name.replace("_", " "), shown(part)) for name, part in parts]
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
        f'<td style="text-align: left">{escape(value)}</td></tr>'
        for name, value in [*rows_of, *([(held, memory(nbytes))] if nbytes else [])]
    )
    return f'<table><caption style="text-align: left">{escape(kind)}</caption><tbody>{rows}</tbody></table>'


def shown_fields(record: object) -> list[tuple[str, Any]]:
    """Fields of a dataclass by name: those with ``repr=False`` where they are not at their defaults."""
    parts = ((one, getattr(record, one.name)) for one in fields(record))  # type: ignore[arg-type]  # callers know it is one
    return [
        (one.name, part)
        for one, part in parts
        if one.repr or (part is not None if one.default is None else part != one.default)
    ]


class OneLine:
    """A dataclass of arrays whose ``repr`` is one line, and a small table in a notebook."""

    def __repr__(self) -> str:
        return one_line(type(self).__name__, self._parts(), self._nbytes())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, self._parts(), self._nbytes())

    def _parts(self) -> list[tuple[str, Any]]:
        """What is shown, by name: the fields, where a class says nothing else."""
        return shown_fields(self)

    def _nbytes(self) -> int | None:
        """Memory of it all; that of the arrays shown where a class says nothing else."""
        return None


class OnDisk:
    """Runs in files, as a small table in a notebook."""

    def _repr_html_(self) -> str:
        names = ("path", "runs", "frames", "n", "dt", "engine", "recording", "nbytes")
        shown = {name: getattr(self, name) for name in names}
        nbytes: int = shown.pop("nbytes")
        parts = shown | {"path": str(shown["path"])} | self._peculiar()
        return table(type(self).__name__, parts.items(), nbytes, held="files")

    def _peculiar(self) -> dict[str, object]:
        """What is shown of some runs only, by name."""
        return {}


def memory(nbytes: int) -> str:
    """Bytes as a person reads them: 512 B, 4.1 kB, 160 MB, 4.0 GB."""
    size = float(nbytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5 or unit == "GB":  # noqa: PLR2004 -- what still rounds to three digits
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"  # noqa: PLR2004 -- two digits


def _bytes_of(parts: list[tuple[str, Any]]) -> int:
    return sum(int(part.nbytes) for _, part in parts if hasattr(part, "nbytes"))


def shown(part: object) -> str:
    """A part as a record shows it: an array by dtype and shape, a number by six digits."""
    if hasattr(part, "dtype") and hasattr(part, "shape"):
        return f"{str(part.dtype).removeprefix('torch.')} {tuple(part.shape)}"
    if isinstance(part, tuple):
        return f"({len(part)} of them)"
    return f"{part:.6g}" if isinstance(part, float) else repr(part)
