"""What H of dense frames costs beside numpy.histogram and reading the frames: ``python -m bench.bench_h``, seconds.

The counts are compared with numpy's; one thread, rounds interleaved, CPU time, the least of the rounds.
"""

from __future__ import annotations

import itertools
import math
import time
from functools import partial

import numpy as np
from numpy.typing import NDArray

import hthm
from bench.rivals import DT
from hthm.h_functional import speed_counts_in_range, speed_edges

EDGES = speed_edges(hthm.paper.S0)
ROUNDS = 7


def numpy_counts(frames: NDArray[np.float64]) -> NDArray[np.int64]:
    """Counts of frames (frames, n, 2), a frame at a time."""
    return np.stack([np.histogram(np.hypot(frame[:, 0], frame[:, 1]), EDGES)[0] for frame in frames])


def plain_counts(frames: NDArray[np.float64]) -> NDArray[np.int64]:
    """Counts by arithmetic alone: wrong where rounding takes a speed across an edge, s0 among them."""
    bins, width = len(EDGES) - 1, EDGES[1]
    places = (np.sqrt(np.square(frames).sum(axis=-1)) / width).astype(np.int64)
    return np.stack([np.bincount(np.minimum(place, bins), minlength=bins + 1)[:bins] for place in places])


def main() -> None:
    """Print the table."""
    related = hthm.simulate(hthm.paper.GAS.sample(1, seed=1), 500, DT, record="velocities", threads=1).velocities[0]
    unrelated = np.random.default_rng(1).normal(0, hthm.paper.S0 / np.sqrt(2), related.shape)
    print(
        "| frames of 1000 disks | speed_counts | numpy.histogram | arithmetic alone | reading |\n|---|---|---|---|---|"
    )
    for name, frames in (("of a simulation", related), ("unrelated", unrelated)):
        counted = partial(speed_counts_in_range, frames, speed=hthm.paper.S0, threads=1)
        np.testing.assert_array_equal(counted(), numpy_counts(frames))
        works = (counted, partial(numpy_counts, frames), partial(plain_counts, frames), frames.sum)
        least = dict.fromkeys(works, math.inf)
        for _, work in itertools.product(range(ROUNDS), works):
            began = time.process_time()
            work()
            least[work] = min(least[work], time.process_time() - began)
        cells = " | ".join(f"{seconds / (frames.size / 2) * 1e9:.1f} ns" for seconds in least.values())
        print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
