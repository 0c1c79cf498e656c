"""``hthm arrow``: the direction of time by states and by collisions, measured and shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hthm.command.expected import figures_seconds
from hthm.command.measuring import taken_up
from hthm.experiments.arrow import equilibrium_row, expected_seconds
from hthm.experiments.arrow_beside_entropy import equal_speeds_row
from hthm.experiments.arrow_networks import ROW
from hthm.experiments.arrow_summary import summary
from hthm.pages.arrow_figures import both_figure, order_figure
from hthm.pages.arrow_tables import arrow_markdown, gas_name
from hthm.pages.console import Stages
from hthm.pages.print_style import save_figure
from hthm.pages.results import environment

if TYPE_CHECKING:
    from hthm.choices.arrow import ArrowOfTimeConfig
    from hthm.command.measurement_options import Arrow
    from hthm.pages.results import ResultsFolder

_Part = tuple[str, float, float]
_FIGURES = {"order": order_figure, "beside-entropy": both_figure}


def measure_arrow(options: Arrow) -> None:
    """Measure what the choices say, and write arrow.json, arrow.md and the figures, the first two after each row.

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
    with taken_up(options, "arrow.json", ROW) as (folder, rows):
        finished: dict[_Part, dict[str, Any]] = {(row["part"], row["area_fraction"], row["ratio"]): row for row in rows}
        results: dict[str, Any] = {"config": config.as_json(), "environment": environment(options.threads)}
        left = [part for part in config.parts if part not in finished]
        if left:
            seconds = len(left) * expected_seconds(config, options.threads) + figures_seconds(len(_FIGURES))
            stages.expect(seconds)
        for part in config.parts:
            name, area_fraction, ratio = part
            gas = gas_name({"area_fraction": area_fraction, "ratio": ratio})
            with stages.stage(f"{name.capitalize()}, {gas}") as stage:
                if part not in finished:
                    measure = equilibrium_row if name == "equilibrium" else equal_speeds_row
                    finished[part] = measure(
                        config, area_fraction, ratio, threads=options.threads, progress=stage.report
                    )
                    _write(folder, results, finished, config)
        _write(folder, results, finished, config)
        for figure, draw in _FIGURES.items():
            save_figure(partial(draw, results), folder.figures, figure)
    stages.say(f"Written: {options.out / 'arrow.md'}")


def _write(
    folder: ResultsFolder, results: dict[str, Any], finished: dict[_Part, dict[str, Any]], config: ArrowOfTimeConfig
) -> None:
    results["rows"] = [finished[part] for part in config.parts if part in finished]
    results["summary"] = summary(results["rows"], config.affinity)
    folder.write_table("arrow", results, arrow_markdown(results))
