"""Both arrows at once: from equal speeds an entropy rises, and each collision tells the direction of time besides."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.deepsets import evaluate
from hthm.experiments.arrow_networks import (
    MOMENT,
    by_run,
    distances,
    excess_loss,
    over_runs,
    pair_odds,
    row_of,
    trained_pairs,
    trained_state,
)
from hthm.fit import affine_fit
from hthm.h_functional import velocity_h
from hthm.measures.fluctuation import at_once
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.choices.arrow import ArrowOfTimeConfig
    from hthm.progress import Progress
    from hthm.trajectories import Trajectories

FALL: Final = 4
"""Mean free times of a run: H has fallen by then."""
FRAMES_EACH: Final = 4
"""Frames of a mean free time, and points of the curves."""
_FIRST: Final = 2**22
"""Number of the first run: none of those in equilibrium has it."""
BLUR: Final = 0.05
"""Of the velocities, in units of s0: equal speeds are a ring without width, on which log odds have no bound."""
_STATE_LONGER: Final = 4
"""Times as many updates of the functional of the state as in equilibrium."""
_PAIRS_LONGER: Final = 2
"""The same of the classifier."""


def equal_speeds_row(
    config: ArrowOfTimeConfig,
    area_fraction: float,
    ratio: float,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train both networks on runs from equal speeds, and set f of the held-out collisions beside their Δh and sense.

    Parameters
    ----------
    config, area_fraction, ratio, threads, progress
        As `hthm.experiments.arrow.equilibrium_row` takes them.

    Returns
    -------
    dict
        Of the held-out runs, beside what `row_of` returns: ``losses``, less ln 2, of h, of f, and of Δh and the log
        odds of the senses added up; ``sum``, the coefficients of f = A·(−sense) + B·Δh by least squares, and the rms of
        what is left; ``blind``, half of what Δh differs by between the senses, among other collisions than those
        at once of the same frame;
        ``slope``, a·n of the fit of h to H of the velocities; ``curve``, means of f and Δh in time.
    """
    gas = config.gas(area_fraction, ratio)
    share = config.free_times / FALL
    counts = [round(share * runs) for runs in (config.runs, config.held_out_runs)]  # as many collisions as elsewhere
    free_time = 1 / gas.rate_at(1.0)
    start = gas.sample(sum(counts), config.seed, first=_FIRST, overlaps="reject")
    frames = FALL * FRAMES_EACH
    both = simulate(start, frames, free_time / FRAMES_EACH, engine="event", threads=threads, record="log")
    runs, held_out = both[: counts[0]], both[counts[0] :]
    updates = _STATE_LONGER * config.state_updates
    model, changes = trained_state(config, runs, held_out, "collisions", updates, blur=BLUR)
    updates = _PAIRS_LONGER * config.updates
    pairs = trained_pairs(config, runs, config.seed, updates=updates, blur=BLUR, progress=progress)
    odds = by_run(held_out, pair_odds(pairs, held_out, blur=BLUR, seed=config.seed))
    senses = by_run(held_out, distances(held_out, ratio))
    fit = affine_fit(evaluate(model, held_out), velocity_h(held_out, threads=threads))
    row = row_of("equal speeds", area_fraction, ratio, held_out, np.concatenate(senses))
    known = row["odds"]["mean"] if ratio else 0.0  # of the sense alone
    return {
        **row,
        "losses": {
            "state": over_runs([excess_loss(change) for change in changes]),
            "pairs": over_runs([excess_loss(values) for values in odds]),
            "both": over_runs([excess_loss(change - known * s) for change, s in zip(changes, senses, strict=True)]),
        },
        "sum": _regressed(odds, senses, changes),
        "blind": _blind(held_out, senses, changes, free_time),
        "slope": over_runs(fit.a * gas.n),
        "curve": _curve(held_out, odds, changes, free_time),
    }


def _regressed(odds: list[FloatArray], senses: list[FloatArray], changes: list[FloatArray]) -> dict[str, Any]:
    """Least squares of f on minus the sense and Δh, with the errors of independent runs (White, 1980)."""
    inverse = np.linalg.inv(
        sum(_columns(s, change).T @ _columns(s, change) for s, change in zip(senses, changes, strict=True))
    )
    best = inverse @ sum(_columns(s, change).T @ f for f, s, change in zip(odds, senses, changes, strict=True))
    residues = [f - _columns(s, change) @ best for f, s, change in zip(odds, senses, changes, strict=True)]
    scores = np.array([_columns(s, change).T @ left for left, s, change in zip(residues, senses, changes, strict=True)])
    errors = np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse))
    return {
        "sense": {"mean": float(best[0]), "error": float(errors[0])},
        "state": {"mean": float(best[1]), "error": float(errors[1])},
        "left": float(np.sqrt(np.mean(np.square(np.concatenate(residues))))),
        "spread": float(np.concatenate(odds).std()),
    }


def _columns(senses: FloatArray, changes: FloatArray) -> FloatArray:
    return np.stack([-senses, changes], axis=1)  # (rows, 2)


def _blind(
    traj: Trajectories, senses: list[FloatArray], changes: list[FloatArray], free_time: float
) -> dict[str, float]:
    """Half of what Δh is larger at sense −1 than at +1, less the mean of its frame, over runs.

    Without the first frame: disks start beyond reach of each other, so that the first collisions are at σ + δ. And
    without collisions at once, at σ + δ too, of which one disk has just met another.
    """
    turned = by_run(traj, at_once(traj.log, MOMENT * free_time))
    offsets = traj.log.frame_offsets - traj.log.frame_offsets[:, :1]
    frames = [np.repeat(np.arange(traj.frames), np.diff(ends)) for ends in offsets]
    every = np.concatenate(frames)
    means = np.bincount(every, weights=np.concatenate(changes)) / np.bincount(every)
    found = []
    for frame, sense, change, out in zip(frames, senses, changes, turned, strict=True):
        left, later = change - means[frame], (frame > 0) & ~out
        found.append(float(left[later & (sense < 0)].mean() - left[later & (sense > 0)].mean()) / 2)
    return over_runs(found)


def _curve(
    traj: Trajectories, odds: list[FloatArray], changes: list[FloatArray], free_time: float
) -> dict[str, list[float]]:
    """Means of f and Δh over the collisions of each frame, and over all runs, with errors over the runs."""
    offsets = traj.log.frame_offsets - traj.log.frame_offsets[:, :1]
    curve: dict[str, list[float]] = {"times": ((np.arange(traj.frames) + 0.5) * traj.dt / free_time).tolist()}
    for name, values in (("pairs", odds), ("state", changes)):
        means = np.array(
            [
                [of_run[first:end].mean() for first, end in pairwise(ends)]
                for of_run, ends in zip(values, offsets, strict=True)
            ]
        )  # (runs, frames)
        curve[name] = means.mean(axis=0).tolist()
        curve[f"{name}_error"] = (means.std(axis=0, ddof=1) / np.sqrt(len(means))).tolist()
    return curve
