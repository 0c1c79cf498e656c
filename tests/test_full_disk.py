"""A disk that is really full, and one that is really read-only: said in a line, nothing half written, gone on with.

A small file system in memory is mounted for a process of its own, which takes the rights of root or a kernel that lends
them to whoever asks (unshare).
"""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import contextlib, hashlib, io, json, subprocess, sys
from pathlib import Path

import hthm
from hthm.command.wrong import said
from hthm.recording.store import writer
from hthm.recording.store.verification import verify
from hthm.run import main

place, plain = Path(sys.argv[1]), Path(sys.argv[2])
writer._SHARD, writer._TOGETHER = 1, 2  # two runs a file


def mounted(*options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "hthm-test", str(place)], check=True)


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def simulate(folder):
    hthm.simulate(hthm.DiskGas(n=200, diameter=0.02).sample(8, seed=3), 40, store=folder, threads=1)


def command(*arguments):
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        code = main([str(argument) for argument in arguments])
    return code, told.getvalue()


def dataset():
    simulate(plain / "kept")
    expected, errors, left = files(plain / "kept"), [], []
    mounted("size=4k")
    for kib in range(4, 400, 12):
        mounted("remount", f"size={kib}k")
        try:
            simulate(place / "kept")
        except OSError as error:
            errors.append(said(error))
        else:
            break
        found = files(place / "kept") if (place / "kept").exists() else {}
        left.append(sorted(found))
        for name, content in found.items():
            assert name == "manifest.json" or content == expected[name], name
    assert files(place / "kept") == expected
    assert verify(place / "kept") == []
    mounted("remount", "ro")
    for change in (lambda: simulate(place / "kept"), lambda: simulate(place / "other")):
        try:
            change()
        except OSError as error:
            errors.append(said(error))
    read = hthm.open(place / "kept")[...].tobytes() == hthm.open(plain / "kept")[...].tobytes()
    return {"errors": errors, "left": left, "read": read}


def results():
    import hthm.pages.products
    hthm.pages.products.save_figures = lambda *_: []  # they take most of the time

    choices = ["--n=60", "--diameter=0.03", "--runs=6", "--frames=30", "--widths=8", "--epochs=6", "--batch=16"]
    choices += ["--frame-rates", "5", "60", "--rate-runs=1", "--threads=1"]
    assert command(*choices, "--out", plain / "out") == (0, "")
    mounted("size=4k")
    tries = []
    for kib in (4, 16, 48, 1000):
        mounted("remount", f"size={kib}k")
        resume = ["--resume"] if (place / "out" / "config.json").exists() else []
        code, told = command(*choices, "--out", place / "out", *resume)
        tries.append((kib, code, told))
        if code == 0:
            break
    mounted("remount", "ro")
    tries.append(("ro", *command(*choices, "--out", place / "out", "--overwrite")))
    tries.append(("ro", *command(*choices, "--out", place / "other")))
    kept = {}
    for folder in (plain / "out", place / "out"):
        history = [json.loads(line) for line in (folder / "history/d8-seed0.jsonl").read_text().splitlines()]
        results = json.loads((folder / "results.json").read_text())
        parts = [files(folder / "models"), (folder / "series.h5").read_bytes(), plainly(history), plainly(results)]
        kept[folder.parent.name] = [hashlib.sha256(repr(part).encode()).hexdigest() for part in parts]
    return {"tries": tries, "kept": list(kept.values()), "files": sorted(files(place / "out"))}


def plainly(value):
    if isinstance(value, dict):
        return {key: plainly(item) for key, item in value.items() if key not in ("seconds", "checksum")}
    return [plainly(item) for item in value] if isinstance(value, list) else value


print(json.dumps(globals()[sys.argv[3]]()))
"""


def on_a_small_disk(what: str, folder: Path) -> Any:  # noqa: ANN401 -- JSON
    """What the program found, where it may mount a file system."""
    for name in ("small", "plain"):
        (folder / name).mkdir()
    inside = ["unshare", "--map-root-user", "--mount"]
    tried = ["mount", "-t", "tmpfs", "-o", "size=4k", "hthm-test", str(folder / "small")]
    try:
        may = subprocess.run([*inside, *tried], capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"a file system is mounted for a process of its own, which unshare does, and is not there: {error}")
    if may.returncode:
        pytest.skip(f"a small file system must be mounted, which this machine does not grant: {may.stderr.strip()}")
    program = [*inside, sys.executable, "-c", PROGRAM, str(folder / "small"), str(folder / "plain"), what]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def full(told: str, folder: Path) -> bool:
    """Whether a message says in one line that there is no room, and for which file."""
    return "\n" not in told and told.startswith(f"No space left on device: {folder}/")


def test_a_dataset_on_a_full_disk_is_gone_on_with_where_there_is_room(tmp_path: Path) -> None:
    found = on_a_small_disk("dataset", tmp_path)
    *without_room, into_kept, into_other = found["errors"]
    kept = tmp_path / "small" / "kept"
    assert len(without_room) > 5
    assert all(full(told, kept) for told in without_room), without_room
    for before, after in pairwise(found["left"]):
        assert set(before) <= set(after), "what was finished is lost"
    assert not [name for several in found["left"] for name in several if name.endswith(".part")]
    assert into_kept == f"Read-only file system: {kept / '.hthm.lock'}"
    assert into_other == f"Read-only file system: {tmp_path / 'small' / 'other'}"
    assert found["read"], "what is read-only can be read"


def test_results_on_a_full_disk_are_gone_on_with_where_there_is_room(tmp_path: Path) -> None:
    found = on_a_small_disk("results", tmp_path)
    out = tmp_path / "small" / "out"
    *without_room, (_, finished, silence), replaced, other = found["tries"]
    assert len(without_room) > 2
    for kib, code, told in without_room:
        assert code == 1, kib
        assert full(told.removeprefix("hthm: ").removesuffix("\n"), out), (kib, told)
    assert (finished, silence) == (0, "")
    assert replaced[1:] == [1, f"hthm: Read-only file system: {out / '.hthm.lock'}\n"]
    assert other[1:] == [1, f"hthm: Read-only file system: {tmp_path / 'small' / 'other'}\n"]
    uninterrupted, gone_on_with = found["kept"]
    assert gone_on_with == uninterrupted, "models, series, history, results"
    assert not [name for name in found["files"] if name.endswith((".part", ".lock"))]
