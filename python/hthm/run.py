"""The command line: ``hthm``, ``python -m hthm`` or ``python -m hthm.run``.

Without a subcommand everything runs; what comes beside the main job is a subcommand of it, and ``--help`` names all.
Exit codes: 0 done, 2 wrong arguments, 1 anything else, with one clear line, 130 on Ctrl-C.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Final

from hthm import __version__
from hthm.command import terminal, together
from hthm.command.commands import COMMANDS, asked, carry_out
from hthm.command.wrong import UsageError, said

WRONG_ARGUMENTS: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process unless given.

    Returns
    -------
    int
        Exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    with terminal.usable_streams(), terminal.plain_warnings(), _seldom_collected():
        try:
            code = together.shared(lambda: _work(given)) if together.are_several() else _work(given)
            with terminal.named_output():
                sys.stdout.flush()
        except BrokenPipeError:  # whoever read our output has left, as `head` does
            terminal.silence(sys.stdout)
            return FAILED
        except KeyboardInterrupt:
            _complain(f"Stopped. {_how_to_go_on(given)}")
            return INTERRUPTED
        except Exception as error:  # noqa: BLE001 -- the last line of defence: one clear line in place of a traceback
            if "--debug" in given:
                traceback.print_exc()
            _complain(said(error))
            return WRONG_ARGUMENTS if isinstance(error, UsageError) else FAILED
        return code


def _work(given: list[str]) -> int:
    """Do what the arguments say, and return the exit code."""
    if not terminal.is_open(sys.stdout):
        raise UsageError("Standard output: must be open, and is closed. Send it to a file, or to /dev/null.")
    try:
        if "--version" in given:
            with terminal.named_output():
                sys.stdout.write(f"hthm {__version__}\n")
        else:
            carry_out(*asked(given))
    except SystemExit as stop:  # from the parser, which has said what was wrong
        return stop.code if isinstance(stop.code, int) else WRONG_ARGUMENTS
    return 0


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let Python look for objects that hold each other less often while the block runs.

    It looks whenever 700 have been made, and imports and figures make a million that stay: a tenth of --preset quick.
    """
    before = gc.get_threshold()
    if before[0] > 0:  # 0 is never
        gc.set_threshold(max(before[0], 10_000), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _how_to_go_on(given: list[str]) -> str:
    """What a person does after a stop: some commands can be told to go on, and others do so, or begin again."""
    command = next((command for command in COMMANDS if command.name and [command.name] == given[:1]), COMMANDS[0])
    if any(option.name == "resume" for option in fields(command.options)):
        return "The same command with --resume goes on after what is finished, to the same results."
    return "What is finished stays. Give the same command again."


def _complain(text: str) -> None:
    """Say in one line what is wrong, after all that was printed; on a terminal, broken between words."""
    if terminal.is_open(sys.stdout):
        try:
            sys.stdout.flush()
        except OSError:  # what is said may be about just that
            terminal.silence(sys.stdout)
    line = f"hthm: {text}"
    with suppress(OSError):
        if sys.stderr.isatty():
            line = terminal.wrapped(line, terminal.columns())
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
