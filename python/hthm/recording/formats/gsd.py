"""GSD: what HOOMD-blue writes, and freud, OVITO and MDAnalysis read.

Positions and velocities are rounded to float32, which the format prescribes; the third side of the box is 0, which
tells its readers that the system is flat. Every frame has all velocities: for what one leaves out, readers take the
first's.
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
        for step, time, positions, velocities in zip(
            particles.steps, particles.times, particles.positions, particles.velocities, strict=True
        ):
            frame = hoomd.Frame()
            frame.configuration.step = int(step)
            frame.configuration.dimensions = 2
            frame.configuration.box = [particles.box, particles.box, 0, 0, 0, 0]
            frame.particles.N = n
            frame.particles.types = ["disk"]
            frame.particles.diameter = np.full(n, particles.diameter, dtype=np.float32)
            frame.particles.position = _flat(positions - particles.box / 2)
            frame.particles.velocity = _flat(velocities)
            frame.log["time"] = np.array([time])
            frame.log["rule"] = np.frombuffer(particles.rule.encode("ascii"), dtype=np.uint8)
            file.append(frame)


def _flat(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    flat = np.zeros((len(values), 3), dtype=np.float32)
    flat[:, :2] = values
    return flat
