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
    diameter : float
        Of the disks.
    rule : str
        What happens at contact, in words.
    spins : (frames, n) float64, or None
        Angular velocities just after the frame, counterclockwise, of disks that have them.
    inertia : float
        Moment of inertia of these disks, in units of m box².
    """

    steps: IntArray
    times: FloatArray
    positions: FloatArray
    velocities: FloatArray
    box: float
    depth: float
    diameter: float
    rule: str
    spins: FloatArray | None = None
    inertia: float = 0.0

    @property
    def n(self) -> int:
        """Disks."""
        return int(self.positions.shape[1])
