"""Two builds of hthm beside each other, work by work: how many times as fast this one is, and whether bits are equal.

``python -m bench.versus OTHER_ENVIRONMENT`` prints the table; the other build is what is installed in that virtual
environment, from a wheel of an earlier commit for example. A few words after it choose the works whose names have one
of them; ``--seconds`` is how long each is timed.

A machine's speed changes from second to second by more than what is looked for. So one process of each build waits,
they do a few milliseconds of work in turn, first one and then the other, and the median of the ratios of such pairs
counts. Where the system has put a process's memory makes it up to a tenth faster or slower for as long as it lives, so
that both are started several times (``--starts``): the median of the medians is told, and how far they lie apart.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Final, Self

from bench.environments import python_of
from bench.works import WORKS

TURN: Final = 0.02
"""Seconds that a build works before it is the other's turn, or once its work if that takes longer."""


class Build:
    """A process that does what `bench.works` can with the hthm of one environment."""

    def __init__(self, python: Path, processors: set[int]) -> None:
        self.python = python
        self.process = subprocess.Popen(  # noqa: S603 -- the user's own Python
            [str(python), str(Path(__file__).with_name("works.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",  # not where another hthm lies
            env=os.environ | {"OMP_WAIT_POLICY": "passive"},  # whoever has no turn leaves the processors alone
        )
        os.sched_setaffinity(self.process.pid, processors)

    def order(self, what: str, argument: str | int) -> str | float:
        """Have something done, and return the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([what, argument]), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.python}: ended with {self.process.wait()}.")
        return json.loads(answer)  # type: ignore[no-any-return]  # the order says which

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()


def paired(ours: Build, theirs: Build, least: float) -> list[tuple[float, float]]:
    """Seconds that the two take for a work, turn by turn."""
    seconds = [float(build.order("do", 1)) for build in (ours, theirs)]
    times = max(1, round(TURN / max(*seconds, 1e-6)))
    took: list[tuple[float, float]] = []
    end = time.monotonic() + least
    while time.monotonic() < end or len(took) < 8:
        if len(took) % 2:  # who goes first changes: what one leaves in the caches, the other finds
            second = float(theirs.order("do", times))
            took.append((float(ours.order("do", times)), second))
        else:
            first = float(ours.order("do", times))
            took.append((first, float(theirs.order("do", times))))
    return [(our / times, their / times) for our, their in took]


def compared(work: str, pythons: tuple[Path, Path], least: float, starts: int) -> str:
    """One line of the table: ours and theirs."""
    available = os.sched_getaffinity(0)
    processors = available if "two threads" in work else {max(available)}
    same, ours_ms, ratios = True, [], []
    for _ in range(starts):
        with Build(pythons[0], processors) as ours, Build(pythons[1], processors) as theirs:
            same = ours.order("ready", work) == theirs.order("ready", work) and same
            took = paired(ours, theirs, least / starts)
            ours_ms.append(1e3 * median(our for our, _ in took))
            ratios.append(median(their / our for our, their in took))
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return f"| {work} | {median(ours_ms):.3g} | {median(ratios):.3f} | {spread} | {'same' if same else 'OTHER'} |"


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.versus", description="This build beside another one.")
    parser.add_argument("environment", type=Path, help="the virtual environment of the other build")
    parser.add_argument("words", nargs="*", help="only works whose names have one of these")
    parser.add_argument("--seconds", type=float, default=10, help="of each work (10)")
    parser.add_argument("--starts", type=int, default=3, help="of each build's process for a work (3)")
    options = parser.parse_args(arguments)
    other = python_of(options.environment, parser)
    if options.starts < 1:
        parser.error(f"--starts: must be at least 1, got {options.starts}.")
    chosen = [work for work in WORKS if not options.words or any(word in work for word in options.words)]
    if not chosen:
        parser.error(f"words: no work has one of {options.words}. There are: {'; '.join(WORKS)}")
    print("| work | ms | times as fast | of its starts | bits |\n|---|---|---|---|---|")
    for work in chosen:
        print(compared(work, (Path(sys.executable), other), options.seconds, options.starts), flush=True)


if __name__ == "__main__":
    main()
