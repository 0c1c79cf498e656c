"""What a disk is beside its velocity, as a network sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm import checks
from hthm.recording.dense import DenseStates
from hthm.recording.frames import MOST_COMPONENTS
from hthm.recording.log import checked_offsets
from hthm.recording.log_states import LogStates, Part
from hthm.rules import RoughDisks
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.gas import DiskGas
    from hthm.recording.frames import Frames


def disk_states(traj: Trajectories, *, labels: FloatArray | None = None) -> Frames:
    """States of the disks after each frame: velocity, spin where disks spin, kind in a mixture, what is given beside.

    Parameters
    ----------
    traj : Trajectories
        With frames or a log, in memory: ``kept.load(slice(20))`` of a dataset, ``traj[:20]`` of what went into one.
    labels : (n, m) float64, C order, optional
        More numbers of every disk that no collision changes and that are the same in all runs.

    Returns
    -------
    Frames of (runs, frames)
        Of k components a disk: v_x, v_y in box sides per unit time; of rough disks √κ a ω, a = σ/2, so that energy is
        half of the square of these three, in units of m, and all have the same variance in equilibrium, a and m being
        those of the disk's kind; of a mixture a number for each kind but the first, 1 for disks of that kind and 0 for
        others; the labels. The number of components is their attribute `components`; kinds and labels are `labels` of
        an architecture. Of a log no frame is made, and its velocities are not copied.

    Raises
    ------
    TypeError, ValueError
        If the runs are no Trajectories, the labels have another dtype, shape or order, or are not finite, there are
        more components than the 256 that a network may see, or the log was written to, and is none of these runs any
        more.
    AttributeError
        If no frames were recorded, or they are in a dataset.
    MemoryError
        If the states of frames do not fit into the available memory.

    Examples
    --------
    A functional of velocity and spin, trained by the collisions of rough disks:

    >>> import hthm
    >>> from hthm.deepsets import new_model
    >>> from hthm.learning.arrow import train_arrow
    >>> from hthm.learning.recipes import ArrowConfig, entropic
    >>> gas = hthm.DiskGas(n=200, diameter=0.02, rule=hthm.RoughDisks())
    >>> states = disk_states(hthm.simulate(gas.sample(4), frames=20, record="log"))
    >>> states.components
    3
    >>> model = new_model(8, seed=0, architecture=entropic(gas.speed, components=3))
    >>> len(train_arrow(model, states, ArrowConfig(updates=4, looks=2, blur=0.05)))
    2
    """
    if not isinstance(traj, Trajectories):
        raise TypeError(
            f"traj: must be Trajectories, got {type(traj).__name__}. Of a dataset, load some: kept.load(slice(20))."
        )
    spins = traj.initial.spins  # (runs, n)
    if labels is not None:
        checks.array("labels", labels, dtype=np.float64, shape=(traj.initial.n, "m"))
    beside = [*_kinds(traj.gas), *([] if labels is None else labels.T)]  # (n,) each
    k = 2 + (spins is not None) + len(beside)
    if k > MOST_COMPONENTS:
        name, what = ("traj", "kinds") if labels is None else ("labels", "labels")
        raise ValueError(
            f"{name}: must leave at most {MOST_COMPONENTS} numbers of a disk, for no network sees more, got {k}. "
            f"Give fewer {what}."
        )
    gyration, speed = _gyrations(traj.gas), traj.initial.speed  # (n,)
    if traj.recording != "log":
        checks.memory("disk_states", traj.velocities.nbytes // 2 * k, "Take fewer runs at a time: traj[:10].")
        states = np.empty((*traj.velocities.shape[:-1], k))
        states[..., :2] = traj.velocities
        if spins is not None:
            np.multiply(traj.spins, gyration, out=states[..., 2])
        for number, label in enumerate(reversed(beside), 1):
            states[..., -number] = label
        return DenseStates(states, speed=speed)
    log = traj.log
    for run in range(traj.runs):
        checked_offsets(log.frame_offsets, log.pairs, traj.initial.n, run)
    starts = [np.broadcast_to(label, traj.initial.velocities.shape[:2]) for label in beside]  # (runs, n)
    afters = [label[log.pairs] for label in beside]  # (rows, 2)
    if spins is not None and log.spins is not None:
        starts.insert(0, np.multiply(spins, gyration))
        afters.insert(0, np.multiply(log.spins, gyration[log.pairs]))
    return LogStates(
        log.frame_offsets,
        log.pairs,
        [Part(traj.initial.velocities, log.velocities), *_two_by_two(starts, afters)],
        k,
        speed=speed,
    )


def _kinds(gas: DiskGas) -> list[FloatArray]:
    """Whether each disk is of a kind (n,), for every kind but the first."""
    kinds = gas.kinds or ()
    each = [np.zeros(gas.n) for _ in kinds[1:]]
    for number, label in enumerate(each, 1):
        label[gas.disks_of(number)] = 1
    return each


def _gyrations(gas: DiskGas) -> FloatArray:
    """√κ a of each disk (n,); zeros where none spins."""
    found = np.zeros(gas.n)
    if isinstance(gas.rule, RoughDisks):
        found[:] = gas.rule.gyration(gas.diameter)
        for number, kind in enumerate(gas.kinds or ()):
            found[gas.disks_of(number)] = gas.rule.gyration(kind.diameter)
    return found


def _two_by_two(starts: list[FloatArray], afters: list[FloatArray]) -> list[Part]:
    """Components of starts (runs, n) and of what collisions left (rows, 2) as parts, a zero beside an odd one."""
    if len(starts) % 2:
        starts, afters = [*starts, np.zeros_like(starts[0])], [*afters, np.zeros_like(afters[0])]
    parts = []
    for first in range(0, len(starts), 2):
        two = slice(first, first + 2)  # stacked in whatever order they are in, which may be another
        start, after = (np.ascontiguousarray(np.stack(of[two], axis=-1)) for of in (starts, afters))
        parts.append(Part(start, after))
    return parts
