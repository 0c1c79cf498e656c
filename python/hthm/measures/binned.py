"""Samples of one to three components in equal bins, and H of the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from hthm.arrays import FloatArray, IntArray
    from hthm.measures.estimator import Histogram

_CELLS_AT_A_TIME: Final = 2**22  # 32 MB of counts
_MOST_CELLS: Final = 10**7


class BinnedSamples:
    """Sets of samples that can be counted, as frames are.

    Parameters
    ----------
    samples : (sets, n, d) float64
        d 1 to 3, finite.
    of : Histogram
        The bins.

    Raises
    ------
    ValueError
        If there are more cells than 10^7.
    """

    def __init__(self, samples: FloatArray, of: Histogram) -> None:
        self._samples = samples
        self._edges = np.linspace(of.low, of.high, of.bins + 1)
        self._cells = of.bins ** samples.shape[-1]
        if self._cells > _MOST_CELLS:
            d = samples.shape[-1]
            raise ValueError(f"bins: must make at most {_MOST_CELLS:g} cells, got {of.bins}^{d}. Take fewer.")
        self._size = ((of.high - of.low) / of.bins) ** samples.shape[-1]

    def __call__(self, *, terms: FloatArray | None = None) -> tuple[FloatArray, IntArray]:
        """H (sets,) and the samples (sets,) that are out of range.

        Parameters
        ----------
        terms : (n + 1,) float64, optional
            What a cell of 0 … n samples adds; c ln c unless given.

        Returns
        -------
        h, dropped : (sets,) float64, (sets,) int64
        """
        sets, n, _ = self._samples.shape
        if terms is None:
            counts = np.arange(n + 1, dtype=np.float64)
            terms = counts * np.log(np.maximum(counts, 1))
        h, dropped = np.empty(sets), np.empty(sets, dtype=np.int64)
        at_a_time = max(1, _CELLS_AT_A_TIME // max(self._cells, n))
        for first in range(0, sets, at_a_time):
            part = slice(first, first + at_a_time)
            counted = self._counts(self._samples[part])  # (sets of the part, cells)
            inside = counted.sum(axis=-1)
            with np.errstate(divide="ignore", invalid="ignore"):  # none in range: NaN
                h[part] = terms[counted].sum(axis=-1) / inside - np.log(inside * self._size)
            dropped[part] = n - inside
        return h, dropped

    def _counts(self, samples: FloatArray) -> IntArray:
        """Counts (sets, cells) by numpy's rule: a bin holds its left edge, the last one its right edge too."""
        bins = len(self._edges) - 1
        number = np.searchsorted(self._edges, samples, side="right") - 1  # (sets, n, d)
        number[samples == self._edges[-1]] = bins - 1
        inside = ((number >= 0) & (number < bins)).all(axis=-1)  # (sets, n)
        cell = number[..., 0]
        for component in range(1, samples.shape[-1]):
            cell = cell * bins + number[..., component]
        cell += np.arange(len(samples))[:, np.newaxis] * self._cells
        counts: IntArray = np.bincount(cell[inside], minlength=len(samples) * self._cells)
        return counts.reshape(len(samples), self._cells)
