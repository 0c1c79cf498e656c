"""From a state to trajectories: engines by name, in pieces that leave room for progress and Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import numpy as np

from hthm import _core, checks, paper
from hthm.gas import FloatArray, State
from hthm.trajectories import Trajectories

Recording: TypeAlias = Literal["velocities", "counts"]
Progress: TypeAlias = Callable[[int, int], None]

RECORDINGS: Final = ("velocities", "counts")
PIECE: Final = 0.1
"""Seconds that a call of the core may take: Ctrl-C waits for no longer than about twice this."""

_MOST_BOXES: Final = 2.0**52  # a longer step leaves no digit of the position


def engines() -> tuple[str, ...]:
    """Return the names of the engines; all give the same bits but the exact ones.

    Returns
    -------
    tuple of str
        Names that `simulate` takes.
    """
    return tuple(_core.engines())


def simulate(
    state: State,
    frames: int = paper.FRAMES,
    dt: float = 1 / paper.FRAME_RATE,
    *,
    engine: str = "cell_list",
    threads: int | None = None,
    record: Recording = "velocities",
    positions: bool = False,
    progress: Progress | None = None,
) -> Trajectories:
    """Simulate every run of a state.

    Parameters
    ----------
    state : State
        Where the runs start. It is not changed.
    frames : int
        Frames of each run; the start is not one of them.
    dt : float
        Time between two frames, and the length of a fixed step.
    engine : str
        One of `engines`.
    threads : int, optional
        Threads, over runs; as many as the process may run on unless given. Their number changes no bit.
    record : {"velocities", "counts"}
        Every velocity after every frame, or only the number of collisions of each frame.
    positions : bool
        Whether to record the positions too.
    progress : callable, optional
        Called as ``progress(done, total)`` with frames of all runs, a few times a second.

    Returns
    -------
    Trajectories
        Equal bits from an equal start, whatever the fixed-step engine, the threads and the split into calls. The
        exact engine, "event", gives equal bits for any number of threads; continued from `final`, it goes on to
        rounding.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range, or disks overlap at a start of the exact engine.
    MemoryError
        If the recording does not fit into the available memory.

    Notes
    -----
    The fixed step: drift, find the pairs with d² < σ², collide them in ascending (i, j) by eqs. (7) and (8) of
    arXiv:2508.14003, record.

    The exact engine goes from collision to collision (Alder and Wainwright, doi:10.1063/1.1730376) and records at the
    end of every frame; its result does not depend on dt but for rounding.
    """
    if not isinstance(state, State):
        raise TypeError(f"state: must be a State, got {type(state).__name__}. DiskGas.sample makes one.")
    state.check()
    frames = checks.integer("frames", frames, least=1)
    dt = _check_dt(dt, state)
    checks.choice("engine", engine, engines())
    threads = checks.threads(threads)
    checks.choice("record", record, RECORDINGS)
    recorded = _Arrays(state, frames, velocities=record == "velocities", positions=positions)
    _fill(recorded, state, dt, engine, threads, progress)
    return Trajectories(
        initial=state,
        final=State(
            recorded.final_positions,
            recorded.final_velocities,
            diameter=state.diameter,
            box=state.box,
            speed=state.speed,
        ),
        dt=dt,
        engine=engine,
        collisions=recorded.collisions,
        _velocities=recorded.velocities,
        _positions=recorded.positions,
    )


class _Arrays:
    """The whole output, allocated once; its pages are touched first by the threads that fill them."""

    def __init__(self, state: State, frames: int, *, velocities: bool, positions: bool) -> None:
        runs, n = state.runs, state.n
        dense = velocities + positions
        checks.memory(
            "simulate",
            runs * (frames * (8 + dense * n * 16) + n * 32),
            "Take record='counts', no positions, fewer frames, or fewer runs at a time."
            if dense
            else "Take fewer frames, or fewer runs at a time.",
        )
        shape = (runs, frames, n, 2)
        self.collisions = np.empty((runs, frames), dtype=np.int64)
        self.velocities: FloatArray | None = np.empty(shape) if velocities else None
        self.positions: FloatArray | None = np.empty(shape) if positions else None
        self.final_positions = np.empty((runs, n, 2))
        self.final_velocities = np.empty((runs, n, 2))


def _fill(arrays: _Arrays, state: State, dt: float, engine: str, threads: int, progress: Progress | None) -> None:
    """Advance blocks of runs, each a stretch of frames at a time, none taking much longer than `PIECE`."""
    runs, frames = arrays.collisions.shape
    pace: float | None = None  # frames of one run per second, all threads together
    first_run = 0
    while first_run < runs:
        wanted = threads if pace is None else max(threads, int(pace * PIECE / frames))
        block = slice(first_run, min(runs, first_run + wanted))
        count = block.stop - block.start
        ensemble = _core.Ensemble(
            engine=engine,
            positions=state.positions[block],
            velocities=state.velocities[block],
            box=state.box,
            diameter=state.diameter,
            dt=dt,
            first_run=first_run,
            threads=threads,
        )
        first = 0
        while first < frames:
            stretch = 1 if pace is None else min(frames - first, max(1, int(pace * PIECE / count)))
            began = time.perf_counter()
            ensemble.advance(
                first=first,
                count=stretch,
                collisions=arrays.collisions[block],
                velocities=None if arrays.velocities is None else arrays.velocities[block],
                positions=None if arrays.positions is None else arrays.positions[block],
                threads=threads,
            )
            pace = count * stretch / max(time.perf_counter() - began, 1e-6)
            first += stretch
            if progress is not None:
                progress(block.start * frames + count * first, runs * frames)
        ensemble.write_state(positions=arrays.final_positions[block], velocities=arrays.final_velocities[block])
        first_run = block.stop


def _check_dt(dt: object, state: State) -> float:
    number = checks.positive("dt", dt)
    fastest = float(np.abs(state.velocities).max())
    if fastest * number >= _MOST_BOXES * state.box:
        raise ValueError(
            f"velocities: must cross less than 2^52 boxes in a step, got {fastest:g} with dt = {number:g} "
            f"and box = {state.box:g}. Take a shorter dt."
        )
    return number
