"""There and back: whether the exact gas returns when all velocities are negated, and how fast it loses its way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm import paper
from hthm.engines.precision import BITS, LongState
from hthm.h_functional import speed_h_in_range
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hthm.arrays import FloatArray
    from hthm.choices.reversal import ReversalConfig
    from hthm.engines.precision import Precision
    from hthm.gas import State
    from hthm.trajectories import Recording, Trajectories

    Report = Callable[[int, int], None]

BINS: Final = (paper.BINS, paper.BINS + 1)
"""Numbers of bins of H: of the paper's an edge is s0, of one more none is."""
LEG: Final = ("precision", "returned", "retraced", "won", "differs", "collisions", "there", "back")
"""What there is of the legs in one precision."""
GROWTH: Final = ("precision", "frames", "worst")
"""What there is of how far the gas comes back from its start."""

_SATURATED: Final = 0.01  # diameters: from there on the nearest way round, and other collisions, hold the growth up


def there_and_back(
    config: ReversalConfig, start: State, precision: Precision, threads: int | None, report: Report
) -> tuple[Trajectories, Trajectories]:
    """Simulate exactly from a state, negate all velocities, and simulate as long again.

    Parameters
    ----------
    config : ReversalConfig
        How many frames, and how far apart.
    start : State
        Where the runs start.
    precision : str
        As `simulate` takes it.
    threads : int, optional
        As `simulate` takes them.
    report : callable
        Takes ``(done, total)``.

    Returns
    -------
    there, back : Trajectories
        Logs.
    """
    total = 2 * start.runs * config.frames
    leg = _exactly(config, "log", precision, threads)
    there = leg(start, config.frames, progress=lambda done, _: report(done, total))
    back = leg(there.final.reversed(), config.frames, progress=lambda done, _: report(total // 2 + done, total))
    return there, back


def _exactly(
    config: ReversalConfig, record: Recording, precision: Precision, threads: int | None
) -> Callable[..., Trajectories]:
    """What simulates a leg from a state, for some frames."""
    return partial(simulate, dt=config.dt, engine="event", record=record, precision=precision, threads=threads)


def curves(there: Trajectories, back: Trajectories, bins: int, threads: int | None) -> tuple[FloatArray, FloatArray]:
    """H of the speeds of both legs, each (runs, frames + 1): from the start to the turn, and from there on."""
    speed = there.gas.speed  # some disks become faster than the bins reach, as in the paper
    first = speed_h_in_range(there.initial.velocities, speed=speed, bins=bins, threads=threads).h[:, None]
    out = np.concatenate([first, speed_h_in_range(there, speed=speed, bins=bins, threads=threads).h], axis=1)
    home = np.concatenate([out[:, -1:], speed_h_in_range(back, speed=speed, bins=bins, threads=threads).h], axis=1)
    return out, home


def leg_row(
    config: ReversalConfig, start: State, precision: Precision, threads: int | None, report: Report
) -> dict[str, Any]:
    """Go there and back in one precision.

    Parameters
    ----------
    config, start, precision, threads, report
        As `there_and_back` takes them.

    Returns
    -------
    dict
        With the keys of `LEG`. By run: whether all positions and velocities are those of the start, to the bit; the
        share of the collisions that are retraced, from the turn on; and by the number of bins the share of H won back,
        and the frames from the turn to the first H that differs, None where none does. Then collisions of both legs
        of all runs, and by the number of bins H of each frame, the mean of the runs: there from the start to the turn,
        back from the turn on.
    """
    there, back = there_and_back(config, start, precision, threads, report)
    row: dict[str, Any] = {"precision": precision}
    row["returned"] = [
        back.final.positions[k].tobytes() == start.positions[k].tobytes()
        and (-back.final.velocities[k]).tobytes() == start.velocities[k].tobytes()
        for k in range(start.runs)
    ]
    row["retraced"] = [_retraced(there[k : k + 1], back[k : k + 1]) for k in range(start.runs)]
    row |= {"won": {}, "differs": {}, "there": {}, "back": {}}
    for bins in BINS:
        out, home = curves(there, back, bins, threads)
        row["won"][str(bins)] = won_back(out, home)
        row["differs"][str(bins)] = _first_difference(out, home)
        row["there"][str(bins)] = out.mean(axis=0).tolist()
        row["back"][str(bins)] = home.mean(axis=0).tolist()
    row["collisions"] = [int(leg.collisions.sum()) for leg in (there, back)]
    return row


def won_back(out: FloatArray, home: FloatArray) -> list[float | None]:
    """Share of what H has lost there that it wins on the way back, by run; None where it lost nothing."""
    fallen = out[:, 0] - out[:, -1]
    return [
        None if lost == 0 else float(risen / lost) for lost, risen in zip(fallen, home[:, -1] - out[:, -1], strict=True)
    ]


def _retraced(there: Trajectories, back: Trajectories) -> float:
    """Collisions of the way back until the first between other disks than there, as a share of those there."""
    forward, backward = there.log.pairs[::-1], back.log.pairs
    count = min(len(forward), len(backward))
    other = np.flatnonzero((forward[:count] != backward[:count]).any(axis=1))
    same = int(other[0]) if len(other) else count
    return same / max(1, len(forward), len(backward))


def _first_difference(out: FloatArray, home: FloatArray) -> list[int | None]:
    """Frames from the turn to the first whose H is not that of the way there, in any bit."""
    differ = home != out[:, ::-1]
    return [int(found[0]) if len(found := np.flatnonzero(row)) else None for row in differ]


def growth_row(
    config: ReversalConfig, start: State, precision: Precision, threads: int | None, report: Report
) -> dict[str, Any]:
    """Turn after several times, and measure how far from the start the disks come back.

    Parameters
    ----------
    config, start, precision, threads, report
        As `there_and_back` takes them.

    Returns
    -------
    dict
        With the keys of `GROWTH`; ``worst`` has of each number of frames, and run, the largest distance of a disk from
        where it started, in diameters.
    """
    worst, leg = [], _exactly(config, "counts", precision, threads)
    for number, frames in enumerate(config.turning_frames):
        back = leg(leg(start, frames).final.reversed(), frames)
        worst.append((_apart(back.final, start) / config.diameter).tolist())
        report(number + 1, len(config.turning_frames))
    return {"precision": precision, "frames": config.turning_frames, "worst": worst}


def _apart(state: State, start: State) -> FloatArray:
    """Of each run the largest distance of a disk from where it was, the digits beyond doubles included."""
    way = state.positions - start.positions
    way -= state.box * np.round(way / state.box)  # neighbouring doubles: this rounds nothing where it matters
    if isinstance(state, LongState):
        way += state.position_rests.sum(axis=-1)
    return np.asarray(np.hypot(way[..., 0], way[..., 1]).max(axis=1))


def decades(row: Mapping[str, Any], config: ReversalConfig) -> FloatArray:
    """Decades lost, (turning times, runs): from the last digit of the box to the largest distance; NaN where none."""
    worst = np.array(row["worst"], dtype=np.float64) * config.diameter / config.box
    with np.errstate(divide="ignore"):
        lost = np.log10(worst) + BITS[row["precision"]] * np.log10(2)
    lost[(worst == 0) | (worst > _SATURATED * config.diameter / config.box)] = np.nan
    return np.asarray(lost)


def growth_line(rows: list[dict[str, Any]], config: ReversalConfig) -> dict[str, float] | None:
    """Fit decades lost = intercept + slope t to what has not saturated, of all precisions; None of too few.

    Parameters
    ----------
    rows : list of dict
        As `growth_row` returns them.
    config : ReversalConfig
        Of these rows.

    Returns
    -------
    dict or None
        ``intercept``, ``slope``, a unit of time, and ``scatter``, the standard deviation about the line.
    """
    times, lost = [], []
    for row in rows:
        of_row = decades(row, config)
        times.append(np.broadcast_to(np.array(row["frames"])[:, None] * config.dt, of_row.shape).ravel())
        lost.append(of_row.ravel())
    if not rows:
        return None
    t, y = np.concatenate(times), np.concatenate(lost)
    known = np.isfinite(y)
    if len(np.unique(t[known])) < 3:  # noqa: PLR2004 -- two points fit any line
        return None
    slope, intercept = np.polyfit(t[known], y[known], 1)
    scatter = float((y[known] - intercept - slope * t[known]).std())
    return {"intercept": float(intercept), "slope": float(slope), "scatter": scatter}
