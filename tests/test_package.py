"""What a machine that lacks something is told, and what a build says of itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hthm

ROOT = Path(__file__).resolve().parent.parent


def import_with_core_that_raises(folder: Path, message: str) -> subprocess.CompletedProcess[str]:
    """Import a copy of the package whose core fails to load with this message."""
    package = folder / "hthm"
    shutil.copytree(Path(hthm.__file__).parent, package, ignore=shutil.ignore_patterns("_core*.so", "__pycache__"))
    (package / "_core.py").write_text(f"raise ImportError({message!r})\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); import hthm"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_import_without_libgomp_says_what_to_install(tmp_path: Path) -> None:
    loader = "libgomp.so.1: cannot open shared object file: No such file or directory"
    done = import_with_core_that_raises(tmp_path, loader)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: hthm needs the OpenMP runtime libgomp.so.1"), last
    assert "apt install libgomp1" in last, last
    assert loader in done.stderr, "the loader's own words are lost"


def test_another_failure_to_load_the_core_keeps_its_own_message(tmp_path: Path) -> None:
    done = import_with_core_that_raises(tmp_path, "undefined symbol: abc")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("ImportError: undefined symbol: abc")


def test_build_without_openmp_says_what_to_install(tmp_path: Path) -> None:
    cmake = shutil.which("cmake", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert cmake is not None, "cmake is missing: it comes with the extra test"
    done = subprocess.run(
        [cmake, "-S", ROOT, "-B", tmp_path, "-DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON", "-DHTHM_PYTHON=OFF"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert "hthm needs a C++ compiler with OpenMP" in done.stderr
    assert "apt install g++" in done.stderr


@pytest.mark.parametrize("name", ["py.typed", "_core.pyi"])
def test_types_are_installed(name: str) -> None:
    assert (Path(hthm.__file__).parent / name).exists()
