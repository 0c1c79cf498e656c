"""``hthm figures``: what a finished run shows, drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hthm.command.sources import source_of
from hthm.command.wrong import UsageError
from hthm.pages.console import Stages
from hthm.pages.products import write_products
from hthm.pages.results import ResultsFolder
from hthm.pages.series import Series
from hthm.pages.stored import damaged, read_json
from hthm.pages.viewer_page import played

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.command.options import Figures


def draw_again(options: Figures) -> None:
    """Draw what a finished run shows, from its series.h5 and results.json.

    Raises
    ------
    UsageError
        If the folder holds no finished run.
    DamagedFileError, ValueError
        If its files are not what a run writes.
    OSError
        If they cannot be read, or new ones not written.
    """
    path = options.out / "results.json"
    if not path.exists():
        raise UsageError(f"--out: must be the folder of a finished run, and {options.out} has no results.json.")
    content = read_json(path, "config", "simulation", "models", "environment", "published")
    series = Series.load(options.out / "series.h5")
    folder = ResultsFolder(options.out)
    folder.figures.mkdir(exist_ok=True)
    with Stages().stage("Write tables, figures and report") as stage:
        try:
            report = write_products(folder, series, content, _played(options.out, series))
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise damaged(path, f"{type(error).__name__}: {error}") from error
        stage.found = str(report)


def _played(folder: Path, series: Series) -> str:
    """The first run, simulated again, as a page plays it; nothing where this machine cannot: the rest is there."""
    try:
        return played(series, source_of(folder, None).load(0))
    except UsageError:
        return ""
