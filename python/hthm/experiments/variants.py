"""The ways to train that `hthm compare` compares; what it will take asks for them too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hthm.deepsets import DeepSets, new_model
from hthm.learning.plain_network import new_plain_network

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes
    ----------
    title : str
        How the table calls it.
    changes : mapping
        What differs in the `TrainConfig`.
    new : callable
        Makes an untrained network from n, width and seed.
    """

    title: str
    changes: Mapping[str, Any]
    new: Callable[[int, int, int], nn.Module]


def _deepsets(_n: int, width: int, seed: int) -> DeepSets:
    return new_model(width, seed)


VARIANTS: Final[Mapping[str, Mapping[str, Variant]]] = MappingProxyType(
    {
        "tilt": {
            "slope1": Variant("final slope 1: no tilt, eq. (10b)", {"final_slope": 1.0}, _deepsets),
            "slope0.2": Variant("final slope 0.2: the paper's", {"final_slope": 0.2}, _deepsets),
            "slope0": Variant("final slope 0: a rise earns nothing in the end", {"final_slope": 0.0}, _deepsets),
        },
        "architecture": {
            "deepsets": Variant("DeepSets: the order of the disks makes no difference", {}, _deepsets),
            "plain": Variant("plain network on the 2n components in a row", {"backend": "torch"}, new_plain_network),
        },
        "gradient": {
            "fused": Variant("exact to float32's rounding: the compiled kernel", {"backend": "fused"}, _deepsets),
            "torch": Variant("plain torch in float32", {"backend": "torch"}, _deepsets),
        },
    }
)
"""What is compared, by the name of the choice; the names within are those of the files."""


def training_name(variant: str, width: int, seed: int) -> str:
    """Name of the files of a training."""
    return f"{variant}-d{width}-seed{seed}"
