"""Trainings side by side: while there are several, each has threads of its own and waits for no other's.

A step of a training takes a millisecond, and its threads wait for each other many times in it: two trainings with a
thread each are done before one after the other with two. Where fewer are left than there are threads, these have more.
What a training comes to does not depend on how many it has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from hthm.learning.sharing import Shared, sharing

Result = TypeVar("Result")


class Job(NamedTuple, Generic[Result]):
    """A training, and whatever follows it.

    Attributes
    ----------
    do : callable
        Called once, in some thread. It asks `hthm.learning.sharing.kernel_threads` before every step.
    size : float
        How long it takes, by any measure: the longest begin first.
    """

    do: Callable[[], Result]
    size: float


class _EndedError(Exception):
    """Raised in a training that goes on no further, because of another or of the caller."""


class _Crew:
    """Threads, shared out among those who are at work."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._at_work = 0
        self._ended = False
        self._lock = threading.Lock()
        self._shared = Shared(self._share)
        self.error: BaseException | None = None

    def _share(self) -> int:
        if self._ended:
            raise _EndedError
        return max(1, self._threads // max(1, self._at_work))

    def end(self) -> None:
        self._ended = True

    def do(self, job: Job[Result]) -> Result:
        self._come_or_go(1)
        try:
            with sharing(self._shared):
                return job.do()
        except BaseException as error:
            with self._lock:
                if self.error is None and not isinstance(error, _EndedError):
                    self.error = error
            self.end()  # one is enough: a command ends with its first error
            raise
        finally:
            self._come_or_go(-1)

    def _come_or_go(self, one: int) -> None:
        with self._lock:
            self._at_work += one


@contextmanager
def side_by_side(jobs: Sequence[Job[Result]], threads: int, at_once: int) -> Iterator[Iterator[Result]]:
    """Do jobs, several at a time, while the block runs.

    Parameters
    ----------
    jobs : sequence of Job
    threads : int
        That they share.
    at_once : int
        How many jobs at a time, at most; with one, they are done when their results are asked for, in this thread.

    Yields
    ------
    iterator
        Their results, in the order of the jobs; it waits for each.

    Raises
    ------
    Exception
        What the first job raised that failed. The others then end before their next step, as they do when the block
        is left early; what is kept of them, a checkpoint, is for the next time.
    """
    if min(at_once, len(jobs)) < 2:  # noqa: PLR2004 -- there is no other to be beside
        yield (job.do() for job in jobs)
        return
    crew = _Crew(threads)
    with ThreadPoolExecutor(at_once, thread_name_prefix="hthm-training") as pool:
        futures: dict[int, Future[Result]] = {}
        try:
            for number in sorted(range(len(jobs)), key=lambda number: -jobs[number].size):
                futures[number] = pool.submit(crew.do, jobs[number])
            yield _results(crew, [futures[number] for number in range(len(jobs))])
        finally:
            crew.end()
            pool.shutdown(cancel_futures=True)


def _results(crew: _Crew, futures: Sequence[Future[Result]]) -> Iterator[Result]:
    for future in futures:
        try:
            yield future.result()
        except _EndedError:
            assert crew.error is not None
            raise crew.error from None
