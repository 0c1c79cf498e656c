"""The command line: ``python -m hthm.run``, or ``hthm``.

Without a subcommand everything runs; ``hthm figures`` draws tables, figures and report of a run again.
Exit codes: 0 done, 2 wrong arguments, 1 anything else, with one clear line, 130 on Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import tyro

from hthm import checks
from hthm.config import PRESETS, RunConfig, read_config
from hthm.console import Stages, duration

WRONG_ARGUMENTS: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count

LONG: Final = 3600.0  # seconds from which on a run is announced with advice


class UsageError(Exception):
    """Arguments that cannot be; the message says which, and what they must be."""


@dataclass(frozen=True, kw_only=True)
class Everything:
    """Simulate hard disks, train networks on the arrow of time, compare them with H: the whole of arXiv:2508.14003.

    `hthm figures` draws tables, figures and report of a finished run again; see `hthm figures --help`.
    """

    choices: Annotated[RunConfig, tyro.conf.arg(name="")] = field(default_factory=RunConfig)
    preset: Literal["paper", "quick"] = "paper"
    """The paper's size, or the same way on less data in under two minutes. Other options change single choices."""
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
class Figures:
    """Draw tables.md, figures and report.html of a finished run again, from its series.h5; nothing is simulated."""

    out: Path = Path("hthm-results")
    """Folder of the run."""
    debug: bool = False
    """Show where an error comes from."""


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
        if given[:1] == ["figures"]:
            draw_again(tyro.cli(Figures, args=given[1:], prog="hthm figures"))
        else:
            run_everything(_parsed(given))
    except BrokenPipeError:  # whoever read our output has left, as `head` does
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 -- for the interpreter's last flush
        return FAILED
    except KeyboardInterrupt:
        _complain("Stopped. The same command with --resume goes on, and keeps the trainings that were finished.")
        return INTERRUPTED
    except SystemExit as stop:  # from the parser, which has said what was wrong
        return stop.code if isinstance(stop.code, int) else WRONG_ARGUMENTS
    except Exception as error:  # noqa: BLE001 -- the last line of defence: one clear line in place of a traceback
        if debug:
            traceback.print_exc()
        _complain(_said(error))
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
    OccupiedError, OSError
        If the folder holds another run, or cannot be written to.
    MemoryError
        If the trajectories do not fit into the available memory.
    """
    from hthm import results, study  # noqa: PLC0415 -- they import torch, which --help can do without

    config, stages = options.choices, Stages()
    folder = results.ResultsFolder(options.out, config, overwrite=options.overwrite, resume=options.resume)
    if options.preset == "quick" and options.config is None:
        stages.say("Quick preset: every stage on little data. This is not the paper's size; its networks learn little.")
    checks.memory(
        "This run",
        config.runs * config.frames * config.n * 16,
        "Take fewer --runs or --frames.",
    )
    _set_torch_threads(config)
    with stages.stage("Look how fast this machine is"):
        expected = study.expected_seconds(config)
    total = sum(expected.values())
    stages.say(
        f"Expected: {duration(total)}, of which simulation {duration(expected['simulation'])} "
        f"and training {duration(expected['training'])}."
    )
    if expected["training"] > LONG:
        stages.say(
            "Training on this machine takes that long at this size. Ctrl-C stops, --resume goes on "
            "after the last finished training; --preset quick takes under two minutes, --weights takes trained models."
        )
    study.run_study(config, folder, stages, resume=options.resume)


def draw_again(options: Figures) -> None:
    """Draw what a finished run shows, from its series.h5 and results.json.

    Parameters
    ----------
    options : Figures
        Parsed.

    Raises
    ------
    UsageError
        If the folder holds no finished run.
    OSError, ValueError
        If its files cannot be read, or new ones not written.
    """
    from hthm import results, study  # noqa: PLC0415 -- they import torch, which --help can do without
    from hthm.series import Series  # noqa: PLC0415 -- imports h5py, likewise

    if not (options.out / "results.json").exists():
        raise UsageError(f"--out: must be the folder of a finished run, and {options.out} has no results.json.")
    series = Series.load(options.out / "series.h5")
    content = json.loads((options.out / "results.json").read_text(encoding="utf-8"))
    folder = results.ResultsFolder(options.out, read_config(options.out / "config.json"), resume=True)
    stages = Stages()
    with stages.stage("Write tables, figures and report") as stage:
        study.write_products(folder, series, content)
        stage.found = str(options.out / "report.html")


def _parsed(arguments: list[str]) -> Everything:
    """Parse twice: the first time for what the other options change single choices of."""
    base = tyro.cli(_Base, args=arguments, return_unknown_args=True, add_help=False)[0]
    try:
        choices = _choices(base)
        default = Everything(choices=choices, preset=base.preset, config=base.config, out=base.out)
        parsed = tyro.cli(
            Everything,
            args=arguments,
            default=default,
            prog="hthm",
            config=(tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff),
        )
        for path in parsed.choices.weights:
            if not path.is_file():
                raise UsageError(f"--weights: must be a file, and {path} is none.")
    except (TypeError, ValueError) as error:
        name, colon, rest = str(error).partition(":")
        raise UsageError(f"--{name.replace('_', '-')}{colon}{rest}") from error
    return parsed


@dataclass(frozen=True, kw_only=True)
class _Base:
    """What decides on the defaults of all other options."""

    preset: Literal["paper", "quick"] = "paper"
    config: Path | None = None
    out: Path = Path("hthm-results")
    resume: bool = False


def _choices(base: _Base) -> RunConfig:
    path = base.config
    if path is None and base.resume:
        path = base.out / "config.json"
        if not path.exists():
            raise UsageError(f"--resume: must find a run to go on with, and {base.out} has no config.json.")
    if path is None:
        return PRESETS[base.preset]
    try:
        return read_config(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"--config: {_said(error)}") from error


def _set_torch_threads(config: RunConfig) -> None:
    import torch  # noqa: PLC0415 -- --help can do without

    torch.set_num_threads(checks.threads(config.threads))


def _said(error: BaseException) -> str:
    """One line on an error."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {os.fspath(error.filename)}" if error.filename else error.strerror
    said = " ".join(str(error).split())
    return said or type(error).__name__


def _complain(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"hthm: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
