"""The command line: ``hthm``, ``python -m hthm`` or ``python -m hthm.run``.

Without a subcommand everything runs; what comes beside the main job is a subcommand of it, and ``--help`` names all.
Exit codes: 0 done, 2 wrong arguments, 1 anything else, with one clear line, 130 on Ctrl-C.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Final, Literal

import tyro

from hthm import __version__
from hthm.choices.config_file import COMMANDS
from hthm.choices.entropy import EntropyConfig
from hthm.choices.run import PRESETS, RunConfig
from hthm.command import terminal
from hthm.command.parsing import glanced, parsed
from hthm.command.preparation import prepared
from hthm.command.subcommands import SUBCOMMANDS, file_choices, resumed_choices, run_subcommand, summaries
from hthm.command.wrong import UsageError, said

WRONG_ARGUMENTS: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count


Preset = Literal["paper", "quick", "improved"]


@dataclass(frozen=True, kw_only=True)
class Everything:
    """Simulate hard disks, train networks on the arrow of time, compare them with H: the whole of arXiv:2508.14003.

    What else there is, each with a --help of its own:
    """

    choices: Annotated[RunConfig, tyro.conf.arg(name="")] = field(default_factory=RunConfig)
    preset: Preset = "paper"
    """The paper's size, or the same way on less data in under two minutes; or improved, another recipe, which learns
    an entropy in minutes and has choices of its own (--preset improved --help). Other options change single choices."""
    config: Path | None = None
    """A config.json of an earlier run, in place of a preset."""
    out: Path = Path("hthm-results")
    """Folder for the results."""
    overwrite: bool = False
    """Replace the results of another run in that folder."""
    resume: bool = False
    """Go on with a run that was stopped; without other choices, with those in the folder's config.json."""
    debug: bool = False
    """Show where an error comes from."""
    version: bool = False
    """Print the version, and do nothing else."""


@dataclass(frozen=True, kw_only=True)
class Improved(Everything):
    """Learn an entropy: networks that put frames, or single collisions, in order, fitted to H on held-out runs.

    What it aims at, and what came out: docs/learned-entropy.md. What else there is, each with a --help of its own:
    """

    choices: Annotated[EntropyConfig, tyro.conf.arg(name="")] = field(default_factory=EntropyConfig)  # type: ignore[assignment]  # the same options around other choices
    preset: Preset = "improved"
    """The recipe."""


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
    with terminal.usable_streams(), terminal.plain_warnings():
        try:
            code = _work(given)
            with terminal.named_output():
                sys.stdout.flush()
        except BrokenPipeError:  # whoever read our output has left, as `head` does
            terminal.silence(sys.stdout)
            return FAILED
        except KeyboardInterrupt:
            _complain("Stopped. The same command with --resume goes on after what is finished, to the same results.")
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
        elif given and given[0] in SUBCOMMANDS:
            run_subcommand(given[0], given[1:])
        else:
            run_everything(_parsed(given))
    except SystemExit as stop:  # from the parser, which has said what was wrong
        return stop.code if isinstance(stop.code, int) else WRONG_ARGUMENTS
    return 0


def run_everything(options: Everything) -> None:
    """Do what the options say.

    Parameters
    ----------
    options : Everything
        Parsed and checked.

    Raises
    ------
    OccupiedError, OwnedError, DamagedFileError, OSError, UsageError, WeightsError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments import study  # noqa: PLC0415 -- imports torch, which --help can do without
    from hthm.experiments.entropy import run_entropy  # noqa: PLC0415 -- likewise

    config = options.choices
    with prepared(
        config,
        options.out,
        overwrite=options.overwrite,
        resume=options.resume,
        advice="--preset quick takes under two minutes, --weights takes trained models.",
    ) as made:
        if isinstance(config, EntropyConfig):
            run_entropy(config, made.start, made.given, made.folder, made.stages, resume=options.resume)
            return
        if options.preset == "quick" and options.config is None:
            made.stages.say(
                "Quick preset: every stage on little data. This is not the paper's size; its networks learn little."
            )
        study.run_study(config, made.start, made.given, made.folder, made.stages, resume=options.resume)


def _parsed(arguments: list[str]) -> Everything:
    """Parse twice: the first time for what the other options change single choices of."""
    base = glanced(_Base(), arguments)
    choices = _choices(base)
    kind, preset = (
        (Improved, "improved") if isinstance(choices, EntropyConfig) else (Everything, base.preset or "paper")
    )
    default = replace(kind(), choices=choices, preset=preset, config=base.config, out=base.out)  # type: ignore[arg-type]  # of this kind
    return parsed(default, arguments, program="hthm", commands=summaries())


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What decides on the defaults of all other options."""

    preset: Preset | None = None
    config: Path | None = None
    out: Path = Path("hthm-results")
    resume: bool = False


_KINDS: Final[tuple[type[RunConfig | EntropyConfig], ...]] = (RunConfig, EntropyConfig)


def _choices(base: _Base) -> RunConfig | EntropyConfig:
    """The choices to begin with; a file says itself whether they are those of the improved preset."""
    if base.config is not None:
        choices = file_choices(base.config, *_KINDS)
    elif base.resume:
        choices = resumed_choices(base.out, *_KINDS)
    else:
        return EntropyConfig() if base.preset == "improved" else PRESETS[base.preset or "paper"]
    if base.preset is not None and (base.preset == "improved") != isinstance(choices, EntropyConfig):
        found = base.config or base.out / "config.json"
        raise UsageError(
            f"--preset: must be that of {found}, which holds choices of {COMMANDS[choices.kind]}, got {base.preset}. "
            "Leave --preset out."
        )
    return choices


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
