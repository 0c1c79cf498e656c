"""Every stream of random numbers, by name: all are ``PCG64(SeedSequence(seed, spawn_key=…))``, and differ in the key.

======================  ===============================================================================
``(run,)``              a run of its own seed and number: `of_run`
``(0, stream)``         a training: `stream_seed`
``(1, number)``         velocities of all runs of one start in `hthm.experiments.ensembles`: `of_ensemble`
``(4, …)``              samples of a known density, by its number, their number and a repeat: `of_known`
``(5, 0)``, seed 0      groups of runs that are drawn anew, for the error of what is fitted to them: `of_resampling`
``(5, 1)``, seed 0      the groups of samples that an error is found from: `of_groups`
======================  ===============================================================================

No stream is used twice even when the seeds are the same. A run is told by its seed and its number, so that it draws
the same whatever else is drawn, and wherever.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

MOST_RUNS: Final = 2**32
"""Numbers of runs are below it: a larger one makes a key of two words, which may be another stream's."""


class Stream(IntEnum):
    """What random numbers of a training are drawn for. The numbers are part of every result: never change one."""

    WEIGHTS = 0
    """Weights of a new network."""
    SHUFFLE = 1
    """Order of the frame pairs of every epoch, and of whole runs."""
    NOISE = 2
    """Blocks of disks, and what is added to their velocities, in training on whole runs."""
    LOOK = 3
    """The same, where a training is looked at."""
    PAIR_WEIGHTS = 4
    """Weights of a new network that sees the two disks of a collision."""
    PAIR_SHUFFLE = 5
    """Which collisions it sees in an update."""
    PAIR_NOISE = 6
    """What is added to their velocities in its training."""
    PAIR_LOOK = 7
    """The same, where the network is looked at."""


def stream_seed(seed: int, stream: Stream) -> int:
    """Return the 64-bit seed of one stream of a training, for generators that take a number, as torch's do."""
    sequence = np.random.SeedSequence(seed, spawn_key=(0, int(stream)))
    return int(sequence.generate_state(1, np.uint64)[0])


def of_run(seed: int, run: int) -> np.random.PCG64:
    """Return the bits that a run draws from: its start, in the order that `hthm.gas.DiskGas.sample` says.

    Dynamics that draw random numbers begin theirs with the SHA-256 of this start, `hthm.engines.dsmc.random_starts`:
    they disturb no start, and are those of the same seed and number, or of whatever else the start came from.
    """
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(run,)))


def of_ensemble(seed: int, number: int) -> np.random.PCG64:
    """Return the bits that the velocities of all runs of a start are drawn from, by its number in the ensembles."""
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1, number)))


def of_groups() -> np.random.PCG64:
    """Return the bits that put samples into groups: the same always, whatever order they came in."""
    return np.random.PCG64(np.random.SeedSequence(0, spawn_key=(5, 1)))


def of_resampling() -> np.random.PCG64:
    """Return the bits that draw groups of runs anew, with repeats: the same always, so that an error is one number."""
    return np.random.PCG64(np.random.SeedSequence(0, spawn_key=(5, 0)))


def of_known(seed: int, density: int, samples: int, repeat: int) -> np.random.PCG64:
    """Return the bits that samples of a known density are drawn from.

    Parameters
    ----------
    seed : int
        Of all.
    density : int
        Its number in `hthm.experiments.known`.
    samples, repeat : int
        How many are drawn, and which set of so many.

    Returns
    -------
    PCG64
    """
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(4, density, samples, repeat)))
