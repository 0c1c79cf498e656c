"""The options of every command: a dataclass each, whose docstring heads its help."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import tyro

from hthm import published
from hthm.choices.entropy import AblationConfig, EntropyConfig, UniversalConfig
from hthm.choices.run import GasChoices, RunConfig, TrainingChoices
from hthm.choices.seeds import CompareConfig, TablesConfig
from hthm.command.bias_options import Estimators

Preset: TypeAlias = Literal["paper", "quick", "improved"]


@dataclass(frozen=True, kw_only=True)
class OnWorkers:
    """Where the work is done, if not in this process; the extra ``hthm[cluster]`` is needed."""

    workers: int | None = None
    """Processes to start on this machine for the work, which share the threads: a Dask cluster of its own."""
    scheduler: Annotated[str | None, tyro.conf.arg(metavar="ADDRESS")] = None
    """Dask scheduler, such as tcp://head:8786, whose workers do the same; a piece takes --threads at most."""


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
    version: bool = False
    """Print the version, and do nothing else."""


@dataclass(frozen=True, kw_only=True)
class Everything(MainJob):
    """Simulate hard disks, train networks on the arrow of time, compare them with H: the whole of arXiv:2508.14003.

    What else there is, each with a --help of its own:
    """

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

    What it aims at, and what came out: docs/learned-entropy.md. What else there is, each with a --help of its own:
    """

    choices: Annotated[EntropyConfig, tyro.conf.arg(name="")] = field(default_factory=EntropyConfig)
    preset: Preset = "improved"
    """The recipe."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Draw tables.md, figures and report.html of a finished run again, from its series.h5; nothing is simulated."""

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
class Simulate(OnWorkers):
    """Simulate runs into a dataset on the disk, all or one part of them; stopped, the same command goes on with it.

    Parts can be simulated anywhere, in any order; hthm merge joins them to the files of one simulation of all runs.
    docs/scaling.md has a script for an array of batch jobs.
    """

    choices: Annotated[GasChoices, tyro.conf.arg(name="")] = field(default_factory=GasChoices)
    store: Path = Path("hthm-runs")
    """Folder of the dataset."""
    shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
    """Simulate only the i-th of n parts, i from 1 to n; all runs unless given. Where parts are cut follows from the
    choices and n alone."""
    resume: bool = False
    """Go on after a stop with the choices and the part that the dataset in the folder has."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Merge:
    """Check the parts of a dataset that machines have simulated, and join them; files are shared or copied."""

    out: tyro.conf.Positional[Path] = Path()
    """Folder for the whole."""
    parts: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Folders of the parts, in any order."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Read all files of a dataset and compare them with the checksums in its manifest; a line a fault."""

    path: tyro.conf.Positional[Path] = Path()
    """Folder of the dataset; the present one unless given."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Repair:
    """Make what is damaged or missing of a dataset again, from where its runs start, to the same numbers."""

    path: tyro.conf.Positional[Path] = Path()
    """Folder of the dataset; the present one unless given."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write kept runs for other programs, as H5MD, GSD or extended XYZ; docs/data.md says who reads what.

    Of a dataset runs are read, one at a time; those of a results folder, which keeps none, are simulated again from
    its choices, to the same bits.
    """

    source: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="SOURCE")] = Path()
    """Folder of a dataset, or of a finished run of hthm."""
    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUT")] = Path("run.h5md")
    """The file to make; a folder of them, run-00000010.h5md and so on, where --run is a range."""
    format: Literal["h5md", "gsd", "extxyz"] | None = None
    """As the end of the file's name says unless given: .h5md, .gsd, .xyz or .extxyz."""
    run: Annotated[str, tyro.conf.arg(metavar="K|A:B")] = "0"
    """Which run, counted from 0; a range, such as 10:20, or : for all, makes a folder with a file a run."""
    frames: Annotated[str, tyro.conf.arg(metavar="A:B:STEP")] = ":"
    """Which frames, the start being number 0: ::10 is every tenth; all unless given."""
    depth: float | None = None
    """Third side of the box, for programs that know no other; that of the box unless given. GSD has none."""
    threads: int | None = None
    """Threads that simulate runs again; as many as are granted unless given."""
    overwrite: bool = False
    """Replace files that are there."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class View:
    """Make a page that plays a run in any browser, offline: its disks, H, speeds, and a button that reverses time.

    Without SOURCE a run of the paper's gas is simulated for it. docs/viewer.md says what is exact in it.
    """

    source: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="SOURCE")] = None
    """Folder of a dataset, or of a finished run of hthm, whose learned h is then shown, too."""
    out: Path = Path("hthm-view.html")
    """The file to make. At the paper's size it takes about half a megabyte; 32 are the most."""
    run: int = 0
    """Which run, counted from 0."""
    frames: int | None = None
    """How many frames, from the start; all unless given. Fewer make a smaller page."""
    seed: int | None = None
    """Seed of the run that is simulated where there is no SOURCE; 0 unless given."""
    engine: str | None = None
    """Its engine; event, the exact one, shows best how far time can be reversed. auto unless given."""
    plain: bool = False
    """Do not compress: a larger page, which browsers from before 2023 can read, too."""
    threads: int | None = None
    """Threads that simulate; as many as are granted unless given."""
    overwrite: bool = False
    """Replace a file that is there."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class ImportAuthor:
    """Make a dataset of the velocities that the author's program wrote, run_000.pkl and so on; --from trains on it.

    Nothing that a file names is run: NumPy arrays of float64 are read, and anything else is refused.
    """

    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FOLDER")] = Path("velocities")
    """The folder of these files, or the one that velocities/ is in."""
    store: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="STORE")] = Path("hthm-runs")
    """Folder of the dataset; one that a stop left is gone on with."""
    diameter: float = published.DIAMETER
    """Diameter of a disk. The files do not say it, nor what follows: the paper's unless given."""
    box: float = published.BOX
    """Side of the periodic box."""
    speed: float = published.S0
    """s0, which sets the bins of H."""
    frame_rate: float = published.FRAME_RATE
    """Frames per unit time."""
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
    | ImportAuthor
    | Doctor
    | Tables
    | Compare
    | Ablate
    | Universal
    | Estimators
)
