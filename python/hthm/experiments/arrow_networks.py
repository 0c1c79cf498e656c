"""The two kinds of network of `hthm arrow`, trained on the same runs: of the state, and of the step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import torch

from hthm.choices.entropy import RESOLUTION
from hthm.deepsets import new_model
from hthm.fit import summarize
from hthm.learning.arrow import new_run_losses, train_arrow
from hthm.learning.calibration import calibration
from hthm.learning.collision_order import (
    CollisionOrder,
    CollisionOrderConfig,
    log_odds,
    new_collision_order,
    train_collision_order,
)
from hthm.learning.drawing import new_generator
from hthm.learning.recipes import ArrowConfig, entropic
from hthm.measures.senses import before_and_after, collision_senses
from hthm.randomness import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hthm.arrays import FloatArray
    from hthm.choices.arrow import ArrowOfTimeConfig
    from hthm.deepsets import DeepSets
    from hthm.progress import Progress
    from hthm.recording.frames import Steps
    from hthm.trajectories import Trajectories

ROW: Final = ("part", "area_fraction", "ratio", "runs", "n", "collisions", "outer", "odds", "nats", "best_loss")
"""What every row of arrow.json has."""
RANGE: Final = 2.5
"""Log odds that the histograms show, either way, in nats."""
BINS: Final = 100
MOMENT: Final = 1e-10
"""Mean free times within which a collision counts as one at once: far below what chance does, and above rounding."""
Value = TypeVar("Value", bound=np.generic)
_BLOCKS: Final = 20  # of the gas, where frames are put in order: as in `--preset improved`
_RATE: Final = 2e-2  # likewise
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


def trained_pairs(
    config: ArrowOfTimeConfig,
    runs: Trajectories,
    seed: int,
    *,
    updates: int | None = None,
    blur: float = 0.0,
    progress: Progress | None = None,
) -> CollisionOrder:
    """Return a classifier of pairs that was trained on runs.

    Parameters
    ----------
    config : ArrowOfTimeConfig
    runs : Trajectories
        With a log.
    seed : int
        Of its weights, and of what is drawn.
    updates : int, optional
        Of the training; as the configuration has it unless given.
    blur : float
        Of the velocities, in units of s0.
    progress : callable, optional
        As `train_collision_order` takes it.
    """
    model = new_collision_order(config.width, seed, runs.gas.speed)
    settings = CollisionOrderConfig(updates=updates or config.updates, blur=blur, seed=seed)
    train_collision_order(model, before_and_after(runs), settings, progress=progress)
    return model


def trained_state(
    config: ArrowOfTimeConfig,
    runs: Trajectories,
    held_out: Trajectories,
    steps: Steps,
    updates: int,
    *,
    blur: float = RESOLUTION,
) -> tuple[DeepSets, list[FloatArray]]:
    """Train a functional of the state as `--preset improved` does, on runs with a log.

    Parameters
    ----------
    config : ArrowOfTimeConfig
    runs, held_out : Trajectories
        To train on, and to look at.
    steps : {"frames", "collisions"}
        What it puts in order.
    updates : int
        Of the training, each on one run.
    blur : float
        Of the velocities where collisions are put in order, in units of s0.

    Returns
    -------
    DeepSets
    list of (steps,) float64
        Δh of every step of every held-out run, as the training would see it: blurred, or by blocks.
    """
    model = new_model(config.width, config.seed, entropic(runs.gas.speed))
    of_frames = steps == "frames"
    settings = ArrowConfig(
        steps=steps,
        updates=updates,
        learning_rate=_RATE,
        blocks=min(_BLOCKS, config.n) if of_frames else 1,
        blur=0.0 if of_frames else blur,
        looks=1,
        seed=config.seed,
    )
    train_arrow(model, runs, settings)
    noise = new_generator(config.seed, Stream.LOOK)
    changes = [
        new_run_losses(model, held_out[run : run + 1], settings).change(noise).double().numpy()
        for run in range(held_out.runs)
    ]
    return model, changes


def distances(traj: Trajectories, ratio: float) -> FloatArray:
    """Return at which distance disks collided, of every collision of a log: -1 for σ + |δ|, 1 for σ - |δ|.

    It is the sense where δ is above zero, and its negative below; where δ is 0, the sense, too.
    """
    return collision_senses(traj).astype(np.float64) * (-1.0 if ratio < 0 else 1.0)


def by_run(traj: Trajectories, values: NDArray[Value]) -> list[NDArray[Value]]:
    """Divide what every collision has among the runs."""
    return np.split(values, traj.log.frame_offsets[1:, 0])


def over_runs(values: list[float] | FloatArray) -> dict[str, float]:
    """Return ``mean`` of one value a run, and its standard ``error``."""
    found = summarize(np.asarray(values, dtype=np.float64))
    return {"mean": found.mean, "error": found.sem}


def row_of(part: str, area_fraction: float, ratio: float, held_out: Trajectories, senses: FloatArray) -> dict[str, Any]:
    """What every row has, of the held-out runs.

    Parameters
    ----------
    part, area_fraction, ratio
        See `hthm.choices.arrow.ArrowOfTimeConfig.parts`.
    held_out : Trajectories
        With a log.
    senses : (rows,) float64
        `distances` of its collisions.

    Returns
    -------
    dict
        With the keys of `ROW`: ``outer``, the share of collisions at σ + |δ|; ``odds``, ln of that share over the
        other; ``nats``, the mean of the log odds by the sense alone, and ``best_loss``, the logistic loss of them, less
        ln 2. Means over runs with errors.
    """
    shares = shares_of(by_run(held_out, senses))
    p = shares["outer"]["mean"]
    return {
        "part": part,
        "area_fraction": area_fraction,
        "ratio": ratio,
        "runs": held_out.runs,
        "n": held_out.initial.n,
        "collisions": held_out.log.rows,
        **shares,
        "best_loss": -p * math.log(p) - (1 - p) * math.log(1 - p) - math.log(2),
    }


def shares_of(senses: list[FloatArray], *, leaving: list[NDArray[np.bool_]] | None = None) -> dict[str, Any]:
    """``outer``, ``odds`` and ``nats`` of `row_of`, from senses by run; `leaving` has which to leave out."""
    left = senses if leaving is None else [of_run[~out] for of_run, out in zip(senses, leaving, strict=True)]
    shares = over_runs([float((of_run == -1).mean()) for of_run in left])
    p, error = shares["mean"], shares["error"]
    odds, slope = math.log(p / (1 - p)), 1 / (p * (1 - p))
    return {
        "outer": shares,
        "odds": {"mean": odds, "error": error * slope},
        "nats": {"mean": (2 * p - 1) * odds, "error": error * abs(2 * odds + (2 * p - 1) * slope)},
    }


def excess_loss(values: FloatArray) -> float:
    """Logistic loss of log odds, less ln 2, that of a coin."""
    return float(np.logaddexp(0, -values).mean() - np.log(2))


def state_row(changes: list[FloatArray], n: int) -> dict[str, Any]:
    """What a functional of the state knows of the order of the held-out runs.

    Parameters
    ----------
    changes : list of (steps,) float64
        Of each run.
    n : int
        Disks.

    Returns
    -------
    dict
        ``change``, mean Δh of a step; ``spread``, its standard deviation; ``rise``, of h along a run and for a disk,
        nats; ``loss``, logistic, less ln 2. Means over runs with errors.
    """
    return {
        "change": over_runs([float(change.mean()) for change in changes]),
        "spread": float(np.concatenate(changes).std()),
        "rise": over_runs([float(change.sum()) / n for change in changes]),
        "loss": over_runs([excess_loss(change) for change in changes]),
    }


def pair_row(traj: Trajectories, odds: FloatArray, senses: FloatArray) -> dict[str, Any]:
    """What a classifier of pairs knows of held-out collisions.

    Parameters
    ----------
    traj : Trajectories
        With a log.
    odds : (rows,) float64
        f of every collision.
    senses : (rows,) float64
        `distances`; the classifier was not told.

    Returns
    -------
    dict
        ``nats``, mean f; ``bound``, what it proves of the mean of the true log odds; ``loss``, logistic, less ln 2;
        ``calibration``; ``right``, share of collisions where f has the sign of the likelier sense, where it has one;
        and of each sense ``quantiles`` and ``histogram`` of f. Means over runs with errors.

    Notes
    -----
    The bound is ⟨f⟩ - ⟨exp(-f)⟩ + 1, Kim, Bae, Lee & Jeong, Phys. Rev. Lett. 125, 140604 (2020).
    """
    runs = by_run(traj, odds)
    signs = by_run(traj, -senses)
    edges = np.linspace(-RANGE, RANGE, BINS + 1)
    likelier = np.sign(-senses.mean()) or 1.0
    by_sense = {}
    for name, sense in (("outer", -1), ("inner", 1)):
        of_sense = odds[senses == sense]
        by_sense[name] = {
            "quantiles": [float(value) for value in np.quantile(of_sense, _QUANTILES)] if len(of_sense) else None,
            "histogram": np.histogram(np.clip(of_sense, -RANGE, RANGE), edges)[0].tolist(),
        }
    return {
        "nats": over_runs([float(values.mean()) for values in runs]),
        "bound": over_runs([float((values - np.exp(-values)).mean()) + 1 for values in runs]),
        "loss": over_runs([excess_loss(values) for values in runs]),
        "calibration": calibration(torch.from_numpy(odds)),
        "right": over_runs(
            [float((np.sign(f) == likelier * sign).mean()) for f, sign in zip(runs, signs, strict=True)]
        ),
        "atoms": by_sense,
    }


def pair_odds(model: CollisionOrder, traj: Trajectories, *, blur: float = 0.0, seed: int = 0) -> FloatArray:
    """Log odds f of every collision of runs with a log, (rows,)."""
    return log_odds(model, before_and_after(traj), blur=blur, seed=seed)
