"""What a person sees while the command works: bars on a terminal, one line a stage when piped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Report = Callable[[int, int], None]


class Stages:
    """Stages of a long run, each with a bar while it lasts and a line when it is done.

    Parameters
    ----------
    console : rich.console.Console, optional
        Standard output unless given.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Run a stage; its line comes at the end, with its seconds and what it found.

        Parameters
        ----------
        name : str
            What is done.

        Yields
        ------
        Stage
        """
        began = time.perf_counter()
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
            )
            with Progress(*columns, console=self._console, transient=True) as bars:
                task = bars.add_task(name, total=None)
                stage = Stage(lambda done, total: bars.update(task, completed=done, total=total))
                yield stage
        else:
            stage = Stage(lambda _done, _total: None)
            yield stage
        found = f": {stage.found}" if stage.found else ""
        self.say(f"{name} ({duration(time.perf_counter() - began)}){found}")


class Stage:
    """One stage: where its progress goes, and what it found.

    Attributes
    ----------
    report : callable
        Takes ``(done, total)``.
    found : str
        Shown when the stage is done.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.found = ""


def duration(seconds: float) -> str:
    """Seconds in words that a person reads: 0.4 s, 12 s, 3 min, 5.2 h.

    Parameters
    ----------
    seconds : float
        Zero or more.

    Returns
    -------
    str
    """
    if seconds < 10:  # noqa: PLR2004 -- where a digit after the point stops to matter
        return f"{seconds:.1f} s"
    if seconds < 100:  # noqa: PLR2004 -- likewise
        return f"{seconds:.0f} s"
    if seconds < 5400:  # noqa: PLR2004 -- an hour and a half
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
