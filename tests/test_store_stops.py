"""Simulations into a store: stopped, killed, twice at once, on a full disk; the files are those of one that was not."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import hthm
from hthm import files
from hthm.owner import LOCK, OwnedError, owned
from hthm.recording.store import writer
from hthm.recording.store.manifest import DatasetError
from hthm.recording.store.verification import repair, verify
from hthm.trajectories import Recording

GAS = hthm.DiskGas(n=60, diameter=0.03)
ROUGH = hthm.DiskGas(n=60, diameter=0.03, rule=hthm.RoughDisks())
RUNS, FRAMES = 9, 20

PROGRAM = """
import sys
import hthm
from hthm.recording.store import writer
writer._SHARD, writer._TOGETHER = 1, 2
rule = hthm.RoughDisks() if "rough" in sys.argv[1] else hthm.SmoothDisks()
state = hthm.DiskGas(n=60, diameter=0.03, rule=rule).sample(9, seed=3)
print("begins", flush=True)
hthm.simulate(state, 20, store=sys.argv[1], threads=1)
print("done", flush=True)
"""


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_SHARD", 1)
    monkeypatch.setattr(writer, "_TOGETHER", 2)


def hashes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def simulate(store: Path, gas: hthm.DiskGas = GAS, **changes: object) -> hthm.Trajectories:
    return hthm.simulate(gas.sample(RUNS, seed=3), FRAMES, store=store, **changes)  # type: ignore[arg-type]  # any of them


def files_of(gas: hthm.DiskGas, folder: Path) -> dict[str, bytes]:
    """The files of a simulation that nothing stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_SHARD", 1)
        patch.setattr(writer, "_TOGETHER", 2)
        simulate(folder, gas)
    return hashes(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(GAS, tmp_path_factory.mktemp("whole") / "kept")


@pytest.fixture(scope="module")
def rough_whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(ROUGH, tmp_path_factory.mktemp("whole") / "kept")


@pytest.mark.parametrize("record", ["velocities", "log", "counts"])
def test_a_store_has_the_bits_of_memory_for_any_number_of_threads(record: Recording, tmp_path: Path) -> None:
    traj = hthm.simulate(GAS.sample(RUNS, seed=3), FRAMES, record="counts" if record == "counts" else "log")
    for threads in (1, 2, 7):
        kept = simulate(tmp_path / f"{threads}", record=record, threads=threads)
        assert kept.recording == traj.recording
        assert kept.collisions.tobytes() == traj.collisions.tobytes()
        assert (kept.initial.sha256(), kept.final.sha256()) == (traj.initial.sha256(), traj.final.sha256())
        assert hashes(tmp_path / f"{threads}") == hashes(tmp_path / "1")
        if record != "counts":
            assert hthm.speed_h(kept).tobytes() == hthm.speed_h(traj).tobytes()
            assert kept.dense().tobytes() == traj.dense().tobytes()
            assert kept[3:5].log.velocities.tobytes() == traj[3:5].log.velocities.tobytes()
            assert kept.unwrapped_positions(4).tobytes() == traj.unwrapped_positions(4).tobytes()
            with pytest.raises(AttributeError, match="log: is in the store"):
                _ = kept.log
            kept.save(tmp_path / "saved again")
    assert list((tmp_path / "1").glob(".*")) == []


def test_progress_goes_on_from_what_is_finished(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    simulate(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (RUNS * FRAMES, RUNS * FRAMES)
    told.clear()
    simulate(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == []


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="positions: must be False with a store"):
        simulate(tmp_path / "none", positions=True)
    assert not (tmp_path / "none").exists()
    simulate(tmp_path)
    with pytest.raises(DatasetError, match=r"differs: dt .* Choose another folder\."):
        hthm.simulate(GAS.sample(RUNS, seed=3), FRAMES, 0.1, store=tmp_path)
    with pytest.raises(DatasetError, match="differs: start_sha256"):
        hthm.simulate(GAS.sample(RUNS, seed=4), FRAMES, store=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"file: must be a dataset, or a folder to be made, and is a file\. Choose"):
        simulate(tmp_path / "file")


@pytest.mark.parametrize("failing", [1, 2, 6, 7, 8, 9, 12])
def test_a_full_disk_is_named_and_gone_on_after(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: dict[str, bytes]
) -> None:
    written, calls = files.write_bytes, 0

    def full(path: str | os.PathLike[str], content: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls >= failing:
            raise OSError(errno.ENOSPC, "No space left on device", os.fspath(path))
        written(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_bytes", full)
        with pytest.raises(OSError, match="No space left on device") as told:
            simulate(tmp_path)
    assert Path(told.value.filename).parent == tmp_path
    assert hashes(tmp_path).items() <= whole.items() | {"manifest.json": hashes(tmp_path).get("manifest.json")}.items()
    simulate(tmp_path)
    assert hashes(tmp_path) == whole


def test_finished_shards_are_not_computed_again(tmp_path: Path, whole: dict[str, bytes]) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise StopError

    with pytest.raises(StopError):
        simulate(tmp_path, progress=stop)
    finished = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("runs-*")}
    assert len(finished) == 2
    with pytest.raises(DatasetError, match=r"must be finished, and 2 of its 5 shards are there\. Go on"):
        hthm.open(tmp_path)
    shutil.copytree(tmp_path, tmp_path / "copy")
    (fault, *others) = verify(tmp_path / "copy")
    assert fault.endswith("must be there, and runs 4 to 5 are not finished. hthm repair finishes them.")
    assert len(others) == 2
    assert repair(tmp_path / "copy") == []  # without the state that began it
    assert hashes(tmp_path / "copy") == whole
    shutil.rmtree(tmp_path / "copy")
    simulate(tmp_path)
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in finished} == finished
    assert hashes(tmp_path) == whole


def test_a_read_only_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate(tmp_path / "kept")
    (tmp_path / "kept").chmod(0o500)
    try:
        assert hthm.open(tmp_path / "kept").load().runs == RUNS
        opened = os.open

        def refused(path: str, flags: int, mode: int = 0o777) -> int:  # the superuser may write anywhere
            if flags & os.O_CREAT:
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return opened(path, flags, mode)

        monkeypatch.setattr(os, "open", refused)
        with pytest.raises(PermissionError) as told:
            simulate(tmp_path / "kept")
        assert str(tmp_path / "kept") in str(told.value.filename)
    finally:
        (tmp_path / "kept").chmod(0o700)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(OwnedError, match=r"is at work in it\. Wait until that has ended, or choose"):
        simulate(tmp_path)
    assert not (tmp_path / LOCK).exists()
    simulate(tmp_path)


def started(folder: Path) -> subprocess.Popen[str]:
    program = textwrap.dedent(PROGRAM)
    child = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    while child.stdout.readline() not in {"begins\n", ""}:
        pass
    return child


def test_kills_at_any_moment_lose_nothing_that_was_finished(
    tmp_path: Path, whole: dict[str, bytes], rough_whole: dict[str, bytes]
) -> None:
    files = {"0": whole, "1": whole, "rough": rough_whole}
    moments = random.Random(5)  # noqa: S311 -- moments, not secrets
    killed = 0
    for attempt in range(12):
        folder = tmp_path / list(files)[attempt % 3]
        before = {path.name: path.read_bytes() for path in folder.glob("[!.]*")} if folder.exists() else {}
        child = started(folder)
        time.sleep(moments.uniform(0, 0.06))
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        assert child.stdout is not None
        child.stdout.close()
        after = {path.name: path.read_bytes() for path in folder.glob("[!.]*")} if folder.exists() else {}
        for name, content in after.items():
            assert name == "manifest.json" or content == files[folder.name][name], (attempt, name)
        assert before.keys() <= after.keys()
        if "manifest.json" in after:
            json.loads(after["manifest.json"])
    assert killed > 3
    for folder in tmp_path.iterdir():
        simulate(folder, ROUGH if folder.name == "rough" else GAS)
        assert hashes(folder) == files[folder.name]
