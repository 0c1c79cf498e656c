"""Whether this build computes here what it is to compute: engines against each other, and against known answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hthm.engines.names import TIMED, engines
from hthm.fit import affine_fit
from hthm.gas import DiskGas, State
from hthm.h_functional import speed_h_in_range, velocity_h_in_range
from hthm.paper import S0
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

BITS: Final = "4e459d73b194d2a2"
"""Of the velocities of `known_gas` after its frames, by the rule in docs/rule.md: any processor and compiler."""

_ENERGY: Final = 1e-10
"""Share of its energy that the exact engine may lose in a run."""

_ROUNDING: Final = 1e-12
"""How far double precision may be off."""

_GRADIENT: Final = 1e-5
"""Share of a gradient that float32 may round away."""


class Check(NamedTuple):
    """What was looked at, and how it came out."""

    name: str
    fault: str
    """Empty where all is well."""


def self_checks() -> Iterator[Check]:
    """Compute what has a known answer, in some seconds.

    Yields
    ------
    Check
        As each is done. One that ends in an error is a fault, too.
    """
    for name, look in CHECKS.items():
        try:
            fault = look()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is the answer
            fault = f"{type(error).__name__}: {error}"
        yield Check(name, fault)


def known_gas() -> State:
    """A start of which every number is a sum of few powers of two: no library's cosine has a part in it."""
    n = 256
    k = np.arange(n)
    positions = np.stack([(k * 37 % 256 + 0.5) / 256, (k * 101 % 256 + 0.25) / 256], axis=-1)
    velocities = np.stack([(k * 29 % 64 - 31.5) / 32, (k * 53 % 64 - 31.5) / 32], axis=-1)
    return State(positions[np.newaxis], velocities[np.newaxis], diameter=3 / 128, box=1.0)


def _known_bits() -> str:
    found = hashlib.sha256(simulate(known_gas(), 100, 1 / 64, threads=1).velocities.tobytes()).hexdigest()[:16]
    return "" if found == BITS else f"velocities have the hash {found} in place of {BITS}"


def _engines_agree() -> str:
    state = DiskGas(n=300, diameter=0.02).sample(6, seed=1)
    expected = simulate(state, 60, 1 / 60, engine="all_pairs", threads=1).velocities
    others = [engine for engine in engines() if engine not in TIMED]
    wrong = [
        f"{engine} on {threads}"
        for engine in others
        for threads in (1, 4)
        if simulate(state, 60, 1 / 60, engine=engine, threads=threads).velocities.tobytes() != expected.tobytes()
    ]
    return f"other velocities than all_pairs by {', '.join(wrong)} threads" if wrong else ""


def _exact_engine() -> str:
    state = DiskGas(n=400, diameter=0.03).lattice_state(2, seed=1)
    runs = simulate(state, 20, 1 / 10, engine="event", positions=True)
    lost = np.abs(runs.final.energy() / state.energy() - 1).max()
    if lost > _ENERGY:
        return f"the energy changed by {lost:.1e} of itself"
    if runs.final.overlaps().any():
        return "disks overlap"
    return "" if runs.collisions.sum() > state.n else f"only {runs.collisions.sum()} collisions"


def _log_is_the_same() -> str:
    state = DiskGas(n=300, diameter=0.02).sample(4, seed=2)
    dense = simulate(state, 60, 1 / 60)
    log = simulate(state, 60, 1 / 60, record="log")
    if log.dense().tobytes() != dense.velocities.tobytes():
        return "frames of a log are not those that were recorded"
    for measure in (speed_h_in_range, velocity_h_in_range):
        if measure(log).h.tobytes() != measure(dense).h.tobytes():
            return "H of a log is not that of its frames"
    return ""


def _histogram() -> str:
    state = DiskGas(n=1000, diameter=0.006).sample(4, seed=3)
    velocities = simulate(state, 30, 1 / 60).velocities
    speeds = np.hypot(velocities[..., 0], velocities[..., 1]).reshape(-1, 1000)
    edges = np.linspace(0, 2 * S0, 51)
    width = edges[1]

    def h(frame: FloatArray) -> float:
        counts = np.histogram(frame, edges)[0]
        density = counts[counts > 0] / (counts.sum() * width)
        return float((density * np.log(density)).sum() * width)

    expected = np.array([h(frame) for frame in speeds]).reshape(4, 30)
    off = np.abs(speed_h_in_range(velocities, speed=S0).h - expected).max()
    return "" if off < _ROUNDING else f"H differs from NumPy's by {off:.1e}"


def _fit() -> str:
    h = np.linspace(0, 1, 50)[np.newaxis] ** 2
    fit = affine_fit(h, 3 * h - 2)
    return "" if abs(fit.a[0] - 3) < _ROUNDING and abs(fit.b[0] + 2) < _ROUNDING else f"a = {fit.a[0]}, b = {fit.b[0]}"


def _gradient() -> str:
    import torch  # noqa: PLC0415 -- takes seconds, and its absence is this check's fault alone

    from hthm.deepsets import new_model  # noqa: PLC0415 -- these come after it
    from hthm.learning.backends import new_batch_loss  # noqa: PLC0415 -- for they import torch

    velocities = simulate(DiskGas(n=300, diameter=0.02).sample(4, seed=4), 60, 1 / 60).velocities
    rounded = velocities.astype(np.float32).astype(np.float64)
    pairs, cpu = torch.arange(100), torch.device("cpu")
    gradients = []
    double, single = new_model(32, 0).double(), new_model(32, 0)
    losses = new_batch_loss(double, rounded, "torch", cpu), new_batch_loss(single, velocities, "fused", cpu)
    for model, batch_loss in zip((double, single), losses, strict=True):
        batch_loss(pairs, negative_slope=1.0, penalty=0.2)
        found = [parameter.grad for parameter in model.parameters()]
        gradients.append(torch.cat([grad.flatten().double() for grad in found if grad is not None]))
    plain, fused = gradients
    off = float(torch.linalg.vector_norm(fused - plain) / torch.linalg.vector_norm(plain))
    return "" if off < _GRADIENT else f"the compiled gradient is off by {off:.1e} of its size"


CHECKS: Final[dict[str, Callable[[], str]]] = {
    "known bits": _known_bits,
    "engines agree": _engines_agree,
    "exact engine": _exact_engine,
    "logs": _log_is_the_same,
    "H as NumPy's": _histogram,
    "fits": _fit,
    "gradient as torch's": _gradient,
}
