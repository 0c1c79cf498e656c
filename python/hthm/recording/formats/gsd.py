"""GSD: what HOOMD-blue writes, and freud, OVITO and MDAnalysis read.

Positions and velocities are rounded to float32, which the format prescribes; the third side of the box is 0, which
tells its readers that the system is flat. Every frame has all velocities: for what one leaves out, readers take the
first's.

Spins are angular momenta there, as the quaternions 2q(0, S) that HOOMD-blue integrates: S = (0, 0, Iω) is the vector in
the frame of the disk, and q its orientation, which is 1 here, for nothing depends on how a disk is turned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm.recording.formats.packages import imported

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.recording.formats.particles import Particles


def write(particles: Particles, path: Path) -> None:
    """Write the frames; coordinates are from -box/2 to box/2, as the format has them.

    Raises
    ------
    ModuleNotFoundError
        If the package gsd is not installed.
    """
    hoomd = imported("gsd.hoomd")
    n = particles.n
    with hoomd.open(str(path), "w") as file:
        for number, (step, time, positions, velocities) in enumerate(
            zip(particles.steps, particles.times, particles.positions, particles.velocities, strict=True)
        ):
            frame = hoomd.Frame()
            frame.configuration.step = int(step)
            frame.configuration.dimensions = 2
            frame.configuration.box = [particles.box, particles.box, 0, 0, 0, 0]
            frame.particles.N = n
            frame.particles.types = ["disk"]
            if particles.kinds is not None:
                frame.particles.types = [f"kind {kind}" for kind in range(int(particles.kinds.max()) + 1)]
                frame.particles.typeid = particles.kinds.astype(np.uint32)
                frame.particles.mass = particles.masses.astype(np.float32)
            frame.particles.diameter = particles.diameters.astype(np.float32)
            frame.particles.position = _flat(positions - particles.box / 2)
            frame.particles.velocity = _flat(velocities)
            if particles.spins is not None and particles.inertias is not None:
                frame.particles.moment_inertia = _last_of(particles.inertias, 3)
                frame.particles.angmom = _last_of(2 * particles.inertias * particles.spins[number], 4)
            frame.log["time"] = np.array([time])
            frame.log["rule"] = np.frombuffer(particles.rule.encode("ascii"), dtype=np.uint8)
            file.append(frame)


def _flat(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    flat = np.zeros((len(values), 3), dtype=np.float32)
    flat[:, :2] = values
    return flat


def _last_of(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], components: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Vectors of so many components, of which the last has the values and all others are 0."""
    vectors = np.zeros((len(values), components), dtype=np.float32)
    vectors[:, -1] = values
    return vectors
