"""A dataset that is open: simulated runs on the disk, of which only what is asked for is read."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hthm import checks, ranges
from hthm.arrays import FloatArray, IntArray
from hthm.files import written_whole
from hthm.gas import DiskGas, State
from hthm.recording.collision_log import concatenated
from hthm.recording.store.description import Kept
from hthm.recording.store.frames import Piece, StoredFrames, cut
from hthm.recording.store.manifest import DatasetError, Shard
from hthm.recording.store.opening import read_manifest
from hthm.recording.store.shard_reading import read_collisions, read_recording
from hthm.recording.store.shard_writing import Recorded
from hthm.recording.store.slicing import sliced
from hthm.recording.store.starts import final_of, joined, read_state
from hthm.reprs import OnDisk, memory
from hthm.rules import SMOOTH
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    import xarray as xr

_INFLATED: Final = {"log": 6, "velocities": 4, "counts": 8, "frames": 6}
"""At most so many times the size of the files are their numbers in memory, twice while parts are joined."""


class Dataset(OnDisk):
    """Runs on the disk, as an array of velocities (runs, frames, n, 2) that is read where it is sliced.

    All that takes Trajectories takes a Dataset: `hthm.speed_h`, `hthm.velocity_h`, `hthm.train.train`,
    `hthm.deepsets.evaluate`, and so on. They read some runs at a time, and give the bits that they give of the same
    runs in memory.

    Parameters
    ----------
    path : path
        Folder of the dataset.

    Raises
    ------
    DatasetError
        If it is none, is not finished or a part of one, or its manifest is damaged or of no gas. Files of
        runs are looked at where they are read.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import hthm
    >>> folder = tempfile.mkdtemp()
    >>> hthm.simulate(hthm.DiskGas(n=50).sample(runs=3, seed=0), frames=20, record="log").save(folder)
    >>> kept = hthm.open(folder)
    >>> kept.shape, kept[1, -1, :5].shape, hthm.speed_h(kept).shape
    ((3, 20, 50, 2), (5, 2), (3, 20))
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = checks.path("path", path)
        self._manifest, self._gas = read_manifest(self.path)
        description, done = self._manifest.description, self._manifest.finished
        if done < len(self._manifest.shards):
            raise DatasetError(
                f"{self.path}: must be finished, and {done} of its {len(self._manifest.shards)} shards are there. Go "
                "on with it with the call or command that began it, or with hthm repair."
            )
        if not self._manifest.is_whole:
            raise DatasetError(
                f"{self.path}: must be a whole dataset, and has {self._manifest.where}. hthm merge joins it with the "
                "other parts."
            )
        self.runs, self.frames, self.n = description.runs, description.frames, description.n
        self.dt, self.engine = description.dt, description.engine

    @property
    def recording(self) -> Kept:
        """What is kept: "log", "velocities" or "counts"; or "frames", velocities that another program made."""
        return self._manifest.description.kind

    @property
    def gas(self) -> DiskGas:
        """The gas that was simulated."""
        return self._gas

    @property
    def times(self) -> FloatArray:
        """Times of the frames since the start, (frames,): the first is dt, for the start is not a frame."""
        return self.dt * np.arange(1, self.frames + 1, dtype=np.float64)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the array of velocities, (runs, frames, n, 2)."""
        return self.runs, self.frames, self.n, 2

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """float64, as of all velocities."""
        return np.dtype(np.float64)

    @property
    def ndim(self) -> int:
        """Axes of the array of velocities: 4."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of its files."""
        return self._manifest.nbytes

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in ("runs", "frames", "n", "recording")} | self._peculiar()
        parts = ", ".join(f"{name}={what!r}" for name, what in shown.items())
        return f"Dataset({self.path}, {parts}, {memory(self.nbytes)})"

    def _peculiar(self) -> dict[str, object]:
        of = {"rule": self.gas.rule, "kinds": self.gas.kinds}
        return {name: what for name, what in of.items() if what not in (SMOOTH, None)}

    def __len__(self) -> int:
        return self.runs

    def __getitem__(self, key: object) -> FloatArray:
        """Read velocities, as NumPy slices an array (runs, frames, n, 2): whole numbers, slices and ``...``.

        Raises
        ------
        TypeError, IndexError, MemoryError
            If it is sliced by anything else, or out of range, or what is asked for does not fit into memory.
        """
        return sliced(self.as_frames(), key)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: ANN401, FBT001 -- NumPy's own signature
        if copy is False:
            raise ValueError("copy: must not be False for a dataset, which is not in memory, got False.")
        return self[...].astype(self.dtype if dtype is None else dtype, copy=False)

    def as_frames(self) -> StoredFrames:
        """Return the frames, for all that reads them.

        Raises
        ------
        DatasetError
            If velocities were not kept.
        """
        return self._frames

    @cached_property
    def _frames(self) -> StoredFrames:
        return StoredFrames(self.path, self._manifest, slice(0, self.runs))

    @cached_property
    def collisions(self) -> IntArray:
        """Collisions during each frame, (runs, frames) int64, read when they are first asked for."""
        self._check_more("how many disks collided")
        of = self._manifest.description
        return np.concatenate([read_collisions(self.path, of, shard) for shard in self._manifest.shards])

    @property
    def initial(self) -> State:
        """Where the runs started, read anew each time."""
        self._check_more("where runs start")
        return joined([self._start(piece) for piece in cut(self._manifest, slice(0, self.runs))])

    @property
    def final(self) -> State:
        """Where they are after the last frame, read anew each time; ``simulate(dataset.final, ...)`` goes on."""
        self._check_more("where disks are")
        states = []
        for piece in cut(self._manifest, slice(0, self.runs)):
            start = self._start(piece)
            states.append(final_of(self._recorded(piece, start), start))
        return joined(states)

    def trajectories(self) -> Trajectories:
        """Return the runs as Trajectories whose log stays on the disk: what `simulate` gives where there is a store.

        Raises
        ------
        MemoryError
            If velocities were kept in full, and do not fit into the available memory.
        DatasetError
            If a file is missing or damaged.
        """
        if self.recording != "log":
            return self.load()
        return Trajectories(
            initial=self.initial,
            final=self.final,
            dt=self.dt,
            engine=self.engine,
            collisions=self.collisions,
            _stored=self,
        )

    def load(self, runs: slice = slice(None)) -> Trajectories:
        """Read a range of runs into memory.

        Parameters
        ----------
        runs : slice
            Such as ``slice(10, 20)``; all unless given.

        Returns
        -------
        Trajectories
            With the bits that were recorded.

        Raises
        ------
        TypeError, ValueError
            If it is no range of runs, a file is missing or damaged, or there are frames alone.
        MemoryError
            If they do not fit into the available memory.
        """
        self._check_more("where runs start")
        chosen = ranges.runs(runs, self.runs)
        share = (chosen.stop - chosen.start) / self.runs
        checks.memory("load", int(share * _INFLATED[self.recording] * self.nbytes), "Load fewer runs at a time.")
        starts, parts = [], []
        for piece in cut(self._manifest, chosen):
            starts.append(self._start(piece))
            parts.append(self._recorded(piece, starts[-1]))
        return Trajectories(
            initial=joined(starts),
            final=joined([final_of(part, start) for part, start in zip(parts, starts, strict=True)]),
            dt=self.dt,
            engine=self.engine,
            collisions=np.concatenate([part.collisions for part in parts]),
            _velocities=_concatenated([part.velocities for part in parts]),
            _positions=_concatenated([part.positions for part in parts]),
            _log=concatenated([part.log for part in parts if part.log is not None]),
            _spins=_concatenated([part.spins for part in parts]),
        )

    def dense_spins(self, runs: slice = slice(None)) -> FloatArray:
        """Read the spins of a range of runs, (runs, frames, n): `Trajectories.dense_spins` of `load`."""
        return self.load(runs).dense_spins()

    def to_xarray(self, runs: slice = slice(None)) -> xr.Dataset:
        """Read a range of runs as an xarray.Dataset, numbered as they are here: `Trajectories.to_xarray` of `load`."""
        first = ranges.runs(runs, self.runs).start
        labelled = self.load(runs).to_xarray()
        return labelled.assign_coords(run=labelled["run"] + first)

    def dense(self, path: str | os.PathLike[str]) -> None:
        """Write all velocities as an array (runs, frames, n, 2) in NumPy's format, whole or not at all.

        Parameters
        ----------
        path : path
            The .npy file to make or to replace; ``numpy.load(path, mmap_mode="r")`` opens it.

        Raises
        ------
        DatasetError
            If a file of the dataset is missing or damaged, or velocities were not kept.
        OSError
            If it cannot be written: it takes 16 bytes a disk and frame.
        """
        frames = self.as_frames()
        header = {"descr": "<f8", "fortran_order": False, "shape": self.shape}
        with written_whole(path) as part, part.open("wb") as file:
            np.lib.format.write_array_header_2_0(file, header)
            for _, chunk in frames.chunks(1):
                file.write(chunk.astype("<f8", copy=False).data)

    def _check_more(self, what: str) -> None:
        """Refuse what frames alone do not say."""
        if self.recording == "frames":
            raise DatasetError(
                f"{self.path}: must say {what}, and holds frames alone, that another program made. Slice it instead."
            )

    def _start(self, piece: Piece) -> State:
        return read_state(self.path, self._manifest.description, *self._place(piece))

    def _recorded(self, piece: Piece, start: State) -> Recorded:
        of, threads = self._manifest.description, checks.threads(None)
        return read_recording(self.path, of, *self._place(piece), start.velocities, threads, start.spins)

    def _place(self, piece: Piece) -> tuple[Shard, slice]:
        """The shard of a piece, and its runs counted from the first of that."""
        shard = self._manifest.shards[piece.shard]
        return shard, slice(piece.first - shard.first, piece.end - shard.first)


def _concatenated(parts: list[FloatArray | None]) -> FloatArray | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if there else None


def open_dataset(path: str | os.PathLike[str]) -> Dataset:
    """Open a dataset that `simulate` or `Trajectories.save` has written; nothing but its manifest is read yet.

    Parameters
    ----------
    path : path
        Its folder.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        If it is none, is not finished, or its manifest is damaged.
    OSError
        If it cannot be read.
    """
    return Dataset(path)
