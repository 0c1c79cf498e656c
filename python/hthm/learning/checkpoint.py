"""A training on disk after each of its epochs: all it takes to go on to the same bits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import torch

from hthm import checks
from hthm.files import write_bytes
from hthm.learning.history import History, epoch_of
from hthm.learning.tensor_file import DamagedError, described, packed, unpacked

if TYPE_CHECKING:
    from torch import nn

    from hthm.learning.adam import Adam

_FORMAT: Final = "hthm checkpoint 2"
_WITHOUT_CHECKSUM: Final = "hthm checkpoint 1"
_MOST_SAID: Final = 3
_WEIGHTS, _ADAM, _SHUFFLE = "weights", "adam", "shuffle"


class CheckpointError(ValueError):
    """A file from which this training cannot go on; the message has its path and why."""


class Checkpoint:
    """The file of one training: weights, Adam's moments, the state of the generator that draws the order, the epochs.

    Parameters
    ----------
    path : path
        The file, in a folder that exists; safetensors with a checksum, whatever its name. One
        without, as hthm wrote them before, is read too. Names, shapes and dtypes are compared before any is used.
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
        adam: Adam,
        shuffle: torch.Generator,
    ) -> None:
        self._path = checks.path("path", path)
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
        for index, state in self._adam.moments().items():
            tensors |= {f"{_ADAM}.{index}.{name}": tensor for name, tensor in state.items()}
        tensors[_SHUFFLE] = self._shuffle.get_state()
        metadata = {
            "format": _FORMAT,
            "made_by": json.dumps(self._made_by),
            "epochs": json.dumps([asdict(epoch) for epoch in history.epochs]),
        }
        write_bytes(self._path, packed(tensors, metadata))

    def content(self) -> bytes | None:
        """Return what is in the file, or None where there is none yet.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        return self._path.read_bytes() if self._path.exists() else None

    def load(self, content: bytes | None) -> History:
        """Put model, Adam and generator where the file left them.

        Parameters
        ----------
        content : bytes, optional
            Its own, or that of another process's file.

        Returns
        -------
        History
            The epochs that are done; none where there is no file yet.

        Raises
        ------
        CheckpointError
            If the file is no checkpoint, was damaged, or is that of another training. Nothing is changed then.
        """
        if content is None:
            return History()
        try:
            tensors, strings = unpacked(content, formats=(_FORMAT,))
            history = History([epoch_of(entry, number) for number, entry in enumerate(json.loads(strings["epochs"]))])
            made_by = dict(json.loads(strings["made_by"]))
        except (DamagedError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{self._path}: must be the checkpoint of a training, and is not ({error}). "
                "Remove it to begin the training anew."
            ) from error
        self._compare(strings.get("format"), made_by)
        self._restore(tensors)
        return history

    def _compare(self, written: str | None, made_by: Mapping[str, Any]) -> None:
        """Refuse the file of another training."""
        if written in {_FORMAT, _WITHOUT_CHECKSUM} and made_by == self._made_by:
            return
        differ = sorted(
            name for name in made_by.keys() | self._made_by.keys() if made_by.get(name) != self._made_by.get(name)
        )
        raise CheckpointError(
            f"{self._path}: must be the checkpoint of this training, and differs in "
            f"{', '.join(differ) or 'format'}. Go on with the choices that it was made by, or remove it."
        )

    def _restore(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Hand the tensors on once all are known to be like those of this training: torch looks at less."""
        weights, moments = self._model.state_dict(), dict[int, dict[str, torch.Tensor]]()
        wanted = {f"{_WEIGHTS}.{name}": weight for name, weight in weights.items()}
        wanted[_SHUFFLE] = self._shuffle.get_state()
        parameters = list(self._model.parameters())
        for index, parameter in enumerate(parameters):
            if not any(name.startswith(f"{_ADAM}.{index}.") for name in tensors):
                continue  # Adam knows nothing of weights that have had no gradient
            moments[index] = {}
            for moment, like in moments_like(parameter).items():
                wanted[f"{_ADAM}.{index}.{moment}"] = like
        unlike = compared(tensors, wanted)
        if unlike:
            raise CheckpointError(
                f"{self._path}: must hold the weights of this model and what Adam knows of them, and does not "
                f"({unlike}). Go on with the model that it was made by, or remove it."
            )
        try:
            torch.Generator(device="cpu").set_state(tensors[_SHUFFLE])  # which torch itself looks through
        except RuntimeError as error:
            raise CheckpointError(
                f"{self._path}: must hold the state of a generator, and does not ({error}). Remove it."
            ) from error
        self._model.load_state_dict({name: tensors[f"{_WEIGHTS}.{name}"] for name in weights})
        for index in moments:
            moments[index] = {name: tensors[f"{_ADAM}.{index}.{name}"] for name in moments_like(parameters[index])}
        self._adam.restore(moments)
        self._shuffle.set_state(tensors[_SHUFFLE])


def moments_like(parameter: torch.Tensor) -> dict[str, torch.Tensor]:
    """What `torch.optim.Adam` keeps of a parameter, as tensors without values of its shapes and dtypes."""
    like = parameter.detach().to("meta")
    return {"step": torch.empty((), dtype=torch.float32, device="meta"), "exp_avg": like, "exp_avg_sq": like}


def compared(tensors: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> str:
    """Return what is missing, not known, or of another shape or dtype than wanted, in words; nothing where all fit."""
    missing, foreign = wanted.keys() - tensors.keys(), tensors.keys() - wanted.keys()
    said = [f"{name} is missing" for name in sorted(missing)] + [f"{name} is not known" for name in sorted(foreign)]
    for name, like in wanted.items():
        if name in tensors and (tensors[name].shape != like.shape or tensors[name].dtype != like.dtype):
            said.append(f"{name} must be {described(like)}, got {described(tensors[name])}")
    return "; ".join(said[:_MOST_SAID]) + (f" and {len(said) - _MOST_SAID} more" if len(said) > _MOST_SAID else "")
