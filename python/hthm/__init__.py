"""Hard disks, Boltzmann's H, and a network that learns it from the arrow of time (arXiv:2508.14003).

One corridor: ``DiskGas.sample`` makes a ``State``, ``simulate`` makes ``Trajectories`` of it, ``speed_h`` and
``velocity_h`` measure H. What learns is in ``hthm.deepsets``, ``hthm.train``, ``hthm.fit`` and ``hthm.learning``, which
import torch; this module does not.
"""

from __future__ import annotations

try:
    from hthm._core import __version__
except ImportError as error:
    if "libgomp" not in str(error):
        raise
    raise ImportError(
        "hthm needs the OpenMP runtime libgomp.so.1, which this machine lacks. "
        "Install it: Debian and Ubuntu, apt install libgomp1; Fedora, dnf install libgomp; Alpine, apk add libgomp."
    ) from error

from hthm import paper
from hthm.engines.choice import engines
from hthm.gas import DiskGas, State
from hthm.h_functional import HRangeWarning, speed_counts, speed_h, velocity_h
from hthm.simulate import LogMemoryError, simulate
from hthm.trajectories import Trajectories

__all__ = [
    "DiskGas",
    "HRangeWarning",
    "LogMemoryError",
    "State",
    "Trajectories",
    "__version__",
    "engines",
    "paper",
    "simulate",
    "speed_counts",
    "speed_h",
    "velocity_h",
]
