"""H5MD 1.1 (de Buyl, Colberg and Höfling, doi:10.1016/j.cpc.2014.01.018), in the form that MDAnalysis reads.

Its reader wants three dimensions, a side of the box in every frame, steps and times in full, and takes row k of the
velocities for row k of the positions whatever their steps: here they are the same frames. The format has no name for
spins; they are the element `spin` of the particles, and the same element is among the observables, where that reader
looks for what it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np

from hthm import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.arrays import FloatArray
    from hthm.recording.formats.particles import Particles

_CHUNK: Final = 2**20
"""Bytes of a chunk, whole frames: automatic ones would part x from y."""


def write(particles: Particles, path: Path) -> None:
    """Write the frames, in three dimensions of which the last is 0."""
    frames = len(particles.times)
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        head = file.create_group("h5md")
        head.attrs["version"] = np.array([1, 1])
        head.create_group("creator").attrs.update({"name": "hthm", "version": __version__})
        head.create_group("author").attrs["name"] = "hthm"
        trajectory = file.create_group("particles/trajectory")
        box = trajectory.create_group("box")
        box.attrs["dimension"] = 3
        box.attrs.create("boundary", ["periodic"] * 3, dtype=h5py.string_dtype("ascii"))
        sides = np.array([particles.box, particles.box, particles.depth])
        _element(box, "edges", np.tile(sides, (frames, 1)), particles)
        for name, values in (("position", particles.positions), ("velocity", particles.velocities)):
            flat = np.zeros((frames, particles.n, 3))
            flat[..., :2] = values
            _element(trajectory, name, flat, particles)
        if particles.spins is not None:
            _element(trajectory, "spin", particles.spins, particles)
            file.create_group("observables/trajectory")["spin"] = trajectory["spin"]  # a second name of it
        trajectory.create_dataset("mass", data=particles.masses, track_times=False)
        parameters = file.create_group("parameters")
        if particles.kinds is None:
            parameters.attrs["diameter"] = particles.diameters[0]
        else:
            trajectory.create_dataset("species", data=particles.kinds, track_times=False)
            trajectory.create_dataset("diameter", data=particles.diameters, track_times=False)
        if particles.inertias is not None and particles.kinds is None:
            parameters.attrs["moment_of_inertia"] = particles.inertias[0]
        elif particles.inertias is not None:
            trajectory.create_dataset("moment_of_inertia", data=particles.inertias, track_times=False)
        parameters.attrs["rule"] = particles.rule
        parameters.attrs["dimension"] = 2


def _element(group: h5py.Group, name: str, values: FloatArray, particles: Particles) -> None:
    """A quantity that changes with time."""
    element = group.create_group(name)
    # Flushed at once, as in a dataset's files: else the bytes depend on when Python lets go of it.
    at_once = max(1, min(len(values), _CHUNK // values[0].nbytes))
    element.create_dataset(
        "value", data=values, chunks=(at_once, *values.shape[1:]), shuffle=True, compression="gzip",
        compression_opts=1, track_times=False,
    ).flush()  # fmt: skip
    element.create_dataset("step", data=particles.steps, track_times=False)
    element.create_dataset("time", data=particles.times, track_times=False)
