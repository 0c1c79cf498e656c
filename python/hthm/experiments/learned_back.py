"""What the learned functionals say of the way back, which is punished by the loss that was trained on the way there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from hthm import published
from hthm.deepsets import evaluate, new_model
from hthm.experiments.reversal import there_and_back
from hthm.learning.loss import loss0, tilted_loss
from hthm.learning.recipes import TrainConfig
from hthm.learning.weights import load_functional
from hthm.train import train

if TYPE_CHECKING:
    from collections.abc import Callable

    from hthm.arrays import FloatArray
    from hthm.choices.reversal import ReversalConfig
    from hthm.deepsets import DeepSets
    from hthm.gas import State
    from hthm.trajectories import Trajectories

    Report = Callable[[int, int], None]

WAYS: Final = ("there", "back, extended", "back, double")
"""Whose frame pairs the loss is taken of."""


def learned_rows(config: ReversalConfig, start: State, threads: int | None, report: Report) -> list[dict[str, Any]]:
    """Follow networks there and back.

    Parameters
    ----------
    config, start, threads, report
        As `there_and_back` takes them.

    Returns
    -------
    list of dict
        Of each network ``name``; ``there`` and ``back``, mean h of each frame, of the exact return; ``mirror``, largest
        change of h, over the frames there, where the same frame is met on the way back and its velocities negated
        again: 0 if it is the same to the bit; ``odd``, the root mean square of h(v) - h(-v) about its mean over a run,
        in units of how much h rises there; ``pairs``, by way and stretch, see `pairs_of`.
    """
    there, back = there_and_back(config, start, "extended", threads, lambda done, total: report(done, 3 * total))
    _, astray = there_and_back(config, start, "double", threads, lambda done, total: report(total + done, 3 * total))
    rows = []
    for name, model in _models(config, there, report):
        h, h_back = evaluate(model, there), evaluate(model, back)
        lost = evaluate(model, astray)
        mirror, odd = 0.0, []
        for run in range(start.runs):
            forward = there[run : run + 1].dense()
            home = back[run : run + 1].dense()[:, :-1]
            of_way = evaluate(model, np.ascontiguousarray(forward[:, :-1]))
            again = evaluate(model, np.ascontiguousarray(-home[:, ::-1]))
            mirror = max(mirror, float(np.abs(again - of_way).max()))
            difference = evaluate(model, np.ascontiguousarray(home[:, ::-1])) - of_way
            odd.append(difference - difference.mean())
        risen = float((h[:, -1] - h[:, 0]).mean())
        stretch = min(config.frames - 1, max(1, round(config.frame_rate)))
        of_ways = dict(zip(WAYS, (h, h_back, lost), strict=True))
        rows.append(
            {
                "name": name,
                "there": h.mean(axis=0).tolist(),
                "back": h_back.mean(axis=0).tolist(),
                "mirror": mirror,
                "odd": float(np.sqrt(np.square(np.stack(odd)).mean()) / abs(risen)) if risen else None,
                "pairs": {way: pairs_of(values, stretch, home=way != WAYS[0]) for way, values in of_ways.items()},
            }
        )
    return rows


def pairs_of(h: FloatArray, stretch: int, *, home: bool) -> dict[str, dict[str, float]]:
    """Losses of consecutive frames.

    Parameters
    ----------
    h : (runs, frames) float64
    stretch : int
        Pairs of the stretch nearest to the start.
    home : bool
        Whether that is at the end, and not at the beginning.

    Returns
    -------
    dict
        For "all" pairs and those "near the start": ``tilted``, the loss of the last epoch, eq. (11) of
        arXiv:2508.14003; ``loss0``, the one without a tilt; ``change``, mean of the change of h; and ``rises``, the
        share of pairs where h rises.
    """
    change = np.diff(h, axis=1)
    near = change[:, -stretch:] if home else change[:, :stretch]
    found = {}
    for name, of in (("all", change), ("near the start", near)):
        values = torch.from_numpy(np.ascontiguousarray(of).ravel())
        found[name] = {
            "tilted": float(tilted_loss(values, negative_slope=published.FINAL_SLOPE)),
            "loss0": float(loss0(values)),
            "change": float(of.mean()),
            "rises": float((of > 0).mean()),
        }
    return found


def _models(config: ReversalConfig, there: Trajectories, report: Report) -> list[tuple[str, DeepSets]]:
    """Networks that are given, or are trained on the way there."""
    if config.weights:
        return [(Path(path).name, load_functional(path)) for path in config.weights]
    found = []
    for width in config.widths:
        model = new_model(width, config.seed)
        batch = min(published.BATCH, there.runs * (there.frames - 1))
        train(model, there, TrainConfig(epochs=config.epochs, batch=batch, seed=config.seed), progress=report)
        found.append((f"D = {width}", model))
    return found
