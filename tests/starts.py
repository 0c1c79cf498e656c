"""Starts that are hard for a fixed-step engine, each named after what it tries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class HardStart:
    """One run's start (n, 2) with the step that goes with it."""

    name: str
    positions: Array
    velocities: Array
    diameter: float
    box: float = 1.0
    dt: float = 1 / 60


def _random(seed: int, n: int, box: float = 1.0) -> tuple[np.random.Generator, Array, Array]:
    random = np.random.default_rng(seed)
    return random, random.random((n, 2)) * box, random.normal(size=(n, 2))


def _diameter(n: int, area_fraction: float, box: float = 1.0) -> float:
    return float(min(np.sqrt(4 * area_fraction / (np.pi * n)) * box, box / 2))


def hard_starts() -> list[HardStart]:
    """Every start, the same at each call."""
    starts = []
    # Sizes and densities, most of them with overlaps from the start.
    for k, n in enumerate((1, 2, 3, 5, 10, 30, 100, 300)):
        for area_fraction in (0.001, 0.03, 0.2, 0.6):
            _, x, v = _random(100 * k + int(1000 * area_fraction), n)
            starts.append(HardStart(f"{n} disks at {area_fraction}", x, v, _diameter(n, area_fraction)))
    # Boxes whose side is no power of two.
    for box in (0.3, 7.1, 1e-30, 1e30):
        _, x, v = _random(int(np.log2(box)) % 97, 60, box)
        starts.append(HardStart(f"box {box:g}", x, v * box, _diameter(60, 0.2, box), box))
    # Fewer than three cells a side, and just three.
    for diameter in (0.5, 0.4, 0.34, 1 / 3, 0.33, 0.3, 0.25):
        _, x, v = _random(int(1000 * diameter), 7)
        starts.append(HardStart(f"diameter {diameter:.3g}", x, v, diameter))
    # Disks on the borders of cells of one diameter, and on the edge of the box.
    random, _, v = _random(7, 64)
    grid = np.stack(np.meshgrid(np.arange(8), np.arange(8)), axis=-1).reshape(64, 2) / 8
    starts.append(HardStart("on cell borders", grid, v, 0.125))
    starts.append(HardStart("on cell borders, a little larger", grid, v, float(np.nextafter(0.125, 1))))
    edge = np.array([0.0, np.nextafter(0.0, 1), 2.0**-1022, 1e-17, 0.5, np.nextafter(0.5, 1), np.nextafter(1.0, 0)])
    x = edge[random.integers(0, len(edge), size=(40, 2))]
    starts.append(HardStart("on the edge of the box", x, v[:40] * 1e-3, 0.05))
    starts.append(HardStart("tiny steps at the edge", x, v[:40] * 1e-16, 0.05))
    # Equal positions: no normal, or all but none.
    x = np.repeat(random.random((10, 2)), 3, axis=0)
    starts.append(HardStart("equal positions", x, v[:30], 0.02))
    starts.append(HardStart("equal positions at rest", x, np.zeros((30, 2)), 0.02))
    nearly = x.copy()
    nearly[::3, 0] = np.nextafter(nearly[::3, 0], 1)
    starts.append(HardStart("nearly equal positions", nearly, np.zeros((30, 2)), 0.02))
    origin = np.zeros((6, 2))
    origin[:, 0] = [0, 5e-324, 1e-200, 1.4e-154, 1.5e-154, 1.6e-154]  # squares around the smallest normal number
    starts.append(HardStart("subnormal distances", origin, np.zeros((6, 2)), 0.1))
    # Pairs within an ulp of contact, at rest relative to each other or closing.
    base = random.random((50, 2)) * 0.8 + 0.1
    angle = random.random(50) * 2 * np.pi
    partner = base + 0.01 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    partner[::2, 0] = np.nextafter(partner[::2, 0], 0)
    partner[1::4, 1] = np.nextafter(partner[1::4, 1], 1)
    pairs = np.stack([base, partner], axis=1).reshape(100, 2)
    starts.append(HardStart("an ulp from contact at rest", pairs, np.zeros((100, 2)), 0.01))
    starts.append(HardStart("an ulp from contact", pairs, random.normal(size=(100, 2)) * 1e-13, 0.01))
    # Speeds.
    _, x, v = _random(11, 80)
    rest = v.copy()
    rest[::2] = 0
    starts.append(HardStart("half at rest", x, rest, 0.03))
    starts.append(HardStart("minus zero", np.where(x < 0.2, 0.0, x), np.where(v < 0, -0.0, v), 0.03))
    starts.append(HardStart("several diameters a step", x, v * 10, 0.03))
    starts.append(HardStart("several boxes a step", x, v * 1e3, 0.03))
    starts.append(HardStart("a billion boxes a step", x, v * 1e11, 0.03))
    starts.append(HardStart("very unequal speeds", x, v * 10.0 ** random.integers(-12, 4, size=(80, 1)), 0.03))
    starts.append(HardStart("a whole box a step", x, np.round(v) * 60.0, 0.03))
    starts.append(HardStart("a long step", x, v, 0.03, dt=123.456))
    starts.append(HardStart("equal speeds along the axes", grid + 0.03, np.sign(v[:64]), 0.1))
    # One dense row or corner: everything in a few cells.
    starts.append(HardStart("all in a corner", x * 0.05, v, 0.01))
    starts.append(HardStart("all on a line", x * [1, 0], v, 0.02))
    return starts
