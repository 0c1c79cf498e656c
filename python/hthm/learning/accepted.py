"""Which networks are evaluated and trained."""

from __future__ import annotations

from torch import nn

from hthm.learning.feeding import NUMPY_DTYPE


def check_model(model: nn.Module, *, to_train: bool = False) -> nn.Parameter:
    """Refuse a network that cannot be evaluated or trained; return its first weight, whose dtype all others have.

    Parameters
    ----------
    model : nn.Module
        Whatever a user hands over as a network.
    to_train : bool
        Whether it is to be trained, and so needs weights that gradients can be taken for.

    Returns
    -------
    nn.Parameter

    Raises
    ------
    TypeError
        If it is no module, or its parameters are not in float32 or all in float64.
    ValueError
        If they have no values, or cannot be trained.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: must be a torch.nn.Module, got {type(model).__name__}.")
    parameters = list(model.parameters())
    dtypes = {parameter.dtype for parameter in parameters}
    if len(dtypes) != 1 or not dtypes <= NUMPY_DTYPE.keys():
        found = ", ".join(sorted(map(str, dtypes))) or "none"
        raise TypeError(f"model: must have parameters in float32, or all in float64, got {found}.")
    if any(parameter.is_meta for parameter in parameters):
        raise ValueError(
            "model: must have weights with values, got some on the device meta, which holds shapes only. "
            "Make the model anew under torch.device('cpu')."
        )
    if to_train and any(parameter.is_inference() for parameter in parameters):
        raise ValueError(
            "model: must have weights that can be trained, got some made in torch.inference_mode. "
            "Make the model outside of it, or with hthm.deepsets.new_model."
        )
    if to_train and not any(parameter.requires_grad for parameter in parameters):
        raise ValueError(
            "model: must have weights that can be trained, and all are frozen. Free them: model.requires_grad_()."
        )
    return parameters[0]


def components_seen(model: nn.Module) -> int | None:
    """Return how many numbers of a disk a network sees, by its attribute `components`; None where it does not say.

    Parameters
    ----------
    model : nn.Module
        Whatever a user hands over as a network.

    Returns
    -------
    int or None
        As `hthm.recording.reading.frames_of` takes it.
    """
    found = getattr(model, "components", None)
    return found if isinstance(found, int) else None  # a module of a user's may call something else so
