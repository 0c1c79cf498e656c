"""The command under ``torchrun``: the first process does all that it always does, the others share its trainings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

_SET: Final = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What ``torchrun`` sets for the processes that it starts."""
_LONGEST: Final = timedelta(days=30)
"""How long the others wait for a training: a simulation may come before it. One that has died they notice at once."""


def are_several() -> bool:
    """Whether this is one of several processes of a command."""
    return all(name in os.environ for name in _SET) and os.environ["WORLD_SIZE"] != "1"


def shared(work: Callable[[], int]) -> int:
    """Do the work of a command in the first process, and share its trainings in the others.

    Parameters
    ----------
    work : callable
        What the command does; it returns its exit code.

    Returns
    -------
    int
        Exit code of this process.

    Raises
    ------
    OtherProcessError
        If they do not find each other.
    """
    import torch  # noqa: PLC0415 -- one process alone need not wait for it
    from torch import distributed  # noqa: PLC0415 -- likewise

    from hthm.learning.leading import Leader  # noqa: PLC0415 -- likewise
    from hthm.learning.processes import OtherProcessError  # noqa: PLC0415 -- likewise

    on_gpus = torch.cuda.is_available() and distributed.is_nccl_available()
    try:
        distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpus else "gloo", timeout=_LONGEST)
    except (RuntimeError, ValueError) as error:
        raise OtherProcessError(
            f"The {os.environ['WORLD_SIZE']} processes of this command do not find each other "
            f"({' '.join(str(error).split())[:200]}). Start them by torchrun, all at once."
        ) from error
    try:
        if distributed.get_rank() == 0:
            with Leader():
                return work()
        with suppress(KeyboardInterrupt):  # the first one says that it was stopped
            return _follow()
        return 1
    finally:
        sys.stdout.flush()
        distributed.destroy_process_group()


def _follow() -> int:
    """Train when called, until there is no more to train; whatever is wrong here the first process is told."""
    import torch  # noqa: PLC0415 -- one process alone need not wait for it

    from hthm.learning.leading import next_call  # noqa: PLC0415 -- likewise
    from hthm.learning.processes import OtherProcessError, processes_of_group  # noqa: PLC0415 -- likewise
    from hthm.train import train  # noqa: PLC0415 -- likewise

    call = None
    while True:
        try:
            call = next_call(call)
        except OtherProcessError:
            return 1
        except (OSError, ValueError):
            with suppress(OSError, ValueError), processes_of_group().telling():
                raise
            continue
        if call is None:
            return 0
        torch.set_num_threads(call.threads)
        with suppress(Exception):  # which the first process has been told, or finds too
            train(call.model, call.frames, call.config)
