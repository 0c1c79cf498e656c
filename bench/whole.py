"""The whole command in two builds of hthm, in turn: seconds of processors, children's among them, and of the clock.

``python -m bench.whole OTHER_ENVIRONMENT`` runs ``hthm --preset quick`` four times a build; what follows it takes the
place of ``--preset quick``, and ``--rounds`` is before it all. Folders are new ones, and are taken away.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.environments import python_of


def seconds(python: Path, arguments: list[str]) -> tuple[float, float]:
    """Of the processors and of the clock, for a command that ends well."""
    with tempfile.TemporaryDirectory() as folder:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(  # noqa: S603 -- the user's own Python
            [str(python), "-m", "hthm.run", *arguments, "--out", f"{folder}/out"],
            cwd="/",  # not where another hthm lies
            stdout=subprocess.DEVNULL,
            check=True,
        )
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, took


def main(arguments: list[str] | None = None) -> None:
    """Print a line a round, and the medians."""
    parser = argparse.ArgumentParser(prog="python -m bench.whole", description="The whole command in two builds.")
    parser.add_argument("--rounds", type=int, default=4, help="of each build (4)")
    parser.add_argument("environment", type=Path, help="the virtual environment of the other build")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of the command (--preset quick)")
    options = parser.parse_args(arguments)
    other = python_of(options.environment, parser)
    if options.rounds < 1:
        parser.error(f"--rounds: must be at least 1, got {options.rounds}.")
    chosen = options.arguments or ["--preset", "quick"]
    print(f"hthm {' '.join(chosen)}, {len(os.sched_getaffinity(0))} processors\n")
    print("| round | CPU, s | of the other | ratio | clock, s | of the other | ratio |\n|---|---|---|---|---|---|---|")
    rows: list[tuple[float, ...]] = []
    for number in range(options.rounds):
        builds = [Path(sys.executable), other]
        found = {python: seconds(python, chosen) for python in (builds if number % 2 else builds[::-1])}
        (cpu, clock), (their_cpu, their_clock) = (found[python] for python in builds)
        rows.append((cpu, their_cpu, cpu / their_cpu, clock, their_clock, clock / their_clock))
        print(_line(str(number + 1), rows[-1]), flush=True)
    print(_line("median", [median(column) for column in zip(*rows, strict=True)]))


def _line(name: str, numbers: tuple[float, ...] | list[float]) -> str:
    return f"| {name} | {' | '.join(f'{value:.2f}' for value in numbers)} |"


if __name__ == "__main__":
    main()
