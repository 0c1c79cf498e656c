"""Trained networks on disk: safetensors with the configuration inside, and torch state dicts to read."""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from hthm import checks
from hthm.deepsets import DeepSets
from hthm.files import write_bytes
from hthm.learning.own_settings import own_settings
from hthm.learning.recipes import MOST_WIDTH, PUBLISHED, Architecture
from hthm.learning.tensor_file import DamagedError, described, packed, unpacked

SUFFIXES: Final = (".safetensors", ".pt", ".pth")
"""Files that `load_weights` reads."""

_FORMAT: Final = "hthm DeepSets 2"
"""Of files with a checksum; those that say 1 have none, and are read as those that say nothing."""


class WeightsError(ValueError):
    """A file that does not hold the weights of a `DeepSets`; the message has its path and what is wrong with it."""


def save_weights(path: str | os.PathLike[str], model: DeepSets, configuration: Mapping[str, Any] | None = None) -> None:
    """Write a network as safetensors with a checksum, whole or not at all; the same network gives the same bytes.

    Parameters
    ----------
    path : path
        Ends in ``.safetensors``.
    model : DeepSets
        On any device.
    configuration : mapping, optional
        What made it, of whatever JSON can hold.

    Raises
    ------
    TypeError, ValueError
        If the model is no `DeepSets`, the path ends otherwise, or JSON cannot hold the configuration.
    OSError
        If the file cannot be written; what was there before is still there.
    """
    path = checks.path("path", path)
    if path.suffix != ".safetensors":
        raise ValueError(f"path: must end in .safetensors, got {path}.")
    if not isinstance(model, DeepSets):
        raise TypeError(f"model: must be a DeepSets, got {type(model).__name__}.")
    try:
        written = json.dumps(dict(configuration or {}), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"configuration: must be what JSON can hold, got something else ({error}).") from error
    metadata = {"format": _FORMAT, "width": str(model.width), "configuration": written}
    if model.architecture != PUBLISHED:
        metadata["architecture"] = json.dumps(model.architecture.as_json())
    write_bytes(path, packed(model.state_dict(), metadata))


def load_weights(path: str | os.PathLike[str]) -> DeepSets:
    """Read a network; its width is that of the arrays, its architecture the paper's unless the file names another.

    Parameters
    ----------
    path : path
        ``.safetensors``, or a torch state dict, ``.pt`` or ``.pth``. The latter is read with ``weights_only=True``: no
        code in it is run. A file of `save_weights` is checked by its checksum; files of others, and those that hthm
        wrote before it had checksums, are read without.

    Returns
    -------
    DeepSets
        In float32, on the CPU.

    Raises
    ------
    OSError
        If the file cannot be read.
    WeightsError
        If it holds anything but the weights of a `DeepSets`, or was damaged since `save_weights` wrote it.
    """
    path = checks.path("path", path)
    if path.suffix not in SUFFIXES:
        raise WeightsError(f"{path}: must end in {', '.join(SUFFIXES)}, got {path.suffix or 'no suffix'!r}.")
    content = path.read_bytes()
    with own_settings(torch.device("cpu")):
        strings: dict[str, str] = {}
        state: Mapping[str, object]
        if path.suffix == ".safetensors":
            state, strings = _safetensors(path, content)
        else:
            state = _state_dict(path, content)
        # On meta there are shapes to compare with, before memory is taken for whatever width the file claims.
        model = DeepSets(_width(path, state), _architecture(path, strings), device="meta")
        _check(path, state, model.state_dict())
        model.load_state_dict(dict(state), assign=True)
        return model.requires_grad_()


def load_functional(path: str | os.PathLike[str]) -> DeepSets:
    """Read a network as `load_weights`, for whatever has velocities and nothing else to show it.

    Parameters
    ----------
    path : path
        As `load_weights` takes it.

    Returns
    -------
    DeepSets
        In float32, on the CPU.

    Raises
    ------
    OSError
        If the file cannot be read.
    WeightsError
        As `load_weights`, or if the network sees other numbers of a disk than its velocity.
    """
    model = load_weights(path)
    if not model.architecture.sees_velocities:
        raise WeightsError(
            f"{path}: must be a network that sees the 2 numbers of a velocity, got one of {model.components} with "
            f"{model.architecture.labels} labels. Evaluate it in Python, on what it was trained on."
        )
    return model


def load_configuration(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the configuration that `save_weights` was given; empty where there is none.

    Parameters
    ----------
    path : path
        ``.safetensors``.

    Raises
    ------
    OSError
        If the file cannot be read.
    WeightsError
        If it is no safetensors file, was damaged, or its configuration is no JSON object.
    """
    path = checks.path("path", path)
    try:
        configuration = json.loads(_safetensors(path, path.read_bytes())[1].get("configuration", "{}"))
    except json.JSONDecodeError as error:
        raise WeightsError(f"{path}: its configuration must be JSON, and is not ({error}).") from error
    if not isinstance(configuration, dict):
        raise WeightsError(f"{path}: its configuration must be a JSON object, got {type(configuration).__name__}.")
    return configuration


def _architecture(path: Path, strings: Mapping[str, str]) -> Architecture:
    named = strings.get("architecture")
    if named is None:
        return PUBLISHED
    try:
        return Architecture(**json.loads(named))
    except (TypeError, ValueError) as error:
        raise WeightsError(f"{path}: must name an architecture of hthm, and does not ({error}).") from error


def _safetensors(path: Path, content: bytes) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    try:
        return unpacked(content, formats=(_FORMAT,))
    except DamagedError as error:
        raise WeightsError(f"{path}: must be a whole safetensors file, and is not ({error}).") from error


def _state_dict(path: Path, content: bytes) -> dict[str, torch.Tensor]:
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path}: must be a torch state dict, and holds something else. "
            "Save tensors only: torch.save(model.state_dict(), path)."
        ) from error
    # Damaged files end in almost any exception, according to where the damage is.
    except Exception as error:
        raise WeightsError(f"{path}: must be a torch state dict, and cannot be read as one ({error}).") from error
    if not isinstance(state, Mapping):
        raise WeightsError(f"{path}: must be a torch state dict, got {type(state).__name__}.")
    return dict(state)


def _width(path: Path, state: Mapping[str, object]) -> int:
    bias = state.get("phi.0.bias")
    if not isinstance(bias, torch.Tensor) or bias.ndim != 1 or not len(bias):
        raise WeightsError(
            f"{path}: must hold phi.0.bias with one number for each of the network's D columns, got "
            f"{described(bias)}. Its names are: {_listed(state)}."
        )
    if len(bias) > MOST_WIDTH:
        raise WeightsError(f"{path}: must hold a network at most {MOST_WIDTH} wide, got {len(bias)}.")
    return len(bias)


def _check(path: Path, state: Mapping[str, object], wanted: Mapping[str, torch.Tensor]) -> None:
    missing, foreign = wanted.keys() - state.keys(), state.keys() - wanted.keys()
    if missing or foreign:
        raise WeightsError(
            f"{path}: must hold {_listed(wanted)}; missing: {_listed(missing)}; not known: {_listed(foreign)}."
        )
    for name, like in wanted.items():
        tensor = state[name]
        if not isinstance(tensor, torch.Tensor) or tensor.shape != like.shape or tensor.dtype != like.dtype:
            raise WeightsError(f"{path}: {name} must be {described(like)}, got {described(tensor)}.")
        if not tensor.isfinite().all():
            raise WeightsError(f"{path}: {name} must be finite, got NaN or infinity. The training went astray.")


def _listed(names: Mapping[str, object] | set[str]) -> str:
    return ", ".join(sorted(map(str, names))) or "none"
