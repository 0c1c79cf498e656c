"""How many disks the bins of H leave out, and the warning that says so."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hthm.reprs import one_line

if TYPE_CHECKING:
    from hthm.arrays import FloatArray, IntArray

MOST_BEYOND: Final = 0.01
"""Share of the disks of a call that H may leave out without a warning."""
FASTER: Final = "faster than 2 s0, where the bins end"
"""What is out of range of H of the speeds."""
OUTSIDE: Final = "with a component beyond 4√T"
"""What is out of range of H of the velocities."""


class HRangeWarning(UserWarning):
    """More than 1 % of the disks were out of the range of the bins, and H left them out."""


class HInRange(NamedTuple):
    """H, and how many disks it left out.

    Attributes
    ----------
    h : (...) float64
        Nats.
    beyond : (...) float64
        Share of the disks of each frame that are out of the range of the bins.
    """

    h: FloatArray
    beyond: FloatArray

    def __repr__(self) -> str:
        return one_line("HInRange", zip(self._fields, self, strict=True))

    @property
    def share(self) -> float:
        """Share of the disks of all frames that are out of range; 0 where there is no frame."""
        return float(self.beyond.mean()) if self.beyond.size else 0.0


def in_range(h: FloatArray, dropped: IntArray, n: int, leading: tuple[int, ...]) -> HInRange:
    """What the core returned of frames of n disks, in the shape of the frames.

    Parameters
    ----------
    h : (frames,) float64
        Nats.
    dropped : (frames,) int64
        Disks out of range.
    n : int
        Disks of a frame.
    leading : tuple of int
        Shape of the frames.

    Returns
    -------
    HInRange
    """
    return HInRange(h.reshape(leading), (dropped / n).reshape(leading))


def all_in_range(h: FloatArray, leading: tuple[int, ...]) -> HInRange:
    """H (frames,) of an estimator that leaves out no disk, in the shape of the frames."""
    return HInRange(h.reshape(leading), np.zeros(leading))


def share_beyond(dropped: IntArray, n: int) -> float:
    """Share of the disks of all frames of n disks, of which so many (frames,) are out of range; 0 without a frame."""
    return float((dropped / n).mean()) if dropped.size else 0.0


def counts_beyond(counts: IntArray, n: int) -> float:
    """Share of the disks that counts (..., bins) of frames of n disks do not hold; 0 where there is no frame."""
    frames = counts.size // counts.shape[-1]
    return 1 - float(np.sum(counts)) / (frames * n) if frames else 0.0


def warn_beyond(function: str, what: str, share: float, *, silent: str | None = "") -> None:
    """Warn the caller of a public function where more than `MOST_BEYOND` of the disks were out of range.

    Parameters
    ----------
    function : str
        Its name.
    what : str
        Which disks are out of range, in words.
    share : float
        Of the disks of all frames of the call.
    silent : str or None
        The function that says the share and does not warn, if it is not called like this one; None where a user has
        chosen the bins.

    Raises
    ------
    HRangeWarning
        Where the user has made errors of warnings.
    """
    if share > MOST_BEYOND:
        advice = (
            "Take bins over a wider range."
            if silent is None
            else "To see of which frames, or to do without this warning, call "
            f"hthm.h_functional.{silent or function + '_in_range'}."
        )
        warnings.warn(
            f"{function}: leaves out {100 * share:.2g} % of the disks, {what}. {advice}", HRangeWarning, stacklevel=3
        )
