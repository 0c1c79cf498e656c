"""The report: one page, whole in itself, that shows what it is given as text and nothing else."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hthm.pages.plots import caption
from hthm.pages.report import report_html

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TABLES = """# Table 2

| D | final loss |
|---:|---:|
| 16 | 9.50e-6 |

Text with ![a picture](https://example.org/x.png) & <script>alert(1)</script>.
"""


class Reader(HTMLParser):
    """Collects tags, and finds out whether each that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "img", "br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A figure of ours as `save_figures` writes it, and one of somebody else's with an awkward name."""
    paths = [tmp_path / name for name in ("fig3_speeds.png", "fig3_speeds.pdf", '<b onload="x">&.png')]
    for path in paths:
        path.write_bytes(PIXEL)
    return paths


def test_page_shows_facts_tables_and_figures(pictures: list[Path]) -> None:
    reader = read(report_html({"runs": 500, "engine": "cell_list"}, TABLES, pictures[:2], notes=["Smaller than that."]))
    captions = [caption(pictures[0])]
    assert captions[0].startswith("Fig. 3.")
    for shown in ("H-theorem", "runs", "500", "cell_list", "Table 2", "9.50e-6", "Smaller than that.", *captions):
        assert shown in reader.text
    tags = [tag for tag, _ in reader.tags]
    assert (tags.count("table"), tags.count("figure"), tags.count("h1")) == (2, 1, 1)
    images = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert [image["alt"] for image in images] == captions
    assert base64.b64decode((images[0]["src"] or "").removeprefix("data:image/png;base64,")) == PIXEL


def test_page_needs_nothing_else(pictures: list[Path]) -> None:
    page = report_html({"where": "https://example.org"}, TABLES, pictures)
    reader = read(page)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    for tag, attributes in reader.tags:
        assert (attributes.get("src") or "data:").startswith("data:"), tag
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    assert not re.search(r"url\(|@import", style[1])


def test_what_is_given_is_text(pictures: list[Path]) -> None:
    nasty = pictures[2].stem
    reader = read(report_html({nasty: nasty}, nasty, pictures[2:], title=nasty, notes=[nasty]))
    assert "b" not in {tag for tag, _ in reader.tags}
    assert reader.text.count(nasty) == 7  # title twice, name, fact, tables, caption, note
    assert [attributes["alt"] for tag, attributes in reader.tags if tag == "img"] == [nasty]


def test_page_without_figures_has_no_room_for_them() -> None:
    assert "Figures" not in read(report_html({}, "", [])).text


def test_missing_figures_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.png"):
        report_html({}, "", [tmp_path / "absent.png"])
