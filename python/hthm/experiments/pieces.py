"""A piece of work for a worker of a Dask cluster, and what happens there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from hthm import checks
from hthm.machine import default_threads

_TELL: Final = 0.5  # seconds between two messages of a worker on how far it is


class ArrivalError(OSError):
    """Something arrived with other bytes than it was sent with."""


class _UnwantedError(Exception):
    """Nobody waits for this piece any more."""


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece of work, which gives the same answer wherever and however often it is done.

    Attributes
    ----------
    title : str
        What it is, for messages.
    function : callable
        ``function(given, threads, progress)``, by its name in a module of hthm; workers import it. Where something is
        shared, ``function(given, shared, threads, progress)``.
    given : object
        What it is done from, sent with it.
    size : int
        How much work it is, beside the others.
    shared : object
        What several pieces are done from, sent once to each worker.
    key : object
        Whatever tells it from the others; it stays here.
    """

    title: str
    function: Callable[..., Any]
    given: Any
    size: int = 1
    shared: Any = None
    key: Any = None


def granted(dask_worker: Any) -> tuple[int, int]:  # noqa: ANN401 -- distributed ships no types
    """What a worker's process grants: threads of all pieces together, and of one. Dask hands itself over by that name.

    The first is the number of its threads that Dask knows; the second as many of them as processors, control groups,
    OMP_NUM_THREADS and OMP_THREAD_LIMIT let one piece have. Dask's nanny sets OMP_NUM_THREADS to 1 unless told
    otherwise: there are as many pieces at a time then as the worker has threads.
    """
    nthreads = int(dask_worker.state.nthreads)
    return nthreads, min(nthreads, default_threads(), checks.MOST_THREADS)


def do(function: Callable[..., Any], given: Any, shared: Any, threads: int, topic: str, number: int) -> Any:  # noqa: ANN401 -- whatever a piece is
    """Do a piece; on a worker, in one of its threads."""
    worker = import_module("distributed").get_worker()
    key, told = worker.get_current_task(), 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told < _TELL:
            return
        told = time.monotonic()
        task = worker.state.tasks.get(key)
        if task is None or task.state != "executing":  # the client is gone, or has given it to another worker
            raise _UnwantedError
        worker.log_event(topic, (number, done / max(1, total)))

    return function(*([given] if shared is None else [given, shared]), threads, progress)
