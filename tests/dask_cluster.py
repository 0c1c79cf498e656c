"""A Dask cluster for tests: workers in processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


@contextmanager
def two_workers() -> Iterator[Any]:
    """Give a client of a scheduler with two workers, each under a nanny that starts it again."""
    distributed: Any = import_module("distributed")  # ships no types
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", worker_dashboard_address=None, memory_limit=None
        ) as there,
        distributed.Client(there, set_as_default=False) as connected,
    ):
        yield connected


def quiet(_done: int, _total: int) -> None:
    """Nobody asks how far it is."""
