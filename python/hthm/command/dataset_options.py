"""The options of commands that make, check, read and write datasets; the docstring of each heads its help."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from hthm import published
from hthm.choices.run import GasChoices


@dataclass(frozen=True, kw_only=True)
class OnWorkers:
    """Where the work is done, if not in this process; the extra ``hthm[cluster]`` is needed."""

    workers: int | None = None
    """Processes to start on this machine for the work, which share the threads: a Dask cluster of its own."""
    scheduler: Annotated[str | None, tyro.conf.arg(metavar="ADDRESS")] = None
    """Dask scheduler, such as tcp://head:8786, whose workers do the same; a piece takes --threads at most."""


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
