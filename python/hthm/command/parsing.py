"""From arguments to a dataclass: how options look, how help is laid out, and what a wrong one is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import tyro
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from hthm.command import terminal
from hthm.command.wrong import wrong_option

_LOOK: Final = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)
"""No prefix of the dataclass that holds an option, no --no-resume beside --resume."""

Options = TypeVar("Options")

_WORDS: Final = ConstructorRegistry()
"""How words become values, where the parser would take some for what nobody means."""


@_WORDS.primitive_rule
def _path(wanted: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Path] | None:
    """A path, from anything but nothing: the parser takes the present folder for it, as a variable not set gives it."""
    if wanted.type is not Path:
        return None

    def path_of(words: list[str]) -> Path:
        if not words[0]:
            raise ValueError("must be a path, got nothing. The present folder is a dot.")
        return Path(words[0])

    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="PATH",
        instance_from_str=path_of,
        is_instance=lambda value: isinstance(value, Path),
        str_from_instance=lambda path: [str(path)],
    )


def parsed(
    default: Options, arguments: Sequence[str], *, program: str, commands: Iterable[tuple[str, str]] = ()
) -> Options:
    """Change what the arguments say in a dataclass of options.

    Parameters
    ----------
    default : dataclass
        The options to begin with; the first paragraphs of its docstring head the help.
    arguments : sequence of str
        As a shell hands them over.
    program : str
        What the help calls the program.
    commands : iterable of (str, str)
        Names of subcommands, and a line on each, for the help.

    Returns
    -------
    dataclass
        Of the same kind.

    Raises
    ------
    UsageError
        If a value cannot be; options that are not known end in SystemExit, once the parser has said so.
    """
    with terminal.readable_columns(), terminal.named_output():
        try:
            return tyro.cli(
                type(default),
                args=list(arguments),
                default=default,
                prog=program,
                description=described(type(default).__doc__ or "", commands),
                config=_LOOK,
                registry=_WORDS,
            )
        except UnicodeError:
            raise  # a ValueError, and no option's fault
        except (TypeError, ValueError) as error:
            raise wrong_option(error) from error


def glanced(default: Options, arguments: Sequence[str]) -> Options:
    """Look at a few options only, those of a small dataclass, and pass over all others.

    Parameters
    ----------
    default : dataclass
        What is looked at.
    arguments : sequence of str
        As `parsed` takes them.

    Returns
    -------
    dataclass
        Of the same kind.
    """
    with terminal.readable_columns():
        found, _ = tyro.cli(
            type(default),
            args=list(arguments),
            default=default,
            return_unknown_args=True,
            add_help=False,
            registry=_WORDS,
        )
    return found


def described(text: str, commands: Iterable[tuple[str, str]] = ()) -> str:
    """Lay out what heads the help: paragraphs, then a line on each subcommand.

    Parameters
    ----------
    text : str
        Paragraphs.
    commands : iterable of (str, str)
        Names, and what each does.

    Returns
    -------
    str
        Every line is indented, which keeps the parser from joining them again.
    """
    width = terminal.columns()
    paragraphs = [
        terminal.wrapped(" ".join(paragraph.split()), width, indent="  ", hanging="  ")
        for paragraph in text.split("\n\n")
    ]
    commands = list(commands)
    wide = max((len(name) for name, _ in commands), default=0)
    listed = [
        terminal.wrapped(what, width, indent=f"  hthm {name:<{wide}} ", hanging=" " * (wide + 8))
        for name, what in commands
    ]
    return "\n".join(["\n\n".join(paragraphs), *listed])
