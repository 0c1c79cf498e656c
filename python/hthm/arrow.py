"""Training on the arrow of time by logistic regression, whole runs at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import torch

from hthm import checks
from hthm.loss import logistic_loss
from hthm.randomness import Stream, stream_seed
from hthm.whole_runs import Changes, Steps, whole_runs

if TYPE_CHECKING:
    from hthm.deepsets import DeepSets
    from hthm.gas import FloatArray
    from hthm.trajectories import Trajectories


@dataclass(frozen=True, kw_only=True)
class ArrowConfig:
    steps: Steps = "collisions"
    updates: int = 4000
    runs: int = 1
    learning_rate: float = 2e-3
    decay: bool = True
    penalty: float = 0.0
    jitter: float = 0.0
    average: float = 0.0
    weight_decay: float = 0.0
    look_every: int = 250
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Look:
    update: int
    loss: float
    held_out_loss: float | None
    slope: float | None
    seconds: float


def changes_of_h(model, runs):
    with torch.inference_mode():
        return torch.cat([run.h(model).diff() for run in runs])


def best_slope(change: torch.Tensor) -> float:
    beta = 1.0
    for _ in range(30):
        s = torch.sigmoid(-beta * change)
        g = -(s * change).mean()
        c = (s * (1 - s) * change**2).mean()
        step = float(g / c)
        beta -= max(-0.5 * beta, min(0.5 * beta, step))
        if abs(step) < 1e-6:
            break
    return beta


def train_arrow(model, traj, config, *, held_out=None, looked=None):
    runs = whole_runs(traj, config.steps)
    other = whole_runs(held_out, config.steps) if held_out is not None else None
    adam = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    shuffle = torch.Generator().manual_seed(stream_seed(config.seed, Stream.SHUFFLE))
    order = []
    averaged = {k: v.detach().clone() for k, v in model.state_dict().items()}
    sums, count = 0.0, 0
    began = time.perf_counter()
    looks = []
    jit = config.jitter * model.architecture.velocity_scale
    for update in range(config.updates):
        if config.decay:
            for group in adam.param_groups:
                group["lr"] = config.learning_rate * 0.5 * (1 + math.cos(math.pi * update / config.updates))
        adam.zero_grad()
        for _ in range(config.runs):
            if not order:
                order = torch.randperm(len(runs), generator=shuffle).tolist()
            run = runs[order.pop()]
            v = None
            if jit:
                v = run.velocities + jit * torch.randn(run.velocities.shape, generator=shuffle)
            loss = logistic_loss(run.h(model, v).diff(), penalty=config.penalty) / config.runs
            loss.backward()
            sums += float(loss.detach())
        count += 1
        adam.step()
        if config.average:
            d = min(config.average, (update + 1) / (update + 10))
            for k, v in model.state_dict().items():
                averaged[k].lerp_(v, 1 - d)
        if (update + 1) % config.look_every == 0:
            shown = model
            if config.average:
                live = {k: v.clone() for k, v in model.state_dict().items()}
                model.load_state_dict(averaged)
            if other:
                c = changes_of_h(model, other)
                hl, sl = float(logistic_loss(c)), best_slope(c)
            else:
                hl = sl = None
            look = Look(update=update + 1, loss=sums / count, held_out_loss=hl, slope=sl, seconds=time.perf_counter() - began)
            looks.append(look)
            if looked:
                looked(look)
            if config.average and update + 1 < config.updates:
                model.load_state_dict(live)
            sums, count = 0.0, 0
    return looks
