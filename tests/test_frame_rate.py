"""Fig. 2: collisions against the frame rate, and the exact engine as their limit."""

from __future__ import annotations

import math

from numpy.testing import assert_array_equal

import hthm
from hthm.experiments.frame_rate import count_collisions, legal_start

GAS = hthm.DiskGas(n=100, diameter=0.02)


def test_every_rate_counts_what_simulate_counts() -> None:
    state = GAS.sample(3, seed=5)
    counted = count_collisions(state, (5, 30), 1.0)
    for rate, collisions in zip((5, 30), counted.collisions, strict=True):
        assert_array_equal(collisions, hthm.simulate(state, rate, 1 / rate).collisions.sum(axis=1))
    assert counted.exact is None


def test_exact_count_does_not_depend_on_the_rates() -> None:
    state, exact = GAS.sample(3, seed=5), legal_start(GAS, 4, seed=5)
    assert exact is not None
    few, many = (count_collisions(state, rates, 1.0, exact_start=exact).exact for rates in ((5,), (5, 40)))
    assert few is not None
    assert many is not None
    assert few.shape == (4,)
    assert_array_equal(few, many)


def test_exact_count_is_that_of_the_whole_time_where_the_rates_cut_it_short() -> None:
    """At 5 frames per unit time 0.7 units are 4 frames and 0.8 units; exactly they are 0.7."""
    exact = legal_start(GAS, 4, seed=5)
    assert exact is not None
    counted = count_collisions(GAS.sample(3, seed=5), (5,), 0.7, exact_start=exact)
    assert_array_equal(counted.exact, hthm.simulate(exact, 1, 0.7, engine="event").collisions[:, 0])
    assert counted.exact is not None
    assert (counted.exact != hthm.simulate(exact, 1, 0.8, engine="event").collisions[:, 0]).any()


def test_fixed_step_tends_to_the_exact_count() -> None:
    """At 2000 frames per unit time fewer than one pair in 400 is missed; of fixed starts, so not by chance."""
    state = legal_start(GAS, 20, seed=1)
    assert state is not None
    counted = count_collisions(state, (5, 2000), 1.0, exact_start=state)
    assert counted.exact is not None
    assert counted.collisions[0].sum() < 0.7 * counted.exact.sum()
    assert abs(counted.collisions[1].sum() - counted.exact.sum()) < counted.exact.sum() / 400


def test_progress_covers_the_exact_runs() -> None:
    reports: list[tuple[int, int]] = []
    state = GAS.sample(2, seed=0)
    count_collisions(
        state,
        (5, 10),
        1.0,
        exact_start=legal_start(GAS, 2, 0),
        progress=lambda done, total: reports.append((done, total)),
    )
    done = [report[0] for report in reports]
    assert done == sorted(done)
    assert reports[-1] == (50, 50)  # 2 runs of 5, of 10 and again of 10 frames


def test_exact_starts_are_legal_at_any_density_that_has_room() -> None:
    for area_fraction in (0.01, 0.49, 0.51, 0.75):
        start = legal_start(hthm.DiskGas(n=100, diameter=math.sqrt(4 * area_fraction / (math.pi * 100))), 2, 0)
        assert start is not None
        assert_array_equal(start.overlaps(), 0)
    assert legal_start(hthm.DiskGas(n=100, diameter=0.115), 2, 0) is None
