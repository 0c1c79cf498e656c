"""Fig. 2: how many collisions a fixed step finds in the same physical time, against the frame rate.

The limit is what the exact engine counts. It needs starts without overlaps, which the paper's are not.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.engines.limits import check_exact, check_rate
from hthm.engines.names import AUTO, TIMED
from hthm.pages.series import FrameRates
from hthm.progress import Progress
from hthm.simulate import simulate
from hthm.starts.lattice import widest_lattice
from hthm.starts.positions import MOST_REJECTED_FRACTION, NoRoomError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hthm.arrays import IntArray
    from hthm.choices.entropy import EntropyConfig
    from hthm.choices.run import RunConfig
    from hthm.gas import DiskGas, State
    from hthm.starts.kinds import Start

_ROOM: Final = 0.995  # of the distance of two sites: disks that touch on every side collide without end


def count_as_chosen(config: RunConfig | EntropyConfig, start: State, progress: Progress | None = None) -> FrameRates:
    """Count the collisions of the first runs of a start at the frame rates of a configuration, and exactly.

    Parameters
    ----------
    config : RunConfig or EntropyConfig
        Frame rates, how many runs, and for how long.
    start : State
        Where the runs start.
    progress : callable, optional
        As `count_collisions` takes it.

    Returns
    -------
    FrameRates
    """
    counted = start[: min(config.rate_runs, start.runs)]
    return count_collisions(
        counted,
        config.frame_rates,
        config.frames * config.dt,
        engine=config.engine,
        exact_start=_exact_start(config, counted),
        threads=config.threads,
        progress=progress,
    )


def check_counts(config: RunConfig | EntropyConfig, start: State) -> None:
    """Refuse what `count_as_chosen` cannot count.

    Raises
    ------
    ValueError
        If nothing moves between two frames at one of the rates, or too much does, or the disks are too small for the
        exact engine. The message begins with the choice.
    """
    counted = start[: min(config.rate_runs, start.runs)]
    for rate in config.frame_rates:
        check_rate("frame_rates", rate, counted, exact=config.engine in TIMED)
    exact = _exact_start(config, counted)
    if exact is not None:
        check_exact(exact)
        check_rate("frame_rates", max(config.frame_rates), exact, exact=True)


def _exact_start(config: RunConfig | EntropyConfig, counted: State) -> State | None:
    return legal_start(config.gas, counted.runs, config.seed, config.speeds)


def count_collisions(
    state: State,
    rates: Sequence[int],
    time: float,
    *,
    engine: str = AUTO,
    exact_start: State | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> FrameRates:
    """Count the collisions of every run in the same time at every frame rate.

    Parameters
    ----------
    state : State
        Where the runs start, at every rate.
    rates : sequence of int
        Frames per unit time.
    time : float
        Physical time; a rate takes the nearest number of frames, at least one.
    engine : str
        Engine of the frame rates; a fixed-step one, for the exact engine finds every collision at any of them.
    exact_start : State, optional
        Where the runs of the exact engine start, as `legal_start` returns it; without it nothing is counted exactly.
    threads : int, optional
        As `simulate` takes them.
    progress : callable, optional
        Called as ``progress(done, total)`` with frames of all runs and rates.

    Returns
    -------
    FrameRates

    Notes
    -----
    Fig. 2 of arXiv:2508.14003: a step that is too long misses pairs that graze between two frames.
    """
    frames = [max(1, round(time * rate)) for rate in rates]
    exact_frames = max(1, round(time * max(rates)))  # short ones, so that Ctrl-C waits for none
    total = state.runs * sum(frames) + (0 if exact_start is None else exact_start.runs * exact_frames)
    before = 0  # frames of the counts that are done

    def counted(start: State, frames_of_run: int, dt: float, engine: str) -> IntArray:
        nonlocal before

        def report(done: int, _: int) -> None:
            if progress is not None:
                progress(before + done, total)

        traj = simulate(start, frames_of_run, dt, engine=engine, threads=threads, record="counts", progress=report)
        before += start.runs * frames_of_run
        return traj.collisions.sum(axis=1)  # type: ignore[no-any-return]  # numpy's sum has no precise type

    collisions = np.stack([counted(state, count, 1 / rate, engine) for count, rate in zip(frames, rates, strict=True)])
    exact = None
    if exact_start is not None:
        exact = counted(exact_start, exact_frames, time / exact_frames, "event")
    return FrameRates(np.array(rates, dtype=np.int64), collisions, time, exact, engine)


def legal_start(gas: DiskGas, runs: int, seed: int, start: Start = "equal") -> State | None:
    """Draw starts without overlaps, for the exact engine: anywhere, or on a lattice where that leaves no room.

    Parameters
    ----------
    gas, runs, seed, start
        As `DiskGas.sample` takes them.

    Returns
    -------
    State or None
        None where not even the lattice has room for the disks.
    """
    if gas.area_fraction <= MOST_REJECTED_FRACTION:
        with suppress(NoRoomError):  # a few large disks may jam below the fraction that is enough for many
            return gas.sample(runs, seed, overlaps="reject", start=start)
    if gas.diameter < _ROOM * widest_lattice(gas.n).spacing * gas.box:
        return gas.lattice_state(runs, seed, start=start)
    return None
