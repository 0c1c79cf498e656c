"""How numbers are written in every table, line and report: two digits of the error, and a column in one notation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NONE: Final = "–"
"""What stands where there is no number."""
LEAST, MOST = 1e-4, 1e6
"""Numbers from the one to below the other are written without a power of ten."""
_ROUNDING: Final = 1e-15
"""What is nearer to 0 in a column without powers of ten is 0 but for rounding, as the MSE of H itself."""
_WITHOUT_BOUND: Final = 1e9
"""A coefficient of variation beyond is that of a mean which is 0 but for rounding, as b of the mean of H."""


def number(value: float | None, digits: int = 3) -> str:
    """A number with some significant digits: 0.0429, 5370, 9.50e-06; a dash for None and NaN.

    Parameters
    ----------
    value : float or None
    digits : int
        Significant digits; whole numbers are written out.

    Returns
    -------
    str
    """
    return column([value], digits)[0]


def with_error(value: float | None, error: float | None, digits: int = 3) -> str:
    """A number with its error, to two digits of the error: 0.04290 ± 0.00024, 61 ± 40, (3.70 ± 0.12)e-05.

    Parameters
    ----------
    value, error : float or None
        Where there is no error, or it is not finite, `digits` of the value are written.
    digits : int
        Significant digits of a number without an error.

    Returns
    -------
    str
    """
    return column([(value, error)], digits)[0]


def column(values: Iterable[float | tuple[float | None, float | None] | None], digits: int = 3) -> list[str]:
    """Numbers that stand below each other, with or without errors: one notation for all.

    Parameters
    ----------
    values : iterable of float, None, or pairs of number and error
    digits : int
        Significant digits of numbers without an error.

    Returns
    -------
    list of str
        With a power of ten each where a number of the column is below 1e-4, but not 0, or a million and more.
    """
    pairs = [value if isinstance(value, tuple) else (value, None) for value in values]
    sizes = [abs(value) for value, _ in pairs if value is not None and _ROUNDING < abs(value) < _WITHOUT_BOUND]
    powers = any(size < LEAST or size >= MOST for size in sizes)
    return [_written(value, error, digits, powers=powers) for value, error in pairs]


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, text: int = 1) -> str:
    """A table in Markdown.

    Parameters
    ----------
    titles : sequence of str
        Heads of the columns.
    rows : iterable of sequence of str
        Cells, as they are.
    text : int
        How many columns, from the left, hold text; the others are set to the right, and numbers line up.

    Returns
    -------
    str
        Ends with a line break.
    """
    rules = ["---"] * text + ["---:"] * (len(titles) - text)
    lines = [f"| {' | '.join(cells)} |" for cells in (titles, *rows)]
    lines.insert(1, f"|{'|'.join(rules)}|")
    return "\n".join(lines) + "\n"


def _written(value: float | None, error: float | None, digits: int, *, powers: bool) -> str:
    if value is None or math.isnan(value):
        return NONE
    if abs(value) > _WITHOUT_BOUND:
        return "∞" if value > 0 else "−∞"
    if not powers and abs(value) < _ROUNDING:
        value = 0.0
    if error is None or not math.isfinite(error):
        return _plain(value, digits, powers=powers)
    if error == 0:
        return f"{_plain(value, digits, powers=powers)} ± 0"
    last = _exponent(error, 2) - 1  # power of ten of the error's second digit
    if not powers:
        return f"{_rounded(value, last)} ± {_rounded(error, last)}"
    power = max(_exponent(error, 2), _exponent(value, digits) if value else last)
    places = power - last
    return f"({value / 10.0**power:.{places}f} ± {error / 10.0**power:.{places}f})e{power:+03d}"


def _plain(value: float, digits: int, *, powers: bool) -> str:
    if value == 0 or (isinstance(value, int) and not powers):
        return str(int(value))
    if powers:
        return f"{value:.{digits - 1}e}"
    return _rounded(value, min(0, _exponent(value, digits) - digits + 1))


def _exponent(value: float, digits: int) -> int:
    """Power of ten of the first digit, once rounded to so many."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])


def _rounded(value: float, last: int) -> str:
    """Rounded to 10**last, without the sign of a zero."""
    text = f"{value:.{-last}f}" if last < 0 else f"{round(value, -last):.0f}"
    return text.lstrip("-") if float(text) == 0 else text
