"""The subcommands: one dataclass each with its options, and the function that does what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import tyro

from hthm.choices.config_file import Choices, KindError, kind_of, read_config
from hthm.choices.entropy import AblationConfig, EntropyConfig, UniversalConfig
from hthm.choices.seeds import CompareConfig, TablesConfig
from hthm.command.parsing import glanced, parsed
from hthm.command.preparation import prepared
from hthm.command.wrong import UsageError, said
from hthm.pages.console import Stages
from hthm.pages.stored import DamagedFileError, damaged, read_json


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
    DamagedFileError, ValueError
        If its files are not what a run writes.
    OSError
        If they cannot be read, or new ones not written.
    """
    from hthm.experiments import entropy, study  # noqa: PLC0415 -- they import torch, which --help can do without
    from hthm.pages import results  # noqa: PLC0415 -- likewise
    from hthm.pages.series import Series  # noqa: PLC0415 -- imports h5py, likewise

    path = options.out / "results.json"
    if not path.exists():
        raise UsageError(f"--out: must be the folder of a finished run, and {options.out} has no results.json.")
    content = read_json(path, "config", "simulation", "models", "environment", "published")
    series = Series.load(options.out / "series.h5")
    folder = results.ResultsFolder(options.out)
    folder.figures.mkdir(exist_ok=True)
    stages = Stages()
    with stages.stage("Write tables, figures and report") as stage:
        try:
            improved = kind_of(content["config"]) == EntropyConfig.kind
            (entropy.write_entropy_products if improved else study.write_products)(folder, series, content)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise damaged(path, f"{type(error).__name__}: {error}") from error
        stage.found = str(options.out / "report.html")


def make_tables(options: Tables) -> None:
    """Train with several seeds and write tables.json and tables.md.

    Parameters
    ----------
    options : Tables
        Parsed.

    Raises
    ------
    OccupiedError, OwnedError, DamagedFileError, OSError, UsageError, WeightsError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments import seeds  # noqa: PLC0415 -- imports torch, which --help can do without

    config = options.choices
    with prepared(config, options.out, overwrite=options.overwrite, resume=options.resume) as made:
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
    OccupiedError, OwnedError, DamagedFileError, OSError, UsageError, WeightsError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments.compare import VARIANTS, run_compare, variants  # noqa: PLC0415 -- imports torch, as above

    config = options.choices
    with prepared(
        config,
        options.out,
        overwrite=options.overwrite,
        resume=options.resume,
        trained=lambda: variants(config),
        variants=tuple(VARIANTS[config.compared]),
    ) as made:
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
    OccupiedError, OwnedError, DamagedFileError, OSError, UsageError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments.ablation import run_ablation  # noqa: PLC0415 -- imports torch, which --help can do without

    with prepared(options.choices, options.out, overwrite=options.overwrite, resume=options.resume) as made:
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
    OccupiedError, OwnedError, DamagedFileError, OSError, UsageError, MemoryError
        As `hthm.command.preparation.prepared`.
    """
    from hthm.experiments.universal import run_universal  # noqa: PLC0415 -- imports torch, which --help can do without

    with prepared(options.choices, options.out, overwrite=options.overwrite, resume=options.resume) as made:
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
    work(parsed(_defaults(kind(), arguments), arguments, program=f"hthm {name}"))


def summaries() -> list[tuple[str, str]]:
    """Name every subcommand, with the first line of what it says of itself."""
    return [(name, (kind.__doc__ or "").partition("\n")[0]) for name, (kind, _) in SUBCOMMANDS.items()]


@dataclass(frozen=True, kw_only=True)
class _Resumed:
    """What decides on the defaults of all other options."""

    out: Path
    resume: bool = False


def _defaults(options: Options, arguments: Sequence[str]) -> Options:
    """The options to begin with: with --resume, those of the run that was stopped."""
    if isinstance(options, Figures):
        return options
    base = glanced(_Resumed(out=options.out), arguments)
    if not base.resume:
        return options
    choices: Any = resumed_choices(base.out, type(options.choices))
    return replace(options, out=base.out, choices=choices)


def resumed_choices(out: Path, *kinds: type[Choices]) -> Choices:
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


def file_choices(path: Path, *kinds: type[Choices]) -> Choices:
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
