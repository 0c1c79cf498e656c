"""What is wrong with a dataset, file by file, and how much of it can be made again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from hthm import checks, integrity
from hthm.owner import owned
from hthm.recording.store.description import Description
from hthm.recording.store.folder import remove_abandoned
from hthm.recording.store.manifest import NAME, DatasetError, Manifest, Shard, StoredFile, VersionError
from hthm.recording.store.opening import checked_gas, read_manifest
from hthm.recording.store.shard_files import fault_of
from hthm.recording.store.shard_writing import content_of, stored_as, write_recording
from hthm.recording.store.starts import read_state
from hthm.simulate import simulate

Report: TypeAlias = Callable[[str], None]


def verify(path: str | os.PathLike[str]) -> list[str]:
    """Read all files of a dataset, and compare them with the checksums of its manifest.

    Parameters
    ----------
    path : path
        Its folder.

    Returns
    -------
    list of str
        What is wrong, a line a fault that begins with the file it is about; empty if nothing is.

    Raises
    ------
    DatasetError
        If the folder is no dataset.
    OSError
        If a file cannot be read.
    """
    folder = checks.path("path", path)
    try:
        manifest, _ = read_manifest(folder)
    except DatasetError as error:
        if not (folder / NAME).exists():
            raise
        return [str(error)]
    return [*_faults(folder, manifest), *_strangers(folder, manifest)]


def repair(path: str | os.PathLike[str], report: Report = lambda _: None) -> list[str]:
    """Make again what is damaged or missing, from where the runs start, to the same numbers.

    Parameters
    ----------
    path : path
        Folder of the dataset.
    report : callable
        Told in a line what has been done, as it is done.

    Returns
    -------
    list of str
        What is wrong still, as `verify` says it. A lost start cannot be made again, and neither can a recording whose
        bits this machine does not give; what is there of it stays as it is.

    Raises
    ------
    DatasetError
        If the folder is no dataset, or nothing in it says what it was.
    OwnedError
        If another process writes into it.
    OSError
        If a file cannot be read or written.
    """
    folder = checks.path("path", path)
    if not (folder / NAME).exists() and not any(folder.glob("*.h5")):
        Manifest.read(folder)  # raises what is wrong
    with owned(folder):
        remove_abandoned(folder)
        try:
            manifest, _ = read_manifest(folder)
        except VersionError:
            raise
        except DatasetError:
            manifest = _manifest_of_shards(folder)
            manifest.write(folder)
            report(f"{folder / NAME}: made anew from the shards.")
        hopeless = []
        for number, shard in enumerate(manifest.shards):
            if fault_of(folder, manifest.description, shard, shard.recording, shard.names()[1]) is None:
                continue
            name = folder / shard.names()[1]
            starts = manifest.description.has_starts
            if not starts or fault_of(folder, manifest.description, shard, shard.start, shard.names()[0]) is not None:
                continue  # there is nothing to make it from, and the start is a fault itself
            stored = _recomputed(folder, manifest.description, shard)
            if stored is None:
                hopeless.append(
                    f"{name}: cannot be made again, for this machine gives other bits than are named in the manifest. "
                    "Repair it on a machine like the one that wrote it."
                )
                continue
            manifest = manifest.having(number, replace(shard, recording=stored))
            manifest.write(folder)
            report(f"{name}: made again, {shard.where}.")
    left = verify(folder)
    told = {line.partition(":")[0] for line in hopeless}
    return [*hopeless, *(line for line in left if line.partition(":")[0] not in told)]


def _faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    for shard in manifest.shards:
        for stored, name in manifest.files(shard):
            fault = fault_of(folder, manifest.description, shard, stored, name)
            if fault is not None:
                yield fault


def _strangers(folder: Path, manifest: Manifest) -> Iterator[str]:
    known = {name for shard in manifest.shards for _, name in manifest.files(shard)}
    for path in sorted(folder.glob("*.h5")):
        if path.name not in known:
            yield (
                f"{path}: must be named in the manifest, and is not: its runs are in other shards, or in none. Take it "
                "out of the folder."
            )


def _recomputed(folder: Path, description: Description, shard: Shard) -> StoredFile | None:
    """Simulate a shard from its start and write it; None, and nothing is written, where the bits are others."""
    assert description.kind != "frames"  # there is no start
    state = read_state(folder, description, shard)
    recorded = simulate(
        state,
        description.frames,
        description.dt,
        engine=description.engine,
        record=description.kind,
        positions=description.positions,
    ).recorded()
    if shard.recording is not None and content_of(description, state, recorded) != shard.recording.content:
        return None
    return write_recording(folder, description, shard, state, recorded)


def _manifest_of_shards(folder: Path) -> Manifest:
    """What the manifest was, by the files that are whole."""
    whole = {path.name: content for path in sorted(folder.glob("*.h5")) if _is_whole(content := path.read_bytes())}
    named = {name: stored_as(content, name) for name, content in whole.items()}
    descriptions = {description for description, _ in named.values()}
    if len(descriptions) != 1:
        raise DatasetError(
            f"{folder}: must hold shards of one dataset where its manifest is damaged, and holds those of "
            f"{len(descriptions)}. Take out of the folder what is not part of it."
        )
    try:
        description = Description(**json.loads(descriptions.pop()))
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"{folder}: must hold shards that say what they are of, and they do not ({error}). Take the dataset as it "
            "was written."
        ) from error
    checked_gas(folder / next(iter(named)), description)
    manifest = Manifest.planned(description)
    if description.seed is not None:  # a part, perhaps
        there = [number for number, shard in enumerate(manifest.shards) if not named.keys().isdisjoint(shard.names())]
        manifest = Manifest.planned(description, slice(there[0], there[-1] + 1))
    for number, shard in enumerate(manifest.shards):
        start, recording = (named[name][1] if name in named else None for name in shard.names())
        manifest = manifest.having(number, replace(shard, start=start, recording=recording))
    return manifest


def _is_whole(content: bytes) -> bool:
    try:
        return integrity.check_preface(content)
    except ValueError:
        return False
