"""Hard disks, Boltzmann's H, and a network that learns it from the arrow of time (arXiv:2508.14003).

One corridor: ``DiskGas.sample`` makes a ``State``, ``simulate`` makes ``Trajectories`` of it, ``speed_h`` and
``velocity_h`` measure H. What learns is in ``hthm.deepsets``, ``hthm.train``, ``hthm.fit`` and ``hthm.learning``, which
import torch; this module does not, and imports them when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

from hthm import paper
from hthm._core import __version__
from hthm.disk_kinds import Kind
from hthm.engines.names import engines
from hthm.gas import DiskGas, State
from hthm.h_functional import HRangeWarning, speed_counts, speed_h, velocity_h
from hthm.rules import ChiralDisks, RoughDisks, SmoothDisks
from hthm.simulate import LogMemoryError, simulate
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from types import FunctionType, ModuleType

    from hthm import choices as choices
    from hthm import deepsets as deepsets
    from hthm import fit as fit
    from hthm import learning as learning
    from hthm import measures as measures
    from hthm import run as run
    from hthm import train as train
    from hthm.recording.store.dataset import open_dataset as open  # noqa: A004 -- hthm.open is what users call

__all__ = [
    "ChiralDisks",
    "DiskGas",
    "HRangeWarning",
    "Kind",
    "LogMemoryError",
    "RoughDisks",
    "SmoothDisks",
    "State",
    "Trajectories",
    "__version__",
    "engines",
    "open",
    "paper",
    "simulate",
    "speed_counts",
    "speed_h",
    "velocity_h",
]

_DOORS: Final = frozenset({"choices", "deepsets", "fit", "learning", "measures", "run", "train"})
"""Modules that are imported when they are first asked for: some bring torch, which takes seconds."""

if not TYPE_CHECKING:  # a type checker knows them by name, and everything else is a mistake

    def __getattr__(name: str) -> ModuleType | FunctionType:
        if name in _DOORS:
            return importlib.import_module(f"hthm.{name}")
        if name == "open":
            return importlib.import_module("hthm.recording.store.dataset").open_dataset
        raise AttributeError(f"module 'hthm' has no attribute {name!r}. It offers {', '.join(__dir__())}.")

    def __dir__() -> list[str]:
        return sorted({*__all__, *_DOORS})
