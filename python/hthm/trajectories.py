"""What a simulation returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hthm.gas import FloatArray, IntArray, State, run_range

if TYPE_CHECKING:
    from hthm.gas import DiskGas


@dataclass(frozen=True, eq=False, kw_only=True)
class Trajectories:
    """Frames of every run of a simulation.

    Attributes
    ----------
    initial, final : State
        Where the runs started, and where they are after the last frame. ``simulate(traj.final, ...)`` goes on.
    dt : float
        Time between two frames.
    engine : str
        Name of the engine.
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

    @property
    def velocities(self) -> FloatArray:
        """Velocities after each frame, (runs, frames, n, 2) float64: the memory that the core filled, no copy.

        Raises
        ------
        AttributeError
            If they were not recorded.
        """
        if self._velocities is None:
            raise AttributeError("velocities: were not recorded. Simulate with record='velocities'.")
        return self._velocities

    @property
    def positions(self) -> FloatArray:
        """Positions after each frame, (runs, frames, n, 2) float64, each coordinate in [0, box).

        Raises
        ------
        AttributeError
            If they were not recorded.
        """
        if self._positions is None:
            raise AttributeError("positions: were not recorded. Simulate with positions=True.")
        return self._positions

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
        arrays = (self.collisions, self._velocities, self._positions)
        return sum(array.nbytes for array in arrays if array is not None)

    def __len__(self) -> int:
        return self.runs

    def __getitem__(self, runs: slice) -> Trajectories:
        chosen = run_range(runs, self.runs)
        return replace(
            self,
            initial=self.initial[chosen],
            final=self.final[chosen],
            collisions=self.collisions[chosen],
            _velocities=None if self._velocities is None else self._velocities[chosen],
            _positions=None if self._positions is None else self._positions[chosen],
        )
