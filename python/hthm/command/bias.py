"""``hthm estimators``: bias and spread of the estimators of H, measured and shown."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from hthm.command.expected import figures_seconds
from hthm.command.measuring import taken_up
from hthm.experiments.bias import ROW, bias_row, edges_moved, expected_seconds
from hthm.experiments.known import KNOWN
from hthm.pages.bias_tables import bias_figure, bias_markdown, edges_figure
from hthm.pages.console import Stages
from hthm.pages.print_style import save_figure
from hthm.pages.results import environment
from hthm.pages.stored import read_json

if TYPE_CHECKING:
    from hthm.command.measurement_options import Estimators
    from hthm.pages.results import ResultsFolder

_RESULTS = "estimators.json"
_FIGURES = {"bias": bias_figure, "edges": edges_figure}


def measure_bias(options: Estimators) -> None:
    """Measure what the choices say, and write estimators.json, estimators.md and the figures, anew after each row.

    Raises
    ------
    UsageError
        If an option cannot be.
    OccupiedError, OwnedError, DamagedFileError, OSError
        If the folder holds another run, or is in use, or cannot be written to.
    """
    config, stages = options.choices, Stages()
    with taken_up(options, _RESULTS, ROW) as (folder, done):
        finished = {(row["density"], row["size"]): row for row in done}
        wanted = list(product(KNOWN, config.sizes))
        results: dict[str, Any] = {
            "rows": [],
            "edges": _edges(folder) if options.resume else None,
            "config": config.as_json(),
            "environment": environment(options.threads),
        }
        left = [key for key in wanted if key not in finished]
        if left:
            seconds = expected_seconds(config, left, options.threads, edges=results["edges"] is None)
            stages.expect(seconds + figures_seconds(len(_FIGURES)))
        if results["edges"] is None:
            with stages.stage(f"Shift the bins of {config.runs} runs of the paper's gas") as stage:
                results["edges"] = edges_moved(config, options.threads, stage.report)
        for size in sorted(set(config.sizes)):  # small ones of every density first: what there is can be compared
            with stages.stage(f"N = {size}") as stage:
                for number, density in enumerate(KNOWN):
                    key = (density, size)
                    if key not in finished:
                        finished[key] = bias_row(config, density, size, options.threads)
                        _write(folder, results, finished, wanted)
                    stage.report(number + 1, len(KNOWN))
        _write(folder, results, finished, wanted)
        for name, draw in _FIGURES.items():
            save_figure(partial(draw, results), folder.figures, name)
    stages.say(f"Written: {options.out / 'estimators.md'}")


def _edges(folder: ResultsFolder) -> dict[str, Any] | None:
    path = folder.path / _RESULTS
    return read_json(path, "edges")["edges"] if path.exists() else None


def _write(
    folder: ResultsFolder,
    results: dict[str, Any],
    finished: dict[tuple[str, int], dict[str, Any]],
    wanted: list[tuple[str, int]],
) -> None:
    results["rows"] = [finished[key] for key in wanted if key in finished]
    folder.write_table("estimators", results, bias_markdown(results))
