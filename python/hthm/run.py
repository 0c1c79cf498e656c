"""The command line: ``python -m hthm.run``, or ``hthm``.

Without a subcommand everything runs; ``hthm figures`` draws tables, figures and report of a run again, ``hthm tables``
makes Tables 2 and 3 over several seeds.
Exit codes: 0 done, 2 wrong arguments, 1 anything else, with one clear line, 130 on Ctrl-C.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Final, Literal

import tyro

from hthm.choices.entropy import EntropyConfig
from hthm.choices.run import PRESETS, RunConfig
from hthm.command.preparation import UsageError, prepared, said, wrong_option
from hthm.command.subcommands import SUBCOMMANDS, TYRO, file_choices, resumed_choices, run_subcommand

WRONG_ARGUMENTS: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count


Preset = Literal["paper", "quick", "improved"]


@dataclass(frozen=True, kw_only=True)
class Everything:
    """Simulate hard disks, train networks on the arrow of time, compare them with H: the whole of arXiv:2508.14003.

    `hthm figures` draws tables, figures and report of a finished run again, and `hthm tables` makes Tables 2 and 3 over
    several seeds: see `hthm figures --help` and so on.
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


@dataclass(frozen=True, kw_only=True)
class Improved(Everything):
    """Learn an entropy: networks that put frames, or single collisions, in order, fitted to H on held-out runs.

    What it aims at, and what came out: docs/learned-entropy.md.
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
    debug = "--debug" in given
    try:
        if given and given[0] in SUBCOMMANDS:
            run_subcommand(given[0], given[1:])
        else:
            run_everything(_parsed(given))
    except BrokenPipeError:  # whoever read our output has left, as `head` does
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 -- for the interpreter's last flush
        return FAILED
    except KeyboardInterrupt:
        _complain("Stopped. The same command with --resume goes on after what is finished, to the same results.")
        return INTERRUPTED
    except SystemExit as stop:  # from the parser, which has said what was wrong
        return stop.code if isinstance(stop.code, int) else WRONG_ARGUMENTS
    except Exception as error:  # noqa: BLE001 -- the last line of defence: one clear line in place of a traceback
        if debug:
            traceback.print_exc()
        _complain(said(error))
        return WRONG_ARGUMENTS if isinstance(error, UsageError) else FAILED
    return 0


def run_everything(options: Everything) -> None:
    """Do what the options say.

    Parameters
    ----------
    options : Everything
        Parsed and checked.

    Raises
    ------
    OccupiedError, OSError, UsageError, WeightsError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments import study  # noqa: PLC0415 -- imports torch, which --help can do without
    from hthm.experiments.entropy import run_entropy  # noqa: PLC0415 -- likewise

    config = options.choices
    made = prepared(
        config,
        options.out,
        overwrite=options.overwrite,
        resume=options.resume,
        advice="--preset quick takes under two minutes, --weights takes trained models.",
    )
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
    base = tyro.cli(_Base, args=arguments, return_unknown_args=True, add_help=False)[0]
    try:
        choices = _choices(base)
        kind = Improved if isinstance(choices, EntropyConfig) else Everything
        default = replace(kind(), choices=choices, preset=base.preset, config=base.config, out=base.out)  # type: ignore[arg-type]  # of this kind
        return tyro.cli(kind, args=arguments, default=default, prog="hthm", config=TYRO)
    except (TypeError, ValueError) as error:
        raise wrong_option(error) from error


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What decides on the defaults of all other options."""

    preset: Preset = "paper"
    config: Path | None = None
    out: Path = Path("hthm-results")
    resume: bool = False


def _choices(base: _Base) -> RunConfig | EntropyConfig:
    kind: type[RunConfig | EntropyConfig] = EntropyConfig if base.preset == "improved" else RunConfig
    if base.config is not None:
        return file_choices(base.config, kind)
    if base.resume:
        return resumed_choices(base.out, kind)
    return EntropyConfig() if base.preset == "improved" else PRESETS[base.preset]


def _complain(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"hthm: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
