"""The commands, in one table, and the one way from arguments to what a command does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import tyro

from hthm.choices.config_file import KindError, read_config
from hthm.choices.entropy import EntropyConfig
from hthm.choices.kinds import COMMANDS as NAMES
from hthm.choices.kinds import Choices
from hthm.choices.run import PRESETS, GasChoices, TrainingChoices
from hthm.command.dataset_options import Export, ImportAuthor, Merge, Repair, Simulate, Verify
from hthm.command.measurement_options import Chaos, Estimators, Measurement, Reversal
from hthm.command.options import (
    Ablate,
    Compare,
    Completion,
    Doctor,
    Everything,
    Figures,
    Improved,
    Job,
    MainJob,
    OnKept,
    Options,
    Preset,
    Tables,
    Universal,
)
from hthm.command.parsing import glanced, parsed
from hthm.command.viewing_options import Animate, View
from hthm.command.wrong import UsageError, said
from hthm.pages.stored import DamagedFileError

Resumed = TypeVar("Resumed", bound=Choices)


@dataclass(frozen=True)
class Command:
    """A name on the command line, and what belongs to it.

    Attributes
    ----------
    name : str
        Empty for the main job, of which there are two kinds.
    options : type
        Its options, with their defaults.
    function : str
        What does them, ``module:function``, imported when it is wanted: it imports torch, for which --help need not
        wait. It takes the `Work` that is prepared for a `Job`, or the options as they are.
    line : str
        What the help of the whole says of it, on one line of 80 columns.
    group : str
        Under which heading the help has it.
    product : str
        The file that is named at the end, where the last stage names none.
    advice : str
        What takes less than an hour, if training takes more.
    """

    name: str
    options: type[Options]
    function: str
    line: str = ""
    group: str = "Results beside the paper's"
    product: str = ""
    advice: str = ""


_QUICKER: Final = "--preset quick takes under two minutes, --weights takes trained models."

_RUNS: Final = "Runs on the disk"
_PAGES: Final = "Pictures and pages"
_SHELL: Final = "This machine, this shell"

COMMANDS: Final = (
    Command("", Everything, "hthm.experiments.study:run_study", advice=_QUICKER),
    Command("", Improved, "hthm.experiments.entropy:run_entropy", advice=_QUICKER),
    Command(
        "tables",
        Tables,
        "hthm.experiments.seeds:run_tables",
        "Tables 2 and 3 over several seeds, on held-out runs, too",
        product="tables.md",
    ),
    Command(
        "compare",
        Compare,
        "hthm.experiments.compare:run_compare",
        "Trainings that differ in one choice, such as the tilt",
        product="compare.md",
    ),
    Command(
        "ablate",
        Ablate,
        "hthm.experiments.ablation:run_ablation",
        "What each choice of --preset improved is worth",
        product="ablation.md",
    ),
    Command(
        "universal",
        Universal,
        "hthm.experiments.universal:run_universal",
        "Whether one learned entropy serves every start",
        product="universal.md",
    ),
    Command(
        "estimators", Estimators, "hthm.command.bias:measure_bias", "Bias and spread of the estimators of H, measured"
    ),
    Command(
        "chaos", Chaos, "hthm.command.chaos:measure_chaos", "Where the gas leaves the Boltzmann equation, as N grows"
    ),
    Command(
        "reversal", Reversal, "hthm.command.reversal:measure_reversal", "Whether the gas comes back, velocities negated"
    ),
    Command("view", View, "hthm.command.viewing:view", "A page that plays a run, and its way back, offline", _PAGES),
    Command("animate", Animate, "hthm.command.animating:animate", "A GIF or an MP4 of a run, for a talk", _PAGES),
    Command("figures", Figures, "hthm.command.figures:draw_again", "Figures and report of a run, drawn again", _PAGES),
    Command(
        "simulate", Simulate, "hthm.command.datasets:simulate_part", "Runs of a seed, all or a part of them", _RUNS
    ),
    Command("merge", Merge, "hthm.command.datasets:join", "Parts from several machines, joined", _RUNS),
    Command("verify", Verify, "hthm.command.datasets:say_faults", "Whether files are what was written", _RUNS),
    Command("repair", Repair, "hthm.command.datasets:make_again", "What is damaged or missing, made again", _RUNS),
    Command("export", Export, "hthm.command.exporting:export", "Runs as H5MD, GSD or extended XYZ", _RUNS),
    Command(
        "import-author", ImportAuthor, "hthm.command.importing:bring", "Velocities of the author's own program", _RUNS
    ),
    Command(
        "doctor", Doctor, "hthm.command.doctor:look_around", "Versions, limits and a self-check, for a report", _SHELL
    ),
    Command(
        "completion",
        Completion,
        "hthm.command.completing:write_script",
        "A script for the Tab key, for bash, zsh and fish",
        _SHELL,
    ),
)
"""Every command, as the help has them. To add one, write its options, its experiment, and a line here."""

MOST_USED: Final = frozenset(
    {"preset", "out", "resume", "weights", "seed", "threads", "store", "kept", "help_all", "version"}
)
"""Options of the main job that --help shows; --help-all shows the others, too."""


def asked(arguments: Sequence[str]) -> tuple[Command, Options]:
    """Return the command that arguments ask for, with its options.

    Raises
    ------
    UsageError
        If an option cannot be.
    DamagedFileError, OSError
        If the choices of the run to go on with cannot be read.
    """
    name = arguments[0] if arguments and arguments[0] in {command.name for command in COMMANDS} else ""
    arguments = arguments[1:] if name else arguments
    whole = "--help-all" in arguments
    arguments = ["--help" if word == "--help-all" else word for word in arguments]
    command, default = _begun([command for command in COMMANDS if command.name == name], arguments)
    if name:
        return command, parsed(default, arguments, program=f"hthm {name}")
    groups: dict[str, list[tuple[str, str]]] = {}
    for other in COMMANDS[1:]:
        if other.name:
            groups.setdefault(other.group, []).append((other.name, other.line))
    shown = None if whole else MOST_USED
    return command, parsed(default, arguments, program="hthm", groups=groups, shown=shown)


def carry_out(command: Command, options: Options) -> None:
    """Do what the options of a command say.

    Raises
    ------
    OccupiedError, OwnedError, DamagedFileError, OSError, UsageError, WeightsError, MemoryError
        As `hthm.command.preparation.prepared`, and as its experiment.
    """
    function = loaded(command.function)
    if not isinstance(options, Job):
        function(options)
        return
    prepared = loaded("hthm.command.preparation:prepared")  # imports torch, which --help can do without
    with prepared(options, advice=command.advice) as work:
        if options.notice:
            work.stages.say(options.notice)
        function(work)
        if command.product:
            work.stages.say(f"Written: {options.out / command.product}")


def loaded(name: str) -> Any:  # noqa: ANN401 -- whatever has that name
    """Import what ``module:name`` names."""
    module, _, inner = name.partition(":")
    return getattr(import_module(module), inner)


# ---- What the options begin with: a file, or the folder of a run to go on with, says it before all others -----------


@dataclass(frozen=True, kw_only=True)
class _Glance:
    """What decides on the defaults of all other options."""

    out: Path
    resume: bool = False


@dataclass(frozen=True, kw_only=True)
class _StoreGlance:
    store: Path
    resume: bool = False


@dataclass(frozen=True, kw_only=True)
class _KeptGlance(_Glance):
    kept: Annotated[Path | None, tyro.conf.arg(name="from")] = None


@dataclass(frozen=True, kw_only=True)
class _MainGlance(_KeptGlance):
    preset: Preset | None = None
    config: Path | None = None


def _begun(commands: Sequence[Command], arguments: Sequence[str]) -> tuple[Command, Options]:
    """Which of the commands of a name is meant, and its options to begin with."""
    defaults: list[Any] = [command.options() for command in commands]
    first = defaults[0]
    if isinstance(first, Simulate):
        of_store = glanced(_StoreGlance(store=first.store), arguments)
        if of_store.resume:
            first = replace(first, choices=loaded("hthm.command.kept:begun_choices")(of_store.store))
    if isinstance(first, Measurement):
        of_folder = glanced(_Glance(out=first.out), arguments)
        if of_folder.resume:
            first = replace(first, choices=resumed_choices(of_folder.out, type(first.choices)))
    if not isinstance(first, Job):
        return commands[0], first
    kinds = {type(default.choices): (command, default) for command, default in zip(commands, defaults, strict=True)}
    glances = {MainJob: _MainGlance, OnKept: _KeptGlance, Job: _Glance}
    glance = glanced(next(of for job, of in glances.items() if isinstance(first, job))(out=first.out), arguments)
    choices: GasChoices = first.choices
    others: dict[str, Any] = {}
    if isinstance(glance, _MainGlance):
        choices = _main_choices(glance, kinds)
        preset = "improved" if isinstance(choices, EntropyConfig) else glance.preset or "paper"
        others = {"preset": preset, "config": glance.config}
    elif glance.resume:
        choices = resumed_choices(glance.out, *kinds)
    if isinstance(glance, _KeptGlance) and glance.kept is not None and isinstance(choices, TrainingChoices):
        choices = loaded("hthm.command.kept:kept_choices")(glance.kept, choices)
    command, default = kinds[type(choices)]
    return command, replace(default, choices=choices, out=glance.out, **others)


def _main_choices(glance: _MainGlance, kinds: Iterable[type[GasChoices]]) -> GasChoices:
    """The choices that the main job begins with; a file says itself whether they are those of the improved preset."""
    if glance.config is not None:
        choices = file_choices(glance.config, *kinds)
    elif glance.resume:
        choices = resumed_choices(glance.out, *kinds)
    else:
        return EntropyConfig() if glance.preset == "improved" else PRESETS[glance.preset or "paper"]
    if glance.preset is not None and (glance.preset == "improved") != isinstance(choices, EntropyConfig):
        found = glance.config or glance.out / "config.json"
        raise UsageError(
            f"--preset: must be that of {found}, which holds choices of {NAMES[choices.kind]}, got {glance.preset}. "
            "Leave --preset out."
        )
    return choices


def resumed_choices(out: Path, *kinds: type[Resumed]) -> Resumed:
    """Return the choices of the run in a folder.

    Raises
    ------
    UsageError
        If there is none, or it is another command's.
    DamagedFileError
        If its config.json holds no choices.
    OSError
        If it cannot be read.
    """
    path = out / "config.json"
    if not path.exists():
        raise UsageError(f"--resume: must find a run to go on with, and {out} has no config.json.")
    try:
        return read_config(path, *kinds)
    except KindError as error:
        raise UsageError(f"--resume: {error}") from error
    except ValueError as error:
        raise DamagedFileError(f"{error}. Restore it, or run again with --overwrite.") from error


def file_choices(path: Path, *kinds: type[GasChoices]) -> GasChoices:
    """Read choices from a file.

    Raises
    ------
    UsageError
        If it cannot be read, or holds none, or another command's.
    """
    try:
        return read_config(path, *kinds)
    except (OSError, ValueError) as error:
        raise UsageError(f"--config: {said(error)}") from error
