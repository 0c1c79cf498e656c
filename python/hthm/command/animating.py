"""``hthm animate``: a run as a GIF or an MP4."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from hthm import checks
from hthm.choices.numbers import one_or_more
from hthm.command.played import check_places, fits_of, source_to_see
from hthm.command.wrong import UsageError, wrong_option
from hthm.pages.animation import palette, pictures
from hthm.pages.console import Stages
from hthm.pages.films import checked_format, checked_rate, checked_size, write_film
from hthm.pages.stored import DamagedFileError
from hthm.recording.store.manifest import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from hthm.command.viewing_options import Animate
    from hthm.pages.console import Stage

_KILOBYTE: Final = 1000
_DISK_BYTES: Final = 64
"""Of a disk in a frame: its place with and without the box, its velocity and speed, and what is made on the way."""


def animate(options: Animate) -> None:
    """Write a run as moving pictures.

    Raises
    ------
    UsageError
        If there is no such run, frame, size, rate or format, or the folder holds no runs.
    DatasetError, DamagedFileError
        If what the folder holds is damaged.
    FileExistsError
        If a file is there already, and may not be replaced.
    ModuleNotFoundError
        If an MP4 is to be made, and what makes one is not installed.
    OSError, MemoryError
        If a file cannot be read or written, or the run does not fit into memory.
    """
    out = options.out
    if out.exists() and not out.is_dir() and not options.overwrite:
        raise FileExistsError(errno.EEXIST, "This file is there already, and --overwrite not given", str(out))
    stages = Stages()
    try:
        kind = checked_format(out)
        size, rate = checked_size(options.size, kind), checked_rate(options.fps, kind)
        colours = palette(options.colours, dark=options.dark)
        checks.threads(options.threads)
        source = source_to_see(options)
        run = checks.integer("run", options.run, least=0, most=source.runs - 1)
        frames = one_or_more("frames", options.frames, source.frames + 1)
        if isinstance(frames, int):
            raise UsageError(f"--frames: must be a range, of which pictures move, got {options.frames}.")
        with stages.stage(f"Take run {run}") as stage:
            traj = source.load(run)
            check_places(traj.engine, "SOURCE")
            stage.found = f"{traj.collisions[0].sum()} collisions"
        held = size[0] * size[1] * len(frames) if kind == ".gif" else 0  # Pillow writes when it has all
        checks.memory(
            "animate",
            held + _DISK_BYTES * traj.initial.n * source.frames,
            "Take fewer --frames, a smaller --size, or an .mp4.",
        )
        fits = fits_of(options.source, run, source.frames)
        with stages.stage(f"Draw {len(frames)} pictures") as stage:
            drawn = pictures(
                traj, frames, size, fits=fits, dark=options.dark, colours=options.colours, threads=options.threads
            )
            write_film(out, _counted(drawn, len(frames), stage), size, rate, colours)
            seconds = len(frames) / rate.taken
            stage.found = f"{out}, {seconds:.4g} s at {rate}; {out.stat().st_size // _KILOBYTE} kB"
    except (DatasetError, DamagedFileError):
        raise
    except ValueError as error:
        raise wrong_option(error) from error


def _counted(drawn: Iterable[NDArray[np.uint8]], count: int, stage: Stage) -> Iterator[NDArray[np.uint8]]:
    """The same pictures, told one by one."""
    for number, picture in enumerate(drawn):
        yield picture
        stage.report(number + 1, count)
