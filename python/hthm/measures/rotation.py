"""Disks that spin: the temperatures of translation and spin, and H of both together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hthm.estimators import sample_h
from hthm.measures.estimator import Histogram, Neighbours
from hthm.mixtures import mean_mass, mixed, one_kind, spin_weights
from hthm.reprs import one_line
from hthm.rules import RoughDisks, text_of

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.trajectories import Trajectories


class Temperatures(NamedTuple):
    """How warm the two motions of disks are, about no motion in the mean; equal in equilibrium.

    Attributes
    ----------
    translation : (runs, frames) float64
        ⟨m v²⟩/2, in units of m (box side / time)²/k_B, of a mixture in those of mass 1.
    spin : (runs, frames) float64
        κ⟨m a² ω²⟩, likewise.
    """

    translation: FloatArray
    spin: FloatArray

    def __repr__(self) -> str:
        return one_line("Temperatures", zip(self._fields, self, strict=True))


def temperatures(traj: Trajectories) -> Temperatures:
    """Measure the temperatures of translation and spin after each frame.

    Parameters
    ----------
    traj : Trajectories
        Of rough disks, with frames or a log.

    Returns
    -------
    Temperatures of (runs, frames)

    Raises
    ------
    ValueError
        If the disks do not spin.
    AttributeError
        If neither was recorded.
    """
    inertia = _rule_of(traj).inertia
    weights, surfaces = spin_weights(traj.kinds, traj.initial.diameter)
    mass = 1.0 if mixed(traj.kinds) else mean_mass(traj.kinds)  # which weights leave out where all have the same
    moving = np.square(traj.dense() * weights[:, np.newaxis]).sum(axis=-1).mean(axis=-1) / 2
    turning = np.square(traj.dense_spins() * (math.sqrt(inertia) * surfaces)).mean(axis=-1)
    return Temperatures(mass * moving, mass * turning)


def spinning_h(traj: Trajectories, *, estimator: Neighbours | Histogram | None = None) -> FloatArray:
    """Boltzmann's H of rough disks, ∫ f ln f of velocity and spin together, after each frame.

    Parameters
    ----------
    traj : Trajectories
        Of rough disks, with frames or a log.
    estimator : Neighbours or Histogram, optional
        As `hthm.estimators.sample_h` takes it: the fourth neighbours unless given. A histogram has as many bins of the
        third component as of the velocities.

    Returns
    -------
    (runs, frames) float64
        Nats, f being the density of (v_x, v_y, √κ a ω): energy is half of the square of these three, and H in
        equilibrium is -3/2 ln(2πeT). Where all spins are 0, H has no value but what the estimator makes of one.

    Raises
    ------
    TypeError, ValueError
        If the disks do not spin, or the estimator has no H of them.
    AttributeError
        If neither was recorded.

    Examples
    --------
    >>> import hthm
    >>> gas = hthm.DiskGas(n=500, diameter=0.02, speed=1.0, rule=hthm.RoughDisks())
    >>> traj = hthm.simulate(gas.sample(4, spins="all in spin"), frames=2, dt=8.0, engine="dsmc")
    >>> print(round(float(spinning_h(traj).mean()), 1))  # T = 1/3: -3/2 ln(2πe/3) = -2.6
    -2.6
    """
    _rule_of(traj)
    if wrong := one_kind(traj.kinds, "traj", "Spins are measured here by the radius of equal disks."):
        raise ValueError(wrong)
    together = np.concatenate([traj.dense(), _surfaces(traj)[..., np.newaxis]], axis=-1)  # (runs, frames, n, 3)
    return sample_h(together, estimator=Neighbours() if estimator is None else estimator)


def _rule_of(traj: Trajectories) -> RoughDisks:
    if isinstance(rule := traj.initial.rule, RoughDisks):
        return rule
    raise ValueError(f"traj: must be of disks that spin, got {text_of(rule)}. Simulate a gas of rule=RoughDisks().")


def _surfaces(traj: Trajectories) -> FloatArray:
    """√κ a ω of every disk, (runs, frames, n)."""
    surfaces: FloatArray = traj.dense_spins() * _rule_of(traj).gyration(traj.initial.diameter)
    return surfaces
