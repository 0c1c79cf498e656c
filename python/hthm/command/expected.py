"""What a run will take, in memory and in time, before it begins."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hthm.choices.entropy import EntropyConfig
from hthm.deepsets import new_model
from hthm.learning.arrow import train_arrow
from hthm.learning.backends import TimedTraining, checked_device, new_batch_loss, step_seconds
from hthm.learning.recipes import entropic
from hthm.simulate import EXACT, simulate

if TYPE_CHECKING:
    from hthm.choices.run import TrainingChoices
    from hthm.gas import State
    from hthm.trajectories import Trajectories

_ROW: Final = 48  # bytes of a collision in the log
_CHANGE: Final = 40  # bytes of a collision in the training kernel's store: two disks, each before and after
_SKETCH: Final = 320  # bytes of a frame in that store, beside a sixteenth of the frame itself
_TRIED: Final = 20
"""Updates of a whole-run training that are timed."""
_MOST_FLUID: Final = 0.9
"""Area fraction beyond which there is no fluid, and no rate of Enskog's."""


def expected_bytes(config: TrainingChoices | EntropyConfig) -> int:
    """How much memory a run is likely to need, in bytes, as far as the gas tells beforehand.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        The run.

    Returns
    -------
    int

    Notes
    -----
    Enskog's collision rate gives the length of the log. A fixed step cannot find more than the pairs that overlap and
    approach, φχ a disk: 28 of the paper's 1000 disks, however long the step.
    """
    gas, frames = config.gas, config.recorded_runs * config.frames
    if gas.area_fraction > _MOST_FLUID:
        a_disk = 2 * gas.area_fraction  # every pair that overlaps, disks being anywhere
    else:
        a_disk = gas.collision_rate * config.dt / 2
        if config.engine not in EXACT:
            a_disk = min(a_disk, gas.area_fraction * gas.contact_value)
    collisions = frames * gas.n * a_disk
    models = len(config.weights) + config.trains * len(config.widths) * config.trainings
    recorded = (
        _ROW * collisions + frames * 16 + config.recorded_runs * gas.n * 64
    )  # counts and offsets, first and last state
    training = 0.0 if not config.trains else _CHANGE * collisions + frames * (gas.n / 2 + _SKETCH)
    return round(recorded + training + frames * 8 * (1 + models))


def trainings(config: TrainingChoices | EntropyConfig) -> list[TimedTraining]:
    """Trainings of every width, as the choices say; none of `hthm.learning.arrow`, which no backend does."""
    if isinstance(config, EntropyConfig) or not config.trains:
        return []
    return [TimedTraining(new_model(width, 0), config.backend, config.trainings) for width in config.widths]


def expected_seconds(
    config: TrainingChoices | EntropyConfig, start: State, trained: Iterable[TimedTraining]
) -> dict[str, float]:
    """Measure this machine for a moment, and return how long each part of a run is likely to take.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        The run.
    start : State
        Where its runs start.
    trained : iterable of TimedTraining
        What is trained on them; a step of each is timed.

    Returns
    -------
    dict
        Seconds of "simulation" and "training".
    """
    few = start[: min(2, start.runs)]
    frames = max(2, min(40, 80_000 // config.n))

    def simulated() -> Trajectories:
        return simulate(few, frames, config.dt, engine=config.engine, threads=config.threads, record="log")

    traj = simulated()
    a_frame = _seconds(simulated) / (few.runs * frames)
    seconds = {"simulation": a_frame * config.simulated_frames, "training": 0.0}
    if isinstance(config, EntropyConfig):
        of_a_run = config.training_frames / frames  # updates go through a whole run
        for width in config.widths:
            for kind in config.steps:
                trial = config.arrow_config(kind, 0)
                entropy = new_model(width, 0, entropic(config.speed))
                (look,) = train_arrow(entropy, traj, replace(trial, updates=_TRIED, looks=1))
                updates = trial.updates * config.trainings * config.networks
                seconds["training"] += look.seconds / _TRIED * of_a_run * updates
        return seconds
    steps = config.pairs // config.batch * config.epochs
    for model, backend, count in trained:
        batch_loss = new_batch_loss(model, traj, backend, checked_device(config.device))
        seconds["training"] += step_seconds(model, batch_loss, config.batch) * steps * count
    return seconds


def _seconds(work: Callable[[], object]) -> float:
    """Wall clock of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
