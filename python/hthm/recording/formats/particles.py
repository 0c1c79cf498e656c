"""What a file of another format says of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hthm.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Particles:
    """A run, frame by frame, its start the first.

    Attributes
    ----------
    steps : (frames,) int64
        Numbers of the frames since the start, which has 0.
    times : (frames,) float64
        Times since the start.
    positions : (frames, n, 2) float64
        In [0, box).
    velocities : (frames, n, 2) float64
        Just after the frame, in box units per unit time.
    box : float
        Side of the square box.
    depth : float
        Third side of the box, for programs that know no other.
    diameters, masses : (n,) float64
        Of every disk.
    rule : str
        What happens at contact, in words.
    spins : (frames, n) float64, or None
        Angular velocities just after the frame, counterclockwise, of disks that have them.
    inertias : (n,) float64, or None
        Moments of inertia of these disks, in units of m box².
    kinds : (n,) int64, or None
        Which kind every disk of a mixture is of, counted from 0.
    """

    steps: IntArray
    times: FloatArray
    positions: FloatArray
    velocities: FloatArray
    box: float
    depth: float
    diameters: FloatArray
    masses: FloatArray
    rule: str
    spins: FloatArray | None = None
    inertias: FloatArray | None = None
    kinds: IntArray | None = None

    @property
    def n(self) -> int:
        """Disks."""
        return int(self.positions.shape[1])
