"""``hthm reversal``: there and back, measured and shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hthm import checks
from hthm.command.expected import figures_seconds
from hthm.command.expected_reversal import Left, expected_seconds
from hthm.command.given import given_networks
from hthm.command.wrong import UsageError, wrong_option
from hthm.engines.limits import check_exact
from hthm.engines.precision import BITS, bits_needed
from hthm.experiments.fixed_step_back import fixed_step_rows
from hthm.experiments.learned_back import learned_rows
from hthm.experiments.reversal import GROWTH, LEG, growth_line, growth_row, leg_row
from hthm.learning.sharing import limit_torch
from hthm.pages.console import Stages
from hthm.pages.print_style import save_figure
from hthm.pages.results import claimed, environment
from hthm.pages.reversal_figures import growth_figure, learned_figure, return_figure
from hthm.pages.reversal_tables import reversal_markdown
from hthm.pages.stored import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hthm.choices.reversal import ReversalConfig
    from hthm.command.measurement_options import Reversal
    from hthm.gas import State
    from hthm.pages.results import ResultsFolder

_RESULTS: Final = "reversal.json"
_OTHERS: Final[dict[str, tuple[str, Callable[..., list[dict[str, Any]]]]]] = {
    "fixed_step": ("The fixed step, there and back", fixed_step_rows),
    "learned": ("Networks, there and back", learned_rows),
}
_FIGURES: Final = {"return": return_figure, "growth": growth_figure, "learned": learned_figure}


def measure_reversal(options: Reversal) -> None:
    """Measure what the choices say, and write reversal.json, reversal.md and the figures, anew after each part.

    Raises
    ------
    UsageError
        If an option cannot be.
    OccupiedError, OwnedError, DamagedFileError, WeightsError, OSError
        If the folder holds another run, or is in use, or a file cannot be read or written.
    """
    config, stages = options.choices, Stages()
    try:
        checks.threads(options.threads)
        start = config.gas.sample(config.runs, config.seed, overlaps="reject")
        check_exact(start)
    except ValueError as error:
        raise wrong_option(error) from error
    if options.resume and options.overwrite:
        raise UsageError("--overwrite: must not be given with --resume, which keeps what is there. Leave one out.")
    limit_torch(options.threads)
    given_networks(config.weights)  # read again when their turn comes: a wrong file is said now
    with claimed(options.out, config, overwrite=options.overwrite, resume=options.resume) as folder:
        results = _begun(folder, config, options)
        for warning in not_enough(config):
            stages.say(warning)
        left = _left(results, config)
        if any(left):
            seconds = expected_seconds(config, start, options.threads, left) + figures_seconds(len(_FIGURES))
            stages.expect(seconds)
        _measure_legs(folder, results, config, start, stages, options.threads)
        for key, (title, measure) in _OTHERS.items():
            if results[key] is None:
                with stages.stage(title) as stage:
                    results[key] = measure(config, start, options.threads, stage.report)
                _write(folder, results)
        _write(folder, results)
        for name, draw in _FIGURES.items():
            save_figure(partial(draw, results), folder.figures, name)
    stages.say(f"Written: {options.out / 'reversal.md'}")


def _measure_legs(
    folder: ResultsFolder,
    results: dict[str, Any],
    config: ReversalConfig,
    start: State,
    stages: Stages,
    threads: int | None,
) -> None:
    """What takes the exact engine, a precision after the other."""
    few = start[: min(config.turned_runs, start.runs)]
    parts: tuple[tuple[str, State, str, Callable[..., dict[str, Any]]], ...] = (
        ("legs", start, "There and back", leg_row),
        ("growth", few, f"Back from {len(config.turning_frames)} turning times", growth_row),
    )
    for key, of, title, measure in parts:
        done = {row["precision"] for row in results[key]}
        for precision in config.precisions:
            if precision not in done:
                with stages.stage(f"{title}, {precision}") as stage:
                    results[key].append(measure(config, of, precision, threads, stage.report))
                results["line"] = growth_line(results["growth"], config)
                _write(folder, results)


def _left(results: Mapping[str, Any], config: ReversalConfig) -> Left:
    """What results lack that is measured."""
    done = {key: {row["precision"] for row in results[key]} for key in ("legs", "growth")}
    legs, growth = (
        [precision for precision in config.precisions if precision not in done[key]] for key in ("legs", "growth")
    )
    others = [rows for key, (_, rows) in _OTHERS.items() if results[key] is None]
    return Left(legs, growth, others, trains=learned_rows in others and not config.weights)


def _begun(folder: ResultsFolder, config: ReversalConfig, options: Reversal) -> dict[str, Any]:
    """What a stop has left, or nothing yet."""
    results: dict[str, Any] = {
        "legs": folder.rows(_RESULTS, "legs", LEG, config) if options.resume else [],
        "growth": folder.rows(_RESULTS, "growth", GROWTH, config) if options.resume else [],
        "line": None,
        "fixed_step": None,
        "learned": None,
        "bits_needed": bits_needed(config.gas, config.frames * config.dt),
        "bits": dict(BITS),
        "config": config.as_json(),
        "environment": environment(options.threads),
    }
    if options.resume and (folder.path / _RESULTS).exists():
        kept = read_json(folder.path / _RESULTS, "fixed_step", "learned")
        results |= {key: kept[key] for key in ("fixed_step", "learned")}
        results["line"] = growth_line(results["growth"], config)
    return results


def not_enough(config: ReversalConfig) -> list[str]:
    """Warnings of the precisions that will not do, by the rule for the bits that are lost: `bits_needed`."""
    needed = bits_needed(config.gas, config.frames * config.dt)
    lost = needed - BITS["double"]
    said = []
    for name in config.precisions:
        if BITS[name] < needed:
            ends = "is lost on the way back" if BITS[name] < lost else "comes back, but not to the bit"
            said.append(
                f"Warning: {name} has {BITS[name]} bits, and {needed} are needed to come back to the bit after "
                f"{config.frames} frames: the gas {ends}."
            )
    return said


def _write(folder: ResultsFolder, results: dict[str, Any]) -> None:
    folder.write_table("reversal", results, reversal_markdown(results))
