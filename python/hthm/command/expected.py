"""How long a run will take, before it begins."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.choices.entropy import EntropyConfig
from hthm.command.expected_memory import COUNTING
from hthm.command.expected_trainings import training_seconds
from hthm.deepsets import DeepSets, evaluate
from hthm.engines.dsmc import ENGINE, has_equation
from hthm.h_functional import speed_h
from hthm.learning.timing import TimedTraining
from hthm.pages.console import duration
from hthm.simulate import simulate

if TYPE_CHECKING:
    from torch import nn

    from hthm.choices.run import GasChoices, TrainingChoices
    from hthm.gas import State
    from hthm.trajectories import Trajectories

_FIGURES: Final = {"run": 5, "improved": 6, "universal": 1}
"""Figures that each kind of run draws."""
_LOOPS_BEFORE_FIGURES, _LOOPS_OF_A_FIGURE = 27, 28
"""What importing all that draws costs, and drawing and writing a figure, in units of `_loop`; 0.45 s and 0.47 s beside
0.017 s, on an AMD EPYC."""
_BLOCK: Final = bytes(1 << 17)
"""What is hashed to be busy, for some 0.1 ms."""
BUSY: Final = 0.8
"""Share of the processors below which a machine is said to be busy."""


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
    training = training_seconds(config, traj, timed, left)
    seconds = {"simulation": a_frame * config.simulated_frames, "training": training.seconds}
    fitted = (config.held_out_runs if isinstance(config, EntropyConfig) else config.recorded_runs) * config.frames
    measured = _seconds(lambda: speed_h(traj, threads=config.threads))
    if config.kind in COUNTING and has_equation(traj.gas, traj.dt, traj.engine):
        measured += _seconds(partial(_boltzmann_h, few, frames, config))
    first = simulated(1)
    for model in training.models:
        if isinstance(model, DeepSets):
            measured += config.trainings * _evaluation_seconds(model.cpu(), first, traj)
    seconds["measures and fits"] = measured / (few.runs * frames) * fitted
    figures = _FIGURES.get(config.kind, 0)
    if figures:
        seconds["figures"] = figures_seconds(figures)
    return seconds


def figures_seconds(figures: int) -> float:
    """Measure this machine for a moment, and return how long it is likely to take to draw and write so many."""
    loops = _LOOPS_BEFORE_FIGURES + figures * _LOOPS_OF_A_FIGURE
    return loops * float(np.median([_seconds(_loop) for _ in range(5)]))


def _boltzmann_h(few: State, frames: int, config: GasChoices) -> None:
    dt = config.dt * config.gas.contact_value
    solved = simulate(few, frames, dt, engine=ENGINE, threads=config.threads, record="log")
    speed_h(solved, threads=config.threads)


def granted(threads: int, seconds: float = 0.06) -> float:
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
