"""The way back of a fixed step, which does not lead home even in exact arithmetic: where it is left first, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.engines.names import AUTO
from hthm.experiments.reversal import BINS, curves, won_back
from hthm.gas import State
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from hthm.arrays import FloatArray, IntArray
    from hthm.choices.reversal import ReversalConfig
    from hthm.trajectories import Trajectories

TURNS: Final = ("after the collisions of a step", "between its drift and its collisions")
"""Where in a step velocities are negated. A step drifts and then collides: only from the second is its mirror image a
step, which drifts back to where the collisions were, and then undoes them."""
REASONS: Final = ("still overlapping", "passed within a step", "order of collisions")
"""Why the way back leaves that there first. Disks that overlap and move apart are passed over, by eq. (8) of
arXiv:2508.14003, and on the way back they approach, and collide: those that had collided in an earlier step and overlap
still, and those that came nearest between two frames and never collided. Or several collisions of a disk in one step,
which come in the order of the disks' numbers both ways."""

_OVERLAPPING: Final = 30
"""Frames for which a pair may overlap after it has collided: far more than nearly all do."""
_WRONG: Final = 1e-6  # s0: far above what rounding has become in the few frames until then


def fixed_step_rows(
    config: ReversalConfig, start: State, threads: int | None, report: Callable[[int, int], None]
) -> list[dict[str, Any]]:
    """Go there and back by the fixed-step rule, turning at either moment of a step.

    Parameters
    ----------
    config, start, threads, report
        As `hthm.experiments.reversal.there_and_back` takes them.

    Returns
    -------
    list of dict
        For each of `TURNS`: ``first``, by run the frame of the way back in which a velocity is wrong, None where none
        is; ``wrong``, how many disks are wrong then; ``reasons``, how often which of `REASONS` it was; ``won``, by run
        the share of H won back with the paper's bins; ``back``, mean H of each frame from the turn on.
    """
    there = simulate(start, config.frames, config.dt, engine=AUTO, record="log", threads=threads)
    rows = []
    for number, turn in enumerate(TURNS):
        end = there.final
        if number:
            drifted = np.mod(end.positions + end.velocities * config.dt, end.box)
            drifted[drifted >= end.box] = 0.0
            end = State(drifted, end.velocities, diameter=end.diameter, box=end.box, speed=end.speed)
        back = simulate(end.reversed(), config.frames, config.dt, engine=AUTO, record="log", threads=threads)
        out, home = curves(there, back, BINS[0], threads)
        row: dict[str, Any] = {"turn": turn, "first": [], "wrong": [], "reasons": dict.fromkeys(REASONS, 0)}
        for run in range(start.runs):
            frame, wrong, reason = _first_wrong(there[run : run + 1], back[run : run + 1])
            row["first"].append(frame)
            row["wrong"].append(wrong)
            if reason:
                row["reasons"][reason] += 1
            report(number * start.runs + run + 1, len(TURNS) * start.runs)
        rows.append(row | {"won": won_back(out, home), "back": home.mean(axis=0).tolist()})
    return rows


def _first_wrong(there: Trajectories, back: Trajectories) -> tuple[int | None, int, str]:
    """Frame of the way back, counted from 1, whose velocities are not those there negated; how many, and why."""
    forward = np.concatenate([there.initial.velocities[0][None], there.dense()[0]])  # (frames + 1, n, 2)
    apart: FloatArray = np.abs(back.dense()[0] + forward[-2::-1]).max(axis=2)  # (frames, n)
    wrong: IntArray = (apart > _WRONG * there.gas.speed).sum(axis=1)
    found = np.flatnonzero(wrong)
    if not len(found):
        return None, 0, ""
    step = int(found[0])
    mirrored = there.frames - 1 - step  # the frame there whose collisions this one ought to undo
    known, now = _pairs(there, mirrored), _pairs(back, step)
    busy = Counter(disk for pair in known | now for disk in pair)
    alone = [pair for pair in now - known if all(busy[disk] == 1 for disk in pair)]
    earlier = set().union(*(_pairs(there, frame) for frame in range(max(0, mirrored - _OVERLAPPING), mirrored)))
    reason = REASONS[0] if earlier.intersection(alone) else REASONS[1] if alone else REASONS[2]
    return step + 1, int(wrong[step]), reason


def _pairs(traj: Trajectories, frame: int) -> set[tuple[int, int]]:
    """Who collided with whom in a frame of the only run."""
    first, last = traj.log.frame_offsets[0, frame : frame + 2]
    return {(int(i), int(j)) for i, j in traj.log.pairs[first:last]}
