"""A training step and short simulations on a machine that is not idle: beside busy loops, or on one processor.

``python -m bench.bench_busy`` starts the loops itself and prints the table: milliseconds of a step (D = 32) on one and
two threads, and how many times faster two short runs are on two threads than on one. Every answer is compared, bit for
bit, with that of one thread on an idle machine before it is timed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import torch

import hthm
from bench.bench_training import Training, frames, gradient

WIDTH: Final = 32
LOADS: Final[dict[str, Sequence[int | None]]] = {
    "none": (),
    "one, loose": (None,),
    "one, pinned to the first": (0,),
    "one, pinned to the last": (-1,),
    "two, loose": (None, None),
    "two, pinned to one each": (0, -1),
}
"""Busy loops by the place among the processors that each is pinned to."""

_LOOP: Final = "import os, sys; os.sched_setaffinity(0, eval(sys.argv[1])); print(flush=True)\nwhile True: pass"


@contextmanager
def busy(places: Sequence[int | None]) -> Iterator[None]:
    """Run a busy loop for each place, or loose for None, as long as the context lasts."""
    processors = sorted(os.sched_getaffinity(0))
    loops = []
    try:
        for place in places:
            allowed = set(processors) if place is None else {processors[place]}
            command = [sys.executable, "-c", _LOOP, repr(allowed)]
            loops.append(subprocess.Popen(command, stdout=subprocess.PIPE))  # noqa: S603 -- our own program
        for loop in loops:
            assert loop.stdout is not None
            loop.stdout.readline()  # until it loops
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.communicate()


@contextmanager
def confined() -> Iterator[None]:
    """All threads of this process on its last processor."""
    before = os.sched_getaffinity(0)

    def move(allowed: set[int]) -> None:
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), allowed)

    move({max(before)})
    try:
        yield
    finally:
        move(before)


START: Final = hthm.paper.GAS.sample(2, seed=1)


def runs(threads: int) -> hthm.Trajectories:
    """Two short runs, some milliseconds of work each."""
    return hthm.simulate(START, 400, 1 / 60, threads=threads, record="counts")


def seconds(work: Callable[[], object], least: float) -> list[float]:
    """Wall clock of calls, for at least so many seconds."""
    taken: list[float] = []
    while not taken or sum(taken) < least:
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def assert_same_bits(training: Training) -> None:
    """Two threads, beside whatever else runs, give the bits of one."""
    pairs = torch.arange(64)
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append((gradient(training.model, training.batch_loss, pairs), runs(threads).collisions))
    assert torch.equal(found[0][0], found[1][0])
    assert found[0][1].tobytes() == found[1][1].tobytes()


def row(training: Training, least: float) -> str:
    """One line of the table, beside whatever runs now."""
    assert_same_bits(training)
    steps = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        seconds(training.step, least / 10)
        steps.append(1e3 * statistics.fmean(seconds(training.step, least)))
    pairs = [(seconds(lambda: runs(1), 0)[0], seconds(lambda: runs(2), 0)[0]) for _ in range(int(150 * least))]
    times_as_fast = statistics.median(one / two for one, two in pairs)
    return f"{steps[0]:10.2f} | {steps[1]:11.2f} | {times_as_fast:.2f}"


@pytest.mark.parametrize("load", ["none", "two, loose"])
def test_answers_do_not_depend_on_what_else_runs(load: str) -> None:
    before = torch.get_num_threads()
    training = Training(WIDTH, frames(4, 50), "fused")
    try:
        with busy(LOADS[load]):
            assert_same_bits(training)
            with confined():
                assert_same_bits(training)
    finally:
        torch.set_num_threads(before)


def main(least: float = 1.0) -> None:
    """Print the table."""
    training = Training(WIDTH, frames(20, 200), "fused")
    print(
        "| busy loops | step on one thread, ms | on two | two runs, times as fast on two threads |\n|---|---|---|---|"
    )
    for name, places in LOADS.items():
        with busy(places):
            print(f"| {name} | {row(training, least)} |", flush=True)
    with confined():
        for name in ("none", "one, loose"):
            with busy(LOADS[name]):
                print(f"| {name}; confined to one processor | {row(training, least)} |", flush=True)


if __name__ == "__main__":
    main()
