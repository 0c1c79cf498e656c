"""The comparison of two builds, tried on a build and itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.versus import compared, median_interval
from bench.works import WORKS

THIS = Path(sys.executable)


@pytest.mark.parametrize("work", ["sorted_cells, counted", "two epochs, D = 16", "10 updates by frames"])
def test_a_build_beside_itself_has_the_same_bits(work: str) -> None:
    assert work in WORKS
    assert compared(work, (THIS, THIS), 0).endswith("| same |")


def test_the_median_lies_where_half_of_the_values_are() -> None:
    median, low, high = median_interval([float(k) for k in range(101)])
    assert median == 50
    assert 0 < low < median < high < 100
