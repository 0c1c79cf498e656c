"""A training on disk after each of its epochs: all it takes to go on to the same bits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import safetensors
import safetensors.torch
import torch

from hthm.files import write_bytes
from hthm.learning.history import Epoch, History

if TYPE_CHECKING:
    from torch import nn

_FORMAT: Final = "hthm checkpoint 1"
_WEIGHTS, _ADAM, _SHUFFLE = "weights", "adam", "shuffle"


class CheckpointError(ValueError):
    """A file from which this training cannot go on; the message has its path and why."""


class Checkpoint:
    """The file of one training: weights, Adam's moments, the state of the generator that draws the order, the epochs.

    Parameters
    ----------
    path : path
        The file, in a folder that exists; safetensors, whatever its name.
    made_by : mapping
        What the bits of the training depend on, of whatever JSON can hold. Only a training made by the same goes on.
    model, adam, shuffle
        The training: they are written from, and read into.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        made_by: Mapping[str, Any],
        model: nn.Module,
        adam: torch.optim.Adam,
        shuffle: torch.Generator,
    ) -> None:
        self._path = Path(path)
        self._made_by = json.loads(json.dumps(dict(made_by)))  # as it will be read
        self._model, self._adam, self._shuffle = model, adam, shuffle

    def save(self, history: History) -> None:
        """Write the training as it is after the last epoch of the history, whole or not at all.

        Raises
        ------
        OSError
            If the file cannot be written; what was there before is still there.
        """
        tensors = {f"{_WEIGHTS}.{name}": tensor for name, tensor in self._model.state_dict().items()}
        for index, state in self._adam.state_dict()["state"].items():
            tensors |= {f"{_ADAM}.{index}.{name}": tensor for name, tensor in state.items()}
        tensors[_SHUFFLE] = self._shuffle.get_state()
        metadata = {
            "format": _FORMAT,
            "made_by": json.dumps(self._made_by),
            "epochs": json.dumps([asdict(epoch) for epoch in history.epochs]),
        }
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        write_bytes(self._path, safetensors.torch.save(plain, metadata))

    def load(self) -> History:
        """Put model, Adam and generator where the file left them.

        Returns
        -------
        History
            The epochs that are done; none where there is no file yet.

        Raises
        ------
        CheckpointError
            If the file is no checkpoint, or that of another training. Nothing is changed then.
        OSError
            If it cannot be read.
        """
        if not self._path.exists():
            return History()
        content = self._path.read_bytes()
        try:
            tensors = safetensors.torch.load(content)
            with safetensors.safe_open(self._path, "pt") as file:
                metadata: dict[str, str] = file.metadata() or {}
            epochs = [Epoch(**epoch) for epoch in json.loads(metadata["epochs"])]
            made_by = json.loads(metadata["made_by"])
            weights = _below(_WEIGHTS, tensors)
            moments: dict[int, dict[str, torch.Tensor]] = {}
            for name, tensor in _below(_ADAM, tensors).items():
                index, _, moment = name.partition(".")
                moments.setdefault(int(index), {})[moment] = tensor
            shuffled = tensors[_SHUFFLE]
        except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{self._path}: must be the checkpoint of a training, and is not ({error})."
            ) from error
        if metadata.get("format") != _FORMAT or made_by != self._made_by:
            differ = sorted(
                name for name in made_by.keys() | self._made_by.keys() if made_by.get(name) != self._made_by.get(name)
            )
            raise CheckpointError(
                f"{self._path}: must be the checkpoint of this training, and differs in "
                f"{', '.join(differ) or 'format'}. Go on with the choices that it was made by, or remove it."
            )
        try:
            self._model.load_state_dict(weights)
        except RuntimeError as error:
            raise CheckpointError(
                f"{self._path}: must hold the weights of this model, and does not ({error})."
            ) from error
        self._adam.load_state_dict(self._adam.state_dict() | {"state": moments})
        self._shuffle.set_state(shuffled)
        return History(epochs)


def _below(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors whose name starts with the prefix and a dot, without them."""
    return {
        name.removeprefix(f"{prefix}."): tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}.")
    }
