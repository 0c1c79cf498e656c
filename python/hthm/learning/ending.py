"""Daemon threads in torch while the program ends: they may finish what they are in, and begin nothing more.

What a thread computes in torch needs objects that the end of the process takes down. Between two calls of torch, where
a thread is not waited for, `hthm._core` keeps Python from ending the whole process over it (cpp/bindings/ending.cpp).
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 10.0
"""Seconds that the end of a program waits for them at most."""

_at_work: list[threading.Thread] = []
_ending = threading.Event()


@contextmanager
def at_work() -> Iterator[None]:
    """Let the end of the program wait for this thread, while the block runs, until it is asked whether to go on."""
    thread = threading.current_thread()
    _at_work.append(thread)
    try:
        go_on()
        yield
    finally:
        _at_work.remove(thread)


def go_on() -> None:
    """Return at once, but for a daemon thread once the program ends: it stays here. For between two steps."""
    if not _ending.is_set():
        return
    thread = threading.current_thread()
    if thread is not threading.main_thread():
        while thread in _at_work:
            _at_work.remove(thread)
        threading.Event().wait()


def _wait_for_others() -> None:
    _ending.set()
    until = time.monotonic() + PATIENCE
    ours = threading.current_thread()
    # Those of a parent, which a fork leaves in the list, are not alive here.
    while any(thread is not ours and thread.is_alive() for thread in list(_at_work)) and time.monotonic() < until:
        time.sleep(0.001)


atexit.register(_wait_for_others)
