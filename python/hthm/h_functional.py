"""H: of the speeds, as the paper evaluates it, and of the velocities, which is Boltzmann's."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from hthm import _core, checks, paper
from hthm.gas import FloatArray, IntArray
from hthm.trajectories import Trajectories

MOST_BINS: Final = 10_000
VELOCITY_RANGE: Final = 4.0
"""The velocity histogram covers this many thermal speeds √T either way."""


def speed_edges(speed: float, bins: int = paper.BINS) -> FloatArray:
    """Edges of the bins of H, (bins + 1,): ``numpy.linspace(0, 2 * speed, bins + 1)``.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.
    """
    speed = checks.positive("speed", speed, least=1e-150, most=1e150)
    bins = checks.integer("bins", bins, least=1, most=MOST_BINS)
    return np.linspace(0, 2 * speed, bins + 1)


def speed_counts(
    velocities: FloatArray | Trajectories,
    *,
    speed: float | None = None,
    bins: int = paper.BINS,
    threads: int | None = None,
) -> IntArray:
    """Counts of the speeds in equal bins over [0, 2 s0]; those of ``numpy.histogram`` to the last one.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, or Trajectories
        Box sides per unit time.
    speed : float
        s0; a Trajectories' own gas has one.
    bins : int
        Number of bins.
    threads : int, optional
        Threads; as many as the process may run on unless given.

    Returns
    -------
    (..., bins) int64
        Speeds out of range are not counted.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.
    """
    frames, leading, speed = _frames(velocities, speed)
    edges = speed_edges(speed, bins)
    return _core.speed_counts(frames, edges, checks.threads(threads)).reshape(*leading, bins)  # (..., bins)


def speed_h(
    velocities: FloatArray | Trajectories,
    *,
    speed: float | None = None,
    bins: int = paper.BINS,
    threads: int | None = None,
) -> FloatArray:
    """H of the distribution of speeds, one value a frame, in nats.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, or Trajectories
        Box sides per unit time.
    speed : float
        Common speed s0 of the start; `bins` equal bins cover [0, 2 s0]. A Trajectories' own gas has one.
    bins : int
        Number of bins.
    threads : int, optional
        Threads; as many as the process may run on unless given.

    Returns
    -------
    (...) float64
        Sum of p ln p ds over the bins that are not empty, p normalised over the speeds in range. NaN for a frame
        with no speed in range.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.

    Notes
    -----
    Eq. (5) of arXiv:2508.14003 as evaluated there. s0 is itself the edge of a bin: float32 velocities, or a rounded
    s0, would move H by up to ln 2.
    """
    frames, leading, speed = _frames(velocities, speed)
    edges = speed_edges(speed, bins)
    return _core.speed_h(frames, edges, checks.threads(threads)).reshape(leading)  # (...)


def velocity_h(
    velocities: FloatArray | Trajectories,
    *,
    temperature: ArrayLike | None = None,
    bins: int = paper.BINS,
    threads: int | None = None,
) -> FloatArray:
    """Boltzmann's H, of the distribution of velocities, one value a frame, in nats.

    Parameters
    ----------
    velocities : (..., n, 2) float64, C order, or Trajectories
        Box sides per unit time.
    temperature : (...) array_like, optional
        Temperature T that sets the range of the histogram, one for all frames or one a frame; the mean of v²/2 over
        the disks of each frame unless given.
    bins : int
        Bins a component: bins x bins equal cells cover [-4√T, 4√T]².
    threads : int, optional
        Threads; as many as the process may run on unless given.

    Returns
    -------
    (...) float64
        Sum of f ln f ΔA over the cells that are not empty, f normalised over the disks in range. NaN for a frame with
        no disk in range, or at rest.

    Raises
    ------
    TypeError, ValueError
        If an argument has another dtype, shape or order, or is not finite.

    Notes
    -----
    With N disks in some N cells the plug-in estimate lies far above -ln(2πeT), the value of the Maxwell-Boltzmann
    distribution: its bias is about (occupied cells - 1) / 2N, Miller (1955). Compare it at equal N, bins and range.
    """
    given = velocities.velocities if isinstance(velocities, Trajectories) else velocities
    checks.array("velocities", given, dtype=np.float64, shape=("...", "n", 2), finite=False)
    bins = checks.integer("bins", bins, least=1, most=1000)
    *leading, n, _ = given.shape
    count = math.prod(leading)
    temperatures = None
    if temperature is not None:
        try:
            per_frame = np.broadcast_to(np.asarray(temperature, dtype=np.float64), leading)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"temperature: must be a number, or one for each of the frames {tuple(leading)}, got {temperature!r}."
            ) from error
        if not (np.isfinite(per_frame) & (per_frame > 0)).all():
            raise ValueError("temperature: must be finite and above zero.")
        temperatures = np.ascontiguousarray(per_frame).reshape(count)
    frames = given.reshape(count, n, 2)  # a view
    h = _core.velocity_h(frames, temperatures, bins, VELOCITY_RANGE, checks.threads(threads))
    return h.reshape(leading)  # (...)


def _frames(velocities: FloatArray | Trajectories, speed: float | None) -> tuple[FloatArray, tuple[int, ...], float]:
    """Frames (frames, n, 2), a view; their leading shape; and s0."""
    if isinstance(velocities, Trajectories):
        given = velocities.velocities
        speed = velocities.gas.speed if speed is None else speed
    else:
        given = velocities
    # The core looks for NaN and infinity on its way: another pass over gigabytes would cost as much again.
    checks.array("velocities", given, dtype=np.float64, shape=("...", "n", 2), finite=False)
    if speed is None:
        raise TypeError("speed: must be given with an array of velocities. It is the gas's: speed=gas.speed.")
    *leading, n, _ = given.shape
    return given.reshape(math.prod(leading), n, 2), tuple(leading), speed
