"""How far a long call is: a function of the caller's, or for whom it asks a bar in a terminal or a notebook."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars

Progress: TypeAlias = Callable[[int, int], None]
"""Called as ``progress(done, total)``."""

ProgressLike: TypeAlias = Progress | bool | None
"""What calls that take long accept: a function, True for a bar, and False or None for silence."""

_PAUSE: Final = 0.2
"""Seconds between two pictures of a bar in a notebook, each of which is a message to the browser."""


@contextmanager
def reporting(progress: ProgressLike, what: str) -> Iterator[Progress | None]:
    """Give what a call is to report to, while the block runs.

    Parameters
    ----------
    progress : callable, bool or None
        The caller's function, as it is; True for a bar, in a notebook below the cell, elsewhere on standard error,
        where one line remains; False or None for none.
    what : str
        What the bar says is done.

    Yields
    ------
    callable or None

    Raises
    ------
    TypeError
        If it is anything else.
    """
    if progress is None or progress is False:
        yield None
    elif progress is True:
        with _notebook_bar(what) if _in_notebook() else _terminal_bar(what) as report:
            yield report
    elif callable(progress):
        yield progress
    else:
        raise TypeError(
            f"progress: must be True, False, None or a function of (done, total), got {type(progress).__name__}. "
            "Give True for a bar."
        )


def bars(console: Console, *, transient: bool) -> Bars:
    """Return bars of rich's, which say what is done, how much of it, how long it took and what is left.

    Parameters
    ----------
    console : rich.console.Console
        Where they are drawn.
    transient : bool
        Whether they vanish in the end.

    Returns
    -------
    rich.progress.Progress
    """
    from rich import progress  # noqa: PLC0415 -- import hthm is quick
    from rich.table import Column  # noqa: PLC0415 -- likewise

    def whole() -> Column:  # keeps its width where a terminal is narrow; the description is broken, between words
        return Column(no_wrap=True)

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False, table_column=Column()),
        progress.BarColumn(min(40, max(10, console.width - 70)), table_column=whole()),
        progress.TaskProgressColumn(table_column=whole()),
        progress.TimeElapsedColumn(table_column=whole()),
        progress.TextColumn("elapsed,"),
        progress.TimeRemainingColumn(table_column=whole()),
        progress.TextColumn("left"),
        console=console,
        transient=transient,
    )


def forced(stream: TextIO | None) -> bool | None:
    """What to tell a console of rich's about a stream: False for lines only, None to see for itself.

    FORCE_COLOR, which many set once for all programs, asks for colours and not for bars: the log of a batch job would
    be full of them. TTY_COMPATIBLE=1, which the console knows, asks for a terminal.
    """
    is_asked_for = os.environ.get("TTY_COMPATIBLE") == "1"
    return None if is_asked_for or (stream is not None and stream.isatty()) else False


@contextmanager
def _terminal_bar(what: str) -> Iterator[Progress]:
    from rich.console import Console  # noqa: PLC0415 -- import hthm is quick

    with bars(Console(stderr=True, force_terminal=forced(sys.stderr)), transient=False) as drawn:
        task = drawn.add_task(what, total=None)
        yield lambda done, total: drawn.update(task, completed=done, total=total)


def _in_notebook() -> bool:
    """Whether IPython runs here behind a kernel, as it does in Jupyter; in a terminal it has none."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


@contextmanager
def _notebook_bar(what: str) -> Iterator[Progress]:
    """A bar of HTML's: those of rich need a package more in a notebook, and warn where it is not there."""
    display = importlib.import_module("IPython.display").display
    began = time.perf_counter()
    shown, part = began, 0.0
    handle = display(_picture(what, 0.0, 0.0), raw=True, display_id=True)

    def report(done: int, total: int) -> None:
        nonlocal shown, part
        now, part = time.perf_counter(), done / max(total, 1)
        if now - shown >= _PAUSE:
            shown = now
            handle.update(_picture(what, part, now - began), raw=True)

    try:
        yield report
    finally:
        handle.update(_picture(what, part, time.perf_counter() - began), raw=True)


def _picture(what: str, part: float, seconds: float) -> dict[str, str]:
    """A bar as notebooks take it, with the words for programs that show no HTML."""
    from html import escape  # noqa: PLC0415 -- import hthm is quick

    left = f", {seconds * (1 - part) / part:.0f} s left" if 0 < part < 1 else ""
    words = f"{what}: {100 * part:.0f} %, {seconds:.1f} s elapsed{left}"
    bar = f'<progress value="{part:.4f}" max="1" aria-label="{escape(what)}"></progress> {escape(words)}'
    return {"text/html": bar, "text/plain": words}
