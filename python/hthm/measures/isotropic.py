"""H of the velocities of a gas without a preferred direction, from H of its speeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm.h_functional import speed_h_in_range
from hthm.measures.in_range import FASTER, warn_beyond
from hthm.recording.reading import FramesLike, frames_of

if TYPE_CHECKING:
    from hthm.arrays import FloatArray


def isotropic_h(velocities: FramesLike, *, speed: float | None = None, threads: int | None = None) -> FloatArray:
    """H of the velocities of a gas without a preferred direction, from the paper's H of its speeds.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time.
    speed, threads
        As `speed_h` takes them.

    Returns
    -------
    (...) float64
        Nats; infinite for a frame with a disk at rest.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.

    Warns
    -----
    HRangeWarning
        As `speed_h`.

    Notes
    -----
    f(v) = p(s) / (2πs) where all directions are alike, and so ∫ f ln f = ∫ p ln p − ⟨ln 2πs⟩. The difference is no
    constant: from equal speeds ⟨ln s⟩ falls by γ/2 = 0.289, γ being Euler's constant, while H falls by 3.4.
    """
    found = speed_h_in_range(velocities, speed=speed, threads=threads)
    warn_beyond("isotropic_h", FASTER, found.share, silent="speed_h_in_range")
    h: FloatArray = found.h - ln_circumference(velocities)
    return h


def ln_circumference(velocities: FramesLike) -> FloatArray:
    """⟨ln 2πs⟩, the mean over the disks of each frame: what `isotropic_h` takes off `speed_h`.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time.

    Returns
    -------
    (...) float64
        Minus infinity for a frame with a disk at rest.

    Raises
    ------
    TypeError, ValueError
        If the velocities have another dtype, shape or order.
    """
    frames = frames_of(velocities)
    logs = np.empty(len(frames))
    for first, chunk in frames.chunks(max(1, 2**16 // frames.n)):
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # a disk at rest; speed_h names the others
            circles = 2 * np.pi * np.hypot(chunk[..., 0], chunk[..., 1])
            logs[first : first + len(chunk)] = np.log(circles).mean(axis=-1)
        if np.isposinf(circles).any() and np.isfinite(chunk).all():
            raise ValueError("velocities: must have speeds below 2.8e+307, got faster. Choose another unit of time.")
    return logs.reshape(frames.leading)  # (...)
