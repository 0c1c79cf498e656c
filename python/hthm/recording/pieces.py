"""How much of a simulation a call of the core takes, in time and in memory."""

from __future__ import annotations

from typing import Final

from hthm import checks
from hthm.recording.collision_log import ROW_BYTES, SPIN_BYTES

PIECE: Final = 0.1
"""Seconds that a call of the core may take: Ctrl-C waits for no longer than about twice this."""

_LOG_ADVICE: Final = "Take fewer frames, or fewer runs at a time."


class Pace:
    """How much takes the core about `PIECE`, judged by what it did last; at first one frame of a run a thread."""

    def __init__(self) -> None:
        self._rate: float | None = None  # frames of one run per second, all threads together

    def runs(self, frames: int, threads: int) -> int:
        """Runs that go to their end in that time, but at least one a thread."""
        return threads if self._rate is None else max(threads, int(self._rate * PIECE / frames))

    def frames(self, runs: int) -> int:
        """Frames that so many runs advance in that time, but at least one."""
        return 1 if self._rate is None else max(1, int(self._rate * PIECE / runs))

    def did(self, frames: int, seconds: float) -> None:
        """Judge by this from now on; frames of several runs count one by one."""
        self._rate = frames / max(seconds, 1e-6)


class LogOfBlock:
    """How many rows the log of a block of runs has, and how many may be next."""

    def __init__(self, n: int, *, spins: bool) -> None:
        self._rows = 0
        self._row = ROW_BYTES + spins * SPIN_BYTES
        self._a_frame = n / 2  # rows that a frame of a run may need: at first one collision of every disk

    def check_memory(self, frames: int) -> None:
        """Refuse the next frames where the memory is too small: for their rows, and for moving all of the block's."""
        checks.memory("simulate", int(self._row * (self._rows + 2 * self._a_frame * frames)), _LOG_ADVICE)

    def grew(self, rows: int, frames: int) -> None:
        """Count the rows that the last frames brought."""
        self._rows += rows
        self._a_frame = 1 + rows / frames
