"""The engines by name."""

from __future__ import annotations

from typing import Final

from hthm import _core, checks

AUTO: Final = "auto"
"""Stands for the fastest of the fixed-step engines, all of which give the same bits."""

EXACT: Final = ("event",)
"""Engines that go by the exact path of every disk."""

PLACELESS: Final = ("dsmc",)
"""Engines of the Boltzmann equation, whose disks have velocities and are nowhere: docs/engines.md."""

TIMED: Final = EXACT + PLACELESS
"""Engines that know when a collision happens, and not only in which frame."""


def engines() -> tuple[str, ...]:
    """Return the names of the engines; those of fixed step all give the same bits.

    Returns
    -------
    tuple of str
        Names that `simulate` takes, beside "auto" for the fastest fixed-step engine: those of fixed step, then "event",
        the exact one, and "dsmc", that of the Boltzmann equation.
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
