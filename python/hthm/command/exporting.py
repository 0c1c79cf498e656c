"""``hthm export``: kept runs in the formats of other programs, a file a run."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hthm import checks
from hthm.choices.numbers import one_or_more
from hthm.command.sources import source_of
from hthm.command.wrong import UsageError, wrong_option
from hthm.pages.console import Stages
from hthm.pages.stored import DamagedFileError
from hthm.recording.formats.writing import FORMATS, format_of
from hthm.recording.store.manifest import DatasetError

if TYPE_CHECKING:
    from hthm.command.dataset_options import Export


def export(options: Export) -> None:
    """Write some runs of a dataset, or of a results folder, a file each.

    Raises
    ------
    UsageError
        If there is no such run, frame or format, or the folder holds neither.
    DatasetError, DamagedFileError
        If what the folder holds is damaged.
    FileExistsError
        If a file is there already, and may not be replaced.
    ValueError
        If the recording does not say where disks were.
    ModuleNotFoundError
        If the package that knows the format is not installed.
    OSError, MemoryError
        If a file cannot be read or written, or a run does not fit into memory.
    """
    try:
        if options.depth is not None:
            checks.positive("depth", options.depth)
        checks.threads(options.threads)
        source = source_of(options.source, options.threads)
        runs = one_or_more("run", options.run, source.runs)
        frames = one_or_more("frames", options.frames, source.frames + 1)
        name = format_of(options.out, options.format)
    except (DatasetError, DamagedFileError):
        raise
    except ValueError as error:
        raise wrong_option(error) from error
    chosen = slice(frames, frames + 1) if isinstance(frames, int) else slice(frames.start, frames.stop, frames.step)
    files = _files(options, runs, name)
    written = 1 if isinstance(frames, int) else len(frames)
    what = f"run {runs}" if isinstance(runs, int) else f"{len(runs)} runs"
    made = None if isinstance(runs, int) else _made(options.out)
    try:
        with Stages().stage(f"Write {what} of {options.source}, {written} frames each, as {name}") as stage:
            for done, (run, path) in enumerate(files.items()):
                source.load(run).write(path, format=name, frames=chosen, depth=options.depth)
                stage.report(done + 1, len(files))
            stage.found = str(options.out)
    finally:
        if made is not None:
            with suppress(OSError):  # something is in it
                made.rmdir()


def _files(options: Export, runs: int | range, name: str) -> dict[int, Path]:
    """The file of every run, none of which is there unless it may be replaced."""
    out = options.out
    if isinstance(runs, int):
        files = {runs: out}
    else:
        if out.suffix.lower() in {ending for endings in FORMATS.values() for ending in endings}:
            raise UsageError(
                f"OUT: must be a folder where --run is a range, got {out}. Leave {out.suffix} out, and give --format."
            )
        files = {run: out / f"run-{run:08}{FORMATS[name][0]}" for run in runs}
    for path in files.values():
        if path.exists() and not path.is_dir() and not options.overwrite:
            raise FileExistsError(errno.EEXIST, "This file is there already, and --overwrite not given", str(path))
    return files


def _made(folder: Path) -> Path | None:
    """Make a folder for files; None if it was there."""
    if folder.is_dir():
        return None
    if folder.exists():
        raise NotADirectoryError(errno.ENOTDIR, "Files of several runs go into a folder, and here is a file", folder)
    folder.mkdir(parents=True)
    return folder
