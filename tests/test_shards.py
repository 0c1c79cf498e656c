"""Runs simulated in parts, on any number of threads, and joined: the files of one simulation of all."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import hthm
from hthm import files, integrity
from hthm.recording.store import merging
from hthm.recording.store.manifest import DatasetError
from hthm.recording.store.merging import merge
from hthm.recording.store.verification import repair, verify
from hthm.run import main
from run_results import complaint, contents

CHOICES = ("--n", "50", "--diameter", "0.03", "--runs", "40", "--frames", "15", "--seed", "5")  # two runs a file


def simulated(store: Path, *options: str, choices: tuple[str, ...] = CHOICES) -> Path:
    assert main(["simulate", *choices, "--store", str(store), *options]) == 0
    return store


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(tmp_path_factory.mktemp("whole") / "kept", "--threads", "1")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three of them."""
    folder = tmp_path_factory.mktemp("parts")
    return [simulated(folder / f"{i}", "--shard", f"{i}/3", "--threads", f"{i}") for i in (1, 2, 3)]


# ---- The same files, however they were made -------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_parts_joined_are_the_files_of_one_simulation(count: int, whole: Path, tmp_path: Path) -> None:
    made = [
        simulated(tmp_path / f"{i}", "--shard", f"{i}/{count}", "--threads", f"{1 + i % 3}")
        for i in range(1, count + 1)
    ]
    random.Random(count).shuffle(made)  # noqa: S311 -- an order, not a secret
    assert main(["merge", str(tmp_path / "all"), *map(str, made)]) == 0
    assert contents(tmp_path / "all") == contents(whole)
    assert verify(tmp_path / "all") == []


@pytest.mark.parametrize("threads", [2, 4, 7])
def test_threads_change_no_file(threads: int, whole: Path, tmp_path: Path) -> None:
    assert contents(simulated(tmp_path / "kept", "--threads", f"{threads}")) == contents(whole)


def test_the_runs_are_those_of_the_seed(whole: Path) -> None:
    traj = hthm.simulate(hthm.DiskGas(n=50, diameter=0.03).sample(40, seed=5), 15)
    kept = hthm.open(whole)
    assert (kept.initial.sha256(), kept.final.sha256()) == (traj.initial.sha256(), traj.final.sha256())
    assert kept[...].tobytes() == traj.velocities.tobytes()
    assert hthm.speed_h(kept).tobytes() == hthm.speed_h(traj).tobytes()


def test_parts_of_the_exact_engine_and_of_another_start(tmp_path: Path) -> None:
    choices = (*CHOICES, "--engine", "event", "--overlaps", "reject", "--start", "two beams")
    one = simulated(tmp_path / "one", choices=choices)
    halves = [simulated(tmp_path / f"{i}", "--shard", f"{i}/2", choices=choices) for i in (1, 2)]
    merge(tmp_path / "all", halves)
    assert contents(tmp_path / "all") == contents(one)


@pytest.mark.parametrize("why", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_where_there_are_no_hard_links_files_are_copied(
    why: int, whole: Path, parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise OSError(why, os.strerror(why), os.fspath(source), None, os.fspath(target))

    monkeypatch.setattr(os, "link", refused)
    merge(tmp_path, parts)
    assert contents(tmp_path) == contents(whole)
    assert all(path.stat().st_nlink == 1 for path in tmp_path.iterdir())


def test_a_stopped_join_goes_on(whole: Path, parts: list[Path], tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise StopError

    for _ in range(2):
        with pytest.raises(StopError):
            merge(tmp_path, parts, stop)
        with pytest.raises(DatasetError, match="must be finished"):
            hthm.open(tmp_path)
    merge(tmp_path, parts)
    assert contents(tmp_path) == contents(whole)
    merge(tmp_path, parts)  # once more changes nothing
    assert contents(tmp_path) == contents(whole)


# ---- Stopped, and gone on with --------------------------------------------------------------------------------------


def test_a_killed_part_goes_on_to_the_same_files(parts: list[Path], tmp_path: Path) -> None:
    moments = random.Random(6)  # noqa: S311 -- moments, not secrets
    expected, killed = contents(parts[1]), 0
    store = tmp_path / "kept"
    program = "import sys; from hthm.run import main; sys.stdout.write('begins\\n'); sys.stdout.flush(); main()"
    command = [sys.executable, "-c", program, "simulate", *CHOICES, "--store", str(store), "--shard", "2/3"]
    for _ in range(8):
        before = contents(store) if store.exists() else {}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begins\n"
            time.sleep(moments.uniform(0.1, 0.5))
            child.send_signal(signal.SIGKILL)
            killed += child.wait() == -signal.SIGKILL
        after = contents(store) if store.exists() else {}
        assert {name for name in before if not name.startswith(".")} <= after.keys()
        for name, content in after.items():
            assert name.startswith(".") or name == "manifest.json" or content == expected[name], name
    assert killed > 0
    if (store / "manifest.json").exists():
        assert main(["simulate", "--store", str(store), "--resume"]) == 0
    simulated(store, "--shard", "2/3")
    assert contents(store) == expected


def test_a_full_disk_is_named_and_gone_on_after(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written, calls = files.write_bytes, 0

    def full(path: str | os.PathLike[str], content: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls > 12:
            raise OSError(errno.ENOSPC, "No space left on device", os.fspath(path))
        written(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_bytes", full)
        told = complaint(["simulate", *CHOICES, "--store", tmp_path, "--shard", "1/3"], capsys)
    assert told.startswith(f"No space left on device: {tmp_path}")
    assert main(["simulate", "--store", str(tmp_path), "--resume"]) == 0
    assert contents(tmp_path) == contents(parts[0])


def test_resume_takes_the_choices_of_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(["simulate", "--store", tmp_path / "none", "--resume"], capsys, code=2)
    assert told.startswith("--resume: must find a dataset to go on with, and ")
    hthm.simulate(hthm.DiskGas(n=50).sample(3), 5, store=tmp_path / "own")
    told = complaint(["simulate", "--store", tmp_path / "own", "--resume"], capsys, code=2)
    assert told == (
        f"--resume: must find a dataset that hthm simulate began, and {tmp_path / 'own'} was made in another way."
    )
    choices = (*CHOICES, "--frame-rate", "47", "--speed", "0.3", "--start", "maxwell", "--engine", "cell_list")
    store = simulated(tmp_path / "kept", "--shard", "2/9", choices=choices)
    before = contents(store)
    (store / "runs-00000004-00000005.h5").unlink()
    assert repair(store) == []
    assert main(["simulate", "--store", str(store), "--resume"]) == 0
    assert "0 runs were left to do" in capsys.readouterr().out
    assert contents(store) == before


def test_a_part_is_repaired_by_itself(parts: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = simulated(tmp_path / "kept", "--shard", "2/3")
    next(iter(sorted(store.glob("runs-*")))).write_bytes(b"")
    (store / "manifest.json").unlink()
    assert main(["repair", str(store)]) == 0
    assert "runs 12 to 25 of 40, " in capsys.readouterr().out
    assert contents(store) == contents(parts[1])
    with pytest.raises(DatasetError, match=r"must be a whole dataset, and has runs 12 to 25 of 40\. hthm merge joins"):
        hthm.open(store)


# ---- What cannot be joined ------------------------------------------------------------------------------------------


def of_another_version(part: Path) -> None:
    path = part / "manifest.json"
    content = json.loads(path.read_text()) | {"format": "hthm dataset 9", "checksum": integrity.BLANK}
    path.write_bytes(integrity.sealed(json.dumps(content).encode(), b'"checksum": "'))


def simulated_by_another_version(part: Path) -> None:
    path = part / "manifest.json"
    text = path.read_text().replace(f"hthm {hthm.__version__}", "hthm 9.9.9")
    content = json.loads(text) | {"checksum": integrity.BLANK}
    path.write_bytes(integrity.sealed(json.dumps(content).encode(), b'"checksum": "'))


def flipped(part: Path) -> None:
    path = part / "runs-00000014-00000015.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no dataset": (lambda part: (part / "manifest.json").unlink(), "{part}: must be a dataset of hthm, and has no"),
    "no folder": (lambda part: part.rename(part.with_name("moved")), "{part}: must be the folder of a dataset, and is"),
    "another format": (of_another_version, "{part}/manifest.json: must be of the format 'hthm dataset 1', got"),
    "another version": (simulated_by_another_version, "{part}/runs-00000012-00000013.h5: must be of the same version"),
    "a flipped bit": (flipped, "{part}/runs-00000014-00000015.h5: must have the checksum that the manifest names"),
    "a lost file": (lambda part: (part / "start-00000014-00000015.h5").unlink(), "{part}/start-00000014-00000015.h5: "),
    "no manifest to read": (lambda part: (part / "manifest.json").write_text("{}"), "{part}/manifest.json: must be a"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_part_that_cannot_be_is_named(
    damage: str, parts: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part, out = tmp_path / "part", tmp_path / "all"
    part.mkdir()
    for name, content in contents(parts[1]).items():
        (part / name).write_bytes(content)
    hurt, expected = DAMAGES[damage]
    hurt(part)
    told = complaint(["merge", out, parts[0], part, parts[2]], capsys)
    assert told.startswith(expected.format(part=part))
    assert not (out / "manifest.json").exists() or verify(out) != []


def test_parts_that_do_not_belong_together_are_named(
    parts: list[Path], whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = parts
    out = tmp_path / "all"
    assert complaint(["merge", out, first, third], capsys) == (
        f"{out}: must get all 40 runs, and no part has runs 12 to 25. Name the part that does, or simulate it with "
        "hthm simulate --shard."
    )
    assert " and no part has runs 0 to 11 and 26 to 39. " in complaint(["merge", out, second], capsys)
    half = simulated(tmp_path / "half", "--shard", "1/2")
    told = complaint(["merge", out, third, half, second], capsys)
    assert told.startswith(f"{second}: must have other runs than {half}, and both have runs 12 to 19.")
    assert "both have runs 0 to 11." in complaint(["merge", out, whole, first], capsys)
    for changed, differs in ((("--seed", "6"), "seed 6 and not 5"), (("--frames", "16"), "frames 16 and not 15")):
        other = simulated(tmp_path / changed[0], *changed, "--shard", "2/3")
        told = complaint(["merge", out, first, other, third], capsys)
        assert told.startswith(f"{other}: must be a part of the same dataset as {first}, and differs: {differs}")
    assert "is one of the parts. Name another one before them." in complaint(["merge", second, *parts], capsys)
    assert complaint(["merge", out], capsys, code=2).startswith("parts: must be folders of datasets")
    assert not out.exists()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    assert "and holds chapter.tex." in complaint(["merge", tmp_path / "thesis", *parts], capsys)


def test_an_unfinished_part_is_named(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    part = tmp_path / "part"
    with monkeypatch.context() as patch:
        patch.setattr("hthm.recording.store.writer.write_recording", stopped)
        assert main(["simulate", *CHOICES, "--store", str(part), "--shard", "2/3"]) == 130
    told = complaint(["merge", tmp_path / "all", parts[0], part, parts[2]], capsys)
    assert told.startswith(f"{part}: must be finished, and 7 of its 7 shards are missing. The hthm simulate that began")


def test_a_copy_that_came_out_otherwise_is_refused(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "_share", lambda _, target: target.write_bytes(b"half of it"))
    with pytest.raises(DatasetError, match=r"must be a copy of .*, and is none\. Merge again\."):
        merge(tmp_path, parts)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "1/0", "a/b", "-1/3", "1/3/5", "1/21"])
def test_a_shard_that_cannot_be_is_named(shard: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = complaint(["simulate", *CHOICES, "--store", tmp_path / "none", f"--shard={shard}"], capsys, code=2)
    why = f"i/n with i from 1 to n, such as 3/10, got {shard!r}."
    if shard == "1/21":
        why = "one of 20 parts at most, for files hold 2 of the 40 runs each, got 1/21. Take fewer parts, or more runs."
    assert told == f"--shard: must be {why}"
    assert not (tmp_path / "none").exists()


def test_another_simulation_is_not_gone_on_with(
    parts: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = complaint(["simulate", *CHOICES, "--store", parts[0], "--shard", "2/3"], capsys)
    assert "must be a dataset of runs 12 to 25 of 40, and is one of runs 0 to 11 of 40. Choose another folder." in told
    told = complaint(["simulate", *CHOICES, "--seed", "6", "--store", parts[0], "--shard", "1/3"], capsys)
    assert "and differs: seed 5 and not 6. Choose another folder." in told
    told = complaint(["simulate", *CHOICES, "--engine", "event", "--store", tmp_path / "none"], capsys, code=2)
    assert told.startswith("--engine: must be one of fixed step where disks overlap at the start, got event")
    assert not (tmp_path / "none").exists()
