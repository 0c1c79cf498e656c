"""One kind of a mixture, of what was simulated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from hthm import checks
from hthm.recording.dense import DenseFrames

if TYPE_CHECKING:
    from hthm.arrays import FloatArray, IntArray
    from hthm.disk_kinds import Kind
    from hthm.gas import State


class OfKinds(ABC):
    """What `hthm.trajectories.Trajectories` say of the kinds of a mixture."""

    initial: State
    collisions: IntArray

    @abstractmethod
    def dense(self, *, threads: int | None = None) -> FloatArray:
        """Velocities after each frame."""

    @property
    def kinds(self) -> tuple[Kind, ...] | None:
        """Kinds of disk, (kinds,) `hthm.Kind`; None of a gas that was given none."""
        return self.initial.kinds

    def of_kind(self, kind: int) -> DenseFrames:
        """Return the frames of the disks of one kind: ``hthm.velocity_h(traj.of_kind(0))`` is its own H.

        Parameters
        ----------
        kind : int
            Which of `kinds`, counted from 0.

        Returns
        -------
        DenseFrames
            A copy of its velocities, (runs, frames, disks of the kind, 2), whichever way they were recorded. Their s0
            is that of the kind, `hthm.equilibrium.Equilibrium.speed_of`, at which H of the speeds is measured.

        Raises
        ------
        TypeError, ValueError
            If there is no such kind.
        AttributeError
            If no velocities were recorded.
        MemoryError
            If the copy does not fit into the available memory.

        Examples
        --------
        >>> import hthm
        >>> gas = hthm.DiskGas(kinds=[hthm.Kind(300, 0.01), hthm.Kind(100, 0.01, mass=9.0)])
        >>> traj = hthm.simulate(gas.sample(2), frames=3)
        >>> hthm.speed_h(traj.of_kind(1)).shape
        (2, 3)
        """
        gas = self.initial.gas
        disks = gas.disks_of(kind)
        runs, frames = self.collisions.shape
        checks.memory("of_kind", runs * frames * (disks.stop - disks.start) * 16, "Take fewer runs: traj[:10].")
        velocities = np.ascontiguousarray(self.dense()[:, :, disks])  # (runs, frames, disks of the kind, 2)
        return DenseFrames(velocities, speed=gas.speed_of(kind))
