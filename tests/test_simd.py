"""HTHM_SIMD chooses the instruction set that it names, so that tests which compare two levels compare two."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hthm
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


NUMPYS = "import numpy; print(numpy._core._multiarray_umath.__cpu_features__['X86_V3'])\n"
"""Whether NumPy uses AVX2: it ignores the names that its features had before 2.4 without a word."""


def test_a_stored_start_gives_the_same_files_where_numpy_has_the_oldest_x86_64(tmp_path: Path) -> None:
    program = NUMPYS + (
        "import hthm, sys; kept = hthm.open(sys.argv[1])\n"
        "traj = hthm.simulate(kept.initial, kept.frames, kept.dt, store=sys.argv[2])\n"
        "print(hthm.speed_h(traj).tobytes().hex())"
    )
    traj = hthm.simulate(hthm.DiskGas(n=100, diameter=0.02).sample(3, seed=1), 20, record="log")
    traj.save(tmp_path / "kept")
    told = {"HTHM_SIMD": "portable", "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"}
    if not np._core._multiarray_umath.__cpu_features__["X86_V3"]:  # type: ignore[attr-defined]  # noqa: SLF001 -- what NumPy found is nowhere else
        pytest.skip(reason="this processor has no AVX2 that NumPy could do without")
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "kept"), str(tmp_path / "again")],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | told,
    )
    uses_avx2, h = done.stdout.split()
    assert uses_avx2 == "False"  # the variable has changed something
    assert h == hthm.speed_h(traj).tobytes().hex()
    for path in (tmp_path / "kept").glob("*.h5"):
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
