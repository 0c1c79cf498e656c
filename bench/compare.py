"""The picture that a user wants: which engine is the fastest where, and what a fixed step gives up for it.

``python -m bench.compare`` measures and draws ``docs/figures/engines.png``, with the numbers beside it in
``engines.json``; ``--quick`` does little of it, ``--rival PATH`` times a program of others beside the exact engine. The
rival is started as ``PATH n area_fraction`` and prints its collisions per second.
"""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import numpy as np
import tyro

import hthm
from bench.engines_figure import draw
from bench.gases import EVENT, FIXED_STEP, PAPER_FRACTION, gas_of, start_of
from bench.timing import Timed, interleaved, machine, pin
from hthm import files

DT: Final = 1 / hthm.paper.FRAME_RATE
SIZES: Final = (30, 100, 300, 1000, 3000, 10_000, 100_000, 1_000_000)
FRACTIONS: Final = (0.003, PAPER_FRACTION, 0.1, 0.3, 0.5, 0.7)
RATES: Final = (10, 20, 30, 60, 120, 240, 480, 960)
RIVAL_GASES: Final = ((1000, PAPER_FRACTION), (1000, 0.3), (1000, 0.7), (100_000, PAPER_FRACTION))
SLOWEST: Final = 1.5  # seconds that a timing may take: what would take longer is left out

Costs: TypeAlias = dict[str, dict[float, Timed]]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Compare the engines, and draw what comes out."""

    out: Path = Path("docs/figures")
    """Folder for engines.png and engines.json."""
    quick: bool = False
    """Few points and rounds, in seconds: shows that everything works, and is no measurement."""
    rounds: Annotated[int, tyro.conf.arg(help="Rounds of every timing; the median counts.")] = 5
    rival: Path | None = None
    """A program that prints collisions per second of n disks at an area fraction, timed beside the exact engine."""


@dataclass(frozen=True)
class Work:
    """A simulation to time, and the disks times units of time that it covers."""

    call: Callable[[], object]
    covered: float


def work_of(engine: str, start: hthm.State, seconds: float = 0.05) -> Work:
    """So many frames of a warm gas that they take about `seconds`, one thread, nothing recorded but counts."""
    hthm.simulate(start, 2, DT, engine=engine, threads=1, record="counts")  # pages and caches warm
    frame = interleaved({0: lambda: hthm.simulate(start, 2, DT, engine=engine, threads=1, record="counts")}, 1)[0].least
    frames = min(2000, max(2, round(seconds / (frame / 2))))
    return Work(
        lambda: hthm.simulate(start, frames, DT, engine=engine, threads=1, record="counts"),
        frames * DT * start.n * start.runs,
    )


def same_bits(starts: dict[str, hthm.State]) -> None:
    """Refuse to time engines of fixed step that differ.

    Raises
    ------
    AssertionError
        If a final state differs from that of another engine.
    """
    finals = {
        name: hthm.simulate(start, 2, DT, engine=name, threads=1, record="counts").final.sha256()
        for name, start in starts.items()
        if name != EVENT
    }
    if len(set(finals.values())) > 1:
        raise AssertionError(f"engines of fixed step must agree, got {finals}.")


def affordable(engine: str, n: int) -> bool:
    """Whether a step of this engine takes less than `SLOWEST`: two of them grow faster than n."""
    seconds = {"all_pairs": 4e-10 * n**2, "sweep_and_prune": 1e-9 * n * math.sqrt(n)}
    return seconds.get(engine, 0.0) < SLOWEST


def costs(gases: dict[float, hthm.DiskGas], rounds: int, say: Callable[[str], None]) -> Costs:
    """Seconds a disk and unit of time of every engine in every gas, engines interleaved."""
    found: Costs = {name: {} for name in (*FIXED_STEP, EVENT)}
    for at, gas in gases.items():
        starts = {
            name: start_of(gas, max(1, 1000 // gas.n), legal=name == EVENT or gas.area_fraction > 0.4)
            for name in found
            if affordable(name, gas.n)
        }
        same_bits(starts)
        works = {name: work_of(name, start) for name, start in starts.items()}
        timed = interleaved({name: work.call for name, work in works.items()}, rounds)
        for name, took in timed.items():
            covered = works[name].covered
            found[name][at] = Timed(*(value / covered for value in (took.median, took.least, took.most)))
        fastest = min(timed, key=lambda name: found[name][at].median)
        say(f"{gas.n} disks at an area fraction of {gas.area_fraction:.3g}: {fastest}")
    return found


def missed(runs: int) -> dict[int, tuple[float, float]]:
    """Share of the exact engine's collisions that a fixed step misses at each frame rate, and its standard error."""
    start = start_of(hthm.paper.GAS, runs, legal=True)
    time = hthm.paper.FRAMES * DT
    exact = hthm.simulate(start, engine=EVENT, record="counts").collisions.sum(axis=1)
    shares = {}
    for rate in RATES:
        found = hthm.simulate(start, round(time * rate), 1 / rate, engine="sorted_cells", record="counts").collisions
        share = 1 - found.sum(axis=1) / exact.mean()
        spread = math.hypot(share.std(ddof=1), exact.std(ddof=1) / exact.mean())
        shares[rate] = float(share.mean()), spread / math.sqrt(runs)
    return shares


def rivalry(rival: Path, rounds: int) -> list[dict[str, float]]:
    """Collisions per second of the exact engine and of a program of others, in turn."""
    rows = []
    for n, area_fraction in RIVAL_GASES:
        gas = gas_of(n, area_fraction)
        warm = hthm.simulate(start_of(gas, legal=True), 10, 1 / gas.collision_rate, engine=EVENT, record="counts").final
        frames, dt = 20, 1e6 / (20 * n * gas.collision_rate)  # half a million collisions
        theirs, ours = [], []
        for _ in range(rounds):
            command = [str(rival), str(n), repr(area_fraction)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- the user names it
            theirs.append(float(done.stdout.split()[-1]))
            took = interleaved(
                {0: lambda: hthm.simulate(warm, frames, dt, engine=EVENT, threads=1, record="counts")},  # noqa: B023 -- called at once
                1,
            )[0].median
            ours.append(
                hthm.simulate(warm, frames, dt, engine=EVENT, threads=1, record="counts").collisions.sum() / took
            )
        rows.append(
            {"n": n, "area_fraction": area_fraction, "hthm": float(np.median(ours)), "rival": float(np.median(theirs))}
        )
    return rows


def main() -> None:
    """Measure, print who is the fastest where, and write the picture."""
    options = tyro.cli(Options, description=__doc__)
    pin()
    rounds = 1 if options.quick else options.rounds
    sizes = SIZES[:4] if options.quick else SIZES
    fractions = FRACTIONS[1:4] if options.quick else FRACTIONS
    content = {
        "machine": machine(),
        "rounds": rounds,
        "by_size": costs({n: gas_of(n) for n in sizes}, rounds, print),
        "by_area_fraction": costs({phi: gas_of(1000, phi) for phi in fractions}, rounds, print),
        "missed": missed(4 if options.quick else 20),
    }
    if options.rival is not None:
        rows = rivalry(options.rival, rounds)
        content["rival"] = rows
        for row in rows:
            print(
                f"{row['n']:.0f} disks at {row['area_fraction']:.3g}: {row['hthm'] / 1e6:.2f} M collisions a second, "
                f"{row['hthm'] / row['rival']:.2f} times {options.rival.name}"
            )
    options.out.mkdir(parents=True, exist_ok=True)
    files.write_bytes(options.out / "engines.png", draw(content))
    plain = json.dumps(content, indent=1, default=lambda value: asdict(value) if isinstance(value, Timed) else value)
    files.write_text(options.out / "engines.json", plain + "\n")
    print(options.out / "engines.png")


if __name__ == "__main__":
    main()
