"""Tables of Markdown as HTML for every reader: numbers aligned on the decimal point, headings with their scope."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_NUMBER: Final = re.compile(
    r"(?P<open>\(?)(?P<sign>[+−-]?)(?P<whole>\d+)(?P<part>\.\d+)?"
    r"(?: ± (?P<error_whole>\d+)(?P<error_part>\.\d+)?)?\)?(?:e(?P<power>[+-]\d+))?"
)


class _Widths(NamedTuple):
    """Most characters of a column's numbers before and after the point, of value and error."""

    sign: bool
    whole: int
    part: int
    error_whole: int
    error_part: int


def tables_html(markdown: str) -> str:
    """Return Markdown as HTML below a heading of the page.

    Parameters
    ----------
    markdown : str
        HTML in it is shown as text, and images are not fetched. In a table the columns set to the right hold numbers;
        the first of the others names the row.

    Returns
    -------
    str
        Headings of the first and second rank are of the third. Every table is in a region that may be scrolled, named
        by the heading before it.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = parser.parse(markdown)
    written, title, k = [], "Table", 0
    plain: list[Token] = []
    while k < len(tokens):
        token = tokens[k]
        if token.type == "table_open":
            end = next(j for j in range(k, len(tokens)) if tokens[j].type == "table_close")
            written.append(parser.renderer.render(plain, parser.options, {}))
            written.append(_table(tokens[k : end + 1], title))
            plain, k = [], end + 1
            continue
        if token.type.startswith("heading_"):
            token.tag = f"h{max(3, int(token.tag[1]))}"
            if token.type == "heading_open":
                title = tokens[k + 1].content
        plain.append(token)
        k += 1
    written.append(parser.renderer.render(plain, parser.options, {}))
    return "".join(written).strip()


def row_html(name: str, *cells: str) -> str:
    """A row that is named by its first cell; the others are HTML."""
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _table(tokens: list[Token], title: str) -> str:
    """One table, from its tokens."""
    rows: list[list[str]] = []
    numeric: list[bool] = []
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            rows[-1].append(token.content)
            if before.type == "th_open":
                numeric.append("right" in str(before.attrs.get("style", "")))
    head, *body = rows
    columns = [
        _aligned(cells) if is_numeric else [escape(cell) for cell in cells]
        for is_numeric, cells in zip(numeric, zip(*body, strict=True), strict=True)
    ]
    head_cells = "".join(
        f"""<th scope="col"{' class="number"' if is_numeric else ""}>{escape(cell)}</th>"""
        for is_numeric, cell in zip(numeric, head, strict=True)
    )
    lines = []
    for number, cells in enumerate(zip(*columns, strict=True)):
        begins = number > 0 and body[number][0] != body[number - 1][0]
        aside = any("difference" in cell for cell in body[number][:2])
        classes = " ".join(name for name, has in (("begins", begins), ("aside", aside)) if has)
        opening = f'<tr class="{classes}">' if classes else "<tr>"
        lines.append(
            opening
            + "".join(
                f'<td class="number">{cell}</td>'
                if is_numeric
                else (f'<th scope="row">{cell}</th>' if column == _last_text(numeric) else f"<td>{cell}</td>")
                for column, (is_numeric, cell) in enumerate(zip(numeric, cells, strict=True))
            )
            + "</tr>"
        )
    return (
        f'<div class="wide" role="region" aria-label="{escape(title)}" tabindex="0">\n<table>\n'
        f"<thead><tr>{head_cells}</tr></thead>\n<tbody>\n{chr(10).join(lines)}\n</tbody>\n</table>\n</div>\n"
    )


def _last_text(numeric: list[bool]) -> int:
    """Which column says what a row is of: the last of text before the numbers."""
    first = numeric.index(True) if True in numeric else 1
    return max(0, first - 1)


# ---- Numbers below each other ---------------------------------------------------------------------------------------


def _aligned(cells: Iterable[str]) -> list[str]:
    """Cells of a column, filled up with invisible characters so that their points lie below each other."""
    cells = list(cells)
    found = [_NUMBER.fullmatch(cell) for cell in cells]
    widths = _Widths(
        sign=any(match and match["sign"] for match in found),
        **{
            name: max((len(match[name] or "") for match in found if match), default=0)
            for name in ("whole", "part", "error_whole", "error_part")
        },
    )
    return [
        _number(match, widths) if match else f'<span class="word">{escape(cell)}</span>'
        for match, cell in zip(found, cells, strict=True)
    ]


def _number(match: re.Match[str], widths: _Widths) -> str:
    sign = match["sign"].replace("-", "−")
    before = _pad(("−" if widths.sign and not sign else "") + "0" * (widths.whole - len(match["whole"])))
    text = before + match["open"] + sign + match["whole"] + (match["part"] or "")
    after = _missing(match["part"], widths.part)
    if match["error_whole"]:
        text += _pad(after) + " ± " + _pad("0" * (widths.error_whole - len(match["error_whole"])))
        text += match["error_whole"] + (match["error_part"] or "")
        after = _missing(match["error_part"], widths.error_part)
    elif widths.error_whole:
        after += " ± " + "0" * widths.error_whole + ("." if widths.error_part else "") + "0" * (widths.error_part - 1)
    if match["power"]:
        close = ")" if match["open"] else ""
        return f"{text}{_pad(after)}{close}·10<sup>{str(int(match['power'])).replace('-', '−')}</sup>"
    return text + _pad(after)


def _missing(part: str | None, width: int) -> str:
    """Of a point and digits, what a number lacks beside the longest."""
    return "" if not width else ("." if not part else "") + "0" * (width - max(1, len(part or "")))


def _pad(text: str) -> str:
    return f'<span class="pad" aria-hidden="true">{text}</span>' if text else ""
