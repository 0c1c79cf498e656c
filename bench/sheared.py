"""The step of a gas that is sheared, in NumPy, all pairs: what one would write without hthm, and the tests' oracle.

Written from docs/viscosity.md and not from the C++. Every operation is one of binary64 on single numbers, rounded once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

import hthm

Array = NDArray[np.float64]
LANES = 8
SMALLEST_NORMAL = 2.0**-1022


@dataclass
class ShearedGas:
    """One run: positions and velocities (n, 2), changed by every step, and what has crossed since the beginning."""

    x: Array
    v: Array
    gas: hthm.DiskGas
    rate: float
    dt: float
    energy: float | None
    """Twice the kinetic energy after every step; None where there is no thermostat."""
    offset: float = 0.0
    carried: list[float] = field(default_factory=lambda: [0.0] * 3)
    transferred: list[float] = field(default_factory=lambda: [0.0] * 4)
    collisions: int = 0

    def step(self) -> None:
        """Slide, drift, wrap, collide, scale, add up."""
        half = self.gas.box / 2
        self.offset = self.offset + (self.rate * self.dt) * self.gas.box
        if self.offset >= half:
            self.offset = self.offset - self.gas.box
        if self.offset < -half:
            self.offset = self.offset + self.gas.box
        self._drift()
        self._collide()
        sums = [summed(self.v[:, a] * self.v[:, b]) for a, b in ((0, 0), (0, 1), (1, 1))]
        now = sums[0] + sums[2]
        if self.energy is not None and now > 0:
            factor = math.sqrt(self.energy / now)
            self.v = self.v * factor
            sums = [total * (factor * factor) for total in sums]
        self.carried = [old + new for old, new in zip(self.carried, sums, strict=True)]

    def _drift(self) -> None:
        box, rise = self.gas.box, self.v[:, 1] * self.dt
        x = self.x[:, 0] + (self.v[:, 0] + self.rate * (self.x[:, 1] - box / 2)) * self.dt
        y = self.x[:, 1] + rise
        self.v[:, 0] = self.v[:, 0] - self.rate * rise
        inside = wrapped(y, box)
        rows = np.round((y - inside) / box)
        self.x = np.stack([wrapped(x - rows * self.offset, box), inside], axis=-1)

    def _collide(self) -> None:
        diameter, rule = self.gas.diameter, self.gas.rule
        delta = rule.delta if isinstance(rule, hthm.ChiralDisks) else 0.0
        d, close = self._near(diameter + abs(delta))
        for i, j in zip(*close, strict=True):
            dx, dy = float(d[0][i, j]), float(d[1][i, j])
            square = dx * dx + dy * dy
            if square < SMALLEST_NORMAL:
                continue
            r = math.sqrt(square)
            nx, ny = dx / r, dy / r
            (vix, viy), (vjx, vjy) = self.v[i].tolist(), self.v[j].tolist()
            flow = self.rate * dy
            wx, wy = (vix + flow) - vjx, viy - vjy
            if delta:
                distance = diameter + (delta if wx * ny < wy * nx else -delta if wx * ny > wy * nx else 0.0)
                if not square < distance * distance:
                    continue
            c = wx * nx + wy * ny
            if c > 0:
                continue
            px, py = c * nx, c * ny
            self.v[i] = ((vix + flow) - px) - flow, viy - py
            self.v[j] = vjx + px, vjy + py
            given = vjx - (vjx + px), vjy - (vjy + py)
            for k, (momentum, way) in enumerate(((0, dx), (0, dy), (1, dx), (1, dy))):
                self.transferred[k] += given[momentum] * way
            self.collisions += 1

    def _near(self, reach: float) -> tuple[tuple[Array, Array], tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Separations (n, n) along x and y, and the pairs (i, j), i < j, within reach in ascending order."""
        box, (x, y) = self.gas.box, self.x.T
        dx, dy = x[:, None] - x[None, :], y[:, None] - y[None, :]  # (n, n)
        up, down = dy > box / 2, dy < -box / 2
        dx = np.where(up, dx - self.offset, np.where(down, dx + self.offset, dx))
        dy = np.where(up, dy - box, np.where(down, dy + box, dy))
        dx = np.where(dx > box / 2, dx - box, np.where(dx < -box / 2, dx + box, dx))
        i, j = np.nonzero(np.triu(dx * dx + dy * dy < reach * reach, k=1))
        return (dx, dy), (i, j)


def wrapped(x: Array, box: float) -> Array:
    """Back into [0, box), never -0."""
    m = np.fmod(x, box)
    m = np.where(m < 0, m + box, m)
    inside: Array = np.where(m >= box, 0.0, m) + 0.0
    return inside


def summed(values: Array) -> float:
    """A sum in eight lanes, every one in order, and these in three rounds of halves."""
    rows = np.zeros((-(-len(values) // LANES), LANES))
    rows.reshape(-1)[: len(values)] = values
    lanes = np.add.accumulate(rows, axis=0)[-1]
    while len(lanes) > 1:
        lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
    return float(lanes[0])
