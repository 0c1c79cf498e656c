"""HTHM_SIMD chooses the instruction set that it names, so that tests which compare two levels compare two."""

from __future__ import annotations

import subprocess
import sys

import pytest

import simd
from hthm import _core
from simd import FLAGS, environment, levels, needs_level, run_at_level


def level_in_use(told: str | None) -> str:
    program = [sys.executable, "-c", "from hthm import _core; print(_core.simd_level())"]
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=environment(told))
    return done.stdout.splitlines()[-1]


def test_the_best_level_of_the_processor_is_used_unless_told_otherwise() -> None:
    best = levels()[-1]
    assert [level_in_use(told) for told in (None, "avx1024", "")] == [best] * 3
    assert _core.simd_level() in FLAGS


@pytest.mark.parametrize("level", FLAGS)
def test_a_level_is_used_where_it_is_named_and_there(level: str) -> None:
    assert level_in_use(level) == (level if level in levels() else levels()[-1])


def test_a_level_compared_with_itself_is_no_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that runs at another level than it was told fails, and a level that is not there is skipped."""
    portable = environment("portable")
    monkeypatch.setattr(simd, "environment", lambda _: portable)
    assert run_at_level("portable", "print(6 * 7)").endswith("42\n")
    with pytest.raises(AssertionError, match="asked for avx2, ran at portable"):
        run_at_level("avx2", "")
    monkeypatch.setattr(simd, "levels", lambda: ["portable"])
    with pytest.raises(pytest.skip.Exception, match="this processor has no avx2"):
        needs_level("avx2")
