"""A dataset on its way to the disk: starts first, then shard by shard, each named when it is there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from hthm import files
from hthm.engines.names import TIMED
from hthm.equilibrium import collisions_a_frame
from hthm.gas import DiskGas, State
from hthm.owner import owned
from hthm.progress import Progress
from hthm.recording.collision_log import ROW_BYTES, SPIN_BYTES
from hthm.recording.store.description import Description, Kept
from hthm.recording.store.folder import check_folder, check_same, found, is_there, remove_abandoned
from hthm.recording.store.gases import gas_of, numbers_of
from hthm.recording.store.manifest import Manifest, StoredFile
from hthm.recording.store.shard_writing import Recorded, write_recording, write_start
from hthm.rules import spinning, text_of

_SHARD: Final = 2**26
"""Bytes that the log of a shard's runs is to take in memory."""
_MOST: Final = 2**30
"""Bytes that it takes at most, if there are to be enough runs for many processors."""
_TOGETHER: Final = 16  # runs
_PARTS: Final = 32
"""Shards that the runs of a seed are cut into at least, so that as many machines can simulate a part each."""


def describe(
    start: State,
    *,
    kind: Kept,
    frames: int,
    dt: float,
    engine: str,
    collisions: float | None = None,
    positions: bool = False,
) -> Description:
    """Return the description of the runs that begin with a state.

    Parameters
    ----------
    start : State
        Where all runs start.
    kind, frames, dt, engine, positions
        As `Description` has them.
    collisions : float, optional
        Of a run, where they are known: by them, shards are of a size that fits into memory. What theory expects unless
        given, and so the same for the same gas.

    Returns
    -------
    Description
    """
    n = start.n
    if collisions is None:
        collisions = _expected_collisions(start.gas, frames, dt, engine)
    spins = spinning(start.rule)
    a_frame = {"log": 0.0, "velocities": (16.0 + 8 * spins) * n, "counts": 0.0}[kind] + positions * 16.0 * n
    rows = collisions if kind == "log" else 0.0
    return Description(
        kind=kind,
        runs=start.runs,
        frames=frames,
        shard_runs=min(start.runs, _runs_in_memory(n, frames, rows, a_frame, spins=spins)),
        n=n,
        diameter=start.diameter,
        speed=start.speed,
        box=start.box,
        dt=dt,
        engine=engine,
        rule=text_of(start.rule),
        start_sha256=start.sha256(),
        positions=positions,
        kinds=numbers_of(start.kinds),
    )


def describe_drawn(
    gas: DiskGas, runs: int, *, frames: int, dt: float, engine: str, seed: int, speeds: str, overlaps: str
) -> Description:
    """Return the description of logs of runs that begin with what `DiskGas.sample` draws, a run at a time.

    Parameters
    ----------
    gas, runs : DiskGas, int
        The gas, and runs of the whole.
    frames, dt, engine, seed, speeds, overlaps
        As `Description` has them.

    Returns
    -------
    Description
    """
    most = _runs_in_memory(gas.n, frames, _expected_collisions(gas, frames, dt, engine), spins=spinning(gas.rule))
    return Description(
        kind="log",
        runs=runs,
        frames=frames,
        shard_runs=min(math.ceil(runs / _PARTS), most),
        n=gas.n,
        diameter=gas.diameter,
        speed=gas.speed,
        box=gas.box,
        dt=dt,
        engine=engine,
        rule=text_of(gas.rule),
        seed=seed,
        speeds=speeds,
        overlaps=overlaps,
        kinds=numbers_of(gas.kinds),
    )


def shards_together(description: Description) -> int:
    """Return how many shards of a log can be simulated in one go: what fits into memory well."""
    of = description
    gas = gas_of(of)
    expected = _expected_collisions(gas, of.frames, of.dt, of.engine)
    most = _runs_in_memory(of.n, of.frames, expected, spins=spinning(gas.rule))
    return max(1, most // of.shard_runs)


def _runs_in_memory(n: int, frames: int, collisions: float, a_frame: float = 0.0, *, spins: bool) -> int:
    """Runs that take little memory together, and are enough for many processors; at least one."""
    a_run = n * (64 + 16 * spins) + frames * (16 + a_frame) + (ROW_BYTES + SPIN_BYTES * spins) * collisions
    return max(1, int(max(_SHARD / a_run, min(float(_TOGETHER), _MOST / a_run))))


def _expected_collisions(gas: DiskGas, frames: int, dt: float, engine: str) -> float:
    """Collisions of a run."""
    try:
        return frames * gas.n * collisions_a_frame(gas, dt, exact=engine in TIMED)
    except ValueError:  # a gas of units in which float64 does not hold the rate
        return float(frames * gas.n)


class Writer:
    """The shards of a dataset, of which this process is the owner until its block ends."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest

    def missing(self) -> Iterator[tuple[int, slice]]:
        """Go through the shards whose recording is not there, or not of its size: number and runs."""
        for number, shard in enumerate(self.manifest.shards):
            if not is_there(self.folder, shard.recording):
                yield number, slice(shard.first, shard.end)

    def write_starts(self, start: Callable[[slice], State]) -> None:
        """Write where the runs start, as far as it is not there; `start` has that of a range of runs.

        Raises
        ------
        DatasetError
            If a file was lost, and they start elsewhere than it said.
        OSError
            If a file cannot be written.
        """
        changed = False
        for number, shard in enumerate(self.manifest.shards):
            if not is_there(self.folder, shard.start):
                begins = start(slice(shard.first, shard.end))
                stored = write_start(self.folder, self.manifest.description, shard, begins)
                check_same(self.folder, stored, shard.start)
                self.manifest = self.manifest.having(number, replace(shard, start=stored))
                changed = True
        if changed:
            self.manifest.write(self.folder)

    def fill(
        self,
        start: Callable[[slice], State],
        recorded: Callable[[State, int, Progress], Recorded],
        progress: Progress | None = None,
        *,
        together: int = 1,
    ) -> None:
        """Write shard by shard what was recorded, as far as it is not there.

        Parameters
        ----------
        start : callable
            Has where a range of runs starts.
        recorded : callable
            Simulates from there; it is handed the number of the first run, too, and who is to be told of the frames.
        progress : callable, optional
            Called as ``progress(done, total)`` with frames of all runs of the folder.
        together : int
            Shards that are simulated in one go, so that all processors have runs.

        Raises
        ------
        DatasetError
            If a file was lost, and its runs come out with other bits than it had.
        OSError
            If a file cannot be written. What is finished stays.
        """
        frames, runs = self.manifest.description.frames, self.manifest.runs
        for block in _blocks(self.missing(), together):
            first, end = block[0][1].start, block[-1][1].stop

            def report(done: int, _: int, before: int = first - runs.start) -> None:
                if progress is not None:
                    progress(before * frames + done, len(runs) * frames)

            begins = start(slice(first, end))
            whole = recorded(begins, first, report)
            for number, wanted in block:
                of_shard = slice(wanted.start - first, wanted.stop - first)
                self._write(number, begins[of_shard], whole.of(of_shard))
            self.manifest.write(self.folder)

    def add(self, number: int, start: State, recorded: Recorded) -> None:
        """Write the recording of a shard, and then its name into the manifest.

        Parameters
        ----------
        number : int
            Of the shard.
        start : State
            Where its runs started.
        recorded : Recorded
            Of these runs.

        Raises
        ------
        DatasetError
            As `fill`.
        OSError
            If it cannot be written; the manifest is as it was then.
        """
        self._write(number, start, recorded)
        self.manifest.write(self.folder)

    def take(self, number: int, stored: StoredFile, content: bytes) -> None:
        """Write a shard's recording as another machine has made it, and then its name into the manifest.

        Parameters
        ----------
        number, stored, content : int, StoredFile, bytes
            Of the shard; what the manifest is to say of the file, and that file.

        Raises
        ------
        DatasetError, OSError
            As `add`.
        """
        files.write_bytes(self.folder / stored.name, content)
        check_same(self.folder, stored, self.manifest.shards[number].recording)
        self.manifest = self.manifest.having(number, replace(self.manifest.shards[number], recording=stored))
        self.manifest.write(self.folder)

    def _write(self, number: int, start: State, recorded: Recorded) -> None:
        shard = self.manifest.shards[number]
        stored = write_recording(self.folder, self.manifest.description, shard, start, recorded)
        check_same(self.folder, stored, shard.recording)
        self.manifest = self.manifest.having(number, replace(shard, recording=stored))


@contextmanager
def begun(folder: Path, description: Description, chosen: slice = slice(None)) -> Iterator[Writer]:
    """Own a folder while the block writes a dataset of this description into it, or goes on with one.

    Parameters
    ----------
    folder : Path
        A dataset of the same description, or one that is empty or to be made.
    description : Description
        Of the dataset.
    chosen : slice
        Which of its shards, by number, where the folder is to have a part of it.

    Yields
    ------
    Writer

    Raises
    ------
    DatasetError
        If the folder holds anything else, or a damaged dataset.
    OwnedError
        If another process writes into it.
    OSError
        If it cannot be made or written to.
    """
    planned = Manifest.planned(description, chosen)
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with owned(folder):
        manifest = found(folder, planned)
        if manifest is None:
            manifest = planned
            manifest.write(folder)
        remove_abandoned(folder)
        yield Writer(folder, manifest)


def _blocks(missing: Iterable[tuple[int, slice]], together: int) -> Iterator[list[tuple[int, slice]]]:
    """Shards that are missing side by side, at most so many at a time."""
    block: list[tuple[int, slice]] = []
    for number, runs in missing:
        if block and (number > block[-1][0] + 1 or len(block) == together):
            yield block
            block = []
        block.append((number, runs))
    if block:
        yield block
