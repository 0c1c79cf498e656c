"""``--workers`` and ``--scheduler``: a Dask cluster on this machine, or one that is there, for as long as a command."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Final

from hthm import checks
from hthm.command.dataset_options import OnWorkers
from hthm.command.wrong import UsageError
from hthm.experiments.same_versions import ClusterError, check_scheduler
from hthm.experiments.workers import Workers

if TYPE_CHECKING:
    from hthm.pages.console import Stages

TIMEOUT: Final = 10.0
"""Seconds in which a scheduler must answer."""

_SETTINGS: Final = {
    "distributed.admin.large-graph-warning-threshold": "1 TiB",  # where runs start is sent with each piece
    "distributed.comm.timeouts.connect": TIMEOUT,
}


@contextmanager
def hired(options: object, threads: int | None, stages: Stages, *, needed: bool = True) -> Iterator[Workers | None]:
    """Have the workers that the options of a command ask for, while the block runs; None where they ask for none.

    Parameters
    ----------
    options : object
        Of the command; those that are no `OnWorkers` ask for none.
    threads : int, optional
        As the command was given them: of all local workers together, or of a piece on workers of a scheduler.
    stages : Stages
        What a person sees.
    needed : bool
        Whether there is anything to do: none are started or looked for otherwise, and the options are only checked.

    Yields
    ------
    Workers or None

    Raises
    ------
    UsageError
        If the options cannot be.
    ClusterError
        If Dask is not installed, the scheduler does not answer, or it has no workers that can be used.
    """
    if not isinstance(options, OnWorkers) or (options.workers is None and options.scheduler is None):
        yield None
        return
    if options.workers is not None and options.scheduler is not None:
        raise UsageError("--workers: must not be given with --scheduler, which has workers. Leave one of them out.")
    if options.workers is not None and options.workers < 1:
        raise UsageError(f"--workers: must be at least 1, got {options.workers}.")
    if not needed:
        yield None
        return
    try:
        import_module("distributed")
    except ImportError as error:
        option = "--workers" if options.scheduler is None else "--scheduler"
        raise ClusterError(
            f"{option}: must find Dask, and there is no {error.name or 'distributed'} here. pip install "
            "'hthm[cluster]' brings it."
        ) from error
    with ExitStack() as stack:
        stack.enter_context(import_module("dask").config.set(_SETTINGS))
        # What matters of Dask's log is said by Workers.
        stack.enter_context(import_module("distributed.utils").silence_logging_cmgr(logging.CRITICAL))
        with stages.stage("Find workers" if options.workers is None else "Start workers") as stage:
            if options.workers is None:
                there, of_piece = options.scheduler, threads
            else:
                there, of_piece = stack.enter_context(_local(options.workers, checks.threads(threads))), None
            client = stack.enter_context(_connected(there))
            check_scheduler(client)
            workers = Workers(client, of_piece, stages.say)
            workers.wait()
            stage.found = f"pieces at a time: {workers.slots}, threads: {workers.threads}"
        if "dashboard" in client.scheduler_info()["services"]:  # the link is made up where it serves no page
            stages.say(f"Dashboard: {client.dashboard_link}")
        yield workers


@contextmanager
def _connected(there: Any) -> Iterator[Any]:  # noqa: ANN401 -- distributed ships no types
    """A client of a scheduler: by its address, or of a cluster of our own."""
    distributed = import_module("distributed")
    if isinstance(there, str):
        try:
            import_module("distributed.comm").get_address_host_port(there)
        except ValueError as error:
            raise UsageError(f"--scheduler: must be an address such as tcp://head:8786, got {there!r}.") from error
    try:
        client = distributed.Client(there, timeout=TIMEOUT, set_as_default=False)
    except OSError as error:
        raise ClusterError(
            f"--scheduler: must be the address of a Dask scheduler that answers, and {there} has not within "
            f"{TIMEOUT:g} s. dask scheduler starts one, and says its address."
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=TIMEOUT)


@contextmanager
def _local(count: int, threads: int) -> Iterator[Any]:
    """A cluster of processes on this machine, which share the threads."""
    of_each = max(1, threads // count)
    # Workers inherit the signals that the threads block that start them: Ctrl-C on a terminal reaches the whole group,
    # and this process ends its workers itself.
    resource_tracker.ensure_running()  # which, started later, would unblock them again
    blocks = hasattr(signal, "pthread_sigmask")  # Windows has none
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else set()
    try:
        cluster = import_module("distributed").LocalCluster(
            n_workers=count,
            threads_per_worker=of_each,
            dashboard_address=":0",  # any port that is free
            worker_dashboard_address=None,
            memory_limit=None,  # hthm asks itself what fits; the nanny would end whoever uses most of the machine
            env={"OMP_NUM_THREADS": str(of_each)},
            silence_logs=logging.CRITICAL,
        )
    finally:
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with cluster:
        yield cluster
