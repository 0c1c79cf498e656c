"""What a disk of a run costs in a dataset: bytes on the disk, seconds of a processor, memory; for docs/scaling.md.

``python -m bench.units`` simulates a few runs of a large box of the paper's gas into a dataset, as ``hthm simulate``
does, reads it back, and prints the units and what they come to for many runs of it. Seconds are those of the
processor, all threads together: a machine that is busy with other things lengthens them least.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import hthm
from hthm.h_functional import speed_h_in_range
from hthm.recording.store.merging import merge
from hthm.recording.store.verification import verify
from hthm.run import main as hthm_main


def processor_seconds(work: Callable[[], object]) -> float:
    """Seconds of the processor that a piece of work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.units", description="What a disk of a run costs.")
    parser.add_argument("--n", type=int, default=100_000, help="disks (100000)")
    parser.add_argument("--runs", type=int, default=2, help="runs that are measured (2)")
    parser.add_argument("--all", type=int, default=1_000_000, help="runs that are planned (1000000)")
    options = parser.parse_args(arguments)
    paper = hthm.paper.GAS
    gas = hthm.DiskGas.from_area_fraction(options.n, paper.area_fraction, diameter=paper.diameter)
    with tempfile.TemporaryDirectory() as name:
        part, whole = Path(name) / "part", Path(name) / "whole"
        command = ["simulate", "--n", f"{options.n}", "--box", f"{gas.box!r}", "--runs", f"{options.runs}"]

        def simulated() -> None:
            if hthm_main([*command, "--store", str(part)]) != 0:
                sys.exit("simulate: did not end well.")

        seconds = {"simulate and write": processor_seconds(simulated)}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        seconds["merge"] = processor_seconds(lambda: merge(whole, [part]))
        assert verify(whole) == []
        kept = hthm.open(whole)
        again = hthm.simulate(gas.sample(1, seed=0), kept.frames, record="counts")
        assert kept.load(slice(0, 1)).final.sha256() == again.final.sha256()
        seconds["H, from the files"] = processor_seconds(lambda: speed_h_in_range(kept))
        disks = options.runs * options.n
        starts = sum(path.stat().st_size for path in whole.glob("start-*"))
        collisions = float(kept.collisions.sum()) / disks
        nbytes = kept.nbytes
    print(
        f"{options.runs} runs of {options.n} disks, {kept.frames} frames, {kept.engine}; {collisions:.2f} rows a disk\n"
    )
    print(f"| | a disk of a run | {options.all:g} runs of {options.n:g} disks |\n|---|---:|---:|")
    total = options.all * options.n
    for what, size in (("files", nbytes), ("of which where runs start", starts)):
        print(f"| {what} | {size / disks:.0f} bytes | {size / disks * total / 1e12:.3g} TB |")
    for what, took in seconds.items():
        print(f"| {what} | {1e6 * took / disks:.3g} µs | {took / disks * total / 3600:.3g} core hours |")
    print(f"\nMemory at the most: {peak / 1e9:.2f} GB. The dense array: {16 * kept.frames * total / 1e12:.3g} TB.")


if __name__ == "__main__":
    main()
