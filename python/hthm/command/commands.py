"""The commands, in one table, and the one way from arguments to what a command does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hthm.command.beginning import begun, loaded
from hthm.command.dataset_options import Export, ImportAuthor, Merge, Repair, Simulate, Verify
from hthm.command.measurement_options import Arrow, Chaos, Estimators, Reversal
from hthm.command.options import (
    Ablate,
    Compare,
    Completion,
    Doctor,
    Everything,
    Figures,
    Improved,
    Job,
    Options,
    Tables,
    Universal,
)
from hthm.command.parsing import parsed
from hthm.command.viewing_options import Animate, View


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
    Command("arrow", Arrow, "hthm.command.arrow:measure_arrow", "The arrow of time of a gas whose entropy is constant"),
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
    of_name = {command.options: command for command in COMMANDS if command.name == name}
    default = begun([*of_name], arguments)
    command = of_name[type(default)]
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
