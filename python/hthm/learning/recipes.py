"""What a network is, and how it is trained: choices alone, so that whoever only chooses need not import torch."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from hthm import checks, published
from hthm.recording.frames import MOST_COMPONENTS, Steps

Activation = Literal["relu", "silu", "tanh"]
Pooling = Literal["sum", "mean"]

Loss = Literal["logistic", "tilted"]

Backend: TypeAlias = Literal["fused", "torch"]

BACKENDS: Final = get_args(Backend)
"""Ways to compute the loss of a batch, by name."""

MOST_WIDTH: Final = 2**14
"""The second layers have width² weights; a wider network is a slip of the keyboard."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a `DeepSets` computes, beside its width; by default what the paper's does.

    Attributes
    ----------
    activation : {"relu", "silu", "tanh"}
        What follows every layer but the last. SiLU, x / (1 + exp(−x)), is smooth, as −ln f of a gas is.
    velocity_scale : float
        Velocities are divided by it, box sides per unit time; s0 makes numbers of order 1 of them.
    pooling : {"sum", "mean"}
        How the φ of the disks are put together.
    extensive : bool
        Whether h is n·ρ and not ρ, as an entropy grows with the number of disks.
    components : int
        Numbers that the network sees of a disk, from 1 to `MOST_COMPONENTS`: the 2 of its velocity, or those of a wider
        state, as `hthm.recording.states.disk_states` makes them.
    labels : int
        How many of these, the last ones, say what a disk is and not how it moves, such as its kind: they are taken as
        they are, neither divided by `velocity_scale` nor blurred by a training.

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong kind or out of range.
    """

    activation: Activation = "relu"
    velocity_scale: float = 1.0
    pooling: Pooling = "sum"
    extensive: bool = False
    components: int = 2
    labels: int = 0

    def __post_init__(self) -> None:
        checks.choice("activation", self.activation, get_args(Activation))
        scale = checks.positive("velocity_scale", self.velocity_scale)
        checks.choice("pooling", self.pooling, get_args(Pooling))
        if not isinstance(self.extensive, bool):
            raise TypeError(f"extensive: must be True or False, got {type(self.extensive).__name__}.")
        components = checks.integer("components", self.components, least=1, most=MOST_COMPONENTS)
        labels = checks.integer("labels", self.labels, least=0, most=components)
        for name, number in (("velocity_scale", scale), ("components", components), ("labels", labels)):
            object.__setattr__(self, name, number)  # Python's own in place of NumPy's, which JSON cannot hold

    @property
    def sees_velocities(self) -> bool:
        """Whether a disk is its velocity and nothing else: what the compiled kernels know."""
        return self.components == 2 and not self.labels  # noqa: PLR2004 -- x and y

    def as_json(self) -> dict[str, Any]:
        """Return every choice as JSON can hold it, components and labels only where they are not a velocity's."""
        choices = asdict(self)
        if self.sees_velocities:  # as files have said it before there was anything else
            del choices["components"], choices["labels"]
        return choices

    def unpublished(self) -> dict[str, Any]:
        """Return the choices that are not the paper's, as JSON can hold them: none is what older files say of it."""
        return {name: value for name, value in asdict(self).items() if value != getattr(PUBLISHED, name)}


def _check_device(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"device: must be a name, cpu or cuda, got {type(name).__name__}.")
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", name):
        raise ValueError(f"device: must be cpu, cuda, or cuda:1 and so on, got {name!r}.")


PUBLISHED: Final = Architecture()
"""The paper's."""


def entropic(speed: float, *, components: int = 2, labels: int = 0) -> Architecture:
    """Return an architecture for entropies, h = n·ρ(mean φ(v/s0)) with SiLU.

    Parameters
    ----------
    speed : float
        s0, box sides per unit time.
    components, labels : int
        As `Architecture` has them.

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong kind or out of range.
    """
    return Architecture(
        activation="silu",
        velocity_scale=speed,
        pooling="mean",
        extensive=True,
        components=components,
        labels=labels,
    )


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How to train; by default as the paper did.

    Attributes
    ----------
    epochs : int
        Times that every pair is drawn.
    batch : int
        Frame pairs a step.
    learning_rate : float
        Adam's.
    penalty : float
        λ of eqs. (10b) and (11).
    final_slope : float
        Negative slope in the last epoch, eq. (12), from 0 to 1; 1 is the untilted loss (10b) throughout.
    seed : int
        Of the order of the pairs, and of a network that `hthm.deepsets.new_model` makes.
    backend : {"fused", "torch"}, optional
        How the loss of a batch is computed: by the compiled kernel, for `DeepSets` in float32 on a CPU, or by torch.
        The kernel wherever it can unless given.
    device : str
        "cpu", "cuda", or one of several GPUs, "cuda:1".

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong kind or out of range.

    Notes
    -----
    Sec. IV of arXiv:2508.14003.
    """

    epochs: int = published.EPOCHS
    batch: int = published.BATCH
    learning_rate: float = published.LEARNING_RATE
    penalty: float = published.PENALTY
    final_slope: float = published.FINAL_SLOPE
    seed: int = 0
    backend: Backend | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        checks.integer("epochs", self.epochs, least=1)
        checks.integer("batch", self.batch, least=1)
        checks.positive("learning_rate", self.learning_rate)
        checks.positive("penalty", self.penalty, zero=True)
        checks.positive("final_slope", self.final_slope, zero=True, most=1.0)
        checks.integer("seed", self.seed, least=0)
        if self.backend is not None:
            checks.choice("backend", self.backend, BACKENDS)
        _check_device(self.device)

    def as_json(self) -> dict[str, Any]:
        """Return every choice as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class ArrowConfig:
    """How to train on the arrow of time.

    Attributes
    ----------
    steps : {"frames", "collisions"}
        What is put in order: a frame and its successor, or a single collision, which only a log knows.
    loss : {"logistic", "tilted"}
        `hthm.learning.loss.logistic_loss`, or the paper's `hthm.learning.loss.tilted_loss`.
    updates : int
        Steps of Adam. The learning rate falls to zero along half a cosine.
    learning_rate : float
        Adam's, at its highest: at the beginning, or after the warm-up.
    warm_up : int
        Updates over which the learning rate rises to that, evenly; below `updates`.
    runs_per_update : float
        A whole number; or, below 1, which share of the steps of one run, drawn anew.
    penalty : float
        λ of the loss.
    final_slope : float
        Negative slope of the tilted loss in the last update, eq. (12) of arXiv:2508.14003 with updates for epochs.
    blocks : int
        Into how many random parts the disks are divided, anew at every update; each is put in order by itself. The
        order of two frames of 1000 disks is soon beyond doubt, and then says no more of h; that of few disks is not.
    blur : float
        Standard deviation of what is added to both components of every velocity, the architecture's velocity scale
        being 1: anew at every update, and for a disk at every collision. It sets the resolution at which the entropy
        is learned.
    looks : int
        How often the training is looked at, evenly, the last time at its end.
    seed : int
        Of the order of the runs, of the blocks and of the blur.
    backend : {"fused", "torch"}, optional
        How the loss of an update is computed: by a compiled kernel, for `DeepSets` with SiLU in float32, or by torch.
        The kernel wherever it can unless given.
    device : str
        "cpu", "cuda", or one of several GPUs, "cuda:1". Torch computes on a GPU, and what is drawn is drawn on the CPU:
        it is the same on both.

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong kind or out of range.
    """

    steps: Steps = "collisions"
    loss: Loss = "logistic"
    updates: int = 4000
    learning_rate: float = 1e-2
    warm_up: int = 0
    runs_per_update: float = 1
    penalty: float = 0.0
    final_slope: float = published.FINAL_SLOPE
    blocks: int = 1
    blur: float = 0.0
    looks: int = 20
    seed: int = 0
    backend: Backend | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        checks.choice("steps", self.steps, get_args(Steps))
        checks.choice("loss", self.loss, get_args(Loss))
        checks.integer("updates", self.updates, least=1)
        checks.positive("learning_rate", self.learning_rate)
        checks.integer("warm_up", self.warm_up, least=0, most=self.updates - 1)
        runs = checks.positive("runs_per_update", self.runs_per_update)
        if runs > 1 and runs % 1:
            raise ValueError(f"runs_per_update: must be a whole number, or below 1, got {runs}. Round it.")
        checks.positive("penalty", self.penalty, zero=True)
        checks.positive("final_slope", self.final_slope, zero=True, most=1.0)
        checks.integer("blocks", self.blocks, least=1)
        checks.positive("blur", self.blur, zero=True)
        checks.integer("looks", self.looks, least=1, most=self.updates)
        checks.integer("seed", self.seed, least=0)
        if self.backend is not None:
            checks.choice("backend", self.backend, BACKENDS)
        _check_device(self.device)

    def rate(self, done: int) -> float:
        """Return the learning rate of the update after `done` of them."""
        if done < self.warm_up:
            return self.learning_rate * (done + 1) / (self.warm_up + 1)
        share = (done - self.warm_up) / (self.updates - self.warm_up)
        return self.learning_rate * (1 + math.cos(math.pi * share)) / 2

    def as_json(self) -> dict[str, Any]:
        """Return every choice as JSON can hold it."""
        return asdict(self)
