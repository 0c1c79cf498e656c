"""What docs/h.md says of starts: where H of the speeds rises while that of the velocities falls, and the late decay."""

from __future__ import annotations

import numpy as np
import pytest
from bench.gases import DSMC
from bench.relaxation import THEORY, WINDOW, decay, fall

from hthm.starts.kinds import NamedStart


@pytest.mark.filterwarnings("ignore::hthm.h_functional.HRangeWarning")
@pytest.mark.parametrize("name", ["uniform", "uniform speeds", "two temperatures"])
def test_h_of_the_speeds_rises_where_that_of_the_velocities_falls(name: NamedStart) -> None:
    found = fall(name, runs=8, n=20_000, engine=DSMC)
    assert found.rise > 5 * found.error
    assert found.velocities[found.lowest] - found.velocities[-1] > 5 * found.error
    assert 0 < found.lowest < len(found.speeds) // 2


@pytest.mark.filterwarnings("ignore::hthm.h_functional.HRangeWarning")
def test_from_equal_speeds_both_fall() -> None:
    found = fall("equal speeds", runs=4, n=5000, engine=DSMC)
    assert found.rise < 5 * found.error
    assert found.speeds[0] - found.speeds[-1] > 3


def test_a_decay_is_found_with_its_error() -> None:
    times = np.arange(1, WINDOW[1] + 1)
    noise = 0.002 * np.random.default_rng(0).normal(size=(100, len(times)))
    slow = np.exp(-THEORY * times)
    rate, error = decay(-slow * (1 - 0.5 * slow) + noise)
    assert 1e-3 < error < 0.02
    assert abs(rate - THEORY) < 4 * error
