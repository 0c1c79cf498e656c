"""Every stream of random numbers of a training, by name.

A start has streams of its own, one a run (`hthm.gas`). Those here carry two numbers in their spawn key where those
carry one, so that no stream is used twice even when the seeds are the same.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What random numbers are drawn for. The numbers are part of every result: never change one."""

    WEIGHTS = 0
    """Weights of a new network."""
    SHUFFLE = 1
    """Order of the frame pairs of every epoch, and of whole runs."""
    NOISE = 2
    """Blocks of disks, and what is added to their velocities, in training on whole runs."""
    LOOK = 3
    """The same, where a training is looked at."""


def stream_seed(seed: int, stream: Stream) -> int:
    """Return the 64-bit seed of one stream, for generators that take a number, as torch's do."""
    sequence = np.random.SeedSequence(seed, spawn_key=(0, int(stream)))
    return int(sequence.generate_state(1, np.uint64)[0])
