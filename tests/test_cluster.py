"""Runs simulated by the workers of a Dask cluster, in processes of their own: the files of a simulation without one."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dask_cluster import quiet, two_workers
from hthm import machine
from hthm.command import cluster
from hthm.experiments import same_versions
from hthm.experiments.parts import description_of
from hthm.experiments.pieces import ArrivalError, Piece, granted
from hthm.experiments.same_versions import ClusterError
from hthm.experiments.shipped import Starts, simulate_shards
from hthm.experiments.workers import Workers
from hthm.machine import available_cpus
from hthm.recording.store.manifest import Manifest
from hthm.recording.store.shard_writing import write_start
from hthm.run import main
from run_results import complaint, contents

CHOICES = ("--n", "200", "--diameter", "0.01", "--runs", "8", "--frames", "10000", "--seed", "5")  # a run a file


def simulated(store: Path, *options: str) -> dict[str, bytes]:
    assert main(["simulate", *CHOICES, "--store", str(store), *options]) == 0
    return contents(store)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return simulated(tmp_path_factory.mktemp("whole") / "kept")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with two_workers() as connected:
        yield connected


def alive(group: int) -> list[str]:
    """Processes of a group, but for those that have ended and that nobody has asked for."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state != "Z":
                found.append(path.with_name("cmdline").read_text())
    return found


# ---- The same files -------------------------------------------------------------------------------------------------


def test_a_killed_worker_changes_no_file(
    client: Any,  # noqa: ANN401 -- distributed ships no types
    whole: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = tmp_path / "kept"
    pids = client.run(os.getpid)

    def kill() -> None:
        until = time.monotonic() + 60
        busy: list[str] = []
        while time.monotonic() < until and not (busy and any(store.glob("runs-*"))):
            busy = [one for one, keys in client.processing().items() if keys]
        os.kill(pids[busy[0]], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    assert simulated(store, "--scheduler", client.scheduler.address) == whole
    killer.join()
    told = capsys.readouterr().out
    assert "once more, for worker " in told
    assert "(it was lost)" in told
    assert "pieces at a time: 2, threads: 2\nDashboard: http://" in told


def test_what_is_finished_needs_no_workers(
    whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT", 0.3)
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
    nobody = ("--scheduler", "tcp://127.0.0.1:1")
    assert simulated(tmp_path, *nobody) == whole
    assert "0 runs were left to do" in capsys.readouterr().out
    told = complaint(["simulate", *CHOICES[:-1], "6", "--store", tmp_path, *nobody], capsys)
    assert "differs: seed 5 and not 6" in told  # before anybody is asked
    (tmp_path / "runs-00000003-00000003.h5").unlink()
    assert "that answers" in complaint(["simulate", *CHOICES, "--store", tmp_path, *nobody], capsys)


def test_a_scheduler_that_serves_no_page_has_no_link(
    client: Any,  # noqa: ANN401 -- distributed ships no types
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = type(client).scheduler_info
    monkeypatch.setattr(type(client), "scheduler_info", lambda of: {**asked(of), "services": {}})
    few = ("--n", "20", "--diameter", "0.01", "--runs", "2", "--frames", "5")
    assert main(["simulate", *few, "--store", str(tmp_path), "--scheduler", client.scheduler.address]) == 0
    told = capsys.readouterr().out
    assert "pieces at a time" in told
    assert "Dashboard" not in told


def test_ctrl_c_ends_local_workers_and_leaves_what_is_finished(whole: dict[str, bytes], tmp_path: Path) -> None:
    store = tmp_path / "kept"
    command = [sys.executable, "-m", "hthm", "simulate", *CHOICES, "--store", str(store), "--workers", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        while child.poll() is None and not any(store.glob("runs-*")):
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does: workers get it too
        out, err = child.communicate(timeout=60)
    assert (child.returncode, err.count("\n")) == (130, 1), out + err
    assert err.startswith("hthm: Stopped. ")
    until = time.monotonic() + 20
    while (left := alive(child.pid)) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == []
    assert None in [shard.recording for shard in Manifest.read(store).shards]
    assert main(["simulate", "--store", str(store), "--resume"]) == 0
    assert contents(store) == whole


def test_a_start_that_is_not_what_was_sent_is_refused(tmp_path: Path) -> None:
    from hthm.choices.run import GasChoices  # noqa: PLC0415 -- beside its use

    config = GasChoices(n=20, diameter=0.01, runs=2, frames=5)
    of = description_of(config)
    shard = Manifest.planned(of).shards[0]
    state = config.start(0, shard.runs)
    stored = write_start(tmp_path, of, shard, state)
    sent = bytearray((tmp_path / stored.name).read_bytes())
    shard = type(shard)(first=shard.first, end=shard.end, start=stored)
    assert simulate_shards(Starts(of, (shard,), (bytes(sent),)), 1, quiet)
    sent[-1] ^= 1
    with pytest.raises(ArrivalError, match="must arrive as it was sent"):
        simulate_shards(Starts(of, (shard,), (bytes(sent),)), 1, quiet)


# ---- Pieces and threads ---------------------------------------------------------------------------------------------


def full_disk(given: Path, threads: int, progress: object) -> int:  # noqa: ARG001 -- as every piece
    """Fail for want of space where no other worker has yet."""
    with given.open("a", encoding="utf-8") as file:
        file.write("tried\n")
    if given.read_text(encoding="utf-8").count("tried") == 1:
        raise OSError(28, "No space left on device")
    return threads


def impossible(given: object, threads: int, progress: object) -> None:  # noqa: ARG001 -- as every piece
    raise ValueError(f"{given}: cannot be.")


def test_errors_of_a_machine_are_tried_elsewhere_and_others_are_not(client: Any, tmp_path: Path) -> None:  # noqa: ANN401 -- distributed ships no types
    said: list[str] = []
    of = Workers(client, None, said.append)
    of.wait()
    client.run(sys.path.append, str(Path(__file__).parent))  # workers import what they do
    piece = Piece("Disk", full_disk, tmp_path / "tries")
    assert [answer for _, answer in of.answers([piece], 1, quiet)] == [1]
    assert len(said) == 1
    assert "once more" in said[0]
    assert "No space left on device" in said[0]
    with pytest.raises(ValueError, match=r"n: cannot be\."):
        list(of.answers([Piece("No", impossible, "n")], 1, quiet))


def joined(given: str, shared: str, threads: int, progress: object) -> str:  # noqa: ARG001 -- as every piece
    return given + shared


def test_a_worker_that_is_lost_while_it_is_sent_something_is_done_without(
    client: Any,  # noqa: ANN401 -- distributed ships no types
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.run(sys.path.append, str(Path(__file__).parent))  # workers import what they do
    scatter, sent = client.scatter, []

    def fails_once(value: object, **options: object) -> object:
        sent.append(value)
        if len(sent) == 1:
            raise OSError("Stream is closed")
        return scatter(value, **options)

    monkeypatch.setattr(client, "scatter", fails_once)
    pieces = [Piece(given, joined, given, shared="!") for given in "ab"]
    answers = Workers(client, None, print).answers(pieces, 2, quiet)
    assert {answer for _, answer in answers} == {"a!", "b!"}
    assert len(sent) > 1


def test_pieces_wait_for_workers_that_were_lost_before_any_was_handed_out(
    client: Any,  # noqa: ANN401 -- distributed ships no types
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.run(sys.path.append, str(Path(__file__).parent))
    there, looked = client.nthreads, []

    def late() -> dict[str, int]:
        looked.append(1)
        return there() if len(looked) > 3 else {}

    monkeypatch.setattr(client, "nthreads", late)
    pieces = [Piece("a", joined, "a", shared="!")]
    assert [answer for _, answer in Workers(client, None, print).answers(pieces, 1, quiet)] == ["a!"]
    looked.clear()
    with pytest.raises(ClusterError, match="must have workers, and none has come within"):
        list(Workers(client, None, print, patience=0.1).answers(pieces, 1, quiet))


@pytest.mark.parametrize(("variable", "threads"), [("1", 1), ("2", 2), ("64", 8)])
def test_a_piece_takes_what_its_worker_grants(variable: str, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine.OF_OPENMP, "OMP_NUM_THREADS", variable)
    worker = SimpleNamespace(state=SimpleNamespace(nthreads=8))
    assert granted(worker) == (8, min(threads, available_cpus()))


# ---- What cannot be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says", "code"),
    [
        (["--workers", 0], "--workers: must be at least 1, got 0.", 2),
        (["--workers", 2, "--scheduler", "tcp://a:1"], "--workers: must not be given with --scheduler", 2),
        (["--scheduler", "head"], "--scheduler: must be an address such as tcp://head:8786, got 'head'.", 2),
        (["--scheduler", "tcp://127.0.0.1:1"], "--scheduler: must be the address of a Dask scheduler that answers", 1),
    ],
)
def test_workers_that_cannot_be_had_are_a_line(
    options: list[object],
    says: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT", 0.3)
    told = complaint(["simulate", *CHOICES, "--store", tmp_path / "kept", *options], capsys, code)
    assert told.startswith(says)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("packages", "why"),
    [
        ({"hthm": "9.9.9"}, "has hthm 0.1.0 and not 9.9.9"),
        ({"no-such-package": "1"}, "has no no-such-package"),
    ],
)
def test_workers_of_another_version_are_left_out(
    packages: dict[str, str],
    why: str,
    client: Any,  # noqa: ANN401 -- distributed ships no types
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(same_versions, "ours", lambda: packages)
    said: list[str] = []
    with pytest.raises(ClusterError, match=f"{why} .and 1 more that cannot be used.. Install the same versions"):
        Workers(client, None, said.append).wait()
    assert len(said) == 2
    assert all(why in line for line in said)


def test_a_scheduler_of_another_version_is_named(
    client: Any,  # noqa: ANN401 -- distributed ships no types
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(same_versions, "ours", lambda: {"hthm": "9.9.9"})
    told = complaint(["simulate", *CHOICES, "--scheduler", client.scheduler.address], capsys)
    assert (
        f"The scheduler {client.scheduler.address} must have hthm 9.9.9, as this machine and the workers, and has"
        in told
    )


def test_without_dask_a_line_says_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    imported = importlib.import_module

    def without(name: str, package: str | None = None) -> object:
        if name == "distributed":
            raise ModuleNotFoundError("No module named 'distributed'", name="distributed")
        return imported(name, package)

    monkeypatch.setattr(cluster, "import_module", without)
    told = complaint(["simulate", *CHOICES, "--store", tmp_path / "kept", "--workers", "2"], capsys)
    assert told == "--workers: must find Dask, and there is no distributed here. pip install 'hthm[cluster]' brings it."
    assert not (tmp_path / "kept").exists()
