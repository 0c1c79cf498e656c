"""``hthm completion``: a script by which a shell completes the names of commands and options."""

from __future__ import annotations

import sys
from dataclasses import field, make_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from hthm.command.commands import COMMANDS
from hthm.command.parsing import completion

if TYPE_CHECKING:
    from hthm.command.options import Completion


def write_script(options: Completion) -> None:
    """Print the script of a shell, made of the commands and options that there are.

    Raises
    ------
    OSError
        If standard output cannot be written to.
    """
    sys.stdout.write(script(options.shell))


def script(shell: str) -> str:
    """Return the script by which a shell completes ``hthm``.

    Parameters
    ----------
    shell : str
        bash, zsh or fish.

    Returns
    -------
    str
    """
    everything = COMMANDS[0].options
    others: list[Any] = [
        Annotated[
            command.options,
            tyro.conf.subcommand(command.name, default=command.options(), description=command.line),
        ]
        for command in COMMANDS
        if command.name
    ]
    one_of = others[0]
    for other in others[1:]:
        one_of |= other
    # The first word decides, for hthm itself; for the parser, which completes, the commands are parts of one tree.
    tree = make_dataclass(
        "Tree",
        [
            ("everything", Annotated[everything, tyro.conf.arg(name="")], field(default_factory=everything)),
            ("command", one_of),
        ],
        kw_only=True,
    )
    return completion(tree, shell, program="hthm")
