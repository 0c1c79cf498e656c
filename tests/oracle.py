"""The fixed step in plain elementwise NumPy, written from the rule (docs/rule.md) and not from the C++.

Every arithmetic operation here is one binary64 operation on one element, rounded once: no BLAS, no reductions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALLEST_NORMAL = 2.0**-1022


@dataclass
class OracleRun:
    """What the oracle says of one run: velocities, positions (frames, n, 2), collisions (frames,), spins (frames, n).

    Spins are 0 where disks have none.
    """

    velocities: Array
    positions: Array
    collisions: NDArray[np.int64]
    spins: Array


@dataclass
class Mixture:
    """Diameter and mass of each disk, (n,)."""

    diameters: Array
    masses: Array

    def contact(self, i: int, j: int) -> float:
        """Distance of two disks that touch."""
        return (float(self.diameters[i]) + float(self.diameters[j])) / 2

    def shares(self, i: int, j: int) -> tuple[float, float]:
        """What each takes of what two equal disks would."""
        m_i, m_j = float(self.masses[i]), float(self.masses[j])
        return 2 * m_j / (m_i + m_j), 2 * m_i / (m_i + m_j)

    def ratio(self, i: int, j: int) -> float:
        """Radius of j in radii of i."""
        return float(self.diameters[j]) / float(self.diameters[i])


@dataclass
class Rough:
    """Numbers of rough disks, and their spins (n,), which collisions change."""

    radius: float
    inertia: float
    restitution: float
    roughness: float
    spins: Array

    def rub(
        self,
        i: int,
        j: int,
        n: tuple[float, float],
        v: tuple[float, float],
        c: float,
        mixture: Mixture | None = None,
    ) -> tuple[float, float]:
        """Turn two disks, and return what i would give to j were they equal."""
        nx, ny = n
        radius, ratio, (share_i, share_j) = self.radius, 1.0, (1.0, 1.0)
        if mixture:
            radius, ratio, (share_i, share_j) = (
                float(mixture.diameters[i]) / 2,
                mixture.ratio(i, j),
                mixture.shares(i, j),
            )
        part = (1 + self.restitution) / 2 * c
        if self.roughness == -1:
            return part * nx, part * ny
        slip = (v[1] * nx - v[0] * ny) - radius * (float(self.spins[i]) + ratio * float(self.spins[j]))
        turn = (1 + self.roughness) / (2 * (1 + self.inertia)) * slip
        push = self.inertia * turn
        self.spins[i] += share_i * (turn / radius)
        self.spins[j] += share_j * (turn / radius / ratio)
        return part * nx - push * ny, part * ny + push * nx


def drift(x: Array, v: Array, dt: float, box: float) -> Array:
    """Step 1, elementwise."""
    m = np.fmod(x + v * dt, box)
    m = np.where(m < 0, m + box, m)
    m = np.where(m >= box, 0.0, m)
    wrapped: Array = m + 0.0
    return wrapped


def overlapping_pairs(x: Array, box: float, diameter: float) -> tuple[list[tuple[int, int]], Array, Array]:
    """Step 2: pairs (i, j) in ascending order, their separations (pairs, 2) and squared distances (pairs,)."""
    i, j = np.triu_indices(len(x), k=1)  # ascending (i, j)
    d = x[i] - x[j]  # (pairs, 2)
    d = np.where(d > box / 2, d - box, np.where(d < -(box / 2), d + box, d))
    d2 = d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1]
    close = d2 < diameter * diameter
    pairs = list(zip(i[close].tolist(), j[close].tolist(), strict=True))
    return pairs, d[close], d2[close]


def collide(
    v: Array,
    pairs: list[tuple[int, int]],
    d: Array,
    d2: Array,
    diameter: float = 0.0,
    delta: float | None = None,
    rough: Rough | None = None,
    mixture: Mixture | None = None,
) -> int:
    """Step 3, in place: Python floats are binary64, one operation at a time; by `delta`, `rough` or in a `mixture`."""
    collisions = 0
    for (i, j), (dx, dy), square in zip(pairs, d.tolist(), d2.tolist(), strict=True):
        if square < SMALLEST_NORMAL:
            continue
        share_i, share_j = mixture.shares(i, j) if mixture else (1.0, 1.0)
        touching = mixture.contact(i, j) if mixture else diameter
        r = math.sqrt(square)
        nx, ny = dx / r, dy / r
        (vix, viy), (vjx, vjy) = v[i].tolist(), v[j].tolist()
        if delta is not None:
            sense = (vix - vjx) * ny, (viy - vjy) * nx  # v × n is their difference
            touching += delta if sense[0] < sense[1] else -delta if sense[0] > sense[1] else 0.0
        if (mixture or delta is not None) and not square < touching * touching:
            continue
        c = (vix - vjx) * nx + (viy - vjy) * ny
        if c > 0:
            continue
        px, py = rough.rub(i, j, (nx, ny), (vix - vjx, viy - vjy), c, mixture) if rough else (c * nx, c * ny)
        v[i] = vix - share_i * px, viy - share_i * py
        v[j] = vjx + share_j * px, vjy + share_j * py
        collisions += 1
    return collisions


def simulate(
    positions: Array,
    velocities: Array,
    *,
    frames: int,
    dt: float,
    box: float,
    diameter: float,
    delta: float | None = None,
    rough: Rough | None = None,
    mixture: Mixture | None = None,
) -> OracleRun:
    """Simulate one run from positions and velocities (n, 2), of chiral or rough disks or a mixture where given.

    The diameter is that of the largest disks.
    """
    x, v = positions.copy(), velocities.copy()
    shape = (frames, *v.shape)
    run = OracleRun(np.empty(shape), np.empty(shape), np.empty(frames, dtype=np.int64), np.zeros(shape[:2]))
    with np.errstate(under="ignore", over="ignore"):
        for frame in range(frames):
            x = drift(x, v, dt, box)
            pairs = overlapping_pairs(x, box, diameter if delta is None else diameter + abs(delta))
            run.collisions[frame] = collide(v, *pairs, diameter, delta, rough, mixture)
            run.spins[frame] = rough.spins if rough else 0.0
            run.velocities[frame], run.positions[frame] = v, x
    return run
