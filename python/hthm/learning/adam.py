"""Adam, and its steps on as many threads as pay."""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

_MANY_WEIGHTS: Final = 2**18
"""From so many on, a step of Adam takes long enough for several threads to pay."""


def new_adam(model: nn.Module, learning_rate: float) -> torch.optim.Adam:
    """Return torch's Adam for the weights of a network.

    Parameters
    ----------
    model : nn.Module
        Its floating-point parameters, on a CPU or a CUDA device.
    learning_rate : float
        Of every parameter.

    Returns
    -------
    torch.optim.Adam
        In the variant that takes a step in one call of compiled code a tensor. The plain one, a dozen small operations
        a tensor, takes as long as a quarter of the compiled kernel at D = 16.
    """
    return torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)


def take_step(adam: torch.optim.Adam) -> None:
    """Take a step of Adam, on one thread where the weights are few.

    torch shares out even a handful of weights among its threads, and these wait for each other, spinning: where another
    program has one of the processors, a step takes hundredths of a second in place of some 50 µs.
    """
    threads = torch.get_num_threads()
    weights = sum(parameter.numel() for group in adam.param_groups for parameter in group["params"])
    if threads == 1 or weights > _MANY_WEIGHTS:
        adam.step()
        return
    torch.set_num_threads(1)
    try:
        adam.step()
    finally:
        torch.set_num_threads(threads)
