"""How much memory H, a training and fits of a dataset take, however many runs it has.

``python -m bench.dataset_memory`` simulates 5000 runs, ten times the paper's, into a folder under /var/tmp, and prints
a table in Markdown: seconds, and the peak of the memory of a process that does nothing else. It needs 1 GB of disk for
the dataset and 4 GB for the training, and removes both.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tyro

import hthm
from hthm import paper
from hthm.pages.results import cpu_name

_STAGE: Final = """
import sys, time
import hthm
from hthm.deepsets import evaluate, new_model
from hthm.fit import affine_fit
from hthm.train import TrainConfig, train
stage, folder, width, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
kept, model, start = hthm.open(folder), new_model(width, 0), time.perf_counter()
if stage == "H":
    hthm.speed_h(kept)
elif stage == "training":
    train(model, kept, TrainConfig(epochs=epochs))
elif stage == "h and fits":
    affine_fit(evaluate(model, kept), hthm.speed_h(kept))
seconds = time.perf_counter() - start
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(seconds, int(peak) * 1024)
"""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Measure the peak of memory of what is made of a dataset."""

    runs: int = 10 * paper.RUNS
    """Runs of the paper's gas."""
    width: int = 16
    """D of the network."""
    epochs: int = 1
    """Of the training."""
    folder: Path = Path("/var/tmp")  # noqa: S108 -- a folder of its own is made there
    """Where the dataset is made, and removed."""


def main() -> None:
    """Print the table."""
    options = tyro.cli(Options, description=__doc__)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        hthm.simulate(paper.GAS.sample(options.runs, seed=0), store=folder)
        shape = hthm.open(folder).shape
        print(f"{cpu_name()}; runs, frames, n, 2: {shape}, {math.prod(shape) * 8 / 1e9:.1f} GB as dense frames.")
        print("\n| of the dataset | seconds | peak, GB |\n|---|---|---|")
        for stage in ("nothing", "H", "training", "h and fits"):
            command = [sys.executable, "-c", _STAGE, stage, folder, str(options.width), str(options.epochs)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 -- our own program
            seconds, peak = map(float, done.stdout.split())
            print(f"| {stage} | {seconds:.0f} | {peak / 1e9:.2f} |", flush=True)


if __name__ == "__main__":
    main()
