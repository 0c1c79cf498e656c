"""How long `hthm reversal` will take: every part of it is tried on a few runs, for a few frames and for some more."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import torch

from hthm import checks, published
from hthm.deepsets import new_model
from hthm.experiments.reversal import leg_row
from hthm.learning.backends import new_batch_loss
from hthm.learning.timing import step_seconds
from hthm.recording.reading import frames_of
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hthm.choices.reversal import ReversalConfig
    from hthm.engines.precision import Precision
    from hthm.gas import State

_TRIED: Final = (10, 60)
"""Frames. What comes before the first, as finding every disk's first partner, takes as long as tens of them."""


class Left(NamedTuple):
    """What a run has left to do.

    Attributes
    ----------
    legs, growth : sequence of str
        Precisions in which to go there and back, and in which to do so from several turning times.
    others : sequence of callable
        What else goes there and back, as ``rows(config, start, threads, report)``.
    trains : bool
        Whether networks are trained for that.
    """

    legs: Sequence[Precision]
    growth: Sequence[Precision]
    others: Sequence[Callable[..., object]]
    trains: bool


class _Taking(NamedTuple):
    """Seconds before the first frame, and for each."""

    before: float
    a_frame: float

    def of(self, *frames: int) -> float:
        return len(frames) * self.before + sum(frames) * self.a_frame


def expected_seconds(config: ReversalConfig, start: State, threads: int | None, left: Left) -> float:
    """Measure this machine for a moment, and return how long what is left is likely to take, without the figures.

    Parameters
    ----------
    config : ReversalConfig
        Every choice.
    start : State
        Where its runs start.
    threads : int, optional
        As `simulate` takes them.
    left : Left
        What is left.

    Returns
    -------
    float
        Seconds.
    """
    few = start[: min(start.runs, max(2, checks.threads(threads)))]
    times, turned = start.runs / few.runs, min(config.turned_runs, start.runs) / few.runs
    tried = replace(config, runs=few.runs, epochs=1)
    seconds = 0.0
    for precision in config.precisions:
        if precision in (*left.legs, *left.growth):
            leg = _taking(partial(_leg, few, precision, threads), tried)
            seconds += times * leg.of(config.frames) * (precision in left.legs)
            seconds += turned * leg.of(*config.turning_frames) * (precision in left.growth)
    for rows in left.others:
        seconds += times * _taking(partial(_rows, rows, few, threads), tried).of(config.frames)
    if left.trains:
        seconds += _training_seconds(config, few, threads)
    return seconds


def _leg(few: State, precision: Precision, threads: int | None, tried: ReversalConfig) -> None:
    leg_row(tried, few, precision, threads, _say_nothing)


def _rows(
    rows: Callable[..., object],
    few: State,
    threads: int | None,
    tried: ReversalConfig,
) -> None:
    rows(tried, few, threads, _say_nothing)


def _say_nothing(_done: int, _total: int) -> None:
    pass


def _taking(do: Callable[[ReversalConfig], object], config: ReversalConfig) -> _Taking:
    """What lies on a line through the times of a few frames and of some more, of which the run may have fewer."""
    points = sorted({min(frames, config.frames) for frames in _TRIED})
    do(replace(config, frames=points[0]))  # whatever is looked up for the first time
    took = []
    for frames in points:
        began = time.perf_counter()
        do(replace(config, frames=frames))
        took.append(time.perf_counter() - began)
    if len(points) == 1:
        return _Taking(took[0], 0.0)
    a_frame = max(0.0, (took[1] - took[0]) / (points[1] - points[0]))
    return _Taking(max(0.0, took[0] - points[0] * a_frame), a_frame)


def _training_seconds(config: ReversalConfig, few: State, threads: int | None) -> float:
    """All epochs of all widths; the pairs of a few frames stand for those of all."""
    log = simulate(few, min(_TRIED[-1], config.frames), config.dt, engine="event", record="log", threads=threads)
    pairs = config.runs * (config.frames - 1)
    batch = min(published.BATCH, pairs)
    steps = config.epochs * (pairs // batch)
    models = [new_model(width, config.seed) for width in config.widths]
    device = torch.device("cpu")
    return steps * sum(
        step_seconds(model, new_batch_loss(model, frames_of(log), None, device), batch) for model in models
    )
