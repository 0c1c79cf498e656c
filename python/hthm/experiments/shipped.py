"""Shards that a worker on another machine simulates: files of where runs start go there, files of recordings come back.

Workers need not see the disk on which the dataset lies, and draw nothing: the last bits of a start depend on the
processor that drew it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from hthm.experiments.pieces import ArrivalError, Piece
from hthm.gas import State
from hthm.recording.store.manifest import DatasetError
from hthm.recording.store.shard_files import fault_of
from hthm.recording.store.shard_writing import write_recording
from hthm.recording.store.starts import joined, read_state
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hthm.experiments.workers import Workers
    from hthm.progress import Progress
    from hthm.recording.store.description import Description
    from hthm.recording.store.manifest import Shard, StoredFile
    from hthm.recording.store.shard_writing import Recorded
    from hthm.recording.store.writer import Writer

_ROUNDS: Final = 4
"""Pieces a slot of the workers at least, if there are shards enough, so that all of them end at about the same time."""


@dataclass(frozen=True)
class Starts:
    """What is sent: shards side by side, and the file of where the runs of each start."""

    description: Description
    shards: tuple[Shard, ...]
    files: tuple[bytes, ...]


def simulate_elsewhere(writer: Writer, workers: Workers, progress: Progress, *, together: int) -> None:
    """Have workers simulate the shards that are missing, and write each as it arrives.

    Parameters
    ----------
    writer : Writer
        Has the files of where the runs start.
    workers : Workers
        Who simulates.
    progress : callable
        Called as ``progress(done, total)``.
    together : int
        Shards of a piece at most.

    Raises
    ------
    ClusterError
        If the workers cannot.
    DatasetError, OSError
        If a file is damaged, or cannot be read or written. What is finished stays.
    """
    missing = [number for number, _ in writer.missing()]
    together = max(1, min(together, math.ceil(len(missing) / (_ROUNDS * max(1, workers.slots)))))
    blocks = [missing[first : first + together] for first in range(0, len(missing), together)]

    def pieces() -> Iterator[Piece]:
        for block in blocks:
            shards = tuple(writer.manifest.shards[number] for number in block)
            files = tuple(_start_file(writer, shard) for shard in shards)
            runs = sum(shard.runs for shard in shards)
            title = f"Runs {shards[0].first} to {shards[-1].end - 1}"
            given = Starts(writer.manifest.description, shards, files)
            yield Piece(title, simulate_shards, given, size=runs, key=block)

    runs, left = len(writer.manifest.runs), sum(part.stop - part.start for _, part in writer.missing())

    def report(done: int, total: int) -> None:
        whole = total * runs // left
        progress(whole - total + done, whole)

    for piece, files in workers.answers(pieces(), left, report):
        for number, (stored, content) in zip(piece.key, files, strict=True):
            path = writer.folder / writer.manifest.shards[number].names()[1]
            if (stored.name, stored.sha256) != (path.name, hashlib.sha256(content).hexdigest()):
                raise DatasetError(f"{path}: must arrive as it was sent, and did not. The same command goes on.")
            writer.take(number, stored, content)


def simulate_shards(given: Starts, threads: int, progress: Progress) -> list[tuple[StoredFile, bytes]]:
    """Simulate shards on a worker: the file of each one's recording, with what the manifest is to say of it.

    Raises
    ------
    ArrivalError
        If a start is not what was sent.
    MemoryError, OSError
        If memory or the disk of temporary files do not suffice.
    """
    of = given.description
    with TemporaryDirectory(prefix="hthm-") as name:
        folder = Path(name)
        for shard, content in zip(given.shards, given.files, strict=True):
            if shard.start is None or hashlib.sha256(content).hexdigest() != shard.start.sha256:
                raise ArrivalError(f"the start of {shard.where} must arrive as it was sent, and did not")
            (folder / shard.start.name).write_bytes(content)
        start = stored_start(folder, of, given.shards)
        whole = recording(of, start, threads, progress)
        files, first = [], given.shards[0].first
        for shard in given.shards:
            runs = slice(shard.first - first, shard.end - first)
            stored = write_recording(folder, of, shard, start[runs], whole.of(runs))
            files.append((stored, (folder / stored.name).read_bytes()))
        return files


def stored_start(folder: Path, description: Description, shards: Sequence[Shard]) -> State:
    """Read where the runs of shards side by side start.

    Raises
    ------
    DatasetError
        If a file is missing or damaged.
    """
    return joined([read_state(folder, description, shard) for shard in shards])


def recording(description: Description, start: State, threads: int | None, progress: Progress) -> Recorded:
    """Simulate runs as a description has them, and return what a shard keeps of them.

    Raises
    ------
    MemoryError
        If their log does not fit into the available memory.
    """
    of = description
    return simulate(
        start, of.frames, of.dt, engine=of.engine, threads=threads, record="log", progress=progress
    ).recorded()


def _start_file(writer: Writer, shard: Shard) -> bytes:
    name = shard.names()[0]
    fault = fault_of(writer.folder, writer.manifest.description, shard, shard.start, name)
    if fault is not None:
        raise DatasetError(fault)
    return (writer.folder / name).read_bytes()
