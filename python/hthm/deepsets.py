"""The network: a function of the states of the disks of a frame that does not know which disk is which."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import nn
from torch.func import functional_call

from hthm import checks
from hthm.learning.accepted import check_model, components_seen
from hthm.learning.drawing import untrained
from hthm.learning.ending import go_on
from hthm.learning.feeding import check_numbers, fed
from hthm.learning.own_settings import own_settings
from hthm.learning.phi_sums import MOST_SPEED, new_phi_sums
from hthm.learning.recipes import MOST_WIDTH, PUBLISHED, Architecture
from hthm.recording.frames import Frames, numbered
from hthm.recording.log_sums import frame_sums
from hthm.recording.reading import FramesLike, frames_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hthm.arrays import FloatArray, IntArray

ACTIVATIONS: Final[Mapping[str, type[nn.Module]]] = MappingProxyType(
    {"relu": nn.ReLU, "silu": nn.SiLU, "tanh": nn.Tanh}
)
"""What follows every layer but the last, by name."""


_DISKS_AT_A_TIME: Final = {"cpu": 2**14, "cuda": 2**21}
"""So many disks go through the network at once: on a CPU their layers fit into its cache (measured at D = 16, 32 and
64: 16 frames of 1000 disks cost 0.5 of what 128 cost), on a GPU they keep it busy."""

_DISKS_AT_MOST: Final = 2**18
"""A frame of more disks goes through the network in parts: Ctrl-C is answered between two layers of one, which take a
tenth of a second at D = 64."""


class DeepSets(nn.Module):
    """The functional h(v₁ … v_n) = ρ(Σ φ(v_i)), the same for any order of the disks.

    Parameters
    ----------
    width : int
        D, width of all hidden layers. Initialised as PyTorch does by default; `new_model` does so from a seed.
    architecture : Architecture
        The paper's unless given.
    device : str or torch.device
        Where its weights are made.
    dtype : torch.dtype
        Of its weights. Neither depends on the defaults that a session has set in torch.

    Raises
    ------
    TypeError, ValueError
        If the width is not a whole number from 1 to `MOST_WIDTH`.

    Notes
    -----
    Eq. (10a) and Table 1 of arXiv:2508.14003, an instance of Zaheer et al., *Deep Sets* (2017). Parameters are named
    phi.0, phi.2, rho.0 and rho.2, with ``.weight`` and ``.bias``.
    """

    def __init__(
        self,
        width: int,
        architecture: Architecture = PUBLISHED,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.width = checks.integer("width", width, least=1, most=MOST_WIDTH)
        self.architecture = architecture
        active = ACTIVATIONS[architecture.activation]

        def linear(inputs: int, outputs: int) -> nn.Linear:
            return nn.Linear(inputs, outputs, device=device, dtype=dtype)

        self.phi = nn.Sequential(linear(architecture.components, width), active(), linear(width, width), active())
        self.rho = nn.Sequential(linear(width, width), active(), linear(width, 1))

    @property
    def components(self) -> int:
        """Numbers that it sees of a disk: 2 of a velocity."""
        return self.architecture.components

    def forward(self, velocities: torch.Tensor) -> torch.Tensor:
        """Return h of every frame.

        Parameters
        ----------
        velocities : (..., n, 2) tensor of the network's dtype
            Box sides per unit time; or states, (..., n, k), of an architecture of k components.

        Returns
        -------
        (...) tensor

        Raises
        ------
        TypeError, ValueError
            If the velocities are no tensor, of another dtype, or of another shape.
        """
        if not isinstance(velocities, torch.Tensor):
            raise TypeError(
                f"velocities: must be a torch.Tensor, got {type(velocities).__name__}. "
                "hthm.deepsets.evaluate takes arrays and Trajectories."
            )
        dtype = self.phi[0].weight.dtype
        if velocities.dtype != dtype:
            raise TypeError(f"velocities: must be {dtype}, got {velocities.dtype}. Cast them with .to({dtype}).")
        k = self.components
        if velocities.ndim < 2 or velocities.shape[-1] != k or velocities.shape[-2] < 1:  # noqa: PLR2004 -- (n, k)
            raise ValueError(
                f"velocities: must have shape (..., n, {k}) with n at least 1, got {tuple(velocities.shape)}."
            )
        return self.of_sums(self.features(velocities).sum(dim=-2), velocities.shape[-2])

    def features(self, velocities: torch.Tensor) -> torch.Tensor:
        """Return φ of every disk: (..., 2) of the network's dtype, box sides per unit time, to (..., D)."""
        scale, labels = self.architecture.velocity_scale, self.architecture.labels
        if scale != 1:
            moving = velocities[..., : self.components - labels] / scale
            velocities = torch.cat([moving, velocities[..., self.components - labels :]], dim=-1) if labels else moving
        features: torch.Tensor = self.phi(velocities)
        return features

    def of_sums(self, sums: torch.Tensor, n: int) -> torch.Tensor:
        """Return h of frames of which the sum of φ is known.

        Parameters
        ----------
        sums : (..., D) tensor
            Σφ over the disks, in whatever precision; what follows is computed in the same.
        n : int
            Number of disks.

        Returns
        -------
        (...) tensor
        """
        pooled = sums / n if self.architecture.pooling == "mean" else sums
        weights = {name: parameter.to(sums.dtype) for name, parameter in self.rho.named_parameters()}
        h: torch.Tensor = functional_call(self.rho, weights, (pooled,)).squeeze(-1)  # (..., 1) -> (...)
        return n * h if self.architecture.extensive else h


def new_model(width: int, seed: int, architecture: Architecture = PUBLISHED) -> DeepSets:
    """Return an untrained network whose weights depend on the seed alone; torch's own generator is not touched.

    Parameters
    ----------
    width : int
        D.
    seed : int
        0 or more.
    architecture : Architecture
        The paper's unless given.

    Returns
    -------
    DeepSets
        In float32, on the CPU.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a whole number, or out of range.
    """
    return untrained(lambda: DeepSets(width, architecture, device="meta"), seed)


def evaluate(model: nn.Module, velocities: FramesLike) -> FloatArray:
    """H of every frame, in float64.

    Parameters
    ----------
    model : nn.Module
        `DeepSets`, or whatever maps (frames, n, 2) to (frames,).
    velocities : (..., n, 2) float64, C order, Trajectories or Frames
        Box sides per unit time; for an architecture of k components states, (..., n, k) or those that
        `hthm.recording.states.disk_states` makes. Cast to the model's dtype a few frames at a time: neither is a second
        copy made nor a log made dense.

    Returns
    -------
    (...) float64

    Raises
    ------
    TypeError, ValueError
        If the velocities have another dtype, shape or order, are not finite or too large for the model's dtype, have
        another number of components than the model sees, or if the model has no weights that numbers can be computed
        with.

    Notes
    -----
    For `DeepSets` in float32, Σφ and ρ are computed in float64. This costs nothing beside φ, and takes the rounding
    error of h from a few 1e-5 (the published D = 16 varies by 8e-3 along a run) to about 1e-7; all in float64 would
    take 2 to 4 times as long. The paper's Table 3 was computed in float32 throughout. From a log only the disks
    that collide are looked at, some 30 times fewer at the paper's state; h of either recording agrees to rounding.
    Of a log the compiled kernel computes φ, too, in float64, on a CPU and for networks with the layers of the paper's
    up to D = 128: h is that of float64 to 1e-13, for velocities rounded to float32 as the network is fed.
    """
    weight = check_model(model)
    frames = frames_of(velocities, components_seen(model))
    disks = _DISKS_AT_A_TIME.get(weight.device.type, 2**14)
    h = np.empty(len(frames))
    with own_settings(weight.device), torch.inference_mode():
        for first, values in _h(model, frames, weight, disks):
            go_on()
            h[first : first + len(values)] = values.to("cpu", torch.float64).numpy()
    if not np.isfinite(h).all():
        raise ValueError(
            "velocities: must give a finite h, got NaN or infinity. Choose another unit of time, or look whether all "
            "weights of the network are finite."
        )
    return h.reshape(frames.leading)


def _h(model: nn.Module, frames: Frames, weight: torch.Tensor, disks: int) -> Iterator[tuple[int, torch.Tensor]]:
    """Number of a first frame, and h of this one and those after it."""
    if isinstance(model, DeepSets):
        for first, sums in frames.disk_sums(_Features(model, weight), disks):
            yield first, model.of_sums(torch.from_numpy(sums).to(weight.device), frames.n)
        return
    for first, chunk in frames.chunks(max(1, disks // frames.n)):
        check_numbers(chunk, weight.dtype, numbered(first, chunk))
        yield first, model(fed(chunk, weight))


class _Features:
    """φ as the function of a disk that `Frames.disk_sums` takes."""

    def __init__(self, model: DeepSets, weight: torch.Tensor) -> None:
        self._model, self._weight = model, weight
        self._phi_sums = None
        if type(model) is DeepSets:  # a subclass may compute something else
            self._phi_sums = new_phi_sums(model.phi, model.rho, model.architecture.velocity_scale)

    def log_sums(
        self, start: FloatArray, offsets: IntArray, pairs: NDArray[np.int32], velocities: FloatArray
    ) -> Iterator[FloatArray]:
        """Sum by the compiled kernel where it knows φ, and what changes by torch where not."""
        largest = 0.0
        for first, rows in zip(start, offsets, strict=True):
            for part in (first, velocities[rows[0] : rows[-1]]):
                largest = max(largest, check_numbers(part, self._weight.dtype, "the log"))
        if self._phi_sums is not None and largest < MOST_SPEED:
            yield from self._phi_sums(start, offsets, pairs, velocities)
            return
        for first, rows in zip(start, offsets, strict=True):
            yield frame_sums(self._values, first, rows, pairs, velocities)

    def _values(self, velocities: FloatArray) -> FloatArray:
        values: FloatArray = self._model.features(fed(velocities, self._weight)).cpu().numpy()
        return values

    def sums(self, frames: FloatArray, where: str) -> FloatArray:
        """Sum in float64, on the device."""
        check_numbers(frames, self._weight.dtype, where)
        parts = fed(frames, self._weight).split(_DISKS_AT_MOST, dim=-2)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        total, *others = (self._model.features(part).sum(dim=-2, dtype=torch.float64) for part in parts)
        for sums in others:
            total = total + sums
        found: FloatArray = total.cpu().numpy()  # (frames, D)
        return found
