"""What rounding does to H, and through it to Table 3: float32 velocities, and s0 with few digits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from hthm.deepsets import evaluate
from hthm.h_functional import speed_h_in_range
from hthm.pages.spread import UNROUNDED
from hthm.pages.tables import fit_json, fit_or_none
from hthm.recording.reading import frames_of
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.arrays import FloatArray
    from hthm.choices.run import GasChoices
    from hthm.deepsets import DeepSets
    from hthm.recording.store.dataset import Dataset
    from hthm.trajectories import Trajectories

DIGITS: Final = 7
"""Digits after the point to which s0 is rounded: those of the published text."""
_DISKS_AT_A_TIME: Final = 2**20  # 16 MB of velocities


class Measured(NamedTuple):
    """Recorded runs, and the H (runs, frames) that was measured of them."""

    traj: Trajectories | Dataset
    H: FloatArray


def trapped(config: GasChoices, traj: Trajectories | Dataset) -> dict[str, Measured]:
    """Runs and their H as they are, and as rounding makes them.

    Parameters
    ----------
    config : GasChoices
        What made the runs; they are simulated again from a rounded s0.
    traj : Trajectories or Dataset
        The runs, as a log.

    Returns
    -------
    dict of Measured

    Raises
    ------
    MemoryError
        If the log of the second simulation does not fit into the available memory.

    Notes
    -----
    s0 is the edge between two bins, to within an ulp: with s0 by its formula every disk that has not yet collided is in
    the upper one. Rounded velocities, or another s0, have them on either side.
    """
    frames, speed, threads = frames_of(traj), traj.gas.speed, config.threads
    rounded_h = np.empty(len(frames))
    for first, chunk in frames.chunks(max(1, _DISKS_AT_A_TIME // frames.n)):
        rounded = chunk.astype(np.float32).astype(np.float64)
        rounded_h[first : first + len(chunk)] = speed_h_in_range(rounded, speed=speed, threads=threads).h
    few_digits = round(speed, DIGITS)
    start = replace(config, speed=few_digits).start()
    again = simulate(start, config.frames, config.dt, engine=config.engine, threads=threads, record="log")
    return {
        UNROUNDED: Measured(traj, speed_h_in_range(traj, threads=threads).h),
        "velocities in float32": Measured(traj, rounded_h.reshape(frames.leading)),
        f"s0 rounded to {few_digits}": Measured(again, speed_h_in_range(again, threads=threads).h),
    }


def traps_json(model: DeepSets, runs: Mapping[str, Measured]) -> dict[str, Any] | None:
    """Fit of one network to H, and to what rounding makes of it.

    Returns
    -------
    dict or None
        By the names of `trapped`: the fit as tables.json holds it, and the mean of H in the first frame. None where
        h is constant along a run, and nothing can be fitted.
    """
    h: dict[int, FloatArray] = {}
    for traj, _ in runs.values():
        if id(traj) not in h:
            h[id(traj)] = evaluate(model, traj)
    found: dict[str, Any] = {}
    for name, (traj, H) in runs.items():  # noqa: N806 -- the paper's symbol
        fit = fit_json(fit_or_none(h[id(traj)], H), H)
        if fit is None:
            return None
        found[name] = {**fit, "first_h": float(H[:, 0].mean())}
    return found
