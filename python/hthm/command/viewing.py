"""``hthm view``: a page that plays a run, in one file."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hthm import checks
from hthm.choices.run import GasChoices
from hthm.command.sources import RESULTS, Source, source_of
from hthm.command.wrong import UsageError, wrong_option
from hthm.engines.dsmc import no_positions
from hthm.engines.names import AUTO, EXACT
from hthm.files import write_text
from hthm.pages.console import Stages
from hthm.pages.series import Series
from hthm.pages.stored import DamagedFileError
from hthm.pages.viewer_data import Fit
from hthm.pages.viewer_page import viewer_html
from hthm.recording.store.manifest import NAME, DatasetError
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.command.options import View
    from hthm.pages.series import Training
    from hthm.trajectories import Trajectories

_MOST_FITS: Final = 3
_KILOBYTE: Final = 1000


def view(options: View) -> None:
    """Write the page of a run.

    Raises
    ------
    UsageError
        If there is no such run or frame, the folder holds none, or the page would be too large.
    DatasetError, DamagedFileError
        If what the folder holds is damaged.
    FileExistsError
        If a file is there already, and may not be replaced.
    OSError, MemoryError
        If a file cannot be read or written, or the run does not fit into memory.
    """
    if options.out.exists() and not options.out.is_dir() and not options.overwrite:
        raise FileExistsError(errno.EEXIST, "This file is there already, and --overwrite not given", str(options.out))
    stages = Stages()
    try:
        checks.threads(options.threads)
        source = _simulated(options) if options.source is None else _kept(options, options.source)
        run = checks.integer("run", options.run, least=0, most=source.runs - 1)
        frames = source.frames
        if options.frames is not None:
            frames = checks.integer("frames", options.frames, least=1, most=source.frames)
        with stages.stage(f"Take run {run}, {frames} frames") as stage:
            traj = source.load(run)
            _check_places(traj.engine, "SOURCE")
            stage.found = f"{traj.collisions[0, :frames].sum()} collisions"
        title = f"Run {run} of {_name(options.source)}"
        fits = _fits(options.source, run, frames) if options.source else ()
        with stages.stage("Write its page") as stage:
            page = viewer_html(
                traj, title=title, frames=frames, fits=fits, plain=options.plain, threads=options.threads
            )
            write_text(options.out, page)
            stage.found = f"{options.out}, {len(page.encode()) // _KILOBYTE} kB. Open it in a browser."
    except (DatasetError, DamagedFileError):
        raise
    except ValueError as error:
        raise wrong_option(error) from error


def _name(source: Path | None) -> str:
    """What the runs are called: a folder by its name."""
    return "the paper's gas" if source is None else source.resolve().name or str(source.resolve())


def _simulated(options: View) -> Source:
    """Runs of the paper's gas, of a seed."""
    engine = options.engine or AUTO
    _check_places(engine, "--engine")
    exact = engine in EXACT
    choices = GasChoices(engine=engine, seed=options.seed or 0, overlaps="reject" if exact else "allow")

    def load(run: int) -> Trajectories:
        start = choices.start(run, 1)
        return simulate(start, choices.frames, choices.dt, engine=engine, threads=options.threads, record="log")

    return Source(choices.runs, choices.frames, load)


def _check_places(engine: str, name: str) -> None:
    """Refuse runs that cannot be seen."""
    wrong = no_positions(engine, name)
    if wrong:
        raise UsageError(wrong)


def _kept(options: View, folder: Path) -> Source:
    """Runs of a folder, which have a seed and an engine already."""
    for name in ("seed", "engine"):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--{name}: must be left out where SOURCE names runs, got {getattr(options, name)}. Leave SOURCE out "
                "to have a run simulated."
            )
    return source_of(folder, options.threads)


def _fits(folder: Path, run: int, frames: int) -> tuple[Fit, ...]:
    """H ≈ a·h + b of the run, as the networks of a results folder have it: one of each kind."""
    if (folder / NAME).exists() or not (folder / RESULTS).exists():
        return ()
    series = Series.load(folder / "series.h5")
    kinds: dict[tuple[int, str], Training] = {}
    for training in series.trainings:
        kinds.setdefault((training.width, training.steps), training)
    return tuple(
        Fit(f"a·h + b, {training.label}", training.a[run] * training.h[run, :frames] + training.b[run])
        for training in list(kinds.values())[:_MOST_FITS]
    )
