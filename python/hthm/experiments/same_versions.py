"""What the machines of a cluster must have in our versions: bits and bytes of results are promised for equal ones."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

SAME: Final = ("hthm", "numpy", "h5py", "torch")
"""Packages that workers must have as this machine has them."""


class ClusterError(RuntimeError):
    """The scheduler or its workers cannot do the work; what is finished is kept."""


def ours() -> dict[str, str]:
    """Return the versions of this machine that workers must have."""
    return {name: _public(version(name)) for name in SAME}


def unlike(client: Any, addresses: Sequence[str]) -> dict[str, str]:  # noqa: ANN401 -- distributed ships no types
    """Return which workers are not like this machine, by address, and why: "has no hthm". It need not be there.

    Parameters
    ----------
    client : distributed.Client
        Connected.
    addresses : sequence of str
        Of workers; those that are lost meanwhile are passed over.

    Returns
    -------
    dict
    """
    wrong: dict[str, str] = {}
    for name, our in ours().items():
        for address, found in client.run(version, name, workers=list(addresses), on_error="return").items():
            if isinstance(found, PackageNotFoundError):
                wrong.setdefault(address, f"has no {name}")
            elif isinstance(found, str) and _public(found) != our:
                wrong.setdefault(address, f"has {name} {found} and not {our}")
    return wrong


def check_scheduler(client: Any) -> None:  # noqa: ANN401 -- distributed ships no types
    """Refuse a scheduler of another version of hthm: Dask has it read whatever is sent.

    Raises
    ------
    ClusterError
        If it has another, or none.
    """
    our = ours()["hthm"]
    try:
        found = str(client.run_on_scheduler(version, "hthm"))
    except PackageNotFoundError:
        found = ""
    if found != our:
        raise ClusterError(
            f"The scheduler {client.scheduler.address} must have hthm {our}, as this machine and the workers, and has "
            f"{found or 'none'}. Start it from an environment like theirs."
        )


def _public(of: str) -> str:
    """A version without what follows a plus: torch says there what it was built for."""
    return of.partition("+")[0]
