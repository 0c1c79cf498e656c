"""What a machine that lacks something is told, and what a build says of itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hthm

ROOT = Path(__file__).resolve().parent.parent


def import_with_core_that_raises(folder: Path, message: str) -> subprocess.CompletedProcess[str]:
    """Import a copy of the package whose core fails to load with this message.

    Without `site`, whose hooks would find an editable install first, and build it.
    """
    package = folder / "hthm"
    shutil.copytree(Path(hthm.__file__).parent, package, ignore=shutil.ignore_patterns("_core*.so", "__pycache__"))
    (package / "_core.py").write_text(f"raise ImportError({message!r})\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {[str(folder), *sys.path]!r}; import hthm"],
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
