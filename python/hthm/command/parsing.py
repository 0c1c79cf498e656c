"""From arguments to a dataclass: how options look, how help is laid out, and what a wrong one is called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import field, fields, is_dataclass, make_dataclass
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar, get_type_hints

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
    default: Options,
    arguments: Sequence[str],
    *,
    program: str,
    groups: Mapping[str, Sequence[tuple[str, str]]] = MappingProxyType({}),
    shown: Collection[str] | None = None,
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
    groups : mapping
        Headings, and what the help has under each: names of subcommands, and a line on each.
    shown : collection of str, optional
        Fields that the help shows, of all dataclasses in each other; the others are taken, too. All unless given.

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
            if shown is not None and {"-h", "--help"} & set(arguments):  # nothing comes of it but the help
                default = _brief(default, shown)
            return tyro.cli(
                type(default),
                args=list(arguments),
                default=default,
                prog=program,
                description=described(type(default).__doc__ or "", groups),
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


def completion(tree: type, shell: str, *, program: str) -> str:
    """Make the script by which a shell completes what a dataclass of options and subcommands takes.

    Parameters
    ----------
    tree : type
        The dataclass.
    shell : str
        bash, zsh or fish.
    program : str
        What is completed.

    Returns
    -------
    str
    """
    written = StringIO()
    with redirect_stdout(written), suppress(SystemExit):  # with which the parser ends when it has printed the script
        tyro.cli(tree, args=["--tyro-write-completion", shell, "-"], prog=program, config=_LOOK, registry=_WORDS)
    # A line break in what is said of an option would begin another answer.
    return "".join(
        line.replace("\\n", " ") if line.startswith("COMPLETION_SPEC = ") else line
        for line in written.getvalue().splitlines(keepends=True)
    )


def _brief(options: Options, shown: Collection[str]) -> Options:
    """The same options, in a class whose help shows some of them only."""
    hints = get_type_hints(type(options), include_extras=True)
    made: list[tuple[str, Any, Any]] = []
    for option in fields(options):  # type: ignore[arg-type]  # every class of options is a dataclass
        value, kind = getattr(options, option.name), hints[option.name]
        if is_dataclass(value) and not isinstance(value, type):
            value = _brief(value, shown)
            kind = Annotated[type(value), tyro.conf.arg(name="")]
        elif option.name not in shown:
            kind = Annotated[kind, tyro.conf.Suppress]
        made.append((option.name, kind, field(default=value)))
    brief: type[Options] = make_dataclass(
        type(options).__name__, made, bases=(type(options),), frozen=True, kw_only=True
    )
    brief.__doc__ = type(options).__doc__
    return brief()


def described(text: str, groups: Mapping[str, Sequence[tuple[str, str]]] = MappingProxyType({})) -> str:
    """Lay out what heads the help: paragraphs, then a line on each subcommand, group by group.

    Parameters
    ----------
    text : str
        Paragraphs.
    groups : mapping
        Headings, and names of subcommands with what each does.

    Returns
    -------
    str
        Every line is indented, which keeps the parser from joining them again.
    """
    width = terminal.columns()
    parts = [
        terminal.wrapped(" ".join(paragraph.split()), width, indent="  ", hanging="  ")
        for paragraph in text.split("\n\n")
    ]
    wide = max((len(name) for commands in groups.values() for name, _ in commands), default=0)
    listed: list[str] = []
    for heading, commands in groups.items():
        listed.append(f"  {heading}:")
        listed += [
            terminal.wrapped(what, width, indent=f"    hthm {name:<{wide}}  ", hanging=" " * (wide + 11))
            for name, what in commands
        ]
    if groups:
        listed.append("  Each has a --help of its own.")
    return "\n\n".join([*parts, *(["\n".join(listed)] if listed else [])])
