"""A classifier of single collisions: from the velocities of two disks, before and after, which of the two came first.

It sees the step itself, where `hthm.deepsets.DeepSets` sees a state: it finds an arrow of time where no state is rarer
than another.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn

from hthm import checks
from hthm.learning.diverged import TrainingDivergedError
from hthm.learning.drawing import new_generator, untrained
from hthm.learning.ending import go_on
from hthm.learning.loss import logistic_loss
from hthm.learning.own_settings import own_settings
from hthm.learning.recipes import MOST_WIDTH
from hthm.progress import ProgressLike, reporting
from hthm.randomness import Stream

if TYPE_CHECKING:
    from hthm.arrays import FloatArray

_NUMBERS: Final = 8
"""Components of two velocities before and two after."""
_AT_A_TIME: Final = 2**14
"""Collisions that go through the network at once, where it is looked at."""


@dataclass(frozen=True, kw_only=True)
class CollisionOrderConfig:
    """How to train a `CollisionOrder`.

    Attributes
    ----------
    updates : int
        Steps of Adam. The learning rate falls to zero along half a cosine.
    batch : int
        Collisions of an update, drawn with repeats.
    learning_rate : float
        Adam's, at the beginning.
    blur : float
        Standard deviation of what is added to every component that the network sees, in units of its velocity scale:
        anew at every update.
    seed : int
        Of what is drawn.

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong kind or out of range.
    """

    updates: int = 4000
    batch: int = 1024
    learning_rate: float = 5e-3
    blur: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        checks.integer("updates", self.updates, least=1)
        checks.integer("batch", self.batch, least=1)
        checks.positive("learning_rate", self.learning_rate)
        checks.positive("blur", self.blur, zero=True)
        checks.integer("seed", self.seed, least=0)

    def as_json(self) -> dict[str, Any]:
        """Return every choice as JSON can hold it."""
        return asdict(self)


class CollisionOrder(nn.Module):
    """Log odds f(before, after) = g(x) - g(x reversed) that a collision was seen forwards, of a small network g.

    Parameters
    ----------
    width : int
        Of its four hidden layers, with ReLU between.
    velocity_scale : float
        Velocities are divided by it, box sides per unit time; s0 makes numbers of order 1 of them.
    device : str or torch.device
        Where its weights are made.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    Notes
    -----
    x is the eight components of v_i, v_j before and after; the reverse of a collision has -after before and -before
    after. That f changes its sign with the direction of time is built in, and nothing else: neither that a frame of
    reference, a direction or the numbering of the two disks does not matter, nor that a collision has a sense.
    """

    def __init__(self, width: int, velocity_scale: float = 1.0, *, device: str | torch.device = "cpu") -> None:
        super().__init__()
        self.width = checks.integer("width", width, least=1, most=MOST_WIDTH)
        self.velocity_scale = checks.positive("velocity_scale", velocity_scale)
        widths = (_NUMBERS, *[self.width] * 4, 1)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs, device=device, dtype=torch.float32), nn.ReLU()]
        self.g = nn.Sequential(*layers[:-1])

    def forward(self, collisions: torch.Tensor) -> torch.Tensor:
        """Return f of every collision: (batch, 4, 2) float32, in units of the velocity scale, to (batch,)."""
        reverse = -collisions[:, [2, 3, 0, 1]]
        both = torch.cat([collisions, reverse]).reshape(-1, _NUMBERS)  # (2 batch, 4, 2) -> (2 batch, 8)
        forwards, backwards = self.g(both).squeeze(-1).chunk(2)
        odds: torch.Tensor = forwards - backwards
        return odds


def new_collision_order(width: int, seed: int, velocity_scale: float = 1.0) -> CollisionOrder:
    """Return an untrained classifier whose weights depend on the seed alone.

    Parameters
    ----------
    width : int
        Of its hidden layers.
    seed : int
        0 or more.
    velocity_scale : float
        Box sides per unit time.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.
    """
    return untrained(lambda: CollisionOrder(width, velocity_scale, device="meta"), seed, Stream.PAIR_WEIGHTS)


def train_collision_order(
    model: CollisionOrder,
    collisions: FloatArray,
    config: CollisionOrderConfig | None = None,
    *,
    progress: ProgressLike = None,
) -> list[float]:
    """Train a classifier, in place, to tell collisions from their reverses: logistic regression of equally many.

    Parameters
    ----------
    model : CollisionOrder
    collisions : (rows, 4, 2) float64
        As `hthm.measures.senses.before_and_after` gives them, box sides per unit time. Not changed.
    config : CollisionOrderConfig, optional
        The defaults unless given.
    progress : bool or callable, optional
        True for a bar; or a function that is called as ``progress(done, total)`` after every update.

    Returns
    -------
    list of float
        Loss of every update. Since f of the reverse is -f, ln(1 + exp(-f)) of a collision is also what its reverse
        costs.

    Raises
    ------
    TypeError, ValueError
        If the collisions have another dtype or shape, there is none, or one is not finite.
    TrainingDivergedError
        If a loss is not a finite number.
    """
    config = config or CollisionOrderConfig()
    seen = _seen(model, collisions)
    shuffle, noise = (new_generator(config.seed, stream) for stream in (Stream.PAIR_SHUFFLE, Stream.PAIR_NOISE))
    losses: list[float] = []
    with own_settings(torch.device("cpu")), reporting(progress, "train") as report:
        adam = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
        rate = torch.optim.lr_scheduler.CosineAnnealingLR(adam, config.updates)
        for update in range(1, config.updates + 1):
            go_on()
            chosen = torch.randint(len(seen), (config.batch,), generator=shuffle, device="cpu")
            loss = logistic_loss(model(_blurred(seen[chosen], config.blur, noise)))
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            adam.step()
            rate.step()
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]):
                raise TrainingDivergedError(
                    f"The loss became {losses[-1]} at update {update} of {config.updates}. Lower the learning rate, "
                    f"which was {config.learning_rate:g}.",
                    epoch=0,
                    step=update - 1,
                )
            if report is not None:
                report(update, config.updates)
    return losses


def log_odds(model: CollisionOrder, collisions: FloatArray, *, blur: float = 0.0, seed: int = 0) -> FloatArray:
    """Log odds f of every collision, in nats.

    Parameters
    ----------
    model : CollisionOrder
    collisions : (rows, 4, 2) float64
        Box sides per unit time.
    blur : float
        Standard deviation of what is added to what the network sees, in units of its velocity scale.
    seed : int
        Of the blur.

    Returns
    -------
    (rows,) float64

    Raises
    ------
    TypeError, ValueError
        As `train_collision_order`.
    """
    noise, found = new_generator(seed, Stream.PAIR_LOOK), []
    with own_settings(torch.device("cpu")), torch.inference_mode():
        for part in torch.split(_seen(model, collisions), _AT_A_TIME):
            go_on()
            found.append(model(_blurred(part, blur, noise)).double().numpy())
    return np.concatenate(found)


def _seen(model: CollisionOrder, collisions: FloatArray) -> torch.Tensor:
    checks.array("collisions", collisions, dtype=np.float64, shape=("rows", 4, 2))
    return torch.from_numpy((collisions / model.velocity_scale).astype(np.float32))


def _blurred(collisions: torch.Tensor, blur: float, noise: torch.Generator) -> torch.Tensor:
    if not blur:
        return collisions
    return collisions + blur * torch.randn(collisions.shape, generator=noise, dtype=collisions.dtype, device="cpu")
