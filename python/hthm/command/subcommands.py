"""The subcommands: one dataclass each with its options, and the function that does what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import tyro

from hthm.choices.entropy import AblationConfig, EntropyConfig, UniversalConfig
from hthm.choices.run import Choices, RunConfig, read_config
from hthm.choices.seeds import CompareConfig, TablesConfig
from hthm.command.preparation import UsageError, prepared, said, wrong_option
from hthm.pages.console import Stages

TYRO: Final = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)
"""How options look: no prefix of the dataclass that holds them, no --no-resume beside --resume."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Draw tables.md, figures and report.html of a finished run again, from its series.h5; nothing is simulated."""

    out: Path = Path("hthm-results")
    """Folder of the run."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Trains:
    """What all subcommands that train share."""

    overwrite: bool = False
    """Replace the results of another run in that folder."""
    resume: bool = False
    """Go on after a stop, with the choices in the folder's config.json; --trainings, --widths and whatever else says
    only how many networks there are may change."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Tables(Trains):
    """Make Tables 2 and 3 over several seeds, on the runs that were trained on and on held-out ones, with baselines.

    At the paper's size this takes an hour or two. Every training is kept as it ends; --resume goes on after a stop.
    """

    choices: Annotated[TablesConfig, tyro.conf.arg(name="")] = field(default_factory=TablesConfig)
    out: Path = Path("hthm-tables")
    """Folder for tables.json, tables.md and the networks."""


@dataclass(frozen=True, kw_only=True)
class Compare(Trains):
    """Compare trainings that differ in one choice: the loss's tilt, the architecture, how exact the gradient is."""

    choices: Annotated[CompareConfig, tyro.conf.arg(name="")] = field(default_factory=CompareConfig)
    out: Path = Path("hthm-compare")
    """Folder for compare.json, compare.md and the trainings."""


@dataclass(frozen=True, kw_only=True)
class Ablate(Trains):
    """Learn entropies that differ from those of --preset improved in one choice, over several seeds."""

    choices: Annotated[AblationConfig, tyro.conf.arg(name="")] = field(default_factory=AblationConfig)
    out: Path = Path("hthm-ablation")
    """Folder for ablation.json and ablation.md."""


@dataclass(frozen=True, kw_only=True)
class Universal(Trains):
    """Learn an entropy from equal speeds, another from a mixture of starts; follow both from starts of all kinds."""

    choices: Annotated[UniversalConfig, tyro.conf.arg(name="")] = field(default_factory=UniversalConfig)
    out: Path = Path("hthm-universal")
    """Folder for universal.json, universal.md and figures/universal.png."""


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
    from hthm.experiments import entropy, study  # noqa: PLC0415 -- they import torch, which --help can do without
    from hthm.pages import results  # noqa: PLC0415 -- likewise
    from hthm.pages.series import Series  # noqa: PLC0415 -- imports h5py, likewise

    if not (options.out / "results.json").exists():
        raise UsageError(f"--out: must be the folder of a finished run, and {options.out} has no results.json.")
    series = Series.load(options.out / "series.h5")
    content = json.loads((options.out / "results.json").read_text(encoding="utf-8"))
    improved = "training_frames" in content["config"]
    config = read_config(options.out / "config.json", EntropyConfig if improved else RunConfig)
    folder = results.ResultsFolder(options.out, config, resume=True)
    stages = Stages()
    with stages.stage("Write tables, figures and report") as stage:
        (entropy.write_entropy_products if improved else study.write_products)(folder, series, content)
        stage.found = str(options.out / "report.html")


def make_tables(options: Tables) -> None:
    """Train with several seeds and write tables.json and tables.md.

    Parameters
    ----------
    options : Tables
        Parsed.

    Raises
    ------
    OccupiedError, OSError, UsageError, WeightsError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments import seeds  # noqa: PLC0415 -- imports torch, which --help can do without

    config = options.choices
    made = prepared(config, options.out, overwrite=options.overwrite, resume=options.resume)
    seeds.run_tables(config, made.start, made.given, made.folder, made.stages, resume=options.resume)
    made.stages.say(f"Written: {options.out / 'tables.md'}")


def compare(options: Compare) -> None:
    """Train what is compared and write compare.json and compare.md.

    Parameters
    ----------
    options : Compare
        Parsed.

    Raises
    ------
    OccupiedError, OSError, UsageError, WeightsError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments.compare import run_compare, variants  # noqa: PLC0415 -- imports torch, as above

    config = options.choices
    made = prepared(
        config,
        options.out,
        overwrite=options.overwrite,
        resume=options.resume,
        trained=lambda: variants(config),
    )
    run_compare(config, made.start, made.folder, made.stages)
    made.stages.say(f"Written: {options.out / 'compare.md'}")


def ablate(options: Ablate) -> None:
    """Train every change of the recipe and write ablation.json and ablation.md.

    Parameters
    ----------
    options : Ablate
        Parsed.

    Raises
    ------
    OccupiedError, OSError, UsageError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments.ablation import run_ablation  # noqa: PLC0415 -- imports torch, which --help can do without

    made = prepared(options.choices, options.out, overwrite=options.overwrite, resume=options.resume)
    run_ablation(options.choices, made.start, made.folder, made.stages, resume=options.resume)
    made.stages.say(f"Written: {options.out / 'ablation.md'}")


def universal(options: Universal) -> None:
    """Follow learned entropies from every start and write universal.json and universal.md.

    Parameters
    ----------
    options : Universal
        Parsed.

    Raises
    ------
    OccupiedError, OSError, UsageError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments.universal import run_universal  # noqa: PLC0415 -- imports torch, which --help can do without

    made = prepared(options.choices, options.out, overwrite=options.overwrite, resume=options.resume)
    run_universal(options.choices, made.folder, made.stages, resume=options.resume)
    made.stages.say(f"Written: {options.out / 'universal.md'}")


Options: TypeAlias = Figures | Tables | Compare | Ablate | Universal

SUBCOMMANDS: Final[Mapping[str, tuple[type[Options], Callable[[Any], None]]]] = {
    "figures": (Figures, draw_again),
    "tables": (Tables, make_tables),
    "compare": (Compare, compare),
    "ablate": (Ablate, ablate),
    "universal": (Universal, universal),
}
"""Options of each subcommand and what does it, by name."""


def run_subcommand(name: str, arguments: Sequence[str]) -> None:
    """Parse the options of a subcommand and do what they say.

    Parameters
    ----------
    name : str
        One of `SUBCOMMANDS`.
    arguments : sequence of str
        Those after the name.

    Raises
    ------
    UsageError
        If an option cannot be.
    """
    kind, work = SUBCOMMANDS[name]
    try:
        options = tyro.cli(kind, args=arguments, default=_defaults(kind(), arguments), prog=f"hthm {name}", config=TYRO)
    except (TypeError, ValueError) as error:
        raise wrong_option(error) from error
    work(options)


@dataclass(frozen=True, kw_only=True)
class _Resumed:
    """What decides on the defaults of all other options."""

    out: Path
    resume: bool = False


def _defaults(options: Options, arguments: Sequence[str]) -> Options:
    """The options to begin with: with --resume, those of the run that was stopped."""
    if isinstance(options, Figures):
        return options
    base = tyro.cli(
        _Resumed, args=arguments, default=_Resumed(out=options.out), return_unknown_args=True, add_help=False
    )[0]
    if not base.resume:
        return options
    choices: Any = resumed_choices(base.out, type(options.choices))
    return replace(options, out=base.out, choices=choices)


def resumed_choices(out: Path, kind: type[Choices]) -> Choices:
    """Return the choices of the run in a folder.

    Raises
    ------
    UsageError
        If there is none.
    """
    path = out / "config.json"
    if not path.exists():
        raise UsageError(f"--resume: must find a run to go on with, and {out} has no config.json.")
    return file_choices(path, kind)


def file_choices(path: Path, kind: type[Choices]) -> Choices:
    """Read choices from a file.

    Raises
    ------
    UsageError
        If it cannot be read, or holds none.
    """
    try:
        return read_config(path, kind)
    except (OSError, ValueError) as error:
        raise UsageError(f"--config: {said(error)}") from error
