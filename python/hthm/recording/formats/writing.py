"""One way to write a run in another format, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from hthm import checks
from hthm.files import written_whole
from hthm.recording.formats import extended_xyz, gsd

if TYPE_CHECKING:
    from hthm.recording.formats.particles import Particles

FORMATS: Final = {"h5md": (".h5md",), "gsd": (".gsd",), "extxyz": (".xyz", ".extxyz")}
"""Formats, and how the names of their files end."""


def format_of(path: str | os.PathLike[str], name: str | None) -> str:
    """Return the format that is named, or that the end of a file's name says.

    Raises
    ------
    TypeError, ValueError
        If it is none of `FORMATS`, or the name does not say.
    """
    if name is not None:
        return checks.choice("format", name, tuple(FORMATS))
    ending = checks.path("path", path).suffix.lower()
    for known, endings in FORMATS.items():
        if ending in endings:
            return known
    says = [f"{known} by {' or '.join(endings)}" for known, endings in FORMATS.items()]
    raise ValueError(
        f"format: must be given where the file's name does not say it, got {str(path)!r}: {', '.join(says)}."
    )


def write_particles(particles: Particles, path: str | os.PathLike[str], name: str) -> None:
    """Write a run.

    Parameters
    ----------
    particles : Particles
    path : path
        The file to make or to replace.
    name : str
        One of `FORMATS`.

    Raises
    ------
    ModuleNotFoundError
        If the package that knows the format is not installed.
    OSError
        As `hthm.files.written_whole`.
    """
    with written_whole(path) as part:
        if name == "extxyz":
            with part.open("w", encoding="ascii") as file:
                extended_xyz.write(particles, file)
        elif name == "h5md":
            from hthm.recording.formats import h5md  # noqa: PLC0415 -- imports h5py, which whoever simulates can do without

            h5md.write(particles, part)
        else:
            gsd.write(particles, part)
