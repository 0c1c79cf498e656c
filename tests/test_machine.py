"""What the system, a batch system and a user grant is read where each of them writes it, on trees of files made up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import hthm
from hthm import checks, machine
from hthm.learning.sharing import limit_torch

GB = 10**9
CPUS = len(os.sched_getaffinity(0))


def tree(root: Path, files: dict[str, object]) -> Path:
    """Write these files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n", encoding="utf-8")
    return root


V2 = {
    "proc/meminfo": "MemTotal: 32000000 kB\nMemAvailable: 22000000 kB\nHugePages_Total: 0",
    "proc/self/cgroup": "0::/slurm/job/step",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate",
}
V1 = V2 | {
    "proc/self/cgroup": "4:memory:/slurm/job\n2:cpu,cpuacct:/slurm\n1:name=systemd:/\n0::/",
    "proc/self/mountinfo": (
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"
    ),
}


def group(path: str, **files: object) -> dict[str, object]:
    """Files of a control group; dots in their names are written as underscores after the first word."""
    return {f"sys/fs/cgroup/{path}/{name.replace('_', '.', 1)}": content for name, content in files.items()}


# ---- Memory ---------------------------------------------------------------------------------------------------------


def test_without_groups_the_machine_has_what_it_says(tmp_path: Path) -> None:
    assert machine.available_memory(tree(tmp_path, {"proc/meminfo": V2["proc/meminfo"]})) == 22_000_000 * 1024
    assert machine.available_memory(tmp_path / "nowhere") is None


def test_cached_files_count_as_free(tmp_path: Path) -> None:
    stat = f"anon 48000000\ninactive_file {19 * GB // 10}\nactive_file 1000000\nshmem 5"
    files = group("slurm/job/step", memory_max=2 * GB, memory_current=1_948_000_000, memory_stat=stat)
    assert machine.available_memory(tree(tmp_path, V2 | files)) == 2 * GB - 47_000_000


def test_a_parent_groups_limit_counts(tmp_path: Path) -> None:
    files = (
        group("slurm/job/step", memory_max="max", memory_current=100)
        | group("slurm/job", memory_max="max", memory_high="max", memory_current=3 * GB)
        | group("slurm", memory_max=3 * GB, memory_current=3 * GB - 105_000_000)
    )
    assert machine.available_memory(tree(tmp_path, V2 | files)) == 105_000_000


def test_the_limit_from_which_a_group_is_slowed_down_counts(tmp_path: Path) -> None:
    files = group("slurm/job/step", memory_max=9 * GB, memory_high=2 * GB, memory_current=GB)
    assert machine.available_memory(tree(tmp_path, V2 | files)) == GB


def test_a_group_over_its_limit_has_nothing_left(tmp_path: Path) -> None:
    files = group("slurm/job/step", memory_max=GB, memory_current=2 * GB)
    assert machine.available_memory(tree(tmp_path, V2 | files)) == 0


def test_version_1_of_control_groups(tmp_path: Path) -> None:
    files = (
        group("memory/slurm/job", memory_limit_in_bytes=2**63 - 4096, memory_usage_in_bytes=100)
        | group(
            "memory/slurm",
            memory_limit_in_bytes=4 * GB,
            memory_usage_in_bytes=3 * GB,
            memory_stat=f"inactive_file 0\nactive_file 0\ntotal_inactive_file {GB}\ntotal_active_file 5",
        )
        | group("memory", memory_limit_in_bytes=2**63 - 4096, memory_usage_in_bytes=9 * GB)
    )
    assert machine.available_memory(tree(tmp_path, V1 | files)) == 2 * GB + 5


def test_a_container_that_sees_its_own_group_as_the_topmost(tmp_path: Path) -> None:
    mounted = V1["proc/self/mountinfo"].replace(" / /sys/fs/cgroup/memory", " /slurm /sys/fs/cgroup/memory")
    files = group("memory/job", memory_limit_in_bytes=2 * GB, memory_usage_in_bytes=GB)
    assert machine.available_memory(tree(tmp_path, V1 | {"proc/self/mountinfo": mounted} | files)) == GB


LIMITED = """
import resource
from hthm import machine
before = machine.available_memory()
for name, limit in (("VmSize", resource.RLIMIT_AS), ("VmData", resource.RLIMIT_DATA)):
    used = machine._kilobytes(machine._ROOT / "proc/self/status")[name] * 1024
    resource.setrlimit(limit, (used + 200_000_000, resource.RLIM_INFINITY))
    left = machine.available_memory()
    assert 150_000_000 < left <= 200_000_000, (name, left, before)
    resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert machine.available_memory() > 200_000_000
"""


def test_limits_of_the_process_count() -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# ---- Processors -----------------------------------------------------------------------------------------------------


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> int:
    """Sixteen processors that this process may run on."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    return 16


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, 16),
        ({"OMP_NUM_THREADS": "4"}, 4),
        ({"OMP_NUM_THREADS": " 4 , 2"}, 4),
        ({"OMP_NUM_THREADS": "64"}, 16),
        ({"OMP_NUM_THREADS": "8", "OMP_THREAD_LIMIT": "3"}, 3),
        ({"OMP_THREAD_LIMIT": "5"}, 5),
        *(({"OMP_NUM_THREADS": nonsense}, 16) for nonsense in ("", "0", "-2", "many", "2.5", ",")),
    ],
)
def test_openmps_variables_bound_the_default(many: int, tmp_path: Path, variables: dict[str, str], wanted: int) -> None:
    assert machine.default_threads(variables, tmp_path) == min(wanted, many)


@pytest.mark.parametrize(
    ("quota", "wanted"), [("max 100000", 16), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1)]
)
@pytest.mark.parametrize("of", ["slurm/job/step", "slurm"])
@pytest.mark.usefixtures("many")
def test_a_quota_of_any_group_above_bounds_the_default(tmp_path: Path, quota: str, wanted: int, of: str) -> None:
    root = tree(tmp_path, V2 | group("slurm/job/step", cpu_max="max 100000") | group(of, cpu_max=quota))
    assert machine.default_threads({}, root) == wanted
    assert machine.default_threads({"OMP_NUM_THREADS": "1"}, root) == 1


@pytest.mark.parametrize(("quota", "wanted"), [(-1, 16), (300_000, 3)])
@pytest.mark.usefixtures("many")
def test_a_quota_of_version_1(tmp_path: Path, quota: int, wanted: int) -> None:
    folder = "sys/fs/cgroup/cpu,cpuacct/slurm"
    files: dict[str, object] = {f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": 100_000}
    assert machine.default_threads({}, tree(tmp_path, V1 | files)) == wanted


def test_openmps_variables_count_as_they_were_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    # Dask's LocalCluster leaves OMP_NUM_THREADS=1 behind in the process that started it.
    before = checks.threads(None)
    monkeypatch.setenv("OMP_NUM_THREADS", str(1 + before % 2))
    assert checks.threads(None) == before


def test_a_number_that_is_given_overrides_what_is_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine.OF_OPENMP, "OMP_NUM_THREADS", "1")
    assert checks.threads(None) == 1
    assert checks.threads(3) == 3
    start = hthm.DiskGas(n=20, diameter=0.01).sample(2, seed=0)
    one, three = (hthm.simulate(start, frames=5, threads=threads) for threads in (None, 3))
    assert one.velocities.tobytes() == three.velocities.tobytes()


def test_the_command_leaves_a_users_own_number_to_torch() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        limit_torch(None)
        assert torch.get_num_threads() == 1
        limit_torch(3)
        assert torch.get_num_threads() == 3
        limit_torch(None)
        assert torch.get_num_threads() == min(3, machine.default_threads())
    finally:
        torch.set_num_threads(before)


def test_the_default_on_this_machine_is_at_most_its_processors() -> None:
    assert 1 <= machine.default_threads({}) <= CPUS
