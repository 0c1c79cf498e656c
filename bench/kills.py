"""A simulation into a store, or a training, killed at random moments: nothing published is ever broken or lost.

``python -m bench.kills [KILLS]`` kills a simulation 200 times, in some minutes, and goes on each time in what is left;
every dataset that is finished is compared, file for file, with one that nothing killed. ``--training`` kills the whole
command in place of it, three times of four while it trains, and goes on with ``--resume``: networks, history, series
and results are compared, but for times.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from hthm.learning.history import read_history
from hthm.learning.weights import load_weights
from hthm.pages.series import Series
from hthm.pages.stored import read_json
from hthm.recording.store.verification import verify

SIMULATION: Final = """
import sys
import hthm
from hthm.recording.store import writer
writer._SHARD = 2**20  # shards of 16 runs
hthm.simulate(hthm.DiskGas(n=500, diameter=0.008).sample(96, seed=3), 100, store=sys.argv[1])
"""

TRAINING: Final = """
import sys
import hthm.pages.products
from hthm.run import main
hthm.pages.products.save_figures = lambda *_: []  # they take long, and are drawn anew
sys.exit(main(sys.argv[1:]))
"""

CHOICES: Final = [
    *("--n=200", "--diameter=0.013", "--runs=20", "--frames=100", "--frame-rates", "60", "--rate-runs=1"),
    *("--widths", "8", "16", "--epochs=25", "--batch=32"),
]
BEFORE: Final = "Count collisions"
"""The stage after which networks are trained."""


def hashes(folder: Path) -> dict[str, str]:
    """Hashes of a dataset's files."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("[!.]*")}


def simulations(place: Path, kills: int, moments: random.Random) -> str:
    """Kill a simulation so many times, and say what came of it."""

    def started(folder: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", SIMULATION, str(folder)])  # noqa: S603 -- our own program

    whole, folder = place / "whole", place / "killed"
    began = time.perf_counter()
    assert started(whole).wait() == 0
    takes = time.perf_counter() - began
    expected = hashes(whole)
    killed = finished = 0
    while killed < kills:
        before = hashes(folder) if folder.exists() else {}
        child = started(folder)
        time.sleep(moments.uniform(0.2, 1) * takes)
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        after = hashes(folder) if folder.exists() else {}
        assert before.keys() <= after.keys(), "a file was lost"
        for name, found in after.items():
            assert name == "manifest.json" or found == expected[name], f"{name} is broken"
        if after == expected:
            assert verify(folder) == []
            finished += 1
            shutil.rmtree(folder)
    assert started(folder).wait() == 0
    assert hashes(folder) == expected
    return f"{killed} kills: {finished + 1} datasets finished, all of them byte for byte what no kill gives"


def without_times(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """Everything but wall clocks, and the checksums that are of them, too."""
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if key not in {"seconds", "checksum"}}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def outcome(folder: Path) -> dict[str, object]:
    """What a command has published so far, each file read with its checksum: all that must be the same in the end."""
    found: dict[str, object] = {}
    for path in sorted(folder.glob("models/[!.]*")):
        load_weights(path)
        found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    for path in sorted(folder.glob("history/[!.]*")):
        found[path.name] = [(epoch.epoch, epoch.loss, epoch.loss0) for epoch in read_history(path).epochs]
    if (folder / "series.h5").exists():
        Series.load(folder / "series.h5")
        found["series.h5"] = hashlib.sha256((folder / "series.h5").read_bytes()).hexdigest()
    if (folder / "results.json").exists():
        found["results.json"] = without_times(read_json(folder / "results.json"))
    for name in ("config.json", "tables.md"):
        if (folder / name).exists():
            found[name] = (folder / name).read_text()
    return found


def trainings(place: Path, kills: int, moments: random.Random) -> str:
    """Kill the whole command so many times, mostly while it trains, and say what came of it."""

    def started(folder: Path) -> subprocess.Popen[str]:
        resume = ["--resume"] if (folder / "config.json").exists() else []
        command = [sys.executable, "-u", "-c", TRAINING, *CHOICES, "--out", str(folder), *resume]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own program

    def trains(child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        while (line := child.stdout.readline()) and not line.startswith(BEFORE):
            pass

    whole, folder = place / "whole", place / "killed"
    began, child = time.perf_counter(), started(whole)
    trains(child)
    until = time.perf_counter()
    child.communicate()
    assert child.returncode == 0
    takes, all_of_it = time.perf_counter() - until, time.perf_counter() - began
    expected = outcome(whole)
    killed = finished = in_training = 0
    while killed < kills:
        child, trained = started(folder), moments.random() < 0.75
        if trained:
            trains(child)
        time.sleep(moments.uniform(0, takes if trained else all_of_it))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        killed += child.returncode == -signal.SIGKILL
        assert child.returncode in {0, -signal.SIGKILL}, "what is left is not gone on with"
        found = outcome(folder) if folder.exists() else {}
        in_training += child.returncode != 0 and any((folder / "checkpoints").glob("[!.]*"))
        for name, value in found.items():
            if name.endswith(".jsonl"):
                assert value == expected[name][: len(value)], f"{name} is another history"  # type: ignore[arg-type, index]  # both are lists
            else:
                assert value == expected[name], f"{name} is broken, or another"
        if child.returncode == 0:
            assert found == expected
            finished += 1
            shutil.rmtree(folder)
    child = started(folder)
    child.communicate()
    assert child.returncode == 0
    assert outcome(folder) == expected
    return (
        f"{killed} kills, {in_training} of them with an epoch of a training on the disk: {finished + 1} runs finished, "
        "all of them with the networks, histories, series and results that no kill gives"
    )


def main() -> None:
    """Kill, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", nargs="?", type=int, default=200)
    parser.add_argument("--training", action="store_true", help="kill the whole command, mostly while it trains")
    given = parser.parse_args()
    moments = random.Random(1)  # noqa: S311 -- moments, not secrets
    with tempfile.TemporaryDirectory() as place:
        print((trainings if given.training else simulations)(Path(place), given.kills, moments))


if __name__ == "__main__":
    main()
