"""Two builds of hthm beside each other, work by work: how many times as fast this one is, and whether bits are equal.

``python -m bench.versus OTHER_ENVIRONMENT`` prints the table; the other build is what is installed in that virtual
environment, from a wheel of an earlier commit for example. A few words after it choose the works whose names have one
of them; ``--seconds`` is how long each is timed.

A machine's speed changes from second to second by more than what is looked for. So one process of each build waits,
they do a few milliseconds of work in turn, first one and then the other, and the median of the ratios of such pairs is
told, with the interval in which it lies 95 times in 100.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

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


def median_interval(values: list[float]) -> tuple[float, float, float]:
    """Return the median, and values between which it lies 95 times in 100: order statistics, whatever the law is."""
    ordered, n = sorted(values), len(values)
    below = max(0, math.floor(n / 2 - 0.98 * math.sqrt(n)))
    return ordered[n // 2], ordered[below], ordered[n - 1 - below]


def compared(work: str, pythons: tuple[Path, Path], least: float) -> str:
    """One line of the table: ours and theirs."""
    available = os.sched_getaffinity(0)
    processors = available if "two threads" in work else {max(available)}
    with Build(pythons[0], processors) as ours, Build(pythons[1], processors) as theirs:
        same = ours.order("ready", work) == theirs.order("ready", work)
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
    ratio, low, high = median_interval([their / our for our, their in took])
    ours_ms = 1e3 * median_interval([our / times for our, _ in took])[0]
    return f"| {work} | {ours_ms:.3g} | {ratio:.3f} | {low:.3f} to {high:.3f} | {'same' if same else 'OTHER'} |"


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.versus", description="This build beside another one.")
    parser.add_argument("environment", type=Path, help="the virtual environment of the other build")
    parser.add_argument("words", nargs="*", help="only works whose names have one of these")
    parser.add_argument("--seconds", type=float, default=10, help="of each work (10)")
    options = parser.parse_args(arguments)
    other = options.environment.absolute() / "bin" / "python"
    if not other.exists():
        parser.error(f"environment: must hold bin/python, got {options.environment}. Make it with python -m venv.")
    chosen = [work for work in WORKS if not options.words or any(word in work for word in options.words)]
    if not chosen:
        parser.error(f"words: no work has one of {options.words}. There are: {'; '.join(WORKS)}")
    print("| work | ms | times as fast | 95 % | bits |\n|---|---|---|---|---|")
    for work in chosen:
        print(compared(work, (Path(sys.executable), other), options.seconds), flush=True)


if __name__ == "__main__":
    main()
