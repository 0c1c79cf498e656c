"""What trainings at the same time share: threads, and what the compiled kernel makes of the frames."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from hthm import checks

if TYPE_CHECKING:
    from hthm import _core
    from hthm.recording.frames import Frames

_of_thread = threading.local()


class Shared:
    """What several trainings share, each in a thread of its own.

    Parameters
    ----------
    threads : callable
        Returns how many each may use now; asked before every call of the kernel. What it raises ends the training.
    """

    def __init__(self, threads: Callable[[], int]) -> None:
        self.threads = threads
        self._encoded: dict[int, tuple[Frames, _core.PairLoss]] = {}
        self._lock = threading.Lock()

    def pair_loss(self, frames: Frames) -> _core.PairLoss:
        """Return the kernel's store of these very frames, which the first one to ask has encoded."""
        with self._lock:  # nobody else has anything to do before
            if id(frames) not in self._encoded:
                self._encoded[id(frames)] = frames, frames.pair_loss(torch.get_num_threads())
        return self._encoded[id(frames)][1].beside()


@contextmanager
def sharing(shared: Shared) -> Iterator[None]:
    """Let trainings of the calling thread share with others, while the block runs."""
    _of_thread.shared = shared
    try:
        yield
    finally:
        _of_thread.shared = None


def limit_torch(threads: int | None) -> None:
    """Have torch use this number of threads; by default those that are granted, or fewer if it was set to fewer."""
    torch.set_num_threads(min(checks.threads(None), torch.get_num_threads()) if threads is None else threads)


def kernel_threads() -> int:
    """Return how many threads a call of the kernel may use now: torch's, or a share. No result depends on it."""
    shared = _shared()
    return torch.get_num_threads() if shared is None else shared.threads()


def pair_loss(frames: Frames) -> _core.PairLoss:
    """Return the kernel's store of the pairs of frames, shared where trainings go on at the same time."""
    shared = _shared()
    return frames.pair_loss(torch.get_num_threads()) if shared is None else shared.pair_loss(frames)


def _shared() -> Shared | None:
    shared: Shared | None = getattr(_of_thread, "shared", None)
    return shared
