"""Which of so many runs or frames are meant, as a command line says it."""

from __future__ import annotations

import re


def one_or_more(name: str, text: str, count: int) -> int | range:
    """Return the numbers that a text chooses among `count`, counted from 0.

    Parameters
    ----------
    name : str
        The choice, for a message.
    text : str
        One number, such as ``3`` or ``-1``, the last; or several as NumPy slices them: ``10:20``, ``::5``, ``:``.
    count : int
        How many there are.

    Returns
    -------
    int or range
        One number where one was named; ascending where several are.

    Raises
    ------
    ValueError
        If it is neither, or there is no such number.

    Examples
    --------
    >>> one_or_more("run", "-1", 500), one_or_more("run", "10:20:5", 500)
    (499, range(10, 20, 5))
    """
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        number = int(text)
        if not -count <= number < count:
            raise ValueError(f"{name}: must be one of the {count} from 0 to {count - 1}, got {text}.")
        return number % count
    parts = re.fullmatch(r"(-?[0-9]{1,18})?:(-?[0-9]{1,18})?(?::([0-9]{1,18})?)?", text)
    if parts is None or int(parts[3] or 1) == 0:
        raise ValueError(f"{name}: must be a number such as 3, or a range such as 10:20 or ::5, got {text!r}.")
    chosen = range(count)[slice(*(None if part is None else int(part) for part in parts.groups()))]
    if not chosen:
        raise ValueError(f"{name}: must hold at least one of the {count} from 0 to {count - 1}, got {text!r}.")
    return chosen
