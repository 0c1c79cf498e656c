"""Standard streams and terminals as they come: closed, unable to say ±, or three columns wide."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

LEAST_COLUMNS: Final = 60
"""Narrower help has a word a line, and below a dozen columns the parser's layout never ends."""
MOST_COLUMNS: Final = 120
"""Longer lines are hard to read."""

_PLAIN: Final = str.maketrans(
    dict(zip("±−–—×·≈≤≥", ("+-", "-", "-", "-", "x", "*", "~", "<=", ">="), strict=True))
    | dict(
        zip(
            "λσαρφγνΔ²³₀…",
            ("lambda", "sigma", "alpha", "rho", "phi", "gamma", "nu", "Delta", "2", "3", "0", "..."),
            strict=True,
        )
    )
)
_SPELLED: Final = "hthm.spelled"


def _spelled(error: UnicodeError) -> tuple[str | bytes, int]:
    """Spell what a stream's encoding lacks; bytes of a file name that is no text go through as they are."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), error.start + 1
    spelled = character.translate(_PLAIN)
    return spelled if spelled.isascii() else "?", error.start + 1


codecs.register_error(_SPELLED, _spelled)


@contextmanager
def usable_streams() -> Iterator[None]:
    """Let standard output and standard error take any text while the block runs: what they cannot say is spelled.

    Where standard input or error is closed, the null device takes its place: the next file to be opened would, and
    whatever libraries write to standard error would end in results.
    """
    for number in (0, 2):
        _filled(number)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 -- for as long as the process lives
    found: list[tuple[TextIO, str]] = []
    for stream in (sys.stdout, sys.stderr):
        reconfigure, errors = getattr(stream, "reconfigure", None), getattr(stream, "errors", None)
        if reconfigure is not None and errors is not None and not stream.closed:
            reconfigure(errors=_SPELLED)
            found.append((stream, errors))
    try:
        yield
    finally:
        for stream, errors in found:
            with suppress(OSError, ValueError):  # a reader that has left, or a stream that was closed meanwhile
                stream.reconfigure(errors=errors)  # type: ignore[attr-defined]  # those found above have it


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Say warnings of hthm's own in a line each, without the place in the code, while the block runs."""
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def said(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if category.__module__.partition(".")[0] == "hthm":
                sys.stderr.write(f"hthm: Warning: {' '.join(str(message).split())}\n")
            else:
                shown(message, category, filename, lineno, file, line)

        warnings.showwarning = said
        yield


def is_open(stream: TextIO | None) -> bool:
    """Whether a stream can be written to; `python >&-` has none at all."""
    return stream is not None and not stream.closed


@contextmanager
def named_output() -> Iterator[None]:
    """Name standard output in errors of the block that name no file."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = "standard output"
        raise


def silence(stream: TextIO) -> None:
    """Send whatever a stream still holds to the null device: the interpreter's last flush would fail again."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def columns() -> int:
    """How many columns to lay text out for: those of the terminal, within what can be read."""
    return min(max(shutil.get_terminal_size().columns, LEAST_COLUMNS), MOST_COLUMNS)


@contextmanager
def readable_columns() -> Iterator[None]:
    """Hand `columns` on, through the environment, to whoever asks for the terminal's width while the block runs."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(columns())
    try:
        yield
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def wrapped(text: str, width: int, *, indent: str = "", hanging: str = "") -> str:
    """Break lines between words, and never within one: a path stays whole.

    Parameters
    ----------
    text : str
        One paragraph.
    width : int
        Columns.
    indent, hanging : str
        What the first line begins with, and what the others do.

    Returns
    -------
    str
    """
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )


def _filled(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        if null != number:
            os.dup2(null, number)
            os.close(null)
