"""What a build needs, and what it says of itself."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hthm

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


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
assert "sympy" not in sys.modules, "half a second of whatever makes a network"
assert callable(hthm.fit.affine_fit) and callable(hthm.run.main) and hthm.learning.__doc__
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(AttributeError, match=r"module 'hthm' has no attribute 'trian'. It offers .*DiskGas, .*train"):
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


def test_the_citation_is_of_this_version_and_names_the_paper() -> None:
    citation = importlib.import_module("yaml").safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()  # which the format demands
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    preferred = citation["preferred-citation"]
    assert preferred["url"] == PROJECT["urls"]["Paper"]
    assert f"title         = {{{preferred['title']}}}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_program_of_the_page_is_the_one_that_is_built() -> None:
    page = (ROOT / "docs" / "cpp.md").read_text(encoding="utf-8")
    for name, language in (("main.cpp", "cpp"), ("CMakeLists.txt", "cmake")):
        program = (ROOT / "cpp" / "tests" / "stranger" / name).read_text(encoding="utf-8")
        block = page.partition(f"```{language}\n")[2].partition("```")[0]
        assert block == program[program.index(block[:20]) :], name


def test_wheels_are_built_for_the_pythons_that_are_named() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {line.rpartition(".")[2] for line in PROJECT["classifiers"] if ":: Python :: 3." in line}
    (built,) = re.findall(r"cp3\{([\d,]+)\}-\*", settings["tool"]["cibuildwheel"]["build"])
    assert set(built.split(",")) == named
    assert f"3.{min(named, key=int)}" in PROJECT["requires-python"]
