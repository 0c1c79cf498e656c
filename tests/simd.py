"""Programs that run at a chosen instruction set: what the machine has is asked of Linux, and not of the core."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

FLAGS: Final = {
    "portable": set[str](),
    "avx2": {"avx2"},
    "avx512": {"avx512f", "avx512vl", "avx512dq", "avx512bw"},
}
"""Levels by the names that HTHM_SIMD has for them, the lowest first, and what the processor must have of each."""


def levels() -> list[str]:
    """Levels that this machine has, the lowest first."""
    flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    return [level for level, wanted in FLAGS.items() if wanted <= flags]


def needs_level(level: str) -> None:
    """Skip the test on a machine that lacks a level: there the core would take a lower one, and prove nothing."""
    if level not in levels():
        pytest.skip(reason=f"this processor has no {level}: the best of the core's levels here is {levels()[-1]}")


def environment(level: str | None) -> dict[str, str]:
    """Environment of a program at a level; None for one that is not told any."""
    told = {} if level is None else {"HTHM_SIMD": level}
    return {name: value for name, value in os.environ.items() if name != "HTHM_SIMD"} | told


def run_at_level(level: str, program: str) -> str:
    """Run a Python program at a level, and return what it printed; fail where it ran at another."""
    checked = (
        "from hthm import _core\n"
        f"level = _core.simd_level()\nassert level == {level!r}, f'asked for {level}, ran at {{level}}'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", checked + program], capture_output=True, text=True, check=False, env=environment(level)
    )
    assert done.returncode == 0, f"at {level}:\n{done.stdout}{done.stderr}"
    return done.stdout
