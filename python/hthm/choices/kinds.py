"""Which command choices belong to, as files say it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol

COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "run": "hthm",
        "improved": "hthm --preset improved",
        "tables": "hthm tables",
        "compare": "hthm compare",
        "ablate": "hthm ablate",
        "universal": "hthm universal",
        "estimators": "hthm estimators",
        "chaos": "hthm chaos",
        "reversal": "hthm reversal",
        "arrow": "hthm arrow",
    }
)
"""The command that each kind of choices belongs to, by the `kind` of their class."""


class Choices(Protocol):
    """What a command computes, as config.json keeps it."""

    kind: ClassVar[str]

    def as_json(self) -> dict[str, Any]:
        """Return every choice, and whose they are, as JSON can hold it."""

    def decisive(self) -> dict[str, Any]:
        """Return the choices that what is kept in the folder depends on."""


def completed(written: Mapping[str, Any], config: Choices) -> dict[str, Any]:
    """Return what a file says of choices, with the defaults of those that it lacks, for it is older than these.

    Parameters
    ----------
    written : mapping
        Content of a config.json, or ``config`` of a results.json.
    config : Choices
        Of the same kind.

    Returns
    -------
    dict
    """
    return {**type(config)().decisive(), **written}


# What tells the kinds apart in files that do not name theirs, as version 0.1.0 wrote them; the first that is there.
_MARKS: Final = (
    ("compared", "compare"),
    ("changes", "ablate"),
    ("trained_on", "universal"),
    ("training_frames", "improved"),
    ("held_out_runs", "tables"),
    ("epochs", "run"),
)


def kind_of(choices: Mapping[str, Any]) -> str | None:
    """Which command's choices these are, as JSON holds them; None where nothing tells.

    Parameters
    ----------
    choices : mapping
        Content of a config.json, or ``config`` of a results.json.

    Returns
    -------
    str or None
        A key of `COMMANDS`, unless another version of hthm wrote the file.
    """
    if "kind" in choices:
        return str(choices["kind"])
    return next((kind for mark, kind in _MARKS if mark in choices), None)
