"""Tables of a page: numbers aligned on the decimal point, headings with their scope, regions that may be scrolled."""

from __future__ import annotations

import re

import pytest

from hthm.pages import decimals
from hthm.pages.html_tables import tables_html
from hthm.pages.tables import tables_markdown
from series_example import series, training

SHOWN = series(training(16, 0), training(16, 1), training(32, None))
PAGE = tables_html(tables_markdown(SHOWN.trainings, SHOWN.H))


def cells(page: str, column: int) -> list[str]:
    """A column's cells as they are laid out: what is invisible has its width."""
    rows = re.findall(r"<tr(?: [^>]*)?>(.*?)</tr>", page.partition("<tbody>")[2].partition("</tbody>")[0])
    found = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)[column] for row in rows]
    return [re.sub(r"<[^>]+>", "", cell) for cell in found]


def shown(page: str, column: int) -> list[str]:
    """A column's cells as they are read: nothing of what is invisible."""
    return cells(re.sub(r'<span class="pad" aria-hidden="true">.*?</span>', "", page), column)


@pytest.mark.parametrize(
    "values",
    [
        [(0.0429, 0.00024), (0.017135, 0.000092), (12.5, 3.1)],
        [(-448.2, 0.86), (1104.9, 2.3), (61.0, 40.0)],
        [(0.17, None), (12.25, None), (3, None)],
        [(3.7e-5, 1.2e-6), (9.1e-6, 2e-7)],
    ],
)
def test_points_lie_below_each_other(values: list[tuple[float, float | None]]) -> None:
    written = decimals.column(values)
    rows = [("a row", text) for text in [*written, decimals.NONE]]
    page = tables_html("## A title\n\n" + decimals.table(("what", "number"), rows))
    laid_out = cells(page, 1)[:-1]
    assert len({len(re.match(r"[^.±·]*", cell)[0].replace("(", "").rstrip()) for cell in laid_out if "." in cell}) <= 1  # type: ignore[index]  # every cell matches
    assert len({cell.index("±") for cell in laid_out if "±" in cell}) <= 1
    assert len({len(cell) for cell in laid_out}) == 1
    read = [text.replace(" ", "").replace("-", "−") for text in written]
    assert [re.sub(r"·10", "e", cell).replace(" ", "") for cell in shown(page, 1)[:-1]] == [
        re.sub(r"e−0?(\d)", r"e−\1", text) for text in read
    ]
    assert shown(page, 1)[-1] == decimals.NONE


def test_every_heading_has_its_scope_and_every_row_a_name() -> None:
    assert PAGE.count("<th ") == PAGE.count('<th scope="col"') + PAGE.count('<th scope="row">')
    assert PAGE.count('<th scope="row">') == PAGE.count("<tr") - 2
    assert "<h3>Table 2: trainings</h3>" in PAGE
    for title in ("Table 2: trainings", "Table 3: H ≈ a·h + b"):
        assert f'role="region" aria-label="{title}" tabindex="0"' in PAGE


def test_widths_are_told_apart_and_differences_from_numbers() -> None:
    shown_once = tables_html(
        "| D | model | MSE |\n|---|---|---:|\n| 16 | seed 0 | 1 |\n| 16 | difference in s.e. | +1.0 |\n| 32 | x | 2 |\n"
    )
    assert re.findall(r"<tr(?: class=\"(\w+)\")?>", shown_once) == ["", "", "aside", "begins"]


def test_text_is_text() -> None:
    page = tables_html("| <b>a | b |\n|---|---:|\n| <script> | <i>1 |\n\n<u>x ![y](https://example.org/z.png)")
    assert not re.search(r"<(b|i|u|script|img)\b", page)
    assert "&lt;script&gt;" in page
