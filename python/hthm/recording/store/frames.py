"""Frames of a dataset, read a piece at a time: some runs of a shard, of which the last ones read are kept."""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from hthm import _core, checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.collision_log import CollisionLog, frame_offsets
from hthm.recording.dense import DenseFrames
from hthm.recording.disk_function import DiskFunction
from hthm.recording.frames import Frames, RunChanges, Steps
from hthm.recording.log import LogFrames
from hthm.recording.store.manifest import DatasetError, Manifest
from hthm.recording.store.shard_reading import read_changes, read_recording, read_start
from hthm.reprs import one_line

_PIECE: Final = 2**24
"""Bytes of a piece in memory, or one run."""
_KEPT: Final = 2**29
"""Bytes of pieces that are kept: all of the paper's runs."""
_GROWS: Final = 2.4
"""A row of a log takes 40 bytes in memory, and its momentum and pair hardly shrink below 17 on the disk."""
IN_MEMORY: Final = 2**29
"""Bytes of what the training kernel makes of a log that stay in memory, 700 of the paper's runs."""


class Piece(NamedTuple):
    """Runs [first, end) of the dataset, all in the shard of this number."""

    shard: int
    first: int
    end: int


class StoredFrames(Frames):
    """Frames of a dataset.

    Parameters
    ----------
    folder : Path
        Of the dataset.
    manifest : Manifest
        All of whose shards are there.
    runs : slice
        Those whose frames these are.

    Raises
    ------
    DatasetError
        If velocities were not kept.
    """

    def __init__(self, folder: Path, manifest: Manifest, runs: slice) -> None:
        description = manifest.description
        if description.kind == "counts":
            raise DatasetError(
                f"{folder}: must hold velocities, and holds the number of collisions alone. Simulate with record='log'."
            )
        self.leading, self.n, self.speed = (
            (runs.stop - runs.start, description.frames),
            description.n,
            description.speed,
        )
        self._folder, self._manifest, self._first = folder, manifest, runs.start
        self._pieces = list(cut(manifest, runs))
        self._ends = np.array([piece.end for piece in self._pieces]) - runs.start  # counted from the first of these
        self._kept: OrderedDict[int, LogFrames | DenseFrames] = OrderedDict()
        self._most = _KEPT

    def __repr__(self) -> str:
        return one_line("StoredFrames", (("leading", self.leading), ("n", self.n)), len(self) * self.n * 16)

    def __getstate__(self) -> dict[str, object]:
        return vars(self) | {"_kept": OrderedDict()}  # another process reads for itself

    @property
    def place(self) -> tuple[Path, slice]:
        """The folder of the dataset, in full, and which of its runs these are."""
        return self._folder.resolve(), slice(self._first, self._first + self.leading[0])

    def keep(self) -> None:
        """Keep all pieces from now on, each read once; see `Frames.keep`.

        Raises
        ------
        MemoryError
            If they do not fit into the available memory.
        """
        description = self._manifest.description
        dense = description.kind == "velocities"
        needed = math.prod(self.leading) * self.n * 16 if dense else round(sum(map(self._bytes, self._pieces)))
        if needed > _KEPT:
            advice = (
                "A batch has frames of all runs: train on fewer runs, or with the compiled kernel, or write the array "
                "with .dense(path), and train on numpy.load(path, mmap_mode='r')."
            )
            checks.memory("train", needed, advice)
        self._most = max(_KEPT, 2 * needed)  # what is reckoned is never short by so much

    def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:
        """Read the pieces that have one of the frames, one after the other.

        Parameters
        ----------
        numbers, out, threads
            As `Frames.read` takes them.

        Raises
        ------
        DatasetError
            If a file is missing or damaged.
        ValueError
            If a number is not that of a frame.
        """
        frames = self.leading[1]
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise ValueError(f"numbers: must be those of the {len(self)} frames, counted from 0.")
        of_piece = np.searchsorted(self._ends, numbers // frames, side="right")
        order = np.argsort(of_piece, kind="stable")
        places = np.split(order, np.flatnonzero(np.diff(of_piece[order])) + 1) if len(order) else []
        for wanted in places:
            number = int(of_piece[wanted[0]])
            inside = numbers[wanted] - (self._pieces[number].first - self._first) * frames
            first, last = int(wanted[0]), int(wanted[-1])
            if last - first + 1 == len(wanted):  # side by side: stable order keeps them ascending
                self._piece(number).read(inside, out[first : last + 1], threads=threads)
            else:
                part = np.empty((len(wanted), self.n, 2))
                self._piece(number).read(inside, part, threads=threads)
                out[wanted] = part

    def stored(self) -> Iterator[tuple[FloatArray, str]]:
        """Go through what the pieces store; see `Frames.stored`."""
        for number, piece in enumerate(self._pieces):
            for velocities, _ in self._piece(number).stored():
                yield velocities, f"runs {piece.first} to {piece.end - 1} of {self._folder}"

    def speed_counts(self, edges: FloatArray, *, threads: int) -> IntArray:
        """Count the speeds of all frames; see `Frames.speed_counts`."""
        return np.concatenate([piece.speed_counts(edges, threads=threads) for _, piece in self._each()])

    def speed_h(
        self, edges: FloatArray, *, threads: int, terms: FloatArray | None = None
    ) -> tuple[FloatArray, IntArray]:
        """H of the speeds of all frames.

        Parameters
        ----------
        edges, threads, terms
            As `Frames.speed_h` takes them.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
        """
        parts = [piece.speed_h(edges, threads=threads, terms=terms) for _, piece in self._each()]
        return np.concatenate([h for h, _ in parts]), np.concatenate([dropped for _, dropped in parts])

    def velocity_h(
        self,
        temperatures: FloatArray | None,
        bins: int,
        reach: float,
        *,
        threads: int,
        terms: FloatArray | None = None,
    ) -> tuple[FloatArray, IntArray]:
        """H of the velocities of all frames.

        Parameters
        ----------
        temperatures, bins, reach, threads, terms
            As `Frames.velocity_h` takes them.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
        """
        parts = []
        for first, piece in self._each():
            given = None if temperatures is None else np.ascontiguousarray(temperatures[first : first + len(piece)])
            parts.append(piece.velocity_h(given, bins, reach, threads=threads, terms=terms))
        return np.concatenate([h for h, _ in parts]), np.concatenate([dropped for _, dropped in parts])

    def disk_sums(self, of: DiskFunction, disks: int) -> Iterator[tuple[int, FloatArray]]:
        """Sum over the disks as the recording in memory does, so that the bits are the same; see `Frames.disk_sums`."""
        if self._manifest.description.kind == "velocities":  # in the same chunks, which may go across pieces
            yield from super().disk_sums(of, disks)
            return
        for first, piece in self._each():
            for within, sums in piece.disk_sums(of, disks):
                yield first + within, sums

    def changes(self, run: int, steps: Steps) -> RunChanges:
        """Return what changes in a run; see `Frames.changes`.

        Raises
        ------
        DatasetError
            If a file is missing or damaged, or collisions are asked of frames that came without them.
        """
        if steps == "collisions" and self._manifest.description.kind == "frames":
            raise DatasetError(
                f"{self._folder}: must be a log, for only that knows which disks collided, and holds frames alone. "
                "Go by frames."
            )
        number = int(np.searchsorted(self._ends, run, side="right"))
        return self._piece(number).changes(run + self._first - self._pieces[number].first, steps)

    def pair_loss(self, threads: int) -> _core.PairLoss:
        """Encode all runs, a piece after the other; see `Frames.pair_loss`.

        Of the pieces nothing is kept. Of what the kernel makes of them, half a gigabyte stays in memory; the rest goes
        to a file in the folder TMPDIR, or else /var/tmp, which is gone with the process.

        Raises
        ------
        OSError
            If the folder takes no files, or has no more room.
        """
        if self._manifest.description.kind == "velocities":
            return super().pair_loss(threads)
        parts = (piece.log_arrays() for _, piece in self._each() if isinstance(piece, LogFrames))
        # Not the folder of `tempfile`, /tmp, which many systems keep in memory.
        folder = os.environ.get("TMPDIR") or "/var/tmp"  # noqa: S108 -- a file there has no name
        return _core.PairLoss.from_logs(parts, threads, IN_MEMORY, folder)

    def _each(self) -> Iterator[tuple[int, LogFrames | DenseFrames]]:
        """Go through the pieces: the number of their first frame, and their frames."""
        for number, piece in enumerate(self._pieces):
            yield (piece.first - self._first) * self.leading[1], self._piece(number)

    def _piece(self, number: int) -> LogFrames | DenseFrames:
        """The frames of a piece, read unless they are kept; those used last are kept longest."""
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        shard, first, end = self._pieces[number]
        frames, nbytes = self._read(shard, slice(first, end))
        room = max(1, self._most // max(nbytes, 1))
        while len(self._kept) >= room:
            self._kept.popitem(last=False)
        self._kept[number] = frames
        return frames

    def _bytes(self, piece: Piece) -> float:
        """About what a piece of a log takes in memory, by what its runs take on the disk."""
        shard = self._manifest.shards[piece.shard]
        of_file = 0 if shard.recording is None else shard.recording.nbytes / shard.runs
        return (piece.end - piece.first) * (self.n * 16 + self.leading[1] * 8 + _GROWS * of_file)

    def _read(self, number: int, runs: slice) -> tuple[LogFrames | DenseFrames, int]:
        shard, description = self._manifest.shards[number], self._manifest.description
        within = slice(runs.start - shard.first, runs.stop - shard.first)
        if description.kind == "frames":
            first, changes = read_changes(self._folder, description, shard, within)
            counts, pairs, velocities = changes.two_a_row()
            rows = CollisionLog(frame_offsets=frame_offsets(counts), pairs=pairs, velocities=velocities, times=None)
            return LogFrames(first, rows, speed=self.speed), first.nbytes + rows.nbytes
        start = read_start(self._folder, description, shard, within, "velocities")
        recorded = read_recording(self._folder, description, shard, within, start, checks.threads(None))
        if recorded.log is None:
            assert recorded.velocities is not None
            return DenseFrames(recorded.velocities, speed=self.speed), recorded.velocities.nbytes
        return LogFrames(start, recorded.log, speed=self.speed), start.nbytes + recorded.log.nbytes


def cut(manifest: Manifest, runs: slice) -> Iterator[Piece]:
    """Cut runs into pieces of some 16 MB in memory, or of one run, shard by shard."""
    description = manifest.description
    for number, shard in enumerate(manifest.shards):
        first, end = max(shard.first, runs.start), min(shard.end, runs.stop)
        if first >= end or shard.recording is None:
            continue
        a_run = description.n * description.frames * 16
        if description.kind in {"log", "frames"}:  # about as much more as its file takes less
            a_run = min(a_run, description.n * 16 + 4 * shard.recording.nbytes // shard.runs)
        step = max(1, _PIECE // a_run)
        for k in range(first, end, step):
            yield Piece(number, k, min(k + step, end))
