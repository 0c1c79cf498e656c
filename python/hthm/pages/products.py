"""What a run of the main job is read in: results.json and series.h5, and all that is drawn from these two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from hthm.choices.entropy import EntropyConfig
from hthm.choices.kinds import kind_of
from hthm.choices.run import RunConfig
from hthm.engines.names import PLACELESS
from hthm.files import write_text
from hthm.pages.boltzmann import boltzmann_said
from hthm.pages.charts_data import charts
from hthm.pages.console import duration
from hthm.pages.decimals import with_error
from hthm.pages.entropy_figures import losses_figure
from hthm.pages.entropy_tables import entropy_markdown
from hthm.pages.plots import save_figures
from hthm.pages.print_style import save_figure
from hthm.pages.provenance import machine_facts
from hthm.pages.remarks import headed, published_label, remarks
from hthm.pages.report import TITLE, Report, report_html
from hthm.pages.story import Story, entropy_story, study_story
from hthm.pages.tables import tables_markdown
from hthm.starts.kinds import SPEEDS

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from hthm.pages.results import ResultsFolder
    from hthm.pages.series import Series


@dataclass(frozen=True)
class _Page:
    """What one kind of run is read in, beside the figures that all have."""

    facts: Mapping[str, str]  # what was run, for the head of the report
    tables: str  # Markdown
    story: Story
    title: str = TITLE
    figures: Mapping[str, Callable[[], Figure]] = field(default_factory=dict)  # by the names of their files


def write_run(folder: ResultsFolder, series: Series, results: dict[str, Any], viewer: str = "") -> Path:
    """Write all that a run has found, and return the path of its report.

    Parameters
    ----------
    folder, series, results, viewer
        As `write_products` takes them.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    series.save(folder.path / "series.h5")
    folder.write_json("results.json", results)  # first: `hthm figures` makes the rest from these two
    return write_products(folder, series, results, viewer)


def write_products(folder: ResultsFolder, series: Series, results: Mapping[str, Any], viewer: str = "") -> Path:
    """Write tables.md, figures and report.html, and return the path of the last.

    Parameters
    ----------
    folder : ResultsFolder
        Where they go.
    series : Series
        What the figures show.
    results : mapping
        Content of results.json, which says itself what kind of run it is of.
    viewer : str
        The first of the runs, to be played in the report, as `hthm.pages.viewer_page.played` returns it.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    improved = kind_of(results["config"]) == EntropyConfig.kind
    page = (_entropy_page if improved else _study_page)(series, results)
    write_text(folder.path / "tables.md", headed(results, page.tables))
    figures = save_figures(series, folder.figures)
    for name, draw in page.figures.items():
        figures += save_figure(draw, folder.figures, name)
    report = Report(
        facts=page.facts,
        tables=page.tables,
        figures=figures,
        title=page.title,
        notes=remarks(results),
        story=page.story,
        charts=charts(series, results),
        viewer=viewer,
        results=results,
    )
    path = folder.path / "report.html"
    write_text(path, report_html(report))
    return path


def models_json(rows: Iterable[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """Networks as results.json holds them, from the width and the row of each."""
    models: dict[str, Any] = {}
    for width, row in rows:
        models.setdefault(str(width), {"trainings": []})["trainings"].append(row)
    return models


def _study_page(series: Series, results: Mapping[str, Any]) -> _Page:
    tables = tables_markdown(series.trainings, series.H, published=published_label(results["config"]))
    return _Page(_study_facts(results), tables, study_story(series, results))


def _study_facts(results: Mapping[str, Any]) -> dict[str, str]:
    simulation, config = results["simulation"], results["config"]
    counted = simulation["collisions_per_run"]
    gas = RunConfig(**{name: config[name] for name in ("n", "diameter", "box", "speed")}).gas
    enskog = " (Enskog has no rate for disks that cover more than the box)"
    if gas.area_fraction < 1:
        rate = gas.collision_rate * gas.n / 2 * config["frames"] / config["frame_rate"]
        enskog = f" (Enskog at equilibrium: {rate:.1f})"
        if simulation["engine"] in PLACELESS:  # disks that are nowhere are in no one's way: no contact value
            enskog = f" (Boltzmann at equilibrium: {rate / gas.contact_value:.1f})"
    drawn = f"{_velocities(config['speeds'])}, overlaps {config['overlaps']}, seed {simulation['seed']}"
    return {
        "Gas": f"{gas.n} disks, diameter {gas.diameter:g}, area fraction {gas.area_fraction:.4g}",
        "Start": "as in the dataset" if simulation["seed"] is None else drawn,
        "Start, SHA-256": simulation["start_sha256"] or "not known",
        "Simulation": f"{simulation['runs']} runs of {simulation['frames']} frames, {config['frame_rate']:g} per unit "
        f"time, engine {simulation['engine']}, {_taking(simulation['seconds'])}",
        "Collisions a run": f"{with_error(counted['mean'], counted['sem'])}{enskog}",
        **_boltzmann_fact(results),
        **machine_facts(results["environment"]),
    }


def _boltzmann_fact(results: Mapping[str, Any]) -> dict[str, str]:
    said = boltzmann_said(results)
    return {"H less that of the Boltzmann equation": said} if said else {}


def _velocities(start: str) -> str:
    """A named start as the report says it."""
    return f"speeds {start}" if start in SPEEDS else start


def _entropy_page(series: Series, results: Mapping[str, Any]) -> _Page:
    gas, config = series.gas, results["config"]
    facts = {
        "Gas": f"{gas.n} disks, diameter {gas.diameter:g}, area fraction {gas.area_fraction:.4g}",
        "Trained on": f"{config['runs']} runs of {config['training_frames']} frames, seed {config['seed']}",
        "Fitted on": f"{config['held_out_runs']} held-out runs of {config['frames']} frames, seed {config['seed'] + 2}",
        "Training": f"{config['updates']} updates of one run, learning rate {config['learning_rate']:g}, "
        f"blur {config['blur']:.4g} s0",
        **_boltzmann_fact(results),
        **machine_facts(results["environment"]),
    }
    losses = {"entropy_losses": partial(losses_figure, results)}
    story = entropy_story(series, results)
    return _Page(facts, entropy_markdown(results), story, title="A learned entropy", figures=losses)


def _taking(seconds: float | None) -> str:
    return "from a dataset" if seconds is None else duration(seconds)
