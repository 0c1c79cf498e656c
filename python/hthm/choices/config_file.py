"""config.json: every choice of a command."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TypeVar

from hthm import checks
from hthm.choices import kinds as known
from hthm.choices.kinds import COMMANDS, kind_of

Choices = TypeVar("Choices", bound=known.Choices)


class KindError(ValueError):
    """The choices are another command's; the message has the path and both commands."""


def read_config(path: str | os.PathLike[str], *kinds: type[Choices]) -> Choices:
    """Read a config.json.

    Parameters
    ----------
    path : path
        As a command writes it.
    *kinds : type
        Which choices it may hold, such as `RunConfig`.

    Returns
    -------
    one of the kinds

    Raises
    ------
    OSError
        If it cannot be read.
    KindError
        If it holds the choices of another command.
    ValueError
        If it holds no choices, or a wrong value; the message has the path.
    """
    file, name = checks.path("path", path), os.fspath(path)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # JSON's and Unicode's errors are ValueErrors
        raise _no_choices(name, error) from error
    if not isinstance(content, dict):
        raise _no_choices(name, f"it holds {'nothing' if content is None else type(content).__name__}")
    return choices_of(content, name, *kinds)


def choices_of(content: dict[str, Any], name: str, *kinds: type[Choices]) -> Choices:
    """Return the choices that JSON holds.

    Parameters
    ----------
    content : dict
        Of a config.json, or ``config`` of a results.json.
    name : str
        Path of the file, for a message.
    *kinds : type
        As `read_config` takes them.

    Returns
    -------
    one of the kinds

    Raises
    ------
    KindError, ValueError
        As `read_config`.
    """
    found = kind_of(content)
    if found is None:
        raise _no_choices(name, "none of its names is a choice")
    wanted = next((kind for kind in kinds if kind.kind == found), None)
    if wanted is None:
        takes = " or ".join(COMMANDS[kind.kind] for kind in kinds)
        theirs = COMMANDS.get(found)
        raise KindError(
            f"{name}: must hold choices of {takes}, and holds those of "
            + (f"{theirs}. Hand it to that command." if theirs else f"another version's {found!r}. Use that version.")
        )
    try:
        choices: dict[str, Any] = {name: _value(name, value) for name, value in content.items() if name != "kind"}
        return wanted(**choices)
    except (TypeError, ValueError) as error:
        raise _no_choices(name, error) from error


def _value(name: str, value: object) -> object:
    if not isinstance(value, list):
        return value
    return tuple(map(Path, value)) if name == "weights" else tuple(value)


def _no_choices(path: str, why: object) -> ValueError:
    return ValueError(f"{path}: must be a configuration of hthm, and is not: {why}")
