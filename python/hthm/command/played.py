"""The run that is looked at: one of a folder, or one simulated for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from hthm import checks
from hthm.choices.run import GasChoices
from hthm.command.sources import RESULTS, Source, source_of
from hthm.command.wrong import UsageError
from hthm.engines.dsmc import no_positions
from hthm.engines.names import AUTO, EXACT
from hthm.engines.precision import BITS
from hthm.pages import viewer_data
from hthm.pages.series import Series
from hthm.pages.viewer_data import Way
from hthm.recording.store.manifest import NAME
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.command.viewing_options import Animate, View
    from hthm.engines.precision import Precision
    from hthm.gas import State
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


def there_and_back(traj: Trajectories, frames: int, precision: str, threads: int | None) -> tuple[Trajectories, Way]:
    """Return a run anew in more bits, and its way back in them.

    Raises
    ------
    UsageError
        If the run is not of the exact engine.
    ValueError
        If there is no such precision.
    """
    chosen = cast("Precision", checks.choice("precision", precision, [name for name in BITS if name != "double"]))
    if traj.engine not in EXACT:
        raise UsageError(f"--precision: must be left out for a fixed step, got {precision}. Give --engine event, too.")

    def leg(start: State) -> Trajectories:
        return simulate(start, frames, traj.dt, engine=traj.engine, threads=threads, record="log", precision=chosen)

    there = leg(traj.initial)
    back = leg(there.final.reversed())
    returned = bool(
        (back.final.positions == traj.initial.positions).all()
        and (back.final.velocities == -traj.initial.velocities).all()
    )
    return there, Way(f"{chosen} precision, {BITS[chosen]} bits", BITS[chosen], back, returned)


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
