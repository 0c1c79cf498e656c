"""What a run will take, in memory and in time, before it begins."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.choices.entropy import EntropyConfig
from hthm.choices.run import RunConfig
from hthm.choices.seeds import CompareConfig
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.engines.dsmc import ENGINE, MOST_BYTES, has_equation
from hthm.engines.names import TIMED
from hthm.equilibrium import collisions_a_frame
from hthm.experiments.variants import VARIANTS
from hthm.h_functional import speed_h
from hthm.learning.arrow import train_arrow
from hthm.learning.backends import checked_device, new_batch_loss
from hthm.learning.recipes import entropic
from hthm.learning.timing import TimedTraining, step_seconds
from hthm.pages.console import duration
from hthm.recording.collision_log import ROW_BYTES
from hthm.recording.store.frames import IN_MEMORY
from hthm.simulate import simulate

if TYPE_CHECKING:
    from torch import nn

    from hthm.choices.run import GasChoices, TrainingChoices
    from hthm.gas import State
    from hthm.trajectories import Trajectories

_CHANGE: Final = 40  # bytes of a collision in the training kernel's store: two disks, each before and after
_SKETCH: Final = 320  # bytes of a frame in that store, beside a sixteenth of the frame itself
_TRIED: Final = 20
"""Updates of a whole-run training that are timed."""
_FIGURES: Final = {"run": 5, "improved": 6, "universal": 1}
"""Figures that each kind of run draws."""
COUNTING: Final = ("run", "improved")
"""Kinds of runs that count collisions for Fig. 2, and solve the Boltzmann equation beside the gas."""
_LOOPS_OF_A_FIGURE: Final = 50
"""What drawing and writing a figure costs, in units of `_loop`; 3.7 s for four, beside 0.019 s, on an AMD EPYC."""
_BLOCK: Final = bytes(1 << 17)
"""What is hashed to be busy, for some 0.1 ms."""
BUSY: Final = 0.8
"""Share of the processors below which a machine is said to be busy."""


def expected_bytes(config: TrainingChoices | EntropyConfig, *, of_disk: bool = False) -> int:
    """How much memory a run is likely to need, in bytes, as far as the gas tells beforehand.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        The run.
    of_disk : bool
        Whether the log of the runs that are trained on stays in a dataset; most of what the kernel makes of a long one
        then stays on disk too.

    Returns
    -------
    int

    Notes
    -----
    `hthm.equilibrium.collisions_a_frame` gives the length of the log.
    """
    gas, frames = config.gas, config.recorded_runs * config.frames
    collisions = frames * gas.n * collisions_a_frame(gas, config.dt, exact=config.engine in TIMED)
    models = len(config.weights) + config.trains * len(config.widths) * config.trainings
    recording = (
        ROW_BYTES * collisions * (1 - of_disk * config.runs / config.recorded_runs)
        + frames * 16
        + config.recorded_runs * gas.n * 64
    )  # counts and offsets, first and last state
    training = 0.0 if not config.trains else _CHANGE * collisions + frames * (gas.n / 2 + _SKETCH)
    if of_disk:
        training = min(training, IN_MEMORY)
    later = max(training, _boltzmann_bytes(config))
    return round(max(recording + later + frames * 8 * (1 + models), _counting_bytes(config)))


def _boltzmann_bytes(config: TrainingChoices | EntropyConfig) -> float:
    """Memory that the collisions of the Boltzmann equation take, where it is solved beside the gas."""
    gas = config.gas
    if config.kind not in COUNTING or not has_equation(gas, config.dt, config.engine):
        return 0.0
    disks = config.recorded_runs * config.frames * gas.n
    return min(MOST_BYTES, ROW_BYTES * disks * collisions_a_frame(gas, config.dt, exact=True))


def _counting_bytes(config: TrainingChoices | EntropyConfig) -> float:
    """Memory that the counts of collisions at the highest frame rate of Fig. 2 take, where it is drawn."""
    if config.kind not in COUNTING or not isinstance(config, RunConfig | EntropyConfig):
        return 0.0
    return 16.0 * min(config.rate_runs, config.runs) * config.frames * config.dt * max(config.frame_rates)


def timed_trainings(config: TrainingChoices | EntropyConfig) -> list[TimedTraining]:
    """What is trained of every width, to be timed; none of `hthm.learning.arrow`, which no backend does."""
    if isinstance(config, EntropyConfig) or not config.trains:
        return []
    if isinstance(config, CompareConfig):
        return [
            TimedTraining(
                variant.new(config.n, width, 0), variant.changes.get("backend", config.backend), config.trainings
            )
            for width in config.widths
            for variant in VARIANTS[config.compared].values()
        ]
    return [TimedTraining(new_model(width, 0), config.backend, config.trainings) for width in config.widths]


def check_backends(config: TrainingChoices | EntropyConfig, timed: Iterable[TimedTraining]) -> None:
    """Refuse a device that this machine lacks, and a backend that cannot train one of the networks.

    Raises
    ------
    ValueError
        The message begins with the choice.
    """
    if isinstance(config, EntropyConfig):
        return
    device = checked_device(config.device)
    for model, backend, _ in timed:
        new_batch_loss(model, np.zeros((1, 2, config.n, 2)), backend, device)


def expected_seconds(
    config: TrainingChoices | EntropyConfig,
    start: State,
    timed: Sequence[TimedTraining],
    left: Sequence[float] | None = None,
) -> dict[str, float]:
    """Measure this machine for a moment, and return how long each part of a run is likely to take.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        The run.
    start : State
        Where its runs start.
    timed : sequence of TimedTraining
        What is trained on them; a step of each is timed.
    left : sequence of float, optional
        Trainings that are left to do, as `hthm.command.remaining.trainings_left` counts them; all unless given.

    Returns
    -------
    dict
        Seconds of "simulation", "training", "measures and fits" and "figures", as far as the run has them.
    """
    few = start[: min(2, start.runs)]
    frames = max(2, min(40, 80_000 // config.n))

    def simulated(frames: int = frames) -> Trajectories:
        return simulate(few, frames, config.dt, engine=config.engine, threads=config.threads, record="log")

    traj = simulated()
    a_frame = float(np.median([_seconds(simulated) for _ in range(5)])) / (few.runs * frames)
    seconds = {"simulation": a_frame * config.simulated_frames, "training": 0.0}
    if isinstance(config, EntropyConfig):
        of_a_run = config.training_frames / frames  # updates go through a whole run
        models: list[nn.Module] = []
        for number, (width, steps) in enumerate(product(config.widths, config.steps)):
            trial = config.arrow_config(steps, 0)
            entropy = new_model(width, 0, entropic(config.speed))
            models.append(entropy)
            (look,) = train_arrow(entropy, traj, replace(trial, updates=_TRIED, looks=1))
            count = config.trainings * config.networks if left is None else left[number]
            seconds["training"] += look.seconds / _TRIED * of_a_run * trial.updates * count
        fitted = config.held_out_runs * config.frames
    else:
        models = [model for model, _, _ in timed]
        steps_of_one = config.pairs // config.batch * config.epochs
        for number, (model, backend, count) in enumerate(timed):
            batch_loss = new_batch_loss(model, traj, backend, checked_device(config.device))
            a_step = step_seconds(model, batch_loss, config.batch)
            seconds["training"] += a_step * steps_of_one * (count if left is None else left[number])
        fitted = round(config.recorded_runs * config.frames)
    measured = _seconds(lambda: speed_h(traj, threads=config.threads))
    if config.kind in COUNTING and has_equation(traj.gas, traj.dt, traj.engine):
        measured += _seconds(partial(_boltzmann_h, few, frames, config))
    first = simulated(1)
    for model in models:
        if isinstance(model, DeepSets):
            measured += config.trainings * _evaluation_seconds(model.cpu(), first, traj)
    seconds["measures and fits"] = measured / (few.runs * frames) * fitted
    figures = _FIGURES.get(config.kind, 0)
    if figures:
        seconds["figures"] = figures * _LOOPS_OF_A_FIGURE * float(np.median([_seconds(_loop) for _ in range(5)]))
    return seconds


def _boltzmann_h(few: State, frames: int, config: GasChoices) -> None:
    dt = config.dt * config.gas.contact_value
    solved = simulate(few, frames, dt, engine=ENGINE, threads=config.threads, record="log")
    speed_h(solved, threads=config.threads)


def granted(threads: int, seconds: float = 0.1) -> float:
    """What share of the processors it asks for this process is given: about 1 on an idle machine.

    Parameters
    ----------
    threads : int
        As many as the run will have.
    seconds : float
        How long to look.

    Returns
    -------
    float
        Processor time that this many busy threads got, over the time that passed for each.
    """
    shares: list[float] = []

    def busy() -> None:
        began, used = time.perf_counter(), time.thread_time()
        while time.perf_counter() - began < seconds:
            hashlib.sha256(_BLOCK)  # leaves the interpreter to the other threads
        shares.append((time.thread_time() - used) / (time.perf_counter() - began))

    workers = [threading.Thread(target=busy) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return min(1.0, sum(shares) / threads)


def announcement(seconds: Mapping[str, float], share: float) -> str:
    """Say how long a run is likely to take, part by part, and whether the machine is busy with something else.

    Parameters
    ----------
    seconds : mapping
        As `expected_seconds` returns it.
    share : float
        As `granted` returns it.

    Returns
    -------
    str
        One line.
    """
    parts = ", ".join(f"{name} {duration(value)}" for name, value in seconds.items())
    line = f"Expected: {duration(sum(seconds.values()))}, of which {parts}."
    if share < BUSY:
        line += (
            f" The machine is busy with something else: this run gets {100 * share:.0f} % of the processors it asks "
            "for, and was measured like that. It takes longer or shorter as that changes."
        )
    return line


def _loop() -> None:
    """Work for the interpreter, which is what drawing takes most of; some 20 ms."""
    sum(number * number for number in range(300_000))


def _evaluation_seconds(model: nn.Module, first: Trajectories, traj: Trajectories) -> float:
    """Wall clock of h of all frames of traj, of which `first` has the first of every run.

    What comes before the first frame takes longer than these few frames, and is little beside all that are evaluated.
    """
    before, evaluated = (min(_seconds(partial(evaluate, model, some)) for _ in range(3)) for some in (first, traj))
    return max(0.0, evaluated - before) * traj.frames / (traj.frames - first.frames)


def _seconds(work: Callable[[], object]) -> float:
    """Wall clock of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
