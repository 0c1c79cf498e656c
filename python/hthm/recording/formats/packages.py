"""Packages of other programs' formats, which the extra `formats` brings."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def imported(module: str) -> Any:  # noqa: ANN401 -- a module, of which some ship no types
    """Import a module that only the extra `formats` brings.

    Parameters
    ----------
    module : str
        Its full name, such as ``gsd.hoomd``.

    Returns
    -------
    module

    Raises
    ------
    ModuleNotFoundError
        If it is not installed; the message says how to get it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = (error.name or module).partition(".")[0]
        raise ModuleNotFoundError(
            f"{package}: is needed for this and not installed. pip install 'hthm[formats]' brings it.", name=package
        ) from error
