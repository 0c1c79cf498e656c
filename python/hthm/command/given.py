"""Networks that a command is given as files, read before anything of its run is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hthm.command.wrong import UsageError
from hthm.learning.weights import load_functional

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hthm.deepsets import DeepSets


def given_networks(paths: Sequence[Path]) -> tuple[DeepSets, ...]:
    """Read what ``--weights`` names, in that order.

    Raises
    ------
    UsageError
        If a path is no file.
    WeightsError, OSError
        As `hthm.learning.weights.load_functional`.
    """
    for path in paths:
        if not path.is_file():
            raise UsageError(f"--weights: must be a file, and {path} is none.")
    return tuple(load_functional(path) for path in paths)
