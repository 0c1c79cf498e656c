"""Tables in Markdown as people read them: cells under the titles of their columns."""

from __future__ import annotations

import re


def rows(text: str) -> list[dict[str, str]]:
    """Rows of every table in a text, in order, each cell by the title of its column."""
    found: list[dict[str, str]] = []
    titles: list[str] = []
    for line, following in zip(text.splitlines(), [*text.splitlines()[1:], ""], strict=True):
        if not line.startswith("|"):
            titles = []
        elif re.fullmatch(r"\|(:?-+:?\|)+", following):
            titles = cells(line)
            assert len(set(titles)) == len(titles), f"two columns have one title: {line}"
        elif titles and not re.fullmatch(r"\|(:?-+:?\|)+", line):
            found.append(dict(zip(titles, cells(line), strict=True)))
    return found


def cells(line: str) -> list[str]:
    """Cells of one line of a table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def numbers(cell: str) -> list[float]:
    """All numbers of a cell, as in "0.5 (0.4 … 0.7)"."""
    return [float(number) for number in re.findall(r"[-−]?\d+\.?\d*(?:e[-+]?\d+)?", cell.replace("−", "-"))]


def with_spread(cell: str) -> tuple[str, str]:
    """Number and error of a cell, "" where there is none: of 0.10 ± 0.02, of (2.6 ± 1.8)e-06."""
    inside, _, power = cell.removeprefix("(").partition(")")
    mean, _, spread = inside.partition(" ± ")
    return mean + power, spread and spread + power


def rounded(cell: str, value: float) -> bool:
    """Whether the first number of a cell is a value, rounded to the digits that are written."""
    written = re.search(r"-?\d+\.?(\d*)(?:e([-+]?\d+))?", cell.replace("−", "-"))
    assert written, f"no number in {cell!r}"
    last = int(written[2] or 0) - len(written[1])  # power of ten of the last digit
    return abs(float(written[0]) - value) <= 0.5001 * 10.0**last
