"""Recordings with names on their axes: xarray's datasets and pandas' tables, which the extra `formats` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hthm.recording.formats.packages import imported

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # its stubs are a package apart
    import xarray as xr
    from numpy.typing import NDArray

    from hthm.arrays import FloatArray, IntArray


def dataset(
    n: int,
    times: FloatArray,
    collisions: IntArray,
    velocities: FloatArray | None,
    positions: FloatArray | None,
    attributes: dict[str, Any],
    spins: FloatArray | None = None,
) -> xr.Dataset:
    """Return arrays with dimensions run, frame, disk and xy; they are shared and not copied.

    Parameters
    ----------
    n : int
        Disks.
    times : (frames,) float64
        Since the start.
    collisions : (runs, frames) int64
    velocities, positions : (runs, frames, n, 2) float64, or None
        After each frame, where they were recorded.
    attributes : dict
        Of the dataset.
    spins : (runs, frames, n) float64, or None
        After each frame, of disks that have them.

    Raises
    ------
    ModuleNotFoundError
        If xarray is not installed.
    """
    xarray = imported("xarray")
    runs, frames = collisions.shape
    variables: dict[str, Any] = {
        "collisions": (("run", "frame"), collisions, {"long_name": "collisions during the frame"}),
    }
    axes = ("run", "frame", "disk", "xy")
    if velocities is not None:
        variables["velocity"] = (axes, velocities, {"units": "box sides / unit time", "long_name": "after the frame"})
    if positions is not None:
        variables["position"] = (axes, positions, {"units": "box sides", "long_name": "after the frame, in the box"})
    if spins is not None:
        variables["spin"] = (axes[:3], spins, {"units": "radians / unit time", "long_name": "after the frame"})
    coordinates = {
        "run": np.arange(runs),
        "frame": np.arange(1, frames + 1),
        "time": ("frame", times, {"units": "unit time", "long_name": "since the start"}),
        "disk": np.arange(n),
        "xy": ["x", "y"],
    }
    made: xr.Dataset = xarray.Dataset(variables, coordinates, attributes)
    return made


def table(
    frame_offsets: IntArray,
    pairs: NDArray[np.int32],
    velocities: FloatArray,
    times: FloatArray | None,
    spins: FloatArray | None = None,
) -> pd.DataFrame:
    """Return a row for each collision: run, frame, disks i < j, what they are just after, the time where known.

    Parameters
    ----------
    frame_offsets, pairs, velocities, times, spins
        As `hthm.recording.collision_log.CollisionLog` has them.

    Raises
    ------
    ModuleNotFoundError
        If pandas is not installed.
    """
    pandas = imported("pandas")
    runs, edges = frame_offsets.shape
    counts = np.diff(frame_offsets, axis=1)  # (runs, frames)
    columns: dict[str, Any] = {
        "run": np.repeat(np.arange(runs), counts.sum(axis=1)),
        "frame": np.repeat(np.tile(np.arange(1, edges), runs), counts.ravel()),
        "i": pairs[:, 0],
        "j": pairs[:, 1],
    }
    for disk, name in enumerate("ij"):
        for axis, letter in enumerate("xy"):
            columns[f"v{letter}_{name}"] = velocities[:, disk, axis]
        if spins is not None:
            columns[f"spin_{name}"] = spins[:, disk]
    if times is not None:
        columns["time"] = times
    return pandas.DataFrame(columns)
