"""The engines by name."""

from __future__ import annotations

from typing import Final

from hthm import _core, checks

AUTO: Final = "auto"
"""Stands for the fastest of the fixed-step engines, all of which give the same bits."""

EXACT: Final = ("event",)
"""Engines that know when a collision happens, and not only in which frame."""


def engines() -> tuple[str, ...]:
    """Return the names of the engines; all give the same bits but the exact ones.

    Returns
    -------
    tuple of str
        Names that `simulate` takes, beside "auto" for the fastest fixed-step engine.
    """
    return tuple(_core.engines())


def check(engine: object) -> str:
    """Return the name of an engine, or "auto".

    Raises
    ------
    TypeError, ValueError
        If it is no string, or no such name.
    """
    return checks.choice("engine", engine, (AUTO, *engines()))
