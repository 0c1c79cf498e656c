"""What a build needs, and what it says of itself."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hthm

ROOT = Path(__file__).resolve().parent.parent


def test_the_core_needs_the_languages_own_libraries_only() -> None:
    """No OpenMP runtime: its threads spin at barriers where another program has a processor."""
    needed = subprocess.run(["ldd", hthm._core.__file__], capture_output=True, text=True, check=True).stdout  # noqa: S607, SLF001 -- the system's ldd; the compiled core is what is asked about
    assert "libstdc++" in needed
    for runtime in ("gomp", "omp.so", "iomp"):
        assert runtime not in needed


@pytest.mark.parametrize("name", ["py.typed", "_core.pyi"])
def test_types_are_installed(name: str) -> None:
    assert (Path(hthm.__file__).parent / name).exists()


def test_doors_open_when_they_are_asked_for() -> None:
    program = """
import sys, hthm
assert {"train", "deepsets", "fit", "learning", "speed_h"} <= set(dir(hthm))
assert "torch" not in sys.modules and "hthm.train" not in sys.modules
assert hthm.train.TrainConfig().epochs == 120
assert hthm.deepsets.new_model(4, 0).width == 4
assert callable(hthm.fit.affine_fit) and callable(hthm.run.main) and hthm.learning.__doc__
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(AttributeError, match=r"module 'hthm' has no attribute 'trian'. It offers DiskGas, .*train"):
        hthm.trian  # type: ignore[attr-defined]  # noqa: B018 -- the slip is the test
    assert not hasattr(hthm, "trian")


@pytest.mark.parametrize("arguments", [["-m", "hthm"], ["-m", "hthm.run"]])
def test_the_command_is_one_program_by_every_name(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *arguments, "--version"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"hthm {hthm.__version__}\n"), done.stderr


def test_the_command_is_installed_beside_python() -> None:
    script = Path(sys.executable).parent / "hthm"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == f"hthm {hthm.__version__}\n", done.stderr


def test_a_plain_install_writes_nothing_into_the_source_tree() -> None:
    """A build folder in the tree is for editable installs only: elsewhere the source may be read-only."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["scikit-build"]
    assert "build-dir" not in settings
    (editable,) = [override for override in settings["overrides"] if "build-dir" in override]
    assert editable["if"] == {"state": "editable"}
