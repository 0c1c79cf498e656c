"""Bias and spread of every estimator of H where H is known, and how far H of the paper's gas moves with its bins."""

from __future__ import annotations

import time
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm import paper, randomness
from hthm.estimators import CORRECTIONS, Kernel, Neighbours, sample_h
from hthm.experiments.known import KNOWN
from hthm.h_functional import HRangeWarning, speed_h_in_range
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from hthm.arrays import FloatArray
    from hthm.choices.bias import EstimatorsConfig
    from hthm.estimators import Histogram

BINS: Final = (paper.BINS, paper.BINS + 1)
"""Numbers of bins that are compared: of the paper's an edge is s0, of one more none is."""
SHIFTS: Final = np.linspace(-0.02, 0.02, 41)
"""How much wider the range of the bins is made than 2 s0, as a share: the middle one is the paper's."""
ROW: Final = ("density", "size", "sets", "exact", "estimators")
"""What a row of the table has."""


def estimators_of(bins: Histogram) -> dict[str, Histogram | Neighbours | Kernel]:
    """Every estimator by its name, histograms with these bins."""
    counted: dict[str, Histogram | Neighbours | Kernel] = {name: replace(bins, correction=name) for name in CORRECTIONS}
    return {**counted, "neighbours": Neighbours(), "kernel": Kernel()}


def bias_row(config: EstimatorsConfig, density: str, size: int, threads: int | None) -> dict[str, Any]:
    """Measure H of sets of samples of one density and size by every estimator.

    Parameters
    ----------
    config : EstimatorsConfig
        How many sets, and from which seed.
    density : str
        One of `KNOWN`.
    size : int
        Samples of a set.
    threads : int, optional
        As `sample_h` takes them.

    Returns
    -------
    dict
        With the keys of `ROW`; of each estimator ``bias``, ``spread`` and ``error``, nats: mean of H less the exact
        one, standard deviation over the sets, and the standard error of the bias.
    """
    known = KNOWN[density]
    number, sets, exact = list(KNOWN).index(density), config.sets(size), known.h()
    values: dict[str, list[FloatArray]] = {}
    for first in range(0, sets, at_a_time := max(1, 2**17 // size)):
        repeats = range(first, min(first + at_a_time, sets))
        generators = (np.random.Generator(randomness.of_known(config.seed, number, size, k)) for k in repeats)
        samples = np.stack([known.draw(random, size) for random in generators])  # (some sets, n, d)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HRangeWarning)  # what the bins leave out is part of the bias
            for name, estimator in estimators_of(known.bins).items():
                values.setdefault(name, []).append(sample_h(samples, estimator=estimator, threads=threads))
    found = {}
    for name, parts in values.items():
        h = np.concatenate(parts)
        spread = float(h.std(ddof=1))
        found[name] = {"bias": float(h.mean() - exact), "spread": spread, "error": spread / sets**0.5}
    return {"density": density, "size": size, "sets": sets, "exact": exact, "estimators": found}


def edges_moved(config: EstimatorsConfig, threads: int | None, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """H of the paper's gas in bins of shifted range and another number, and after rounding to float32.

    Parameters
    ----------
    config : EstimatorsConfig
        How many runs, and from which seed.
    threads : int, optional
        As `simulate` takes them.
    progress : callable
        Takes ``(done, total)``.

    Returns
    -------
    dict
        ``shifts``; ``first`` and ``last``, by the number of bins, mean H of the first frame and of the last
        against them; ``curves``, mean H of each frame, of both numbers of bins and of float32 velocities.
    """
    start = paper.GAS.sample(config.runs, config.seed)
    traj = simulate(start, paper.FRAMES, 1 / paper.FRAME_RATE, threads=threads, record="log", progress=progress)
    dense = traj.dense()
    s0 = paper.S0

    def mean(velocities: FloatArray, bins: int, wider: float = 0.0) -> list[float]:
        h = speed_h_in_range(velocities, speed=s0 * (1 + wider) if wider else s0, bins=bins, threads=threads).h
        return [float(value) for value in h.mean(axis=0)]

    ends = np.ascontiguousarray(dense[:, [0, -1]])
    moved = {bins: [mean(ends, bins, float(wider)) for wider in SHIFTS] for bins in BINS}
    curves = {f"{bins} bins": mean(dense, bins) for bins in BINS}
    rounded = dense.astype(np.float32).astype(np.float64)
    curves[f"{paper.BINS} bins, float32 velocities"] = mean(rounded, paper.BINS)
    return {
        "shifts": SHIFTS.tolist(),
        "first": {str(bins): [pair[0] for pair in pairs] for bins, pairs in moved.items()},
        "last": {str(bins): [pair[1] for pair in pairs] for bins, pairs in moved.items()},
        "curves": curves,
    }


def expected_seconds(
    config: EstimatorsConfig, left: list[tuple[str, int]], threads: int | None, *, edges: bool = False
) -> float:
    """Measure a few small sets of a density, and return how long what is left is likely to take.

    Parameters
    ----------
    config : EstimatorsConfig
        How many sets.
    left : list of (str, int)
        Densities and sizes.
    threads : int, optional
        As `bias_row` takes them.
    edges : bool
        Whether the runs of `edges_moved` are left, too; two of them are tried.

    Returns
    -------
    float
        Seconds.
    """
    tried = replace(config, repeats=4)
    bias_row(tried, "Maxwell–Boltzmann", 100, threads)  # whatever is imported and looked up for the first time
    began = time.perf_counter()
    bias_row(tried, "Maxwell–Boltzmann", 1000, threads)
    a_sample = (time.perf_counter() - began) / 4000
    seconds = a_sample * sum(config.sets(size) * size for _, size in left)
    if edges:
        tried = replace(config, runs=2)
        began = time.perf_counter()
        edges_moved(tried, threads, lambda *_: None)
        seconds += (time.perf_counter() - began) * config.runs / tried.runs
    return seconds
