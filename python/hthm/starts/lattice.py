"""The densest regular start: a triangular lattice strained until it fits the square, periodic box."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MARGIN: Final = 2.0**-50  # of the box: rounded coordinates stay this much within the distance of exact ones


@dataclass(frozen=True)
class Lattice:
    """Rows of equally many sites in a unit box, every second row shifted by half the distance of two sites.

    Parameters
    ----------
    rows : int
        An even number: the box is periodic.
    columns : int
        Sites of a row.

    Examples
    --------
    >>> Lattice(rows=2, columns=1).sites().tolist()
    [[0.25, 0.25], [0.75, 0.75]]
    """

    rows: int
    columns: int

    @property
    def spacing(self) -> float:
        """Least distance of two sites, a hair less than exact so that no rounded pair is nearer."""
        across, up = 1 / self.columns, 1 / self.rows
        return min(across, math.hypot(across / 2, up), 2 * up) - _MARGIN

    def sites(self) -> NDArray[np.float64]:
        """Return all sites (rows * columns, 2), row by row, none on the edge of the box."""
        row, column = np.divmod(np.arange(self.rows * self.columns), self.columns)
        return np.stack([(column + 0.25 + 0.5 * (row % 2)) / self.columns, (row + 0.5) / self.rows], axis=-1)


def widest_lattice(n: int) -> Lattice:
    """Return the lattice of at least `n` sites whose sites are farthest apart."""
    # A triangular lattice in a square has 1.07 √n rows; the transposed one, 1.86 √n.
    candidates = [Lattice(rows, -(-n // rows)) for rows in range(2, 2 * math.isqrt(n) + 5, 2)]
    return max(candidates, key=lambda lattice: lattice.spacing)
