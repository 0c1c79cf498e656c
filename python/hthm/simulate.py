"""From a state to trajectories, in pieces that leave room for progress and Ctrl-C."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from hthm import _core, checks, mixtures, published
from hthm.arrays import FloatArray
from hthm.engines.choice import chosen
from hthm.engines.dsmc import no_positions, random_starts
from hthm.engines.limits import check_exact, checked_dt
from hthm.engines.names import AUTO, EXACT, PLACELESS, TIMED, check
from hthm.engines.precision import BITS, Precision, Rests, checked_precision, rests_of
from hthm.gas import State, unchecked_state
from hthm.progress import Progress, ProgressLike, reporting
from hthm.recording.collision_log import CollisionLog, frame_offsets
from hthm.recording.pieces import LogOfBlock, Pace
from hthm.rules import for_core, spinning
from hthm.trajectories import RECORDINGS, Recording, Trajectories

if TYPE_CHECKING:
    from hthm.recording.store.shard_writing import Recorded


class LogMemoryError(MemoryError):
    """The memory did not suffice for the log of all runs.

    Attributes
    ----------
    finished : Trajectories or None
        The first runs, those that were finished; None if none was.
    """

    def __init__(self, message: str, finished: Trajectories | None) -> None:
        super().__init__(message, finished)  # both, so that a process hands the error on to another
        self.finished = finished

    def __str__(self) -> str:
        return str(self.args[0])


def simulate(
    state: State,
    frames: int = published.FRAMES,
    dt: float = 1 / published.FRAME_RATE,
    *,
    engine: str = AUTO,
    threads: int | None = None,
    record: Recording = "velocities",
    positions: bool = False,
    progress: ProgressLike = None,
    store: str | os.PathLike[str] | None = None,
    precision: Precision = "double",
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
        One of `engines`; "auto" is the fastest fixed-step engine for this state, by the rule of `hthm.engines.choice`.
    threads : int, optional
        Threads, over runs; as many as `hthm.machine.default_threads` finds granted unless given. Their number changes
        no bit.
    record : {"velocities", "log", "counts"}
        Every velocity after every frame; or the start and a row for each collision, from which `Trajectories.dense`
        makes the same, in about a thirtieth of the memory at the paper's density; or only the number of collisions of
        each frame.
    positions : bool
        Whether to record the positions too; not beside a log.
    progress : bool or callable, optional
        True for a bar, in a terminal or a notebook; or a function that is called as ``progress(done, total)`` with
        frames of all runs, a few times a second.
    store : path, optional
        A folder for the runs, whose log, which has all velocities, or whose counts are then not kept in memory. Shards
        of them are written as they are finished, and what a stop has left in the folder is gone on with, to the same
        files: docs/store.md.
    precision : {"double", "quad", "extended"}
        What the exact engine carries: 53, 113 or 237 bits. With more than 53, `final` is an
        `hthm.engines.precision.LongState`, which has them all; what is recorded is rounded. A State of doubles is
        taken as it is, its further digits zero: to go back by more than the digits of doubles carry, reverse `final`
        and not what was recorded or saved. docs/reversal.md.

    Returns
    -------
    Trajectories
        Equal bits from an equal start, whatever the fixed-step engine, the threads and the split into calls. The
        exact engine, "event", gives equal bits for any number of threads; continued from `final`, it goes on to
        rounding. So does "dsmc", whose random numbers start from the SHA-256 of where a run starts; continued from
        `final`, it goes on with others. Its positions are those of the start, for none moves.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range, or nothing can move within `dt`, or disks overlap at a
        start of the exact engine, or are jammed: they collide after 1e-9 diameters on the average, and a frame would
        never end.
    MemoryError
        If the recording does not fit into the available memory. How long a log gets is known only when it is there:
        it is checked as it grows, and `LogMemoryError` carries the runs that were finished.
    DatasetError, OwnedError, OSError
        If the store holds anything else, is in use, or cannot be written to; what is finished stays.

    Notes
    -----
    The fixed step: drift, find the pairs with d² < σ², collide them in ascending (i, j) by eqs. (7) and (8) of
    arXiv:2508.14003, record.

    The exact engine goes from collision to collision (Alder and Wainwright, doi:10.1063/1.1730376) and records at the
    end of every frame; its result does not depend on dt but for rounding. Neither does that of "dsmc", direct
    simulation Monte Carlo of the homogeneous Boltzmann equation (Bird, doi:10.1063/1.1692849): any two disks, wherever
    they are, collide at the rate 2σ|g|/L², with an impact parameter uniform in [-σ, σ].
    """
    if not isinstance(state, State):
        raise TypeError(f"state: must be a State, got {type(state).__name__}. DiskGas.sample makes one.")
    state.check()
    frames = checks.integer("frames", frames, least=1)
    dt = checked_dt(dt, state, exact=check(engine) in TIMED)
    engine = chosen(engine, state, dt)
    precision = checked_precision(precision, state, exact=engine in EXACT)
    if engine in EXACT:
        check_exact(state)
    threads = checks.threads(threads)
    checks.choice("record", record, RECORDINGS)
    wrong = no_positions(engine) if positions else None
    if wrong:
        raise ValueError(wrong)
    if record == "log" and positions:
        raise ValueError(
            "positions: must be False with record='log', which holds collisions only, got True. "
            "Take record='velocities', or simulate parts of the time and keep their final states."
        )
    if store is None:
        with reporting(progress, "simulate") as report:
            return _simulated(
                state, frames, dt, engine, threads, record, report, positions=positions, precision=precision
            )
    if precision != "double":
        raise ValueError(
            f"precision: must be 'double' with a store, which keeps doubles, got {precision!r}. Leave store out, and "
            "keep the end of the runs with traj.final.save(path)."
        )
    if positions:
        raise ValueError("positions: must be False with a store, which holds collisions only, got True.")
    folder = checks.path("store", store)
    from hthm.recording.store.dataset import Dataset  # noqa: PLC0415 -- import hthm is quick
    from hthm.recording.store.writer import begun, describe  # noqa: PLC0415 -- as above

    kept: Recording = "counts" if record == "counts" else "log"

    def recorded(start: State, first: int, of_runs: Progress) -> Recorded:
        return _simulated(start, frames, dt, engine, threads, kept, of_runs, first_run=first).recorded()

    described = describe(state, kind=kept, frames=frames, dt=dt, engine=engine)
    with reporting(progress, "simulate") as report, begun(folder, described) as writer:
        writer.write_starts(lambda runs: state[runs])
        writer.fill(lambda runs: state[runs], recorded, report)
    return Dataset(folder).trajectories()


def _simulated(
    state: State,
    frames: int,
    dt: float,
    engine: str,
    threads: int,
    record: Recording,
    progress: Progress | None,
    *,
    positions: bool = False,
    first_run: int = 0,
    precision: Precision = "double",
) -> Trajectories:
    """Simulate what was checked; messages count runs from `first_run`."""
    output = _Output(state, frames, record, positions=positions, timed=engine in TIMED, precision=precision)
    try:
        _fill(output, state, dt, engine, threads, progress, first_run, precision)
    except MemoryError as error:
        if output.rows is None:
            raise
        done = output.finished
        raise LogMemoryError(
            f"simulate: ran out of memory for the log with {done} of {state.runs} runs finished"
            f"{', which this exception has as finished' if done else ''}. {error}",
            output.trajectories(state, dt, engine) if done else None,
        ) from error
    return output.trajectories(state, dt, engine)


class _Output:
    """The whole output: arrays allocated once, whose pages the threads that fill them touch first; a log grows."""

    def __init__(
        self, state: State, frames: int, record: Recording, *, positions: bool, timed: bool, precision: Precision
    ) -> None:
        runs, n = state.runs, state.n
        dense = (record == "velocities") + positions
        spins = spinning(state.rule)
        checks.memory(
            "simulate",
            runs * (frames * (16 + dense * n * (16 + 8 * spins)) + n * (32 if precision == "double" else 160)),
            "Take record='log' or 'counts', no positions, fewer frames, or fewer runs at a time."
            if dense
            else "Take fewer frames, or fewer runs at a time.",
        )
        shape = (runs, frames, n, 2)
        self.finished = 0  # runs
        self.collisions = np.empty((runs, frames), dtype=np.int64)
        self.velocities: FloatArray | None = np.empty(shape) if record == "velocities" else None
        self.positions: FloatArray | None = np.empty(shape) if positions else None
        self.spins: FloatArray | None = np.empty(shape[:3]) if spins and record == "velocities" else None
        self.rows = _core.LogRows(timed=timed, spins=spins) if record == "log" else None
        self.final_positions = np.empty((runs, n, 2))
        self.final_velocities = np.empty((runs, n, 2))
        self.final_spins: FloatArray | None = np.empty((runs, n)) if spins else None
        self.rests = Rests(state, precision)

    def of(self, block: slice) -> dict[str, Any]:
        """Where the frames of a block of runs go, by the names that the core has for it."""
        return {
            "collisions": self.collisions[block],
            "velocities": None if self.velocities is None else self.velocities[block],
            "positions": None if self.positions is None else self.positions[block],
            "spins": None if self.spins is None else self.spins[block],
            "log": self.rows is not None,
        }

    def trajectories(self, state: State, dt: float, engine: str) -> Trajectories:
        """What is finished. The rows of the log are handed over: once."""
        done = slice(0, self.finished)
        collisions = self.collisions[done]
        log = None
        if self.rows is not None:
            pairs, velocities, times, spins = self.rows.release()
            offsets = frame_offsets(collisions)
            log = CollisionLog(frame_offsets=offsets, pairs=pairs, velocities=velocities, times=times, spins=spins)
        final_spins = None if self.final_spins is None else self.final_spins[done]
        final = unchecked_state(self.final_positions[done], self.final_velocities[done], state, final_spins)
        return Trajectories(
            initial=state if self.finished == state.runs else state[done],
            final=self.rests.beside(final),
            dt=dt,
            engine=engine,
            collisions=collisions,
            _velocities=self.velocities,
            _positions=self.positions,
            _log=log,
            _spins=self.spins,
        )


def _fill(
    output: _Output,
    state: State,
    dt: float,
    engine: str,
    threads: int,
    progress: Progress | None,
    first_run: int,
    precision: Precision,
) -> None:
    """Simulate all runs, a block of them after the other."""
    runs, frames = output.collisions.shape
    pace = Pace()
    while output.finished < runs:
        first = output.finished
        block = slice(first, min(runs, first + pace.runs(frames, threads)))
        ensemble = _core.Ensemble(
            engine=engine,
            positions=state.positions[block],
            velocities=state.velocities[block],
            box=state.box,
            diameter=state.diameter,
            dt=dt,
            first_run=first_run + first,
            random=random_starts(*state[block].parts()) if engine in PLACELESS else None,
            threads=threads,
            rule=for_core(state.rule),
            spins=None if state.spins is None else state.spins[block],
            bits=BITS[precision],
            kinds=mixtures.for_core(state.kinds),
            **rests_of(state, block),
        )
        _advance(ensemble, output, block, pace, threads, progress)
        ensemble.write_state(positions=output.final_positions[block], velocities=output.final_velocities[block])
        if output.final_spins is not None:
            ensemble.write_spins(output.final_spins[block])
        output.rests.take(ensemble, block, first_run)
        if output.rows is not None:
            ensemble.move_log(output.rows, threads)
        output.finished = block.stop


def _advance(
    ensemble: _core.Ensemble, output: _Output, block: slice, pace: Pace, threads: int, progress: Progress | None
) -> None:
    """Simulate a block of runs to the end, a stretch of frames after the other."""
    runs, frames = output.collisions.shape
    count = block.stop - block.start
    log, done = LogOfBlock(output.final_positions.shape[1], spins=output.final_spins is not None), 0
    while done < frames:
        stretch = min(frames - done, pace.frames(count))
        if output.rows is not None:
            log.check_memory(count * stretch)
        began = time.perf_counter()
        ensemble.advance(first=done, count=stretch, threads=threads, **output.of(block))
        pace.did(count * stretch, time.perf_counter() - began)
        log.grew(int(output.collisions[block, done : done + stretch].sum()), count * stretch)
        done += stretch
        if progress is not None:
            progress(block.start * frames + count * done, runs * frames)
