"""The files of the project, and what the rules of the codebase look for in them."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import hthm

ROOT = Path(__file__).resolve().parent.parent
CPP = (".cpp", ".hpp", ".inl")


def sources(*suffixes: str, below: str = ".") -> list[Path]:
    """Files of the project with one of these suffixes, build folders and environments left out."""
    files = []
    for top in sorted((ROOT / below).iterdir()) if below == "." else [ROOT / below]:
        if top.name in {"build", "dist", "shared", "site"} or (top.name.startswith(".") and top.name != ".ci"):
            continue
        candidates = [top] if top.is_file() else sorted(top.rglob("*"))
        files += [path for path in candidates if path.is_file() and path.suffix in suffixes]
    assert files, f"no {suffixes} below {below}: this rule looks at nothing"
    return files


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Pairs of a place to point at and the line there."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        yield f"{path.relative_to(ROOT)}:{number}", line


def places(pattern: str, *suffixes: str, below: str = ".") -> dict[str, Path]:
    """Where a pattern occurs: the place and the file."""
    return {
        f"{place}: {line.strip()}": path
        for path in sources(*suffixes, below=below)
        for place, line in lines(path)
        if re.search(pattern, line)
    }


def report(offenders: list[str], reason: str) -> None:
    assert not offenders, "\n".join([reason, *offenders])


def module_names() -> list[str]:
    """Names of all modules that can be imported here; what only a GPU needs cannot be where Triton is not installed."""
    names = [name for _, name, _ in pkgutil.walk_packages(hthm.__path__, "hthm.") if "._" not in name]
    if find_spec("triton") is None:
        names.remove("hthm.learning.gpu_sums")
    return names
