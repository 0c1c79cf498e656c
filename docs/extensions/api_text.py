"""Pages of the API, written from the package itself: one a room or door, and an index of every public name."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import hthm

USED = (
    "paper", "gas", "starts", "engines", "simulate", "trajectories", "recording", "h_functional", "estimators",
    "measures", "deepsets", "train", "fit", "learning", "choices",
)  # fmt: skip
"""Doors and rooms that programs use, in the order of a calculation; the rest is what these and the command stand on."""

TO_ITSELF = "hthm.checks"
"""What the package says to itself."""


def modules() -> list[ModuleType]:
    """Every module that can be imported here, by name; what only a GPU needs is not where Triton is not installed."""
    names = [name for _, name, _ in pkgutil.walk_packages(hthm.__path__, "hthm.") if "._" not in name]
    gpu_only = "hthm.learning.gpu_sums"
    return [
        importlib.import_module(name)
        for name in sorted(names)
        if name != TO_ITSELF and not (name == gpu_only and find_spec("triton") is None)
    ]


def names_of(module: ModuleType) -> list[tuple[str, object]]:
    """Functions and classes that a module defines, as (name, value), in the order of the alphabet."""
    return sorted(
        (name, value)
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    )


def rooms() -> dict[str, list[ModuleType]]:
    """Modules by door or room: those that programs use first, the others behind them."""
    found: dict[str, list[ModuleType]] = {}
    for module in modules():
        found.setdefault(module.__name__.split(".")[1], []).append(module)
    return {name: found[name] for name in (*USED, *sorted(set(found) - set(USED)))}


def home(name: str) -> str:
    """Where a name of the front door is described: as it is called in the module that defines it."""
    value = getattr(hthm, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        return f"{value.__module__}.{value.__name__}"
    return value.__name__ if inspect.ismodule(value) else ""


def first_line(value: object) -> str:
    """What a docstring begins with, such that nothing in it is taken for markup but names."""
    line = (inspect.getdoc(value) or "").partition("\n")[0]
    return re.sub(
        r"\*\w[^*]*\w\*|(?<=\w)_(?!\w)|[*|]", lambda found: found[0] if found[0][1:] else f"\\{found[0]}", line
    )


def table(rows: list[tuple[str, str]]) -> Iterator[str]:
    """A table of names and what they are, as lines."""
    yield from (".. list-table::", "   :widths: 40 60", "   :class: api-index", "")
    for name, text in rows:
        yield from (f"   * - {name}", f"     - {text}")
    yield ""


def title(text: str, under: str) -> list[str]:
    """A heading, as lines."""
    return [text, under * len(text), ""]


def index() -> str:
    """The page with every public name: those of ``import hthm`` first, then room by room."""
    lines = [
        *title("Every public name", "="),
        "What ``import hthm`` offers, then every function and class of every module, from their docstrings.",
        "",
        *title("hthm", "-"),
    ]
    offered = []
    for name in hthm.__all__:
        described = home(name)
        shown = f":py:obj:`hthm.{name} <{described}>`" if described else f"``hthm.{name}``"
        text = first_line(getattr(hthm, name)) if described else "The version, a string."
        offered.append((shown, text))
    lines += table(offered)
    for room, inside in rooms().items():
        rows = [
            (f":py:obj:`{module.__name__}.{name}`", first_line(value))
            for module in inside
            for name, value in names_of(module)
        ]
        if rows:
            lines += [*title(f"hthm.{room}", "-"), *table(rows)]
    lines += [".. toctree::", "   :hidden:", "", *(f"   {room}" for room in rooms()), ""]
    return "\n".join(lines)


def page(room: str, inside: list[ModuleType]) -> str:
    """The page of a door or room, a section a module."""
    lines = title(f"hthm.{room}", "=")
    for module in inside:
        if module.__name__ != f"hthm.{room}":
            lines += title(module.__name__, "-")
        lines += [f".. automodule:: {module.__name__}", "   :members:", "   :ignore-module-all:", ""]
    return "\n".join(lines)


def write(folder: Path) -> None:
    """Write all pages into a folder, where they say something else than before."""
    folder.mkdir(exist_ok=True)
    texts = {"index": index(), **{room: page(room, inside) for room, inside in rooms().items()}}
    for name, text in texts.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.rst"):
        if path.stem not in texts:
            path.unlink()
