"""The report: one page of HTML that holds all it shows."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

from hthm.pages.plots import caption
from hthm.pages.print_style import DPI, PAGE

TITLE: Final = "Machine Learning H-theorem"
"""Unless a page says more precisely what it is about."""

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2, h3 { margin: 2.2rem 0 .6rem; border-bottom: 1px solid #ccc; font-size: 1.2rem; }
.note { background: #fff6da; border-left: 4px solid #e69f00; padding: .5rem .9rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #1a1a1a; }
tr > th:first-child { white-space: nowrap; }
figure { margin: 1.6rem 0; break-inside: avoid; }
figure img { max-width: 100%; height: auto; }
figcaption { font-size: .9rem; color: #444; }
code { font-size: .9em; }
@media print { body { margin: 0; max-width: none; } }
"""


def report_html(
    facts: Mapping[str, object],
    tables: str,
    figures: Iterable[Path],
    *,
    title: str = TITLE,
    notes: Iterable[str] = (),
) -> str:
    """Return a self-contained page: what was run, the tables, the figures.

    Parameters
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

    Returns
    -------
    str
        HTML that needs no other file and no network.

    Raises
    ------
    OSError
        If a figure cannot be read.
    """
    pictures = [path for path in figures if path.suffix == ".png"]
    rows = "\n".join(f"<tr><th>{escape(name)}</th><td>{escape(str(fact))}</td></tr>" for name, fact in facts.items())
    parts = [
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="note">{escape(note)}</p>' for note in notes),
        f'<h2>What was run</h2>\n<div class="wide"><table>\n{rows}\n</table></div>',
        _tables(tables),
        "<h2>Figures</h2>" if pictures else "",
        *(_figure(path) for path in pictures),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def machine_facts(environment: Mapping[str, object]) -> dict[str, str]:
    """Rows that say what a run was made with, from `hthm.pages.results.environment`."""
    return {
        "Versions": ", ".join(f"{name} {environment[name]}" for name in ("hthm", "python", "numpy", "torch")),
        "Machine": f"{environment['cpu']}, {environment['threads']} threads, {environment['compiler']}",
    }


def _tables(markdown: str) -> str:
    """Return Markdown as HTML; a title of its own steps down below the page's."""
    page: str = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(markdown)
    for tag in ("</h1>", "<h1>"):
        page = page.replace(tag, tag.replace("1", "2"))
    return page.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>").strip()


def _share_of_the_page(png: bytes) -> int:
    """How wide a figure is beside the widest, in percent, so that type is equally large in all of them."""
    width = int.from_bytes(png[16:20], "big")  # of the header: after the signature, its length and its name
    return min(100, max(1, round(100 * width / (DPI * PAGE))))


def _figure(path: Path) -> str:
    content = path.read_bytes()
    image = base64.b64encode(content).decode("ascii")
    text = escape(caption(path))
    width = _share_of_the_page(content)
    return (
        f'<figure>\n<img alt="{text}" style="width: {width}%" src="data:image/png;base64,{image}">\n'
        f"<figcaption>{text}</figcaption>\n</figure>"
    )
