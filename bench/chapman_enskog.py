"""Viscosities of the dilute chiral gas by more than the first approximation, and by a step that is not short.

The linearised Boltzmann equation in the space of S_q(v²/2) (v_x + i v_y)², q = 0, 1, …, with Sonine polynomials S of
index 2, integrated numerically: m = T = σ = 1, and the density drops out. The sense of a collision makes its numbers
complex; the real part of the answer is η, the imaginary part -η_odd.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import eval_genlaguerre

Complex = NDArray[np.complex128]


def viscosity(share: float, dt: float = 0.0, order: int = 4) -> complex:
    """Return η - i η_odd of disks with δ = share, in steps of dt, by so many polynomials."""
    overlap = np.zeros((order, order), dtype=complex)
    angles = np.exp(2j * math.pi * np.arange(12) / 12)
    centre, centre_weights = _nodes(0, 6, 24)  # speed of the centre of mass: exp(-G²)
    at = (centre[:, None] * angles).reshape(-1)
    weights = np.repeat(centre_weights * np.exp(-(centre**2)) * centre * 2, len(angles)) / len(angles)
    for g, weight in zip(*_nodes(0, 12, 60), strict=True):  # relative speed: exp(-g²/4)
        turns, rates = _turns(share, g * dt)
        rates = rates * g * weight * math.exp(-g * g / 4) * g / 2
        before = _polynomials(order, at + g / 2) + _polynomials(order, at - g / 2)  # (order, centres)
        after = np.stack([_polynomials(order, at + s * g / 2 * turns[:, None]) for s in (1, -1)]).sum(axis=0)
        lost = before * rates.sum() - np.einsum("t,qtc->qc", rates, after)
        overlap += (weights * before.conj()) @ lost.T / 2
    driven = np.zeros(order)
    driven[0] = 8  # the mean of |v|⁴
    return complex(np.linalg.solve(overlap, driven)[0])


def _nodes(first: float, last: float, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, w = leggauss(count)
    return first + (x + 1) * (last - first) / 2, w * (last - first) / 2


def _polynomials(order: int, v: Complex) -> Complex:
    square = np.abs(v) ** 2 / 2
    return np.stack([eval_genlaguerre(q, 2, square) * v * v for q in range(order)])


def _turns(share: float, way: float) -> tuple[Complex, NDArray[np.float64]]:
    """How a relative velocity is turned, as factors, and the widths of impact parameters that turn it so.

    A step finds a pair somewhere on its way through the contact distance, anywhere with equal chance, on as much of it
    as it goes in a step; and not at all where it has come to move apart by then.
    """
    turns, rates = [], []
    angle, angle_weights = _nodes(0, math.pi / 2, 24)
    along = _nodes(0, 1, 8) if way else (np.zeros(1), np.ones(1))
    for side in (-1, 1):
        distance = 1 - side * share
        for u, weight in zip(*along, strict=True):
            b, left = distance * np.sin(angle), distance * np.cos(angle) - u * way
            alpha = np.arctan2(b, left)
            turns.append(np.exp(1j * (math.pi - 2 * side * alpha)))
            rates.append(np.where(left > 0, weight * angle_weights * np.cos(angle) * distance, 0.0))
    return np.concatenate(turns), np.concatenate(rates)
