"""What a training costs: seconds of a step and of an epoch, and memory, against width, disks, batch and threads.

``python -m bench.training_costs`` takes some minutes and prints tables in Markdown. One choice at a time differs from
the paper's; every kernel's gradient is compared with that of float64 autograd before it is timed.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import tyro

import hthm
from bench.bench_training import Training, assert_exact
from hthm import paper
from hthm.learning.weights import load_weights
from hthm.pages.results import cpu_name

WIDTHS: Final = (8, 16, 32, 64, 128, 256)
DISKS: Final = (100, 300, 1000, 3000)
BATCHES: Final = (64, 256, 512, 2048)
BASE_WIDTH: Final = 32

_MEMORY: Final = """
import resource, sys
import torch, hthm
from hthm.learning.backends import new_batch_loss
from hthm.deepsets import new_model
runs, recording = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
traj = hthm.simulate(hthm.paper.GAS.sample(runs, seed=0), threads=1, record=recording)
model = new_model(64, 0)
batch_loss = new_batch_loss(model, traj, "fused", torch.device("cpu"))
batch_loss(torch.arange(512), negative_slope=1.0, penalty=0.2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, traj.nbytes)
"""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Time training steps, one choice at a time differing from the paper's."""

    threads: tuple[int, ...] = (1,)
    """Numbers of threads to compare; the other tables take the first."""
    steps: int = 20
    """Steps of a timing; their median counts."""
    runs: int = 50
    """Runs from which the batches are drawn: the more, the less of them is in the caches."""
    models: tuple[Path, ...] = ()
    """Trained networks to time beside those that have hardly been trained: their cells are more, and steps longer."""
    memory_runs: tuple[int, ...] = (100, paper.RUNS)
    """Numbers of runs whose peak of memory is measured, each in a process of its own."""


def trajectories(n: int, runs: int) -> hthm.Trajectories:
    """Runs of the paper's area fraction, recorded as a log."""
    gas = hthm.DiskGas(n=n, diameter=paper.DIAMETER * math.sqrt(paper.N / n))
    return hthm.simulate(gas.sample(runs, seed=1), threads=1, record="log")


def step(
    width: int, traj: hthm.Trajectories, batch: int, steps: int, weights: Mapping[str, torch.Tensor] | None = None
) -> str:
    """Cells of a table: milliseconds of a step, Adam included, and seconds of an epoch of the paper's pairs."""
    training = Training(width, traj, "fused", batch)
    if weights is not None:
        training.model.load_state_dict(weights)
    training.seconds(steps)  # the first ones touch memory for the first time
    seconds = training.seconds(steps)
    return f"{seconds * 1e3:.2f} | {seconds * (paper.RUNS * (paper.FRAMES - 1) // batch):.1f}"


def print_table(first: str, rows: list[str]) -> None:
    print(f"\n| {first} | step, ms | epoch, s |\n|---|---|---|\n" + "\n".join(rows), flush=True)


def main() -> None:
    """Print the tables."""
    options = tyro.cli(Options, description=__doc__)
    steps, first = options.steps, options.threads[0]
    print(
        f"{cpu_name()}; {first} threads unless said; D = {BASE_WIDTH}, n = {paper.N}, batch {paper.BATCH} unless said."
    )
    torch.set_num_threads(first)
    few = hthm.simulate(paper.GAS.sample(1, seed=1), frames=100).velocities
    traj = trajectories(paper.N, options.runs)
    rows = []
    for width in WIDTHS:
        assert_exact(width, few)
        rows.append(f"| {width} | {step(width, traj, paper.BATCH, steps)} |")
    for path in options.models:
        model = load_weights(path)
        timed = step(model.width, traj, paper.BATCH, steps, model.state_dict())
        rows.append(f"| {model.width}, trained | {timed} |")
    print_table("D", rows)
    rows = [f"| {n} | {step(BASE_WIDTH, trajectories(n, options.runs), paper.BATCH, steps)} |" for n in DISKS]
    print_table("n, at the same area fraction", rows)
    print_table("batch", [f"| {batch} | {step(BASE_WIDTH, traj, batch, steps)} |" for batch in BATCHES])
    rows = []
    for threads in options.threads:
        torch.set_num_threads(threads)
        rows.append(f"| {threads} | {step(BASE_WIDTH, traj, paper.BATCH, steps)} |")
    print_table("threads", rows)
    print("\n| runs of 500 frames | recorded as | recording, GB | peak of the process, GB |\n|---|---|---|---|")
    for runs in options.memory_runs:
        for recording in ("log", "velocities"):
            command = [sys.executable, "-c", _MEMORY, str(runs), recording]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- our own program
            peak, recorded = (int(number) / 1e9 for number in done.stdout.split()[-2:])
            print(f"| {runs} | {recording} | {recorded:.2f} | {peak:.2f} |", flush=True)


if __name__ == "__main__":
    main()
