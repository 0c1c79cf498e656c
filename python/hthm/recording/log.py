"""Frames that are a log: made where they are asked for, and never asked for where what changes is enough."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hthm import _core, checks
from hthm.arrays import FloatArray, IntArray
from hthm.recording.collision_log import CollisionLog
from hthm.recording.disk_function import DiskFunction
from hthm.recording.frames import Frames, RunChanges, Steps
from hthm.reprs import one_line


class LogFrames(Frames):
    """Frames of a log of collisions.

    Parameters
    ----------
    start : (runs, n, 2) float64, C order
        Velocities that the runs started with, box sides per unit time.
    log : CollisionLog
        Of these runs.
    speed : float, optional
        s0 of the gas.
    """

    def __init__(self, start: FloatArray, log: CollisionLog, *, speed: float | None = None) -> None:
        runs, edges = log.frame_offsets.shape
        self.leading, self.n, self.speed = (runs, edges - 1), start.shape[1], speed
        self._start, self._log = start, log

    def __repr__(self) -> str:
        return one_line("LogFrames", (("leading", self.leading), ("n", self.n)), self._start.nbytes + self._log.nbytes)

    def log_arrays(self) -> tuple[FloatArray, IntArray, NDArray[np.int32], FloatArray]:
        """Return what the core makes frames of: start, frame_offsets, pairs, velocities.

        It checks what it reads: the owner of the arrays may have written to them.
        """
        return self._start, self._log.frame_offsets, self._log.pairs, self._log.velocities

    def check(self) -> None:
        """Check the velocities again: their owner may have written to them.

        Raises
        ------
        ValueError
            If one is not finite any more.
        """
        for velocities, where in self.stored():
            if not np.isfinite(velocities).all():
                raise ValueError(f"velocities: must be finite, got NaN or infinity in {where}.")

    def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:
        """Make frames; each run that has one of them is gone through once, and threads share the runs.

        Parameters
        ----------
        numbers, out, threads
            As `Frames.read` takes them.

        Raises
        ------
        TypeError, ValueError
            If a number is not that of a frame, or the log is not one of these runs.
        """
        _core.log_frames(*self.log_arrays(), numbers, out, checks.threads(threads))

    def stored(self) -> Iterator[tuple[FloatArray, str]]:
        """Go through the start and what the collisions left; see `Frames.stored`."""
        yield self._start, "the log"
        yield self._log.velocities, "the log"

    def speed_counts(self, edges: FloatArray, *, threads: int) -> IntArray:
        """Carry the counts along the log; see `Frames.speed_counts`."""
        return _core.log_speed_counts(*self.log_arrays(), edges, threads).reshape(len(self), -1)  # (runs, frames, bins)

    def speed_h(
        self, edges: FloatArray, *, threads: int, terms: FloatArray | None = None
    ) -> tuple[FloatArray, IntArray]:
        """Carry the bins along the log.

        Parameters
        ----------
        edges, threads, terms
            As `Frames.speed_h` takes them.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
        """
        h, dropped = _core.log_speed_h(*self.log_arrays(), edges, terms, threads)
        return h.reshape(-1), dropped.reshape(-1)  # (runs, frames) -> (len(self),)

    def velocity_h(
        self,
        temperatures: FloatArray | None,
        bins: int,
        reach: float,
        *,
        threads: int,
        terms: FloatArray | None = None,
    ) -> tuple[FloatArray, IntArray]:
        """H of the velocities, the frame carried along the log.

        Parameters
        ----------
        temperatures, bins, reach, threads, terms
            As `Frames.velocity_h` takes them.

        Returns
        -------
        h, dropped : (len(self),) float64, (len(self),) int64
        """
        h, dropped = _core.log_velocity_h(*self.log_arrays(), temperatures, bins, reach, terms, threads)
        return h.reshape(-1), dropped.reshape(-1)  # (runs, frames) -> (len(self),)

    def disk_sums(self, of: DiskFunction, disks: int) -> Iterator[tuple[int, FloatArray]]:  # noqa: ARG002 -- a run changes little
        """Look at disks that collided alone, a run at a time; see `Frames.disk_sums`.

        Raises
        ------
        ValueError
            If the log is not one of these runs.
        """
        runs, frames = self.leading
        for run in range(runs):
            self._check_run(run)
        for run, sums in enumerate(of.log_sums(*self.log_arrays())):
            yield run * frames, sums

    def changes(self, run: int, steps: Steps) -> RunChanges:
        """Return the rows of a run, two changes each; see `Frames.changes`.

        Raises
        ------
        ValueError
            If the log is not one of these runs.
        """
        offsets = self._check_run(run)
        rows = slice(offsets[0], offsets[-1])
        return changes_of_rows(
            self._start[run], offsets - offsets[0], self._log.pairs[rows], self._log.velocities[rows], steps
        )

    def pair_loss(self, threads: int) -> _core.PairLoss:
        """Encode the rows; see `Frames.pair_loss`. Nothing of the log is kept."""
        return _core.PairLoss.from_logs((self.log_arrays(),), threads)

    def _check_run(self, run: int) -> IntArray:
        return checked_offsets(self._log.frame_offsets, self._log.pairs, self.n, run)


def checked_offsets(offsets: IntArray, pairs: NDArray[np.int32], n: int, run: int) -> IntArray:
    """Return the rows of a run's frames, having refused what the core would.

    Parameters
    ----------
    offsets, pairs : (runs, frames + 1) int64, (rows, 2) int32
        Of a log. numpy takes a negative index, and a slice beyond the end, without a word.
    n, run : int
        Disks, and which run.

    Returns
    -------
    (frames + 1,) int64

    Raises
    ------
    ValueError
        If the log is not one of these runs.
    """
    of_run: IntArray = offsets[run]
    if of_run[0] < 0 or of_run[-1] > len(pairs) or (of_run[1:] < of_run[:-1]).any():
        raise ValueError(
            f"frame_offsets: must ascend within the {len(pairs)} rows of the log, got others in run {run}."
        )
    disks = pairs[of_run[0] : of_run[-1]]
    if disks.size and not 0 <= disks.min() <= disks.max() < n:
        wrong = disks[(disks < 0) | (disks >= n)][0]
        raise ValueError(f"pairs: must be numbers of disks, from 0 to {n - 1}, got {wrong} in run {run}.")
    return of_run


def changes_of_rows(
    first: FloatArray, offsets: IntArray, pairs: NDArray[np.int32], after: FloatArray, steps: Steps
) -> RunChanges:
    """Return the rows of one run as what changes, two changes each.

    Parameters
    ----------
    first : (n, k) float64
        What the run started with: velocities, or wider states.
    offsets : (frames + 1,) int64
        First row of every frame, and the end, counted from the run's first.
    pairs, after : (rows, 2) int32, (rows, 2, k) float64
        Who collided, and what that left.
    steps : {"frames", "collisions"}
        What the run goes by.

    Returns
    -------
    RunChanges
    """
    disks, states = pairs.reshape(-1), after.reshape(-1, first.shape[1])  # (changes,), (changes, k): as they happen
    count, begin = len(pairs), 0
    step = np.repeat(np.arange(count), 2)
    if steps == "frames":  # what happened before the first frame is part of it
        begin = 2 * int(offsets[1])
        first = first.copy()
        first[disks[:begin]] = states[:begin]  # of several, the last one stays
        count = len(offsets) - 2
        step = np.repeat(np.arange(count), 2 * np.diff(offsets[1:]))
    return RunChanges(first, disks[begin:], states[begin:], step, count)
