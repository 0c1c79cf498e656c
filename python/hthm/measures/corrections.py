"""Bias of H of counts, corrected: what a cell of c samples adds in place of c ln c."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from hthm.arrays import FloatArray

Correction: TypeAlias = Literal["plug-in", "miller-madow", "grassberger"]
CORRECTIONS: Final[tuple[Correction, ...]] = get_args(Correction)
"""What can be done about the bias of a histogram, by name.

plug-in
    Nothing: shares of the samples are taken for probabilities, and H comes out too high by about (m − 1) / 2N, with m
    cells occupied by N samples.
miller-madow
    That much is taken off, the first order in 1/N: Miller, Note on the bias of information estimates (1955).
grassberger
    c ln c becomes c G(c), whose bias falls faster where most cells hold few samples: Grassberger (2003),
    arXiv:physics/0307138, eqs. (27) to (30). Not his older form of 1988, which other programs have under his name.
"""

# With N counts c in all, H is their terms' sum / N − ln(N cell), for plug-in and for Grassberger; Miller and Madow's m
# is the sum of 1 over the occupied cells, and leaves 1 / 2N to be added: `left_over`.


@lru_cache(maxsize=8)
def terms(correction: Correction, most: int) -> FloatArray:
    """What cells of 0 … `most` samples add, (most + 1,), not to be written to.

    Parameters
    ----------
    correction : str
        One of `CORRECTIONS`.
    most : int
        Largest count.

    Returns
    -------
    (most + 1,) float64
    """
    from scipy.special import digamma  # noqa: PLC0415 -- import hthm is quick

    count = np.arange(1, most + 1, dtype=np.float64)
    table = np.zeros(most + 1)
    if correction == "grassberger":
        sign = np.where(count % 2 == 0, 0.5, -0.5)
        table[1:] = count * (digamma(count) + sign * (digamma((count + 1) / 2) - digamma(count / 2)))
    else:
        table[1:] = count * np.log(count) - (0.5 if correction == "miller-madow" else 0.0)
    table.flags.writeable = False
    return table


def left_over(correction: Correction, counted: FloatArray) -> FloatArray:
    """What is to be added to H of `counted` (...) samples in cells: 0 but for Miller and Madow's.

    Parameters
    ----------
    correction : str
        One of `CORRECTIONS`.
    counted : (...) float64
        Samples in range.

    Returns
    -------
    (...) float64
    """
    if correction != "miller-madow":
        return np.zeros_like(counted)
    with np.errstate(divide="ignore"):  # none in range: H is NaN
        return 0.5 / counted


@lru_cache(maxsize=8)
def left_out(correction: Correction, most: int) -> tuple[FloatArray, FloatArray]:
    """Tables whose sums over cells are those over samples of d and of d², d being what a sample adds to the terms.

    Leave out any one of N samples, in a cell of c, and H changes by −d(c) / (N − 1) and a constant: the jackknife's
    variance is (⟨d²⟩ − ⟨d⟩²) / (N − 1), means over the samples.

    Parameters
    ----------
    correction : str
        One of `CORRECTIONS`.
    most : int
        Largest count.

    Returns
    -------
    once, squared : (most + 1,) float64
        c d(c) and c d(c)², not to be written to.
    """
    added = np.diff(terms(correction, most), prepend=0.0)
    added -= added[-1]  # whatever is the same for all samples: less is left to rounding
    count = np.arange(most + 1, dtype=np.float64)
    once, squared = count * added, count * added * added
    for table in (once, squared):
        table.flags.writeable = False
    return once, squared
