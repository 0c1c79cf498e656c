"""A dataset on its way to the disk: starts first, then shard by shard, each named when it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from hthm.arrays import FloatArray
from hthm.engines.names import EXACT
from hthm.equilibrium import collisions_a_frame
from hthm.gas import State
from hthm.owner import owned
from hthm.recording.collision_log import ROW_BYTES
from hthm.recording.store.manifest import NAME, DatasetError, Description, Kind, Manifest
from hthm.recording.store.shard_writing import Recorded, write_recording, write_start

Progress: TypeAlias = Callable[[int, int], None]

RULE: Final = "smooth disks"

_SHARD: Final = 2**26
"""Bytes that the log of a shard's runs is to take in memory."""
_MOST: Final = 2**30
"""Bytes that it takes at most, if there are to be enough runs for many processors."""
_TOGETHER: Final = 16  # runs


def describe(
    start: State,
    *,
    kind: Kind,
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
        try:
            collisions = frames * n * collisions_a_frame(start.gas, dt, exact=engine in EXACT)
        except ValueError:  # a gas of units in which float64 does not hold the rate
            collisions = float(frames * n)
    a_run = n * 64 + frames * 16 + {"log": ROW_BYTES * collisions, "velocities": 16.0 * n * frames, "counts": 0.0}[kind]
    a_run += positions * 16.0 * n * frames
    together = max(_SHARD / a_run, min(float(_TOGETHER), _MOST / a_run))
    return Description(
        kind=kind,
        runs=start.runs,
        frames=frames,
        shard_runs=max(1, min(start.runs, int(together))),
        n=n,
        diameter=start.diameter,
        speed=start.speed,
        box=start.box,
        dt=dt,
        engine=engine,
        rule=RULE,
        start_sha256=start.sha256(),
        positions=positions,
    )


class Writer:
    """The shards of a dataset, of which this process is the owner until its block ends."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest

    def missing(self) -> Iterator[tuple[int, slice]]:
        """Go through the shards that have no recording yet: number and runs."""
        for number, shard in enumerate(self.manifest.shards):
            if shard.recording is None:
                yield number, slice(shard.first, shard.end)

    def write_starts(self, positions: FloatArray, velocities: FloatArray) -> None:
        """Write where the runs start, (runs, n, 2) each, as far as it is not there yet."""
        changed = False
        for number, shard in enumerate(self.manifest.shards):
            if shard.start is None:
                runs = slice(shard.first, shard.end)
                stored = write_start(self.folder, self.manifest.description, shard, positions[runs], velocities[runs])
                self.manifest = self.manifest.having(number, replace(shard, start=stored))
                changed = True
        if changed:
            self.manifest.write(self.folder)

    def fill(
        self, state: State, recorded: Callable[[slice, Progress], Recorded], progress: Progress | None = None
    ) -> None:
        """Write where the runs start, and then shard by shard what is not there yet.

        Parameters
        ----------
        state : State
            Where all runs start.
        recorded : callable
            Simulates a range of runs; it is handed who is to be told of their frames.
        progress : callable, optional
            Called as ``progress(done, total)`` with frames of all runs.

        Raises
        ------
        OSError
            If a file cannot be written. What is finished stays.
        """
        self.write_starts(state.positions, state.velocities)
        frames, runs = self.manifest.description.frames, self.manifest.description.runs
        for number, wanted in self.missing():

            def report(done: int, _: int, first: int = wanted.start) -> None:
                if progress is not None:
                    progress(first * frames + done, runs * frames)

            self.add(number, state.velocities[wanted], recorded(wanted, report))

    def add(self, number: int, start: FloatArray, recorded: Recorded) -> None:
        """Write the recording of a shard, and then its name into the manifest.

        Parameters
        ----------
        number : int
            Of the shard.
        start : (runs, n, 2) float64
            Velocities that its runs started with.
        recorded : Recorded
            Of these runs.

        Raises
        ------
        OSError
            If it cannot be written; the manifest is as it was then.
        """
        shard = self.manifest.shards[number]
        stored = write_recording(self.folder, self.manifest.description, shard, start, recorded)
        self.manifest = self.manifest.having(number, replace(shard, recording=stored))
        self.manifest.write(self.folder)


@contextmanager
def begun(folder: Path, description: Description) -> Iterator[Writer]:
    """Own a folder while the block writes a dataset of this description into it, or goes on with one.

    Parameters
    ----------
    folder : Path
        A dataset of the same description, or one that is empty or to be made.
    description : Description
        Of the dataset.

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
    folder.mkdir(parents=True, exist_ok=True)
    with owned(folder):
        if (folder / NAME).exists():
            manifest = Manifest.read(folder)
            if manifest.description != description:
                raise DatasetError(
                    f"{folder}: must be a dataset of the same runs, and differs: "
                    f"{manifest.description.differences(description)}. Choose another folder."
                )
        elif strangers := sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")):
            raise DatasetError(
                f"{folder}: must be a dataset, or an empty folder, and holds {strangers[0]}. Choose another folder."
            )
        else:
            manifest = Manifest.planned(description)
            manifest.write(folder)
        remove_abandoned(folder)
        yield Writer(folder, manifest)


def remove_abandoned(folder: Path) -> None:
    """Remove what kills have left half written."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)
