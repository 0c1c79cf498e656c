"""Work handed to the workers of a Dask cluster, a piece at a time; pieces that a worker was lost with go to others.

Dask itself places many tasks on a worker ahead of time, as many at once as it has threads. Pieces here use threads of
their own and take from seconds to hours, so that a worker gets one when it has room for it, and no sooner.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

from hthm.experiments.pieces import Piece, do, granted
from hthm.experiments.same_versions import ClusterError, unlike
from hthm.progress import Progress

TRIES: Final = 3
"""Workers that a piece is given to, one after the other, before it counts as one that cannot be done."""

_LOOK: Final = 1.0  # seconds between two looks at who is there
_FETCH: Final = (15.0, 30.0, 60.0, 120.0)
"""Seconds for an answer to arrive, before and after each look whether its worker has been lost just then."""
_PASSING: Final = (OSError, MemoryError)
"""Errors of a machine, which another may do without: a full disk, a lost connection, too little memory."""


@dataclass
class _Worker:
    """One that may be given pieces: how many at a time, with how many threads each."""

    slots: int
    threads: int
    busy: int = 0
    shared: dict[int, tuple[object, Any]] = field(default_factory=dict)


@dataclass(eq=False)
class _Running:
    """A piece on a worker, and the workers that failed with it before."""

    piece: Piece
    tried: list[str]
    address: str
    future: Any
    number: int


@dataclass
class _Round:
    """The pieces of one call that come again, and those on workers; whether all others have been taken."""

    all_taken: bool = False
    again: deque[tuple[Piece, list[str]]] = field(default_factory=deque)
    running: list[_Running] = field(default_factory=list)


class Workers:
    """The workers of a scheduler.

    Parameters
    ----------
    client : distributed.Client
        Connected.
    threads : int, optional
        Of a piece at most; as many as its worker grants unless given.
    say : callable
        Takes what a person is to know of the workers, a line at a time.
    patience : float
        Seconds to wait for a worker where there is none.
    """

    def __init__(self, client: Any, threads: int | None, say: Callable[[str], None], patience: float = 60.0) -> None:  # noqa: ANN401 -- distributed ships no types
        self._client, self._threads, self._say, self._patience = client, threads, say, patience
        self._workers: dict[str, _Worker] = {}
        self._left_out: dict[str, str] = {}
        self._looked = 0.0
        self._woken = threading.Event()
        self._shares: dict[int, float] = {}
        self._topic = f"hthm-{client.id}"
        self._sent = 0
        self._passing = (*_PASSING, import_module("distributed").KilledWorker)
        client.subscribe_topic(self._topic, self._hear)

    @property
    def slots(self) -> int:
        """Pieces that can be done at a time, by the workers that were there last."""
        return sum(worker.slots for worker in self._workers.values())

    @property
    def threads(self) -> int:
        """Threads of all of these together."""
        return sum(worker.slots * worker.threads for worker in self._workers.values())

    def wait(self) -> None:
        """Wait until there is a worker.

        Raises
        ------
        ClusterError
            If none comes, or only such as cannot be used.
        """
        until = time.monotonic() + self._patience
        while True:
            self._look()
            if self._workers:
                return
            if time.monotonic() > until or (self._left_out and not self._sent):
                raise ClusterError(self._nobody())
            time.sleep(0.1)

    def answers(self, pieces: Iterable[Piece], total: int, progress: Progress) -> Iterator[tuple[Piece, Any]]:
        """Have pieces done; give each with its answer as it comes, in whatever order.

        Parameters
        ----------
        pieces : iterable of Piece
            Taken one by one, as there is room for them.
        total : int
            Sum of their sizes.
        progress : callable
            Called as ``progress(done, total)``, in parts of a thousandth of the whole.

        Raises
        ------
        ClusterError
            If there are no workers left, the scheduler is gone, or a piece failed on several of them.
        Exception
            What a piece itself raised, if another worker would do no better.
        """
        source, now, done = iter(pieces), _Round(), 0
        try:
            while True:
                self._look()
                self._take_back(now)
                self._hand_out(now, source)
                if not now.running and not now.again and now.all_taken:
                    return
                if not now.running:  # for there is no worker
                    self.wait()
                    continue
                self._woken.wait(0.2)
                self._woken.clear()
                for finished in [one for one in now.running if one.future.done()]:
                    self._leave(now, finished)
                    there, answer = self._answer(now, finished)
                    if there:
                        done += finished.piece.size
                        yield finished.piece, answer
                share = sum(self._shares.get(one.number, 0.0) * one.piece.size for one in now.running)
                progress(round(1000 * (done + share)), 1000 * total)
        finally:
            for one in now.running:
                one.future.cancel()
                self._shares.pop(one.number, None)
            for worker in self._workers.values():
                worker.busy = 0

    # ---- Who is there ------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """See which workers are there, at most once in a while."""
        if time.monotonic() - self._looked < _LOOK and self._workers:
            return
        try:
            there = self._client.nthreads()
            unknown = [address for address in there if address not in self._workers and address not in self._left_out]
            if unknown:
                self._get_to_know(unknown)
        except OSError as error:
            raise ClusterError(
                f"The scheduler does not answer any more ({type(error).__name__}). What is finished is kept; the same "
                "command goes on."
            ) from error
        for address in [address for address in self._workers if address not in there]:
            del self._workers[address]
        self._looked = time.monotonic()

    def _get_to_know(self, addresses: list[str]) -> None:
        """Ask new workers for their versions, by what needs no hthm there, and for what they grant."""
        wrong = unlike(self._client, addresses)
        like = [address for address in addresses if address not in wrong]
        answers = self._client.run(granted, workers=like, on_error="return") if like else {}
        for address, found in answers.items():
            if isinstance(found, ImportError):
                wrong[address] = f"cannot import hthm ({found})"
            elif not isinstance(found, Exception):  # one that is lost meanwhile will not be there any more
                threads = min(found[1], self._threads or found[1])
                self._workers[address] = _Worker(max(1, found[0] // threads), threads)
        for address, why in wrong.items():
            self._say(f"Worker {address} is left out: it {why}.")
        self._left_out |= wrong

    def _nobody(self) -> str:
        if self._left_out:
            address, why = next(iter(self._left_out.items()))
            others = len(self._left_out) - 1
            more = f" (and {others} more that cannot be used)" if others else ""
            return (
                f"The scheduler must have a worker with the packages that this machine has, and {address} {why}{more}. "
                "Install the same versions there, with constraints.txt."
            )
        return (
            f"The scheduler must have workers, and none has come within {self._patience:g} s. Start some with: dask "
            "worker ADDRESS. What is finished is kept; the same command goes on."
        )

    # ---- What is where -----------------------------------------------------------------------------------------------

    def _hand_out(self, now: _Round, source: Iterator[Piece]) -> None:
        """Give pieces to workers that have room."""
        while True:
            free = [address for address, worker in self._workers.items() if worker.busy < worker.slots]
            if not free:
                return
            if now.again:
                piece, tried = now.again.popleft()
            elif (new := next(source, None)) is not None:
                piece, tried = new, []
            else:
                now.all_taken = True
                return
            # One that has not failed with it, and of those the one with the most to spare.
            address = min(free, key=lambda one: (one in tried, self._workers[one].busy / self._workers[one].slots))
            worker = self._workers[address]
            try:
                shared = self._shared(address, piece.shared)
            except OSError:  # it was lost just now; the next look tells whether it is there again
                del self._workers[address]
                now.again.appendleft((piece, tried))
                continue
            self._sent += 1
            future = self._client.submit(
                do,
                *(piece.function, piece.given, shared),
                *(worker.threads, self._topic, self._sent),
                workers=[address],
                allow_other_workers=False,
                pure=False,
            )
            future.add_done_callback(lambda _: self._woken.set())
            worker.busy += 1
            self._shares[self._sent] = 0.0
            now.running.append(_Running(piece, tried, address, future, self._sent))

    def _shared(self, address: str, value: object) -> Any:  # noqa: ANN401 -- a future of Dask's, in whose place the value arrives
        """What several pieces are done from, as it lies on a worker."""
        there = self._workers[address].shared
        if value is not None and id(value) not in there:
            there[id(value)] = value, self._client.scatter(value, workers=[address], hash=False)
        return None if value is None else there[id(value)][1]

    def _take_back(self, now: _Round) -> None:
        """Take back what was on workers that are gone."""
        for one in [one for one in now.running if one.address not in self._workers]:
            one.future.cancel()
            self._leave(now, one)
            self._try_again(now, one, "it was lost")

    def _leave(self, now: _Round, one: _Running) -> None:
        now.running.remove(one)
        self._shares.pop(one.number, None)
        if one.address in self._workers:
            self._workers[one.address].busy -= 1

    def _answer(self, now: _Round, one: _Running) -> tuple[bool, Any]:
        """Whether a piece that has ended has an answer, and that; raises what would come again elsewhere."""
        try:
            return True, self._fetched(one)
        except (concurrent.futures.CancelledError, asyncio.CancelledError):
            self._try_again(now, one, "it was lost")
        except self._passing as error:
            self._try_again(now, one, f"{type(error).__name__}: {error}", error)
        return False, None

    def _fetched(self, one: _Running) -> Any:  # noqa: ANN401 -- whatever a piece is
        """An answer, or the error of the piece: Dask waits for ever for one that was lost with its worker."""
        for seconds in _FETCH:
            try:
                return one.future.result(timeout=seconds)
            except TimeoutError:
                if one.future.status == "error":
                    raise
                self._looked = 0.0
                self._look()
                if one.address not in self._workers:
                    raise concurrent.futures.CancelledError from None
        raise TimeoutError("its answer did not arrive")

    def _try_again(self, now: _Round, one: _Running, why: str, error: Exception | None = None) -> None:
        one.tried.append(one.address)
        if one.address in self._workers:
            self._workers[one.address].shared.clear()  # it may have begun anew under its address
        if len(one.tried) >= TRIES:
            raise ClusterError(
                f"{one.piece.title}: must be done by a worker, and failed on {len(one.tried)}, at last on "
                f"{one.address} ({why}). What is finished is kept; the same command goes on."
            ) from error
        self._say(f"{one.piece.title}: once more, for worker {one.address} failed ({why}).")
        now.again.append((one.piece, one.tried))

    def _hear(self, event: tuple[float, tuple[int, float]]) -> None:
        """How far a piece is; in a thread of the client's."""
        number, share = event[1]
        if number in self._shares:
            self._shares[number] = share
