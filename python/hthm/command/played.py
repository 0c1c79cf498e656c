"""The run that is looked at: one of a folder, or one simulated for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hthm.choices.run import GasChoices
from hthm.command.sources import RESULTS, Source, source_of
from hthm.command.wrong import UsageError
from hthm.engines.dsmc import no_positions
from hthm.engines.names import AUTO, EXACT
from hthm.pages import viewer_data
from hthm.pages.series import Series
from hthm.recording.store.manifest import NAME
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.command.viewing_options import Animate, View
    from hthm.trajectories import Trajectories


def source_to_see(options: View | Animate) -> Source:
    """Return the runs that can be looked at.

    Raises
    ------
    UsageError
        If the folder holds none, or an option is not for it.
    DatasetError, DamagedFileError
        If what it holds is damaged.
    ValueError, OSError
        If an engine is unknown; if the folder cannot be read.
    """
    return _simulated(options) if options.source is None else _kept(options, options.source)


def check_places(engine: str, name: str) -> None:
    """Refuse runs that cannot be seen.

    Raises
    ------
    UsageError
        If they are of such an engine.
    """
    wrong = no_positions(engine, name)
    if wrong:
        raise UsageError(wrong)


def name_of(source: Path | None) -> str:
    """What the runs are called: a folder by its name."""
    return "the paper's gas" if source is None else source.resolve().name or str(source.resolve())


def _simulated(options: View | Animate) -> Source:
    """Runs of the paper's gas, of a seed."""
    engine = options.engine or AUTO
    check_places(engine, "--engine")
    exact = engine in EXACT
    choices = GasChoices(engine=engine, seed=options.seed or 0, overlaps="reject" if exact else "allow")

    def load(run: int) -> Trajectories:
        start = choices.start(run, 1)
        return simulate(start, choices.frames, choices.dt, engine=engine, threads=options.threads, record="log")

    return Source(choices.runs, choices.frames, load)


def _kept(options: View | Animate, folder: Path) -> Source:
    """Runs of a folder, which have a seed and an engine already."""
    for name in ("seed", "engine"):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--{name}: must be left out where SOURCE names runs, got {getattr(options, name)}. Leave SOURCE out "
                "to have a run simulated."
            )
    return source_of(folder, options.threads)


def fits_of(folder: Path | None, run: int, frames: int) -> tuple[viewer_data.Fit, ...]:
    """Return H ≈ a·h + b of a run, as the networks of a results folder have it: one of each kind, three at most.

    Raises
    ------
    DamagedFileError, OSError
        If its series cannot be read.
    """
    if folder is None or (folder / NAME).exists() or not (folder / RESULTS).exists():
        return ()
    return viewer_data.fits_of(Series.load(folder / "series.h5"), run, frames)
