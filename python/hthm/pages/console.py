"""What a person sees while the command works: bars on a terminal, one line a stage when piped."""

from __future__ import annotations

import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console

from hthm.progress import bars, forced

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Report = Callable[[int, int], None]

IN_ALL: Final = "in all"
"""What `Stages.seconds` calls the time since these stages began."""


class _Plain(Console):
    """A console that leaves it to the command what a reader's leaving means."""

    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 -- rich calls this where it has caught the error


class Stages:
    """Stages of a long run, each with a bar while it lasts and a line when it is done.

    Several may last at a time, each in a thread of its own.

    Parameters
    ----------
    console : rich.console.Console, optional
        Standard output unless given.

    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _Plain(
            highlight=False, markup=False, emoji=False, soft_wrap=True, force_terminal=forced(sys.stdout)
        )
        self._took: dict[str, float] = {}  # seconds of the stages that are done, by name
        self._began = time.perf_counter()
        self._lock = threading.Lock()
        self._drawn: Bars | None = None  # the bars of all that last
        self._lasting = 0

    def say(self, text: str) -> None:
        """Print a line, as it is; on a terminal, broken between words.

        Raises
        ------
        OSError
            If standard output cannot be written to.
        """
        if self._console.is_terminal:
            text = textwrap.fill(
                text, max(self._console.width, 20), break_long_words=False, break_on_hyphens=False
            )  # a path is never broken
        try:
            self._console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)
        except OSError as error:
            if error.filename is None:
                error.filename = "standard output"
            raise

    def expect(self, seconds: float) -> None:
        """Say how long all that follows is likely to take."""
        self.say(f"Expected: {duration(seconds)}.")

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
        with self._bar(name) as report:
            stage = Stage(report)
            yield stage
        found = f": {stage.found}" if stage.found else ""
        took = time.perf_counter() - began
        with self._lock:
            self._took[name] = self._took.get(name, 0.0) + took  # several seeds of a width have one name
        self.say(f"{name} ({duration(took)}){found}")

    @contextmanager
    def _bar(self, name: str) -> Iterator[Report]:
        """A bar below those of the other stages that last; the last one to end takes the picture with it."""
        if not self._console.is_terminal:
            yield lambda _done, _total: None
            return
        with self._lock:
            if self._drawn is None:
                self._drawn = bars(self._console, transient=True)
                self._drawn.start()
            drawn = self._drawn
            self._lasting += 1
        task = drawn.add_task(name, total=None)
        try:
            yield lambda done, total: drawn.update(task, completed=done, total=total)
        finally:
            with self._lock:
                self._lasting -= 1
                if self._lasting:
                    drawn.remove_task(task)
                else:
                    drawn.stop()
                    self._drawn = None

    def seconds(self) -> dict[str, dict[str, float]]:
        """Return how long every stage took that is done, by name and in order, as results.json holds it.

        Stages that last at the same time add up to more than what it took `IN_ALL`, which is the last.
        """
        return {"seconds": {**self._took, IN_ALL: time.perf_counter() - self._began}}


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
