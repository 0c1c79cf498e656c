"""What a training draws at random: from generators of its own, so that nobody else's draws change it, nor it theirs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from hthm import checks
from hthm.learning.own_settings import own_settings
from hthm.randomness import Stream, stream_seed

Network = TypeVar("Network", bound=nn.Module)


def new_generator(seed: int, stream: Stream) -> torch.Generator:
    """Return the generator of one stream of a seed, on the CPU whatever device is being trained on."""
    return torch.Generator(device="cpu").manual_seed(stream_seed(seed, stream))


def draw_weights(model: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of all linear layers anew, in the order in which the model names them.

    Parameters
    ----------
    model : nn.Module
        On the CPU.
    generator : torch.Generator
        Where the numbers come from.

    Raises
    ------
    TypeError
        If the model has weights that are not those of a linear layer.

    Notes
    -----
    The numbers are those that PyTorch draws by default when it makes the layers one after the other. Its own
    `nn.Linear.reset_parameters` takes them from the generator that all threads share, and takes no other.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
            bound = 1 / math.sqrt(layer.in_features)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
        elif next(layer.parameters(recurse=False), None) is not None:
            raise TypeError(f"model: must have linear layers only, got {type(layer).__name__}.")


def untrained(make: Callable[[], Network], seed: int, stream: Stream = Stream.WEIGHTS) -> Network:
    """Return a network whose weights depend on the seed alone; torch's own generator is not touched.

    Parameters
    ----------
    make : callable
        Makes the network, of linear layers, on the device "meta", so that nothing is drawn for it yet.
    seed : int
        0 or more.
    stream : Stream
        Of the seed.

    Returns
    -------
    nn.Module
        On the CPU.

    Raises
    ------
    TypeError, ValueError
        If the seed is not a whole number, or out of range, or as `make`.
    """
    generator = new_generator(checks.integer("seed", seed, least=0), stream)
    with own_settings(torch.device("cpu")):
        model = make()
        for layer in model.modules():  # as to_empty does, for which torch imports sympy: half a second
            for name, parameter in [*layer.named_parameters(recurse=False)]:
                weights = torch.empty(parameter.shape, dtype=parameter.dtype, device="cpu")
                layer.register_parameter(name, nn.Parameter(weights, parameter.requires_grad))
        draw_weights(model, generator)
    return model
