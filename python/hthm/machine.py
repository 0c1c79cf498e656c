"""What this process may use of its machine: processors and memory, as the system, a batch system or a user grants them.

Linux is asked in its own files. Every function that reads them takes the folder that they lie under.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

if sys.platform != "win32":  # which has no such limits
    import resource

_ROOT: Final = Path("/")

OF_OPENMP: Final = {name: os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT")}
"""As OpenMP reads them: once, when the process begins. Starting workers, Dask's LocalCluster sets the first to 1 in the
process that asks for it, too, and leaves it so."""

_NO_LIMIT: Final = 2**62
"""Bytes from which on version 1 of control groups means none: it writes the largest multiple of a page."""


def default_threads(environment: Mapping[str, str] | None = None, root: Path = _ROOT) -> int:
    """Return the number of threads to use where nobody says otherwise.

    Parameters
    ----------
    environment : mapping, optional
        The environment variables, those that this process had when hthm was imported unless given.
    root : Path
        Where the system's files lie.

    Returns
    -------
    int
        The least of the processors that this process may run on, what its control groups grant, and OMP_NUM_THREADS
        and OMP_THREAD_LIMIT, which Dask, joblib and SLURM set for what they start.
    """
    environment = OF_OPENMP if environment is None else environment
    wanted = (_first_number(environment.get(name, "")) for name in OF_OPENMP)
    return min(available_cpus(root), *(number for number in wanted if number), 2**31)


def available_cpus(root: Path = _ROOT) -> int:
    """Return the number of processors that this process may keep busy: its affinity, and the quota of its groups."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, *(max(1, math.ceil(quota)) for quota in _cpu_quotas(root)), allowed)


def available_memory(root: Path = _ROOT) -> int | None:
    """Return the bytes that this process can have without swapping, or None where the system does not say.

    The least of what the machine has left, what every control group above this process has left, where cached files
    count as free because the system gives them up, and what the limits of the process on its address space and its
    data (ulimit -v and -d) leave.
    """
    available = _kilobytes(f"{root}/proc/meminfo").get("MemAvailable")
    if available is None:
        return None
    return max(0, min(1024 * available, *_left_of_groups(root), *_left_of_process(root), 1024 * available))


def soft_limit(name: str) -> int | None:
    """Return a limit of this process by its name, such as RLIMIT_AS; None where there is none."""
    if sys.platform == "win32":
        return None
    most: int = resource.getrlimit(getattr(resource, name))[0]
    return None if most == resource.RLIM_INFINITY else most


def _first_number(text: str) -> int | None:
    """Return the number that OpenMP takes from a variable, which may be a list by nesting; None if it is none."""
    first = text.partition(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def _cpu_quotas(root: Path) -> Iterator[float]:
    """Processors' worth of time that the groups of this process grant, those that grant no end left out."""
    for folder in _groups(root, "cpu"):
        quota, period = (_text(f"{folder}/cpu.max") or "max 0").split()  # version 2
        if quota == "max":
            quota, period = _text(f"{folder}/cpu.cfs_quota_us") or "-1", _text(f"{folder}/cpu.cfs_period_us") or "0"
        if int(quota) > 0 and int(period) > 0:
            yield int(quota) / int(period)


def _left_of_groups(root: Path) -> Iterator[int]:
    for folder in _groups(root, "memory"):
        written = (_text(f"{folder}/{name}") for name in ("memory.max", "memory.high", "memory.limit_in_bytes"))
        limits = [limit for text in written if text and text != "max" and (limit := int(text)) < _NO_LIMIT]
        if not limits:
            continue
        used = _text(f"{folder}/memory.current") or _text(f"{folder}/memory.usage_in_bytes")
        if used is None:
            continue
        held = dict(line.split() for line in (_text(f"{folder}/memory.stat") or "").splitlines())
        # Version 1 says apart what belongs to the groups below: its limit is on the total.
        cached = sum(int(held.get(f"total_{name}", held.get(name, 0))) for name in ("inactive_file", "active_file"))
        yield min(limits) - max(0, int(used) - cached)


def _left_of_process(root: Path) -> Iterator[int]:
    used: dict[str, int] | None = None
    for limit, name in (("RLIMIT_AS", "VmSize"), ("RLIMIT_DATA", "VmData")):
        most = soft_limit(limit)
        if most is not None:
            used = used or _kilobytes(f"{root}/proc/self/status")
            yield most - 1024 * used.get(name, 0)


def _groups(root: Path, controller: str) -> tuple[str, ...]:
    """Folders of the control groups that this process is in, of either version, from its own up to the topmost seen."""
    return _folders(root, controller, _text(f"{root}/proc/self/cgroup") or "")


@lru_cache(maxsize=8)  # mounts do not change, and which groups there are is in the key: a growing log asks often
def _folders(root: Path, controller: str, groups: str) -> tuple[str, ...]:
    return tuple(str(folder) for folder in _mounted(root, controller, groups))


def _mounted(root: Path, controller: str, groups: str) -> Iterator[Path]:
    memberships = [line.split(":", 2) for line in groups.splitlines()]
    for line in (_text(f"{root}/proc/self/mountinfo") or "").splitlines():
        before, _, after = line.partition(" - ")
        mounted, point = before.split()[3:5]
        kind, _, options = after.split()
        for _, controllers, group in memberships:
            is_there = kind == "cgroup2" if not controllers else kind == "cgroup" and controller in options.split(",")
            if not is_there or (controllers and controller not in controllers.split(",")):
                continue
            top = root / point.lstrip("/")
            # A container may see its own group mounted as the topmost, under the name it has outside.
            below = Path(group).relative_to(mounted) if Path(group).is_relative_to(mounted) else Path()
            yield from (top / below, *(top / parent for parent in below.parents))


def _kilobytes(path: str) -> dict[str, int]:
    """Lines such as ``MemAvailable:  16384 kB``."""
    lines = (line.partition(":") for line in (_text(path) or "").splitlines())
    return {name: int(rest.split()[0]) for name, _, rest in lines if rest.rstrip().endswith("kB")}


def _text(path: str) -> str | None:
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        parts = []
        while part := os.read(file, 2**16):
            parts.append(part)
    except OSError:
        return None
    finally:
        os.close(file)
    return b"".join(parts).decode(errors="replace").strip()
