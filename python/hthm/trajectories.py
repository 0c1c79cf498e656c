"""What a simulation returns."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

import numpy as np

from hthm import checks, ranges
from hthm.arrays import FloatArray, IntArray
from hthm.engines.dsmc import no_positions
from hthm.engines.precision import check_kept_in_doubles
from hthm.gas import State
from hthm.mixtures import text_of as kinds_text
from hthm.recording.collision_log import CollisionLog
from hthm.recording.dense import DenseFrames
from hthm.recording.formats.labelled import dataset
from hthm.recording.frames import Frames
from hthm.recording.log import LogFrames
from hthm.recording.of_kinds import OfKinds
from hthm.recording.one_run import OneRun
from hthm.recording.plotted import Plotted
from hthm.reprs import OneLine
from hthm.rules import SMOOTH, text_of

if TYPE_CHECKING:
    import xarray as xr

    from hthm.gas import DiskGas
    from hthm.recording.store.shard_writing import Recorded

Recording: TypeAlias = Literal["velocities", "log", "counts"]

RECORDINGS: Final = ("velocities", "log", "counts")


class Stored(Protocol):
    """A dataset that holds the log of these runs, which is then not in memory."""

    def as_frames(self) -> Frames:
        """Return its frames."""

    def load(self, runs: slice) -> Trajectories:
        """Return a range of runs, read into memory."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Trajectories(OneLine, OneRun, OfKinds, Plotted):
    """Frames of every run of a simulation.

    Attributes
    ----------
    initial, final : State
        Where the runs started, and where they are after the last frame. ``simulate(traj.final, ...)`` goes on.
    dt : float
        Time between two frames.
    engine : str
        Name of the engine. Of "dsmc", the Boltzmann equation, `final` has the positions of `initial`: none moves.
    collisions : (runs, frames) int64
        Collisions during each frame.
    """

    initial: State
    final: State
    dt: float
    engine: str
    collisions: IntArray
    _velocities: FloatArray | None = None  # (runs, frames, n, 2)
    _positions: FloatArray | None = None  # (runs, frames, n, 2)
    _log: CollisionLog | None = None
    _stored: Stored | None = None
    _spins: FloatArray | None = None  # (runs, frames, n)

    @property
    def velocities(self) -> FloatArray:
        """Velocities after each frame, (runs, frames, n, 2) float64: the memory that the core filled, no copy.

        Raises
        ------
        AttributeError
            If they were not recorded, or as a log, from which only `dense` makes an array.
        """
        if self._velocities is None:
            if self.recording == "log":
                raise AttributeError(
                    "velocities: were recorded as a log. Make the array with dense(), or simulate with "
                    "record='velocities'."
                )
            raise AttributeError("velocities: were not recorded. Simulate with record='velocities'.")
        return self._velocities

    @property
    def log(self) -> CollisionLog:
        """Collisions and the velocities they left: the memory that the core filled, no copy.

        Raises
        ------
        AttributeError
            If they were not recorded, or are in a store.
        """
        if self._stored is not None:
            raise AttributeError("log: is in the store, and not in memory. Read some runs at a time: traj[3:7].log.")
        if self._log is None:
            raise AttributeError("log: was not recorded. Simulate with record='log'.")
        return self._log

    def as_frames(self) -> Frames:
        """Return the frames for all that reads them, whichever way they were recorded; no copy.

        Raises
        ------
        AttributeError
            If they were not recorded.
        """
        if self._stored is not None:
            return self._stored.as_frames()
        speed = self.initial.speed
        if self._log is not None:
            return LogFrames(self.initial.velocities, self._log, speed=speed)
        return DenseFrames(self.velocities, speed=speed)

    @property
    def recording(self) -> Recording:
        """What was recorded: "velocities", "log" or "counts"."""
        if self._log is not None or self._stored is not None:
            return "log"
        return "counts" if self._velocities is None else "velocities"

    def dense(self, *, threads: int | None = None) -> FloatArray:
        """Velocities after each frame as an array, whichever way they were recorded.

        Parameters
        ----------
        threads : int, optional
            Threads, over runs; as many as `hthm.machine.default_threads` finds granted unless given.

        Returns
        -------
        (runs, frames, n, 2) float64
            Made anew from a log, the same bits that ``record="velocities"`` would have recorded; `velocities` itself
            where there is one.

        Raises
        ------
        AttributeError
            If neither was recorded.
        ValueError
            If the log was written to, and is not finite any more or none of these runs.
        MemoryError
            If the array does not fit into the available memory.
        """
        if self.recording != "log":
            return self.velocities
        count, n = self.runs * self.frames, self.initial.n
        checks.memory("dense", count * (n * 16 + 16), "Make fewer runs dense at a time: traj[:10].dense().")
        frames = self.as_frames()
        if isinstance(frames, LogFrames):
            frames.check()
        velocities = np.empty((count, n, 2))
        frames.read(np.arange(count, dtype=np.int64), velocities, threads=threads)
        return velocities.reshape(self.runs, self.frames, n, 2)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a dataset, which `hthm.open` opens: whatever was recorded, with where the runs started and ended.

        Parameters
        ----------
        path : path
            The folder to make. One that a stop has left unfinished is gone on with.

        Raises
        ------
        DatasetError
            If the folder holds anything else.
        ValueError
            If the log was written to, and is none of these runs any more, or the runs start or end in more digits
            than doubles, which a dataset keeps, have: `hthm.engines.precision.LongState`.
        OwnedError
            If another process writes into the folder.
        OSError
            If it cannot be made or written to.
        """
        from hthm.recording.store.writer import begun, describe  # noqa: PLC0415 -- import hthm is quick

        folder = checks.path("path", path)
        check_kept_in_doubles(self.initial, self.final)
        kept = describe(
            self.initial,
            kind=self.recording,
            frames=self.frames,
            dt=self.dt,
            engine=self.engine,
            collisions=float(self.collisions.sum(axis=1).mean()),
            positions=self._positions is not None,
        )
        with begun(folder, kept) as writer:
            writer.write_starts(lambda runs: self.initial[runs])
            for number, runs in writer.missing():
                writer.add(number, self.initial[runs], self[runs].recorded())

    def recorded(self) -> Recorded:
        """Return what a dataset keeps of the runs beside where they start: no copy."""
        from hthm.recording.store.shard_writing import Recorded  # noqa: PLC0415 -- import hthm is quick

        return Recorded(
            collisions=self.collisions,
            final_positions=self.final.positions,
            final_velocities=self.final.velocities,
            final_spins=self.final.spins,
            log=self._log,
            velocities=self._velocities,
            positions=self._positions,
            spins=self._spins,
        )

    @property
    def positions(self) -> FloatArray:
        """Positions after each frame, (runs, frames, n, 2) float64, each coordinate in [0, box).

        Raises
        ------
        AttributeError
            If they were not recorded.
        """
        if self._positions is None:
            wrong = no_positions(self.engine)
            if wrong:
                raise AttributeError(wrong)
            raise AttributeError("positions: were not recorded. Simulate with positions=True.")
        return self._positions

    def to_xarray(self) -> xr.Dataset:
        """Return what was recorded as an xarray.Dataset with dimensions run, frame, disk and xy.

        Returns
        -------
        xarray.Dataset
            Variables collisions, velocity, spin and position, as far as they were recorded, with units in their
            attributes, and the gas, dt and engine in those of the dataset. Arrays are shared; of a log a dense array is
            made.

        Raises
        ------
        ModuleNotFoundError
            If xarray is not installed; the extra `formats` brings it.
        MemoryError
            If the array of a log does not fit into the available memory.
        """
        velocities = None if self.recording == "counts" else self.dense()
        gas = self.gas
        made_by: dict[str, object] = {"n": gas.n, "diameter": gas.diameter, "speed": gas.speed, "box": gas.box}
        made_by |= {"dt": self.dt, "engine": self.engine, "rule": text_of(gas.rule)}
        if gas.kinds is not None:
            made_by["kinds"] = kinds_text(gas.kinds)
        spins = None if velocities is None or self.initial.spins is None else self.dense_spins()
        return dataset(gas.n, self.times, self.collisions, velocities, self._positions, made_by, spins)

    @property
    def gas(self) -> DiskGas:
        """The gas that was simulated."""
        return self.initial.gas

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.collisions)

    @property
    def frames(self) -> int:
        """Frames of a run."""
        return int(self.collisions.shape[1])

    @property
    def times(self) -> FloatArray:
        """Times of the frames since the start, (frames,): the first is dt, for the start is not a frame."""
        return self.dt * np.arange(1, self.frames + 1, dtype=np.float64)

    @property
    def nbytes(self) -> int:
        """Bytes of all recorded arrays."""
        parts = (self.collisions, self._velocities, self._positions, self._log, self._spins)
        return sum(part.nbytes for part in parts if part is not None)

    def _parts(self) -> list[tuple[str, Any]]:
        sizes = [("runs", self.runs), ("frames", self.frames), ("n", self.initial.n)]
        named = ["dt", "engine", "recording", *(["kinds"] if self.kinds else [])]
        rule = [] if self.initial.rule == SMOOTH else [("rule", self.initial.rule)]
        return [*sizes, *((name, getattr(self, name)) for name in named), *rule]

    def _nbytes(self) -> int:
        return self.nbytes

    def __len__(self) -> int:
        return self.runs

    def __getitem__(self, runs: slice) -> Trajectories:
        chosen = ranges.runs(runs, self.runs)
        if self._stored is not None:
            return self._stored.load(chosen)
        return replace(
            self,
            initial=self.initial[chosen],
            final=self.final[chosen],
            collisions=self.collisions[chosen],
            _velocities=None if self._velocities is None else self._velocities[chosen],
            _positions=None if self._positions is None else self._positions[chosen],
            _log=None if self._log is None else self._log[chosen],
            _spins=None if self._spins is None else self._spins[chosen],
        )
