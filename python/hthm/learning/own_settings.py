"""What a session has set for itself in torch, put aside while hthm computes, so that results do not depend on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch

from hthm.learning.ending import at_work


@contextmanager
def own_settings(device: torch.device) -> Iterator[None]:
    """Compute as in a session that has set nothing: gradients on, no autocast, subnormal numbers kept.

    Parameters
    ----------
    device : torch.device
        Where the model is. Tensors made without a device, by a model or by torch itself, are made there where the
        session has chosen a device other than the CPU.

    Yields
    ------
    None
        All settings are those of the calling thread alone, and come back at the end.

    Notes
    -----
    The default dtype belongs to the whole process and is left alone: hthm names the dtype of all that it makes.
    """
    flushed = flushes_subnormals()
    with ExitStack() as stack:
        stack.enter_context(at_work())
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        stack.enter_context(np.errstate(under="ignore"))  # casts to float32 round small numbers to zero
        if torch.get_default_device().type not in {"cpu", device.type}:  # a mode that costs time at every call of torch
            stack.enter_context(device)
        if flushed:
            torch.set_flush_denormal(False)
            stack.callback(torch.set_flush_denormal, True)
        yield


def flushes_subnormals() -> bool:
    """Whether this thread rounds subnormal numbers to zero, as after ``torch.set_flush_denormal(True)``."""
    return sys.float_info.min / 2 == 0.0
