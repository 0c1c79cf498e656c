"""``hthm chaos``: the gas beside its Boltzmann equation at every size, measured and shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hthm.command.expected import figures_seconds
from hthm.command.measuring import taken_up
from hthm.experiments.chaos import ROW, chaos_row, expected_seconds, pieces
from hthm.experiments.chaos_summary import summary
from hthm.pages.chaos_tables import chaos_markdown, curves_figure, vanishing_figure
from hthm.pages.console import Stages
from hthm.pages.print_style import save_figure
from hthm.pages.results import environment

if TYPE_CHECKING:
    from hthm.command.measurement_options import Chaos
    from hthm.pages.results import ResultsFolder

_FIGURES = {"vanishing": vanishing_figure, "difference": curves_figure}


def measure_chaos(options: Chaos) -> None:
    """Measure what the choices say, and write chaos.json, chaos.md and the figures, the first two after each row.

    Raises
    ------
    UsageError
        If an option cannot be.
    OccupiedError, OwnedError, DamagedFileError, OSError
        If the folder holds another run, or is in use, or cannot be written to.
    MemoryError
        If the collisions of a row do not fit into the available memory.
    """
    config, stages = options.choices, Stages()
    with taken_up(options, "chaos.json", ROW) as (folder, rows):
        finished = {(row["size"], row["first"], row["runs"]): row for row in rows}
        wanted = [(size, first, runs) for size in sorted(config.sizes) for first, runs in pieces(config, size)]
        results: dict[str, Any] = {"config": config.as_json(), "environment": environment(options.threads)}
        left = [piece for piece in wanted if piece not in finished]
        if left:
            disks = sum(size * runs for size, _, runs in left)
            seconds = expected_seconds(config, disks, options.threads) + figures_seconds(len(_FIGURES))
            stages.expect(seconds)
        for size in sorted(config.sizes):
            of_size = [piece for piece in wanted if piece[0] == size]
            with stages.stage(f"N = {size}, {config.runs(size)} runs") as stage:
                for number, piece in enumerate(of_size):
                    if piece not in finished:
                        finished[piece] = chaos_row(config, *piece, threads=options.threads)
                        _write(folder, results, finished, wanted)
                    stage.report(number + 1, len(of_size))
        _write(folder, results, finished, wanted)
        for name, draw in _FIGURES.items():
            save_figure(partial(draw, results), folder.figures, name)
    stages.say(f"Written: {options.out / 'chaos.md'}")


def _write(
    folder: ResultsFolder,
    results: dict[str, Any],
    finished: dict[tuple[int, int, int], dict[str, Any]],
    wanted: list[tuple[int, int, int]],
) -> None:
    results["rows"] = [finished[piece] for piece in wanted if piece in finished]
    results["summary"] = summary(results["rows"])
    folder.write_table("chaos", results, chaos_markdown(results))
