"""The rooms of the package and their one direction. Each rule fails with its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from codebase import CPP, ROOT, places, report, sources

PACKAGE = ROOT / "python" / "hthm"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
MOST_FLOORS = 12


def ranked(*floors: Sequence[str]) -> dict[str, int]:
    return {name: rank for rank, names in enumerate(floors) for name in names}


RANKS = ranked(
    (
        "_core",
        "arrays",
        "axes",
        "checks",
        "files",
        "integrity",
        "machine",
        "owner",
        "progress",
        "published",
        "randomness",
        "reprs",
    ),
    ("mechanics", "ranges", "mixtures", "disk_kinds", "enskog", "equilibrium", "rules", "instant"),
    ("starts", "gas", "paper", "engines"),
    ("recording", "trajectories", "simulate"),
    ("measures", "h_functional", "estimators", "fit"),
    ("learning", "deepsets", "train"),
    ("choices",),
    ("pages",),
    ("experiments",),
    ("command",),
    ("run",),
)
"""Rooms, doors and floors, lowest first: what stands further up may import what stands further down or beside it."""

CPP_RANKS = ranked(
    ("core",),
    ("rules", "recording"),
    ("fixed_step", "measures", "deepsets"),
    ("event_driven", "starts"),
    ("dsmc",),
    ("runs",),
    ("bindings",),
    ("tests",),
)
"""The same of the core, whose rooms include each other."""


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


def test_includes_go_down() -> None:
    found = places(r'#\s*include\s*"\w', *CPP, below="cpp")
    assert found, "no file includes another: this rule looks at nothing"
    up = []
    for place, path in found.items():
        (included,) = re.findall(r'include\s*"(\w+)', place)
        room = path.relative_to(ROOT / "cpp").parts[0]
        if included != room and CPP_RANKS.get(included, len(CPP_RANKS)) >= CPP_RANKS[room]:
            up.append(place)
    report(up, "The core is a house, too: an include goes down or stays in its room, and says the room it is from.")


# ---- The page that shows the house ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("top", "pattern", "ranks"), [(PACKAGE, "__init__.py", RANKS), (ROOT / "cpp", "*.*pp", CPP_RANKS)]
)
def test_the_page_lists_the_rooms_lowest_first(top: Path, pattern: str, ranks: dict[str, int]) -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    listed = re.findall(rf"^\| `{top.relative_to(ROOT)}/(\w+)/` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted({path.parent.name for path in top.glob(f"*/{pattern}")}), "docs/architecture.md"
    assert [ranks[name] for name in listed] == sorted(ranks[name] for name in listed), "lowest first"
    drawn = re.findall(r"\w+", text.partition("```text")[2].partition("```")[0])
    assert not [name for name in listed if name not in drawn and name != "tests"], "the drawing lacks rooms"


def test_every_name_on_the_page_is_there() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources(".py", ".pyi", *CPP))
    text = ARCHITECTURE.read_text(encoding="utf-8")
    quoted = re.findall(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)`", text)
    names = {name for whole in quoted if not whole.endswith(CPP) for name in whole.split(".")}
    assert len(names) > 10, "this rule looks at next to nothing"
    defined = r"(?:class|struct|def|concept) {0}\b|^\s*{0}\s*[:=]"
    packages = ("hthm", "_core")
    report(
        [name for name in names if name not in packages and not re.search(defined.format(name), code, re.MULTILINE)],
        "docs/architecture.md speaks of what is defined nowhere:",
    )


@pytest.mark.parametrize("page", ["README.md", "docs/development.md"])
def test_the_page_is_found(page: str) -> None:
    assert re.search(r"\((docs/)?architecture\.md\)", (ROOT / page).read_text(encoding="utf-8"))
