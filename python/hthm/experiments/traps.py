"""What rounding does to H, and through it to Table 3: float32 velocities, and s0 with few digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.experiments.tables import fit_json
from hthm.fit import affine_fit
from hthm.frames import Frames
from hthm.h_functional import speed_h

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.gas import FloatArray
    from hthm.trajectories import Trajectories

EXACT: Final = "as it is"
"""How `trapped_h` calls the H that no rounding has touched."""

DIGITS: Final = 7
"""Digits after the point to which s0 is rounded."""
_DISKS_AT_A_TIME: Final = 2**20  # 16 MB of velocities


def trapped_h(traj: Trajectories, *, threads: int | None = None) -> dict[str, FloatArray]:
    """H as it is, and as rounding makes it.

    Parameters
    ----------
    traj : Trajectories
        Of either recording; read a few frames at a time.
    threads : int, optional
        As `hthm.speed_h` takes them.

    Returns
    -------
    dict of (runs, frames) float64

    Notes
    -----
    s0 is the edge between two bins. With exact velocities every disk that has not yet collided is in the upper one;
    rounded to float32 they are in either, and where s0 is rounded they may be in the lower.
    """
    frames, speed = Frames(traj), traj.gas.speed
    rounded = np.empty(len(frames))
    for first, chunk in frames.chunks(max(1, _DISKS_AT_A_TIME // frames.n)):
        rounded[first : first + len(chunk)] = speed_h(
            chunk.astype(np.float32).astype(np.float64), speed=speed, threads=threads
        )
    return {
        EXACT: speed_h(traj, threads=threads),
        "velocities in float32": rounded.reshape(frames.leading),
        f"s0 rounded to {round(speed, DIGITS)}": speed_h(traj, speed=round(speed, DIGITS), threads=threads),
    }


def traps_json(h: FloatArray, trapped: Mapping[str, FloatArray]) -> dict[str, Any] | None:
    """Fit of one network to H, and to what rounding makes of it.

    Parameters
    ----------
    h : (runs, frames) float64
        The network's.
    trapped : mapping
        As `trapped_h` returns it.

    Returns
    -------
    dict or None
        By the names of `trapped_h`: the fit as tables.json holds it, and the mean of H in the first frame. None where
        h is constant along a run, and nothing can be fitted.
    """
    try:
        return {name: {**fit_json(affine_fit(h, H)), "first_h": float(H[:, 0].mean())} for name, H in trapped.items()}
    except ValueError:
        return None
