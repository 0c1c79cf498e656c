"""The rooms of the package and their one direction. Each rule fails with its reason."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "python" / "hthm"
MOST_FLOORS = 12

RANKS: dict[str, int] = {
    name: rank
    for rank, names in enumerate(
        (
            ("_core", "arrays", "checks", "files", "integrity", "machine", "randomness", "published", "reprs"),
            ("mechanics", "ranges", "equilibrium"),
            ("starts", "gas", "paper", "engines"),
            ("recording", "trajectories", "simulate"),
            ("measures", "h_functional", "fit"),
            ("learning", "deepsets", "train"),
            ("choices",),
            ("pages",),
            ("experiments",),
            ("command",),
            ("run",),
        )
    )
    for name in names
}
"""Rooms, doors and floors, lowest first: what stands further up may import what stands further down or beside it."""


def modules() -> dict[str, Path]:
    """Every module of the package but its door, by the name after ``hthm.``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = path
    return found


def imported(path: Path, known: set[str]) -> set[str]:
    """Modules of the package that a file imports, wherever in it: lazily, or for types only, too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "hthm":
            of = node.module.removeprefix("hthm").lstrip(".")
            for alias in node.names:
                full = f"{of}.{alias.name}".lstrip(".")
                names.add(full if full in known else of)
        elif isinstance(node, ast.Import):
            names |= {alias.name.removeprefix("hthm.") for alias in node.names if alias.name.startswith("hthm.")}
    return names & (known | {"_core"})


def imports() -> dict[str, set[str]]:
    paths = modules()
    return {name: imported(path, set(paths)) for name, path in paths.items()}


def rank(module: str) -> int:
    return RANKS[module.partition(".")[0]]


def test_every_module_has_a_room() -> None:
    homeless = sorted({name.partition(".")[0] for name in modules()} - RANKS.keys() - {"__main__"})
    assert not homeless, f"Say in RANKS where these stand, and in docs/architecture.md what they are for: {homeless}"


def test_imports_go_down() -> None:
    up = [
        f"{module} imports {other}"
        for module, others in imports().items()
        if module != "__main__"
        for other in others
        if rank(other) > rank(module)
    ]
    assert not up, "\n".join(
        ["A reader takes the house floor by floor: an import goes down or sideways, never up.", *up]
    )


def test_no_circles_and_few_floors() -> None:
    graph = imports()
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"These import each other, so that none can be understood alone: {' → '.join(error.args[1])}")
    floor: dict[str, int] = {}
    for module in order:
        floor[module] = 1 + max((floor[other] for other in graph.get(module, ())), default=0)
    floor.pop("__main__")  # another name for run
    highest = max(floor, key=lambda module: floor[module])
    assert floor[highest] <= MOST_FLOORS, f"{highest} stands on {floor[highest]} floors of imports: too high a tower."
