"""``hthm doctor``: what this installation is, what its machine grants it, and whether it computes what it should."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hthm import __version__, _core
from hthm.command.self_check import self_checks
from hthm.machine import available_cpus, available_memory, default_threads, soft_limit
from hthm.pages.console import Stages
from hthm.pages.results import cpu_name

if TYPE_CHECKING:
    from hthm.command.options import Doctor

_PACKAGES: Final = ("numpy", "torch", "h5py", "matplotlib", "safetensors", "tyro", "rich")
_RUNTIMES: Final = ("libgomp", "libomp", "libiomp5", "libmkl_rt", "libopenblas")
"""Libraries that bring threads of their own."""
_VARIABLES: Final = ("OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "HTHM_", "SLURM_CPUS", "CUDA_VISIBLE", "MALLOC_")
"""What the names of environment variables begin with that change speed or answers."""
_LIMITS: Final = {"address space": "RLIMIT_AS", "data": "RLIMIT_DATA", "processes": "RLIMIT_NPROC"}


class SelfCheckError(Exception):
    """Something is not computed as it should be here."""


def look_around(options: Doctor) -> None:  # noqa: ARG001 -- every command takes its options
    """Print what a report of a fault needs, and check the engines against each other.

    Raises
    ------
    SelfCheckError
        If an answer is not what it should be.
    """
    stages = Stages()
    for name, text in _facts():
        stages.say(f"{name + ':':<15} {text}")
    wrong = []
    began = time.perf_counter()
    for check in self_checks():
        stages.say(f"check {check.name + ':':<21} {check.fault or 'right'}")
        if check.fault:
            wrong.append(check.name)
    for name, text in _after(began):
        stages.say(f"{name + ':':<15} {text}")
    if wrong:
        raise SelfCheckError(
            f"self-check: must give known answers, and these are wrong: {', '.join(wrong)}. Install hthm again, from a "
            "wheel or with a plain compiler and no flags of your own; if it stays wrong, report all that is above."
        )


def _facts() -> Iterator[tuple[str, str]]:
    yield "hthm", f"{__version__}, compiled by {_core.compiler}, in {Path(_core.__file__).parent}"
    yield "python", f"{platform.python_version()}, {sys.executable}"
    yield "packages", ", ".join(f"{name} {installed(name)}" for name in _PACKAGES)
    yield "system", platform.platform()
    asked = os.environ.get("HTHM_SIMD")
    yield "processor", f"{cpu_name()}, used as {_core.simd_level()}{f' (HTHM_SIMD={asked})' if asked else ''}"
    yield "threads", f"{default_threads()} by default, of {available_cpus()} granted and {os.cpu_count()} there"
    memory = available_memory()
    yield "memory", "not said by the system" if memory is None else f"{memory / 1e9:.1f} GB available"
    yield "limits", ", ".join(f"{name} {_limit(kind)}" for name, kind in _LIMITS.items())
    free = shutil.disk_usage(Path.cwd()).free
    yield "disk", f"{free / 1e9:.1f} GB free in {Path.cwd()}"
    set_here = sorted(name for name in os.environ if name.startswith(_VARIABLES))
    yield "environment", ", ".join(f"{name}={os.environ[name]}" for name in set_here) or "nothing that matters is set"


def _after(began: float) -> Iterator[tuple[str, str]]:
    """Facts that are there once torch is loaded."""
    yield "runtimes", ", ".join(_runtimes()) or "no library with threads of its own is loaded"
    torch = sys.modules.get("torch")
    if torch is not None:
        cuda = f"CUDA on {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "no GPU"
        yield "torch", f"{torch.get_num_threads()} threads, {cuda}"
    yield "self-check", f"took {time.perf_counter() - began:.1f} s"


def installed(package: str) -> str:
    """Return the version of a package, or "missing"."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _limit(name: str) -> str:
    most = soft_limit(name)
    return "unlimited" if most is None else f"{most:,}"


def _runtimes() -> list[str]:
    """Libraries with threads that are in this process; two of a kind get in each other's way."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    loaded = {Path(line.split(maxsplit=5)[5]).name for line in lines if line.count("/")}
    return sorted(name for name in loaded if name.startswith(_RUNTIMES))
