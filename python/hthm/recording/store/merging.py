"""One dataset of its parts: checked file by file, and joined without a number being changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from hthm import checks
from hthm.files import written_whole
from hthm.progress import Progress
from hthm.recording.store.manifest import DatasetError, Manifest, Shard, StoredFile
from hthm.recording.store.opening import read_manifest
from hthm.recording.store.shard_files import fault_of
from hthm.recording.store.writer import begun


class _Part(NamedTuple):
    """A dataset that is joined with others."""

    folder: Path
    manifest: Manifest


def merge(
    out: str | os.PathLike[str], parts: Sequence[str | os.PathLike[str]], progress: Progress | None = None
) -> None:
    """Join parts of a dataset, as machines have simulated them, into one; the parts stay as they are.

    Parameters
    ----------
    out : path
        Folder of the whole, empty or to be made; what a stop has left there is gone on with.
    parts : sequence of path
        Folders of the parts, in any order.
    progress : callable, optional
        Called as ``progress(done, total)`` with shards.

    Raises
    ------
    DatasetError
        If one of the parts is no dataset, is unfinished, has other parameters or is another version's; if runs are in
        two of them, or in none; or if a file is not what the manifest of its part says.
    OwnedError
        If another process writes into the folder of the whole.
    OSError
        If a file cannot be read or written.

    Notes
    -----
    Files are not written anew: the whole has them under a second name (a hard link) where the file system can do that,
    and copies of them elsewhere. They are the files, and the manifest is the one, of a simulation of all runs in one
    go by the same versions.
    """
    folder = checks.path("out", out)
    ordered = sorted((_read(checks.path("parts", part)) for part in parts), key=lambda part: part.manifest.runs.start)
    if not ordered:
        raise DatasetError("parts: must be folders of datasets, got none. Name them behind the folder of the whole.")
    _check(folder, ordered)
    description = ordered[0].manifest.description
    with begun(folder, description) as writer:
        number, total = 0, len(writer.manifest.shards)
        whole = writer.manifest
        for part in ordered:
            for shard in part.manifest.shards:
                _take(folder, part, shard)
                whole = whole.having(number, shard)
                number += 1
                if progress is not None:
                    progress(number, total)
        whole.write(folder)


def _read(folder: Path) -> _Part:
    manifest, _ = read_manifest(folder)
    missing = len(manifest.shards) - manifest.finished
    if missing:
        raise DatasetError(
            f"{folder}: must be finished, and {missing} of its {len(manifest.shards)} shards are missing. The hthm "
            "simulate that began it goes on with it."
        )
    return _Part(folder, manifest)


def _check(out: Path, parts: Sequence[_Part]) -> None:
    """Refuse parts that are not those of one dataset, each run once."""
    first = parts[0]
    whole = first.manifest.description
    for part in parts:
        if part.manifest.description != whole:
            raise DatasetError(
                f"{part.folder}: must be a part of the same dataset as {first.folder}, and differs: "
                f"{part.manifest.description.differences(whole)}. Leave it out."
            )
        if out.exists() and out.samefile(part.folder):
            raise DatasetError(
                f"{out}: must be a folder for the whole, and is one of the parts. Name another one before them."
            )
    for before, after in pairwise(parts):
        if after.manifest.runs.start < before.manifest.runs.stop:
            last = min(before.manifest.runs.stop, after.manifest.runs.stop) - 1
            raise DatasetError(
                f"{after.folder}: must have other runs than {before.folder}, and both have runs "
                f"{after.manifest.runs.start} to {last}. Leave one of them out."
            )
    ends = [0, *(part.manifest.runs.stop for part in parts)]
    begins = [*(part.manifest.runs.start for part in parts), whole.runs]
    gaps = [f"{end} to {begin - 1}" for end, begin in zip(ends, begins, strict=True) if end < begin]
    if gaps:
        raise DatasetError(
            f"{out}: must get all {whole.runs} runs, and no part has runs {' and '.join(gaps)}. Name the part that "
            "does, or simulate it with hthm simulate --shard."
        )
    _check_versions(parts)


def _check_versions(parts: Sequence[_Part]) -> None:
    """Refuse runs that another hthm has simulated. Other h5py and HDF5 write other bytes of the same numbers."""
    first = _simulated_by(parts[0].manifest.shards[0])
    for part in parts:
        for shard in part.manifest.shards:
            if _simulated_by(shard) != first:
                raise DatasetError(
                    f"{part.folder / shard.names()[1]}: must be of the same version as {parts[0].folder}, {first}, got "
                    f"{_simulated_by(shard)}. Simulate its part again with {first}."
                )


def _simulated_by(shard: Shard) -> str:
    assert shard.recording is not None
    return shard.recording.versions.partition(",")[0]


def _take(out: Path, part: _Part, shard: Shard) -> None:
    """Check both files of a shard, and give them to the whole."""
    for stored, name in part.manifest.files(shard):
        fault = fault_of(part.folder, part.manifest.description, shard, stored, name)
        if fault is not None:
            raise DatasetError(fault)
        _share(part.folder / name, out / name)
        _check_copy(out, part, shard, stored, name)


def _share(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it: whole or not at all."""
    if target.exists() and target.samefile(source):
        return
    with written_whole(target) as part:
        with suppress(OSError):  # another file system, one without hard links, too many of them: it is copied then
            second = part.with_suffix(".link.part")
            os.link(source, second)
            second.replace(part)
            return
        shutil.copyfile(source, part)


def _check_copy(out: Path, part: _Part, shard: Shard, stored: StoredFile | None, name: str) -> None:
    """Refuse a copy that differs from what was checked; a second name of a file needs no second look."""
    if (out / name).samefile(part.folder / name):
        return
    fault = fault_of(out, part.manifest.description, shard, stored, name)
    if fault is not None:
        raise DatasetError(f"{out / name}: must be a copy of {part.folder / name}, and is none. Merge again.")
