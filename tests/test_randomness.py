"""Streams of random numbers are part of every result: each is its own, and stays what it is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hthm import paper
from hthm.randomness import Stream, stream_seed
from hthm.starts.kinds import STARTS, started

SEEDS = {
    Stream.WEIGHTS: (2635072618980576772, 13432090166537452992),
    Stream.SHUFFLE: (14898058564793133489, 15529291740490724314),
    Stream.NOISE: (13464360262196971257, 18031072282051627120),
    Stream.LOOK: (11049149628952185145, 12497910435420262687),
}
"""Of the seeds 0 and 7, as the results in docs/ were made with."""


@pytest.mark.parametrize("stream", Stream)
def test_a_stream_has_the_seeds_that_results_were_made_with(stream: Stream) -> None:
    assert (stream_seed(0, stream), stream_seed(7, stream)) == SEEDS[stream]


def test_no_training_draws_the_numbers_of_a_start() -> None:
    """A start of the same seed draws from a stream a run, `spawn_key=(run,)`."""
    of_runs = {int(np.random.SeedSequence(0, spawn_key=(run,)).generate_state(1, np.uint64)[0]) for run in range(1000)}
    assert of_runs.isdisjoint(stream_seed(0, stream) for stream in Stream)


@pytest.mark.parametrize(("number", "kind"), list(enumerate(STARTS)))
def test_a_kind_of_start_draws_its_velocities_from_its_own_stream(number: int, kind: str) -> None:
    """Written out from docs/learned-entropy.md: means of v² are s0², colder and hotter disks take turns, and beams."""
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(3, spawn_key=(1, number))))
    shape, turn = (2, paper.N), np.arange(paper.N) % 2
    if kind in {"equal speeds", "uniform speeds"}:
        speed = np.sqrt(3) * random.random(shape) if kind == "uniform speeds" else np.ones(shape)
        angle = 2 * np.pi * random.random(shape)
        expected = speed[..., np.newaxis] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    else:
        temperature = {"two temperatures": np.where(turn, 0.2, 1.8), "two beams": np.full(paper.N, 0.36)}
        variance = temperature.get(kind, np.ones(paper.N)) / 2  # of a component
        expected = np.sqrt(variance)[:, np.newaxis] * random.normal(size=(*shape, 2))
        if kind == "two beams":
            expected[..., 0] += np.where(turn, -0.8, 0.8)
    state = started(paper.GAS, kind, 2, seed=3)
    assert_allclose(state.velocities, paper.S0 * expected, rtol=1e-12, atol=1e-15)
    assert state.positions.tobytes() == paper.GAS.sample(2, seed=3).positions.tobytes()
