"""``hthm view``: a page that plays a run, in one file."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from hthm import checks
from hthm.command.played import check_places, fits_of, name_of, source_to_see, there_and_back
from hthm.command.wrong import UsageError, wrong_option
from hthm.files import write_text
from hthm.pages.console import Stages
from hthm.pages.stored import DamagedFileError
from hthm.pages.viewer_page import viewer_html
from hthm.recording.store.manifest import DatasetError

if TYPE_CHECKING:
    from hthm.command.viewing_options import View

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
        if options.precision is not None and options.source is not None:
            raise UsageError(
                f"--precision: must be left out where SOURCE names runs, got {options.precision}. They were simulated "
                "in double: leave SOURCE out to have a run simulated."
            )
        source = source_to_see(options)
        run = checks.integer("run", options.run, least=0, most=source.runs - 1)
        frames = source.frames
        if options.frames is not None:
            frames = checks.integer("frames", options.frames, least=1, most=source.frames)
        with stages.stage(f"Take run {run}, {frames} frames") as stage:
            traj = source.load(run)
            check_places(traj.engine, "SOURCE")
            stage.found = f"{traj.collisions[0, :frames].sum()} collisions"
        ways = []
        if options.precision is not None:
            with stages.stage(f"Simulate it there and back, {options.precision}") as stage:
                traj, way = there_and_back(traj, frames, options.precision, options.threads)
                ways.append(way)
                stage.found = "it comes back in every bit" if way.returned else "it does not come back in every bit"
        title = f"Run {run} of {name_of(options.source)}"
        fits = fits_of(options.source, run, frames)
        with stages.stage("Write its page") as stage:
            page = viewer_html(
                traj, title=title, frames=frames, fits=fits, ways=ways, plain=options.plain, threads=options.threads
            )
            write_text(options.out, page)
            stage.found = f"{options.out}, {len(page.encode()) // _KILOBYTE} kB. Open it in a browser."
    except (DatasetError, DamagedFileError):
        raise
    except ValueError as error:
        raise wrong_option(error) from error
