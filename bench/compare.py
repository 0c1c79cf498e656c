"""The picture that a user wants: what every engine costs, which is the fastest where, and what accuracy costs.

``python -m bench.compare`` measures for some minutes and draws ``docs/figures/engines.png``, with the numbers beside it
in ``engines.json``; ``--quick`` does little of it, ``--draw`` draws the JSON again, ``--rivals PATH ...`` times other
programs beside the engines. Each is started as ``PATH n area_fraction`` and prints its collisions per second.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import tyro

import hthm
from bench.costs import costs, missed
from bench.engines_figure import draw
from bench.gases import PAPER_FRACTION
from bench.timing import pin
from hthm import _core, files
from hthm.pages.results import cpu_name

SIZES: Final = (30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
FRACTIONS: Final = (0.003, 0.01, PAPER_FRACTION, 0.1, 0.2, 0.3, 0.5, 0.7)
MISSED_FRACTIONS: Final = (PAPER_FRACTION, 0.3, 0.7)
_VECTORS: Final = {"portable": "portable", "avx2": "AVX2", "avx512": "AVX-512"}
"""What people call the levels of the core."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Compare the engines, and draw what comes out."""

    out: Path = Path("docs/figures")
    """Folder for engines.png and engines.json."""
    quick: bool = False
    """Few points and rounds, in seconds: shows that everything works, and is no measurement."""
    draw: bool = False
    """Draw the engines.json that is there, and measure nothing."""
    rounds: int = 5
    """Rounds of every timing, engines interleaved; the median counts."""
    rivals: tuple[Path, ...] = ()
    """Programs that print collisions per second of n disks at an area fraction, timed in turn with the engines."""


def measured(options: Options) -> dict[str, Any]:
    """Measure everything that is drawn."""
    quick, rivals = options.quick, options.rivals
    rounds, seconds = (2, 0.01) if quick else (options.rounds, 0.1)
    sizes = SIZES[1:4:2] if quick else SIZES
    fractions = (PAPER_FRACTION, 0.5) if quick else FRACTIONS
    rates = (15, 60, 240) if quick else hthm.paper.FRAME_RATES
    runs, span = (2, 1.0) if quick else (8, 10.0)
    pin()
    print("sizes ...", flush=True)
    by_size = costs([(n, PAPER_FRACTION) for n in sizes], rounds, seconds, rivals)
    print("densities ...", flush=True)
    by_density = costs([(hthm.paper.N, fraction) for fraction in fractions], rounds, seconds, rivals)
    print("frame rates ...", flush=True)
    return {
        "machine": cpu_name(),
        "vectors": _VECTORS[_core.simd_level()],
        "compiler": _core.compiler,
        "hthm": hthm.__version__,
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "rounds": rounds,
        "by_size": [asdict(cost) for cost in by_size],
        "by_density": [asdict(cost) for cost in by_density],
        "missed": [asdict(point) for point in missed(MISSED_FRACTIONS, rates, runs, span, seconds / 2)],
    }


def table(found: dict[str, Any]) -> str:
    """Cost and collisions a second, in lines."""
    lines = ["      n  area fr.  engine            ns a disk and time (least to most)     M collisions a second"]
    for cost in (*found["by_size"], *found["by_density"]):
        spread, rate = cost["seconds"], cost["collisions_per_second"]["median"]
        extremes = f"({1e9 * spread['least']:.0f} to {1e9 * spread['most']:.0f})"
        lines.append(
            f"{cost['n']:7}  {cost['area_fraction']:8.4f}  {cost['name']:16} {1e9 * spread['median']:9.0f} "
            f"{extremes:24} {rate / 1e6:12.4g}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, write the JSON, print who costs what, and draw."""
    options = tyro.cli(Options, description=__doc__)
    numbers = options.out / "engines.json"
    if options.draw:
        found = json.loads(numbers.read_text(encoding="utf-8"))
    else:
        found = measured(options)
        options.out.mkdir(parents=True, exist_ok=True)
        files.write_text(numbers, json.dumps(found, indent=1) + "\n")
    print(table(found))
    files.write_bytes(options.out / "engines.png", draw(found))
    print(options.out / "engines.png")


if __name__ == "__main__":
    main()
