"""``hthm export``: kept runs in the formats of other programs, a file a run."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hthm import checks
from hthm.choices.config_file import choices_of
from hthm.choices.entropy import EntropyConfig
from hthm.choices.numbers import one_or_more
from hthm.choices.run import GasChoices, RunConfig
from hthm.command.wrong import UsageError, wrong_option
from hthm.pages.console import Stages
from hthm.pages.stored import DamagedFileError, damaged, read_json
from hthm.recording.formats.writing import FORMATS, format_of
from hthm.recording.store.dataset import Dataset
from hthm.recording.store.manifest import NAME, DatasetError
from hthm.simulate import simulate
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from hthm.command.options import Export

_RESULTS = "results.json"


class _Source(NamedTuple):
    """Runs that can be had one at a time."""

    runs: int
    frames: int
    load: Callable[[int], Trajectories]


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
        source = _source(options)
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


def _source(options: Export) -> _Source:
    """What the folder holds."""
    folder = options.source
    if not (folder / _RESULTS).exists() or (folder / NAME).exists():
        if not (folder / NAME).exists():
            found = f"has neither {NAME} nor {_RESULTS}" if folder.is_dir() else "is no folder"
            raise UsageError(
                f"SOURCE: must be the folder of a dataset, or of a finished run of hthm, and {folder} "
                f"{found if folder.exists() else 'is missing'}."
            )
        kept = Dataset(folder)
        return _Source(kept.runs, kept.frames, lambda run: kept.load(slice(run, run + 1)))
    return _simulated_again(folder, options.threads)


def _simulated_again(folder: Path, threads: int | None) -> _Source:
    """The runs of a results folder, which says what they were made from."""
    path = folder / _RESULTS
    content = read_json(path, "config", "simulation")
    try:
        of: dict[str, Any] = content["simulation"]
        seed, digest, engine = of["seed"], str(of["start_sha256"]), str(of["engine"])
        config: GasChoices = choices_of(content["config"], str(path), RunConfig, EntropyConfig)
    except (KeyError, TypeError, AttributeError) as error:
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    if isinstance(config, EntropyConfig):
        config = config.gases[-1]  # those that all fits are made on
    if seed is None:
        raise UsageError(
            f"SOURCE: must say where its runs start, and those of {folder} were taken from a dataset. Export that."
        )
    start = config.start()
    if start.sha256() != digest:
        raise UsageError(
            f"SOURCE: must be a run whose starts this machine draws again, and those of {folder} differ in their last "
            "bits. Export on the machine that made it, or keep runs in a --store."
        )

    def load(run: int) -> Trajectories:
        return simulate(start[run : run + 1], config.frames, config.dt, engine=engine, threads=threads, record="log")

    return _Source(config.runs, config.frames, load)
