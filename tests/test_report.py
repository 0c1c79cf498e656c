"""The report: one page, whole in itself, that shows what it is given as text and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from hthm.pages.captions import words_around
from hthm.pages.report import Report, report_html
from hthm.pages.story import Story

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
    story = Story("Why?", "Much.", ("This.", "And that."))
    facts = {"runs": 500, "engine": "cell_list"}
    page = report_html(
        Report(facts=facts, tables=TABLES, figures=pictures[:2], notes=["Smaller than that."], story=story)
    )
    reader = read(page)
    captions = [words_around(pictures[0]).picture]
    assert captions[0].startswith("Fig. 3.")
    said = ("H-theorem", "runs", "500", "cell_list", "Table 2", "9.50·10−6", "Smaller than that.", "This. And that.")
    for shown in (*said, "Speeds on their way"):
        assert shown in reader.text
    assert 'href="https://arxiv.org/abs/2508.14003"' in page
    tags = [tag for tag, _ in reader.tags]
    assert (tags.count("table"), tags.count("figure"), tags.count("h1")) == (2, 1, 1)
    images = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert [image["alt"] for image in images] == captions
    assert base64.b64decode((images[0]["src"] or "").removeprefix("data:image/png;base64,")) == PIXEL


def test_page_needs_nothing_else(pictures: list[Path]) -> None:
    page = report_html(Report(facts={"where": "https://example.org"}, tables=TABLES, figures=pictures))
    reader = read(page)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    for tag, attributes in reader.tags:
        assert (attributes.get("src") or "data:").startswith("data:"), tag
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    assert not re.search(r"url\(|@import", style[1])


def test_what_is_given_is_text(pictures: list[Path]) -> None:
    nasty = pictures[2].stem
    story = Story(nasty, nasty, (nasty,))
    results = {"config": {nasty: nasty}, "stages": {"seconds": {nasty: 1.0}}}
    report = Report(
        facts={nasty: nasty},
        tables=nasty,
        figures=pictures[2:],
        title=nasty,
        notes=[nasty],
        story=story,
        results=results,
    )
    reader = read(report_html(report))
    assert "b" not in {tag for tag, _ in reader.tags}
    # title twice, name, fact, tables, caption, note; three of the story, two choices, a stage
    assert reader.text.count(nasty) == 7 + 3 + 2 + 1
    assert [attributes["alt"] for tag, attributes in reader.tags if tag == "img"] == [nasty]


def test_page_without_figures_has_no_room_for_them() -> None:
    assert "<h2" not in report_html(Report(facts={}, tables=""))


def test_missing_figures_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.png"):
        report_html(Report(facts={}, tables="", figures=[tmp_path / "absent.png"]))


def test_headings_are_in_order_and_links_lead_somewhere(pictures: list[Path]) -> None:
    results = {"config": {"runs": 5}, "stages": {"seconds": {"Measure H": 1.5, "Train": 2.0, "in all": 2.25}}}
    report = Report(facts={"runs": 5}, tables=TABLES, figures=pictures, results=results, story=Story("a", "b", ("c",)))
    html = report_html(report)
    assert "2.2 s in all" in html
    reader = read(html)
    ranks = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h\d", tag)]
    assert ranks[0] == 1
    assert ranks.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks)), ranks
    names = {attributes["id"] for _, attributes in reader.tags if "id" in attributes}
    links = [attributes["href"] or "" for tag, attributes in reader.tags if tag == "a"]
    assert {link[1:] for link in links if link.startswith("#")} == {"short", "tables", "figures", "provenance"} <= names
    assert all(attributes.get("alt") for tag, attributes in reader.tags if tag == "img")
    assert all(attributes.get("scope") for tag, attributes in reader.tags if tag == "th")
    assert "1.5 s" in reader.text


def test_figures_come_in_a_readers_order(tmp_path: Path) -> None:
    names = ("fig2_frame_rate", "fig3_speeds", "fig5_fits", "losses", "mine")
    paths = [tmp_path / f"{name}.png" for name in names]
    for path in paths:
        path.write_bytes(PIXEL)
    page = report_html(Report(facts={}, tables="", figures=paths))
    assert re.findall(r'alt="(Fig\. \d|\w+)', page) == ["Fig. 5", "Fig. 3", "Mean", "Fig. 2", "mine"]


def test_the_library_of_charts_is_what_its_authors_published() -> None:
    """uPlot 1.6.32 as `npm pack uplot@1.6.32` brings it, and its licence with it."""
    folder = files("hthm.pages").joinpath("charts", "uplot")
    sums = {
        "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
        "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
        "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    }
    found = {name: hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() for name in sums}
    assert found == sums
    docs = (Path(__file__).parent.parent / "docs" / "report.md").read_text(encoding="utf-8")
    assert "uPlot 1.6.32" in docs
    assert all(sums[name] in docs for name in sums if name != "LICENSE")
