"""How everything here is timed: rounds interleaved, on one processor, medians with their spread."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Timed:
    """Seconds of a call over the rounds: median and extremes."""

    median: float
    least: float
    most: float


def interleaved(works: Mapping[Key, Callable[[], object]], rounds: int) -> dict[Key, Timed]:
    """Time every call once a round, in turn, so that a machine that slows down slows all of them down."""
    seconds: dict[Key, list[float]] = {key: [] for key in works}
    for _ in range(rounds):
        for key, work in works.items():
            began = time.perf_counter()
            work()
            seconds[key].append(time.perf_counter() - began)
    return {key: Timed(statistics.median(took), min(took), max(took)) for key, took in seconds.items()}


def pin() -> None:
    """Stay on one processor, the last of those that the process may run on: the first has the interrupts."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
