"""The options of the commands: a dataclass each, whose docstring heads its help."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import tyro

from hthm.choices.entropy import AblationConfig, EntropyConfig, UniversalConfig
from hthm.choices.run import RunConfig, TrainingChoices
from hthm.choices.seeds import CompareConfig, TablesConfig
from hthm.command.dataset_options import Export, ImportAuthor, Merge, OnWorkers, Repair, Simulate, Verify
from hthm.command.measurement_options import Arrow, Chaos, Estimators, Reversal
from hthm.command.viewing_options import Animate, View

Preset: TypeAlias = Literal["paper", "quick", "improved"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What all commands share that compute."""

    choices: TrainingChoices | EntropyConfig
    out: Path
    overwrite: bool = False
    """Replace the results of another run in that folder."""
    resume: bool = False
    """Go on after a stop, with the choices in the folder's config.json; --trainings, --widths and whatever else says
    only how many networks there are may change."""
    debug: bool = False
    """Show where an error comes from."""

    @property
    def notice(self) -> str:
        """What is said before the work begins, if anything."""
        return ""


@dataclass(frozen=True, kw_only=True)
class OnKept(Job):
    """What commands share that can take the runs they train on from a dataset."""

    kept: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """Folder of a dataset whose runs are trained on, and not simulated; it decides on the gas, runs and frames."""


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """What the choices of the main job begin with."""

    preset: Preset = "paper"
    """The paper's size, or the same way on less data in under two minutes; or improved, another recipe, which learns
    an entropy in minutes and has choices of its own (--preset improved --help). Other options change single choices."""
    config: Path | None = None
    """A config.json of an earlier run, in place of a preset."""


@dataclass(frozen=True, kw_only=True)
class MainJob(Job, _Begun):
    """What both kinds of the main job share."""

    out: Path = Path("hthm-results")
    """Folder for the results."""
    resume: bool = False
    """Go on with a run that was stopped; without other choices, with those in the folder's config.json."""
    help_all: bool = False
    """List all options in place of those most used, and do nothing else."""
    version: bool = False
    """Print the version, and do nothing else."""


@dataclass(frozen=True, kw_only=True)
class Everything(MainJob):
    """Simulate hard disks, train networks on the arrow of time, compare them with H: the whole of arXiv:2508.14003."""

    choices: Annotated[RunConfig, tyro.conf.arg(name="")] = field(default_factory=RunConfig)
    store: Path | None = None
    """Folder of a dataset to keep the trajectories in, and not in memory; one that a stop left is gone on with."""
    kept: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    """Folder of a dataset whose runs are taken, and none simulated; it decides on the gas, runs and frames."""

    @property
    def notice(self) -> str:
        """That the quick preset is no result."""
        if self.preset != "quick" or self.config is not None:
            return ""
        return "Quick preset: every stage on little data. This is not the paper's size; its networks learn little."


@dataclass(frozen=True, kw_only=True)
class Improved(MainJob):
    """Learn an entropy: networks that put frames, or single collisions, in order, fitted to H on held-out runs.

    What it aims at, and what came out: docs/learned-entropy.md.
    """

    choices: Annotated[EntropyConfig, tyro.conf.arg(name="")] = field(default_factory=EntropyConfig)
    preset: Preset = "improved"
    """The recipe."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Draw tables.md, figures and report.html of a finished run again, from its series.h5; one run is simulated."""

    out: Path = Path("hthm-results")
    """Folder of the run."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Print what a report of a fault needs: versions, threads, memory, limits, and a self-check of some seconds."""

    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Completion:
    """Print a script by which a shell completes commands and options; docs/terminal.md says where it goes."""

    shell: Annotated[tyro.conf.Positional[Literal["bash", "zsh", "fish"]], tyro.conf.arg(metavar="SHELL")] = "bash"
    """bash, zsh or fish."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Tables(OnWorkers, OnKept):
    """Make Tables 2 and 3 over several seeds, on the runs that were trained on and on held-out ones, with baselines.

    At the paper's size this takes an hour or two. Every training is kept as it ends; --resume goes on after a stop.
    """

    choices: Annotated[TablesConfig, tyro.conf.arg(name="")] = field(default_factory=TablesConfig)
    out: Path = Path("hthm-tables")
    """Folder for tables.json, tables.md and the networks."""


@dataclass(frozen=True, kw_only=True)
class Compare(OnWorkers, OnKept):
    """Compare trainings that differ in one choice: the loss's tilt, the architecture, how exact the gradient is."""

    choices: Annotated[CompareConfig, tyro.conf.arg(name="")] = field(default_factory=CompareConfig)
    out: Path = Path("hthm-compare")
    """Folder for compare.json, compare.md and the trainings."""


@dataclass(frozen=True, kw_only=True)
class Ablate(OnWorkers, Job):
    """Learn entropies that differ from those of --preset improved in one choice, over several seeds."""

    choices: Annotated[AblationConfig, tyro.conf.arg(name="")] = field(default_factory=AblationConfig)
    out: Path = Path("hthm-ablation")
    """Folder for ablation.json and ablation.md."""


@dataclass(frozen=True, kw_only=True)
class Universal(OnWorkers, Job):
    """Learn an entropy from equal speeds, another from a mixture of starts; follow both from starts of all kinds."""

    choices: Annotated[UniversalConfig, tyro.conf.arg(name="")] = field(default_factory=UniversalConfig)
    out: Path = Path("hthm-universal")
    """Folder for universal.json, universal.md and figures/universal.png."""


Options: TypeAlias = (
    Everything
    | Improved
    | Figures
    | Simulate
    | Merge
    | Verify
    | Repair
    | Export
    | View
    | Animate
    | ImportAuthor
    | Doctor
    | Tables
    | Compare
    | Ablate
    | Universal
    | Estimators
    | Chaos
    | Reversal
    | Arrow
    | Completion
)
