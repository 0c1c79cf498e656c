"""How fast two gases that began nearly alike part: in the tangent of the motion, and between twins of many digits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hthm import checks
from hthm.engines.names import PLACELESS
from hthm.engines.precision import LongState
from hthm.mixtures import one_kind
from hthm.rules import SMOOTH

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.gas import State
    from hthm.trajectories import Trajectories

SIZES: Final = (1e-65, 1e-17)
"""Between which twins may begin apart: above the last digits of 237 bits, below those of doubles."""
_TOGETHER: Final = 1
"""Collisions, for each disk of the gas, after which a tangent is scaled: it has not outgrown the range of doubles."""


class Tangent(NamedTuple):
    """A small difference between two states of a gas, runs by runs.

    Attributes
    ----------
    positions, velocities : (runs, n, 2) float64
        Of every disk, in box sides, and in those per unit time.
    """

    positions: FloatArray
    velocities: FloatArray

    @property
    def norm(self) -> FloatArray:
        """Its length in each run, (runs,): the root of the sum of all squares, of positions and of velocities."""
        largest = np.maximum(np.abs(self.positions).max(axis=(1, 2)), np.abs(self.velocities).max(axis=(1, 2)))
        scale = np.where(largest > 0, largest, 1.0)[:, np.newaxis, np.newaxis]  # no square underflows
        squares = [np.square(part / scale).sum(axis=(1, 2)) for part in self]
        length: FloatArray = scale[:, 0, 0] * np.sqrt(squares[0] + squares[1])
        return length

    def scaled(self, factors: FloatArray | float) -> Tangent:
        """Return it with each run times a factor, (runs,) or one for all."""
        by = np.broadcast_to(factors, len(self.positions))[:, np.newaxis, np.newaxis]
        return Tangent(self.positions * by, self.velocities * by)


def random_tangent(state: State, seed: int = 0) -> Tangent:
    """Return a difference of length 1 in a random direction, in which momentum and energy stay what they are.

    Parameters
    ----------
    state : State
        Whose differences they are.
    seed : int
        Of the generator.

    Returns
    -------
    Tangent
        Its velocities add up to zero, and so do their products with those of the state.
    """
    random = np.random.default_rng(checks.integer("seed", seed, least=0))
    of, v = (random.standard_normal((state.runs, state.n, 2)) for _ in range(2))
    of -= of.mean(axis=1, keepdims=True)
    v -= v.mean(axis=1, keepdims=True)
    energy = state.velocities - state.velocities.mean(axis=1, keepdims=True)
    squares = np.square(energy).sum(axis=(1, 2), keepdims=True)
    v -= energy * (v * energy).sum(axis=(1, 2), keepdims=True) / np.where(squares > 0, squares, 1.0)
    tangent = Tangent(of, v)
    return tangent.scaled(1 / tangent.norm)


def tangent_growth(traj: Trajectories, tangent: Tangent) -> tuple[FloatArray, Tangent]:
    """Follow an infinitely small difference along runs of the exact engine.

    Parameters
    ----------
    traj : Trajectories
        Of smooth disks, simulated with ``engine="event", record="log"``.
    tangent : Tangent
        The difference at the start.

    Returns
    -------
    growth : (runs, frames) float64
        ln of its length after each frame over that at the start. Divided by the time, that tends to the largest
        Lyapunov exponent, once the difference has forgotten its direction.
    tangent : Tangent
        The difference after the last frame, of length 1.

    Raises
    ------
    AttributeError
        If the runs have no log in memory.
    TypeError, ValueError
        If the engine was another, the disks are not smooth, or the difference has another shape, is not finite or 0.

    Notes
    -----
    Between collisions δr grows by δv t. With n the unit vector between the centres, q and w the differences of the two
    disks' δr and δv, g their relative velocity before the collision and c = q - g (q·n)/(g·n), disk i gets
    -(q·n) n in δr and -(w·n) n - [(g·c) n + (g·n) c]/σ in δv, and disk j the opposite: Dellago, Posch and Hoover, Phys.
    Rev. E 53, 1485 (1996), doi:10.1103/PhysRevE.53.1485, for equal disks. The direction of n is that in which the
    velocity of i changes, so that no positions are needed. A disk is looked at when it collides: a collision costs the
    same among any number.
    """
    if traj.initial.rule != SMOOTH:
        raise ValueError(f"traj: must be of smooth disks, got {traj.initial.rule}. Simulate a gas without rule=….")
    if wrong := one_kind(traj.initial.kinds, "traj", "How differences grow is worked out for equal disks."):
        raise ValueError(wrong)
    if traj.engine in PLACELESS:
        raise ValueError(f"traj: must be of disks with places, got engine {traj.engine!r}. Take engine='event'.")
    log = traj.log
    if log.times is None:
        raise ValueError(
            f"traj: must have the times of its collisions, got engine {traj.engine!r}, which knows none. "
            "Simulate with engine='event', record='log'."
        )
    _check(tangent, traj.initial)
    growth = np.zeros((traj.runs, traj.frames))
    ends = Tangent(np.empty_like(tangent.positions), np.empty_like(tangent.velocities))
    for k, offsets in enumerate(log.frame_offsets):
        path = _Path(traj.initial.velocities[k], tangent.positions[k], tangent.velocities[k], traj.initial.diameter)
        path.scale(np.zeros(traj.initial.n))
        path.grown = 0.0  # since the start, where it had any length
        for frame in range(traj.frames):
            first, end = int(offsets[frame]), int(offsets[frame + 1])
            for row in range(first, end, _TOGETHER * traj.initial.n):
                rows = slice(row, min(row + _TOGETHER * traj.initial.n, end))
                path.collide(log.pairs[rows], log.velocities[rows], log.times[rows])
                path.scale(log.times[rows.stop - 1])
            path.scale((frame + 1) * traj.dt)
            growth[k, frame] = path.grown
        ends.positions[k], ends.velocities[k] = path.now()
    return growth, ends


def twin(state: State, tangent: Tangent, size: float) -> LongState:
    """Return a state of 237 bits that differs from one of doubles by far less than doubles can tell.

    Parameters
    ----------
    state : State
        Of doubles: the other twin is simulated from it with ``precision="extended"``.
    tangent : Tangent
        Direction of the difference, of length 1.
    size : float
        Its length, between 1e-65 and 1e-17.

    Returns
    -------
    LongState

    Raises
    ------
    TypeError, ValueError
        If the state is a LongState, which has digits beyond doubles, or the difference has another shape, or the size
        is out of range.
    """
    if isinstance(state, LongState):
        raise TypeError("state: must be one of doubles, got a LongState. Take state.rounded().")
    _check(tangent, state)
    length = checks.positive("size", size, least=SIZES[0], most=SIZES[1])
    rests = [np.zeros((*part.shape, 4)) for part in tangent]
    for rest, part in zip(rests, tangent, strict=True):
        rest[..., 0] = length * part
    return LongState(state, rests[0], rests[1], "extended")


def separation(one: LongState, other: LongState) -> Tangent:
    """Return how far two states of many digits are apart, by the nearest images, exact but for one rounding.

    Parameters
    ----------
    one, other : LongState
        As many runs of as many disks in equal boxes.

    Returns
    -------
    Tangent
        The other less the one.

    Raises
    ------
    ValueError
        If they are of different gases.
    """
    if one.positions.shape != other.positions.shape or one.box != other.box:
        raise ValueError("other: must be as many disks in as many runs and an equal box as one is, and is not.")
    apart = _difference(other.positions, other.position_rests, one.positions, one.position_rests)
    images = np.round(apart / one.box)
    if images.any():  # only there does the box take part, before anything is rounded
        apart = _difference(other.positions, other.position_rests, one.positions, one.position_rests, -images * one.box)
    return Tangent(apart, _difference(other.velocities, other.velocity_rests, one.velocities, one.velocity_rests))


def _difference(
    a: FloatArray, a_rests: FloatArray, b: FloatArray, b_rests: FloatArray, *more: FloatArray
) -> FloatArray:
    """The first number with its rests, less the second with its own, plus more: rounded once."""
    parts = [a[..., np.newaxis], a_rests, -b[..., np.newaxis], -b_rests, *(one[..., np.newaxis] for one in more)]
    rows = np.concatenate(parts, axis=-1).reshape(a.size, -1).tolist()
    return np.array([math.fsum(row) for row in rows]).reshape(a.shape)


def _check(tangent: Tangent, state: State) -> None:
    for name, part in tangent._asdict().items():
        checks.array(f"tangent.{name}", part, dtype=np.float64, shape=(state.runs, state.n, 2))
    if not (tangent.norm > 0).all():
        raise ValueError("tangent: must differ from 0 in every run, and does not. Take random_tangent(state).")


class _Path:
    """A difference on its way through the collisions of one run; numbers of disks are in lists, which are quicker."""

    def __init__(self, velocities: FloatArray, of_r: FloatArray, of_v: FloatArray, diameter: float) -> None:
        self._vx, self._vy = velocities.T.tolist()
        self._rx, self._ry = of_r.T.tolist()
        self._ux, self._uy = of_v.T.tolist()
        self._at = [0.0] * len(velocities)
        self._per_diameter = 1 / diameter
        self.grown = 0.0

    def now(self) -> tuple[FloatArray, FloatArray]:
        """Differences of positions and velocities, (n, 2), each at the time when its disk was looked at last."""
        return np.stack([self._rx, self._ry], axis=-1), np.stack([self._ux, self._uy], axis=-1)

    def scale(self, time: FloatArray | float) -> None:
        """Let every disk move on to a time, and scale the whole to length 1."""
        of_r, of_v = self.now()
        of_r += of_v * np.subtract(time, self._at)[:, np.newaxis]
        length = float(Tangent(of_r[np.newaxis], of_v[np.newaxis]).norm[0])
        self.grown += math.log(length)
        self._rx, self._ry = (of_r.T / length).tolist()
        self._ux, self._uy = (of_v.T / length).tolist()
        self._at = np.broadcast_to(time, len(of_r)).tolist()

    def collide(self, pairs: np.ndarray, velocities: FloatArray, times: FloatArray) -> None:
        """Carry it through rows of the log."""
        vx, vy, rx, ry, ux, uy, at = self._vx, self._vy, self._rx, self._ry, self._ux, self._uy, self._at
        rows = zip(pairs.tolist(), velocities.reshape(-1, 4).tolist(), times.tolist(), strict=True)
        for (i, j), (vx_i, vy_i, vx_j, vy_j), time in rows:
            for k in (i, j):
                moved = time - at[k]
                rx[k] += ux[k] * moved
                ry[k] += uy[k] * moved
                at[k] = time
            nx, ny = vx_i - vx[i], vy_i - vy[i]
            length = math.hypot(nx, ny)
            gx, gy = vx[i] - vx[j], vy[i] - vy[j]
            vx[i], vy[i], vx[j], vy[j] = vx_i, vy_i, vx_j, vy_j
            if length == 0:
                continue  # they grazed, and exchanged nothing that doubles can tell
            nx, ny = nx / length, ny / length
            gn = -length  # n is from j to i, and they approached
            qx, qy = rx[i] - rx[j], ry[i] - ry[j]
            qn = qx * nx + qy * ny
            later = qn / gn
            cx, cy = qx - gx * later, qy - gy * later
            along = (ux[i] - ux[j]) * nx + (uy[i] - uy[j]) * ny + self._per_diameter * (gx * cx + gy * cy)
            across = self._per_diameter * gn
            rx[i] -= qn * nx
            ry[i] -= qn * ny
            rx[j] += qn * nx
            ry[j] += qn * ny
            turn_x, turn_y = along * nx + across * cx, along * ny + across * cy
            ux[i] -= turn_x
            uy[i] -= turn_y
            ux[j] += turn_x
            uy[j] += turn_y
