"""H says how many disks its bins leave out."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import hthm
from hthm.h_functional import speed_counts_in_range, speed_h_in_range, velocity_h_in_range
from hthm.measures.isotropic import isotropic_h

S0 = hthm.paper.S0


@pytest.fixture(scope="module")
def hot() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Four frames of 100 disks: in every second one 5 disks are faster than 2 s0, and beyond 4 thermal speeds."""
    velocities = hthm.DiskGas(n=100, diameter=0.01).sample(4, seed=0).velocities.copy()
    velocities[::2, :5] *= 4
    return velocities


def test_the_share_of_every_frame_is_what_the_bins_lack(hot: np.ndarray) -> None:
    found = speed_h_in_range(hot, speed=S0)
    assert_array_equal(found.beyond, [0.05, 0, 0.05, 0])
    assert found.share == 0.025
    assert_array_equal(found.beyond, (100 - speed_counts_in_range(hot, speed=S0).sum(axis=-1)) / 100)
    beyond = (np.abs(hot) > 4 * math.sqrt(0.004)).any(axis=-1).mean(axis=-1)
    cells = velocity_h_in_range(hot, temperature=0.004)
    assert_array_equal(cells.beyond, beyond)
    assert cells.share > 0


def test_a_log_leaves_out_as_many() -> None:
    state = hthm.DiskGas(n=200, diameter=0.02).sample(3, seed=2, speeds="maxwell")
    log, dense = (hthm.simulate(state, 30, record=kind) for kind in ("log", "velocities"))
    for measure in (speed_h_in_range, velocity_h_in_range):
        assert measure(log).beyond.tobytes() == measure(dense).beyond.tobytes()
        assert measure(log).h.tobytes() == measure(dense).h.tobytes()
    s = np.hypot(*np.moveaxis(dense.velocities, -1, 0))
    assert_array_equal(speed_h_in_range(log).beyond, (s > 2 * S0).mean(axis=-1))


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (lambda v: hthm.speed_h(v, speed=S0), "speed_h: leaves out 2.5 % of the disks, faster than 2 s0"),
        (lambda v: hthm.speed_counts(v, speed=S0), "speed_counts: leaves out 2.5 % of the disks, faster than 2 s0"),
        (lambda v: isotropic_h(v, speed=S0), "isotropic_h: leaves out 2.5 % .*speed_h_in_range"),
        (lambda v: hthm.velocity_h(v, temperature=0.004), "velocity_h: leaves out .* % of the disks, with a component"),
    ],
)
def test_more_than_a_percent_out_of_range_is_a_warning_on_the_callers_line(
    measure: Callable[[np.ndarray], object], said: str, hot: np.ndarray
) -> None:
    with pytest.warns(hthm.HRangeWarning, match=said) as caught:
        measure(hot)
    assert [Path(one.filename) for one in caught] == [Path(__file__)]


def test_less_than_a_percent_is_none(hot: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hthm.speed_h(hot[1], speed=S0)
        hthm.speed_h(np.concatenate([hot[:1], *[hot[1:2]] * 9]), speed=S0)  # 5 of 1000
        hthm.speed_h(np.empty((0, 3, 2)), speed=S0)
        hthm.speed_counts(np.empty((0, 3, 2)), speed=S0)
        hthm.velocity_h(hot)


def test_the_papers_gas_in_equilibrium_is_said_to_lose_as_many_as_theory_says() -> None:
    """exp(-4) of the disks, 1.8 %: within 5 standard errors of 200 000 disks."""
    state = hthm.paper.GAS.sample(200, seed=0, speeds="maxwell")
    share = speed_h_in_range(state.velocities, speed=S0).share
    expected = math.exp(-4)
    assert abs(share - expected) < 5 * math.sqrt(expected / 200_000)
    with pytest.warns(hthm.HRangeWarning, match=r"1\.[78]\d* %"):
        hthm.speed_h(state.velocities, speed=S0)
