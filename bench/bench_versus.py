"""The comparison of two builds, tried on a build and itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.versus import compared
from bench.works import WORKS

THIS = Path(sys.executable)


@pytest.mark.parametrize("work", ["sorted_cells, counted", "two epochs, D = 16", "10 updates by frames"])
def test_a_build_beside_itself_has_the_same_bits(work: str) -> None:
    assert work in WORKS
    assert compared(work, (THIS, THIS), 0, 1).endswith("| same |")
