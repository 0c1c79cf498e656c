"""A simulation into a store, killed at random moments: nothing published is ever broken, nothing finished is lost.

``python -m bench.kills [KILLS]`` kills 200 times, in some minutes, and goes on each time in what is left; every dataset
that is finished is compared, file for file, with one that nothing killed.
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

from hthm.recording.store.verification import verify

PROGRAM = """
import sys
import hthm
from hthm.recording.store import writer
writer._SHARD = 2**20  # shards of 16 runs
hthm.simulate(hthm.DiskGas(n=500, diameter=0.008).sample(96, seed=3), 100, store=sys.argv[1])
"""


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("[!.]*")}


def started(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)])  # noqa: S603 -- our own program


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", nargs="?", type=int, default=200)
    kills = parser.parse_args().kills
    moments = random.Random(1)  # noqa: S311 -- moments, not secrets
    with tempfile.TemporaryDirectory() as place:
        whole, folder = Path(place) / "whole", Path(place) / "killed"
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
        print(f"{killed} kills: {finished + 1} datasets finished, all of them byte for byte what no kill gives")


if __name__ == "__main__":
    main()
