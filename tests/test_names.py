"""What documents, comments and configurations name is there: nothing tells of a layout that is gone."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from codebase import CPP, ROOT, lines, report, sources

TEXT = (".md", ".py", ".pyi", ".txt", ".toml", ".cmake", *CPP)

ELSEWHERE = {
    "hthm.trian": "a slip of the pen, which a test makes",
    "hthm.arrow": "where a build of version 0.1 has it, which bench/versus.py measures beside ours",
    "hthm.spelled": "what an error handler is called",
    "boost/multiprecision/cpp_bin_float.hpp": "a header of Boost",
    "program.py": "a script that tests write",
}
"""What looks like a name or a path of ours and is none."""


def is_name(name: str) -> bool:
    """Whether a dotted name is a module of the package, or something in one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        try:
            found: object = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if count == len(parts) and not str(error.name).startswith("hthm"):
                return True  # it is there, and what it imports from elsewhere is not
            continue
        for inner in parts[count:]:
            if not hasattr(found, inner):
                return False
            found = getattr(found, inner)
        return True
    return False


def is_path(path: str) -> bool:
    """Whether there is such a file or folder, from the top or, as C++ includes it, from cpp/."""
    return any(next(top.glob(path), None) is not None for top in (ROOT, ROOT / "cpp"))


FILES = {"/" + str(path.relative_to(ROOT)) for path in sources(*TEXT)}


def is_file(name: str) -> bool:
    """Whether a file is called so, wherever it lies; headers are installed below hthm/."""
    return any(file.endswith("/" + name.removeprefix("hthm/")) for file in FILES)


@pytest.mark.parametrize(
    ("pattern", "is_there"),
    [
        (r"(?<![\w./-])hthm(?:\.[A-Za-z_]\w*)+", is_name),
        (r"(?<![\w/.-])(?:cpp|python|tests|docs|bench|\.ci)/[\w./*-]*\w", is_path),
        (r"(?<![\w/.*-])\w[\w/]*\.(?:hpp|inl|cpp|py)\b", is_file),
    ],
)
def test_what_is_named_is_there(pattern: str, is_there: Callable[[str], bool]) -> None:
    places: dict[str, list[str]] = {}
    for path in sources(*TEXT):
        if path.name != "CHANGELOG.md":  # it tells what was
            for place, line in lines(path):
                for name in re.findall(pattern, line):
                    places.setdefault(name, []).append(place)
    assert len(places) > 50, "this rule looks at next to nothing"
    report(
        [f"{name}: {', '.join(found)}" for name, found in places.items() if not (name in ELSEWHERE or is_there(name))],
        "A reader looks for these and does not find them:",
    )


@pytest.mark.parametrize("name", ELSEWHERE)
def test_exceptions_are_needed(name: str) -> None:
    assert any(name in path.read_text(encoding="utf-8") for path in sources(*TEXT) if path != Path(__file__).resolve())
