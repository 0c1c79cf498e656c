"""The report: one page of HTML that holds all it shows, and explains it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final

from hthm.pages.captions import Caption, in_order, words_around
from hthm.pages.html_tables import tables_html
from hthm.pages.print_style import DPI, PAGE
from hthm.pages.provenance import PAPER, choices_html, documentation, facts_html, stages_html
from hthm.pages.scripts import joined, source
from hthm.pages.story import Story

TITLE: Final = "Machine Learning H-theorem"
"""Unless a page says more precisely what it is about."""
_MODULES: Final = ("words", "packed", "plot", "history", "speeds", "losses", "main")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report shows.

    Attributes
    ----------
    facts : mapping of str to object
        What was run, one row each, as ``str`` writes it.
    tables : str
        Markdown with tables; HTML in it is shown as text, and images are not fetched.
    figures : iterable of path
        Files as `hthm.pages.plots.save_figures` returns them; the PNG ones are embedded.
    title : str
    notes : iterable of str
        What the reader must know first, such as that the run is smaller than the paper's.
    story : Story, optional
        What was asked, done and found.
    charts : mapping
        As `hthm.pages.charts_data.charts` returns them: each takes the place of a figure where there is JavaScript.
    viewer : str
        A run to be played, as `hthm.pages.viewer_page.viewer_fragment` returns it.
    results : mapping
        Content of results.json: choices, and how long every stage took.
    """

    facts: Mapping[str, object]
    tables: str
    figures: Iterable[Path] = ()
    title: str = TITLE
    notes: Iterable[str] = ()
    story: Story | None = None
    charts: Mapping[str, Any] = field(default_factory=dict)
    viewer: str = ""
    results: Mapping[str, Any] = field(default_factory=dict)


def report_html(report: Report) -> str:
    """Return the page: it needs no other file and no network.

    Raises
    ------
    OSError
        If a figure cannot be read.
    """
    pictures = in_order([path for path in report.figures if path.suffix == ".png"])
    captions = [words_around(path) for path in pictures]
    live = {caption.chart for caption in captions} & report.charts.keys()
    sections = [
        ("short", "In short", _story(report.story)),
        ("tables", "Tables", tables_html(report.tables)),
        ("figures", "Figures", "\n".join(map(_figure, pictures, captions, [live] * len(pictures)))),
        ("viewer", "Watch a run", _viewer(report.viewer)),
        ("provenance", "How it was made", _provenance(report)),
    ]
    sections = [section for section in sections if section[2]]
    links = "\n".join(f'<li><a href="#{name}">{heading}</a></li>' for name, heading, _ in sections)
    body = "\n".join(
        f'<section id="{name}" aria-labelledby="{name}-heading">\n<h2 id="{name}-heading">{heading}</h2>\n'
        f"{content}\n</section>"
        for name, heading, content in sections
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>\n' for note in report.notes)
    title = escape(report.title)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{source("charts", "uplot/uPlot.min.css") if live else ""}
{source("charts", "report.css")}
</style>
</head>
<body>
<header>
<h1>{title.replace("H-theorem", '<span class="whole">H-theorem</span>')}</h1>
{_links()}
</header>
<nav aria-label="On this page">
<ul>
{links}
</ul>
</nav>
<main>
{notes}{body}
</main>
{_scripts({name: report.charts[name] for name in sorted(live)})}
</body>
</html>
"""


def _links() -> str:
    """Where to read on."""
    docs = documentation()
    read_on = (
        f'<a href="{escape(docs)}">documentation of hthm</a>'
        if docs
        else "documentation: the folder <code>docs</code> of hthm's sources, and <code>hthm --help</code>"
    )
    return (
        f'<p class="links">A run of hthm on the question of R. Lier, <cite>Machine Learning H-theorem</cite>, '
        f'<a href="{PAPER}">arXiv:2508.14003</a> · {read_on}</p>'
    )


def _story(story: Story | None) -> str:
    if story is None:
        return ""
    found = " ".join(escape(sentence) for sentence in story.found)
    return (
        f'<dl class="story">\n<div><dt>Asked</dt><dd>{escape(story.asked)}</dd></div>\n'
        f"<div><dt>Done</dt><dd>{escape(story.done)}</dd></div>\n<div><dt>Found</dt><dd>{found}</dd></div>\n</dl>"
    )


def _viewer(fragment: str) -> str:
    if not fragment:
        return ""
    return (
        "<p>The first of the runs above, disk by disk: play it, drag its time, follow a disk, and turn its time "
        "round.</p>\n<noscript><p>A run plays here with JavaScript, which is switched off.</p></noscript>\n"
        f'<div class="screen">\n{fragment}\n</div>'
    )


def _provenance(report: Report) -> str:
    config = report.results.get("config", {})
    parts = (
        facts_html(report.facts) if report.facts else "",
        stages_html(report.results),
        choices_html(config) if config else "",
    )
    return "\n".join(part for part in parts if part)


# ---- Figures and charts ---------------------------------------------------------------------------------------------


def _figure(path: Path, caption: Caption, live: set[str]) -> str:
    content = path.read_bytes()
    image = base64.b64encode(content).decode("ascii")
    has_chart = caption.chart in live
    use = f' <span class="use">{escape(caption.use)}</span>' if has_chart and caption.use else ""
    title = f"<h3>{escape(caption.title)}</h3>\n" if caption.title else ""
    chart = f' data-chart="{caption.chart}"' if has_chart else ""
    place = '<div class="live"></div>\n' if has_chart else ""
    return (
        f"{title}<figure{chart}>\n{place}"
        f'<img alt="{escape(caption.picture)}" style="width: {_share_of_the_page(content)}%" '
        f'src="data:image/png;base64,{image}">\n<figcaption>{escape(caption.text)}{use}</figcaption>\n</figure>'
    )


def _share_of_the_page(png: bytes) -> int:
    """How wide a figure is beside the widest, in percent, so that type is equally large in all of them."""
    width = int.from_bytes(png[16:20], "big")  # of the header: after the signature, its length and its name
    return min(100, max(1, round(100 * width / (DPI * PAGE))))


def _scripts(charts: Mapping[str, Any]) -> str:
    """The charts' numbers, their library with its licence, and their program."""
    if not charts:
        return ""
    numbers = json.dumps(charts, allow_nan=False).replace("</", "<\\/")  # a label must not end the script
    return (
        f'<script type="application/json" id="series">{numbers}</script>\n'
        f"<script>\n/*\n{source('charts', 'uplot/LICENSE')}*/\n{source('charts', 'uplot/uPlot.iife.min.js')}</script>\n"
        f'<script type="module">\n{joined("charts", _MODULES)}\n</script>'
    )
