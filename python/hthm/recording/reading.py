"""The one place that asks what kind of recording it was given."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

import numpy as np

from hthm import checks
from hthm.arrays import FloatArray
from hthm.recording.dense import DenseFrames, DenseStates
from hthm.recording.frames import Frames, components_of

_MEMBERS: Final = ("__len__", *(name for name in (*Frames.__annotations__, *vars(Frames)) if not name.startswith("_")))


@runtime_checkable
class HasFrames(Protocol):
    """What holds a recording beside other things, as Trajectories do."""

    def as_frames(self) -> Frames:
        """Return its frames, whichever way they were recorded."""


class HasNumbers(Protocol):
    """What gives NumPy its numbers, as a tensor of torch's and a DataArray of xarray's do."""

    def __array__(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 -- NumPy's own protocol
        """Return them."""


FramesLike: TypeAlias = FloatArray | HasFrames | Frames | HasNumbers
"""What all that reads velocities takes: an array (..., n, 2), Trajectories, or Frames of whatever kind. A tensor of
torch's or a DataArray of xarray's is copied into an array, for theirs may be anywhere and in any order."""


def frames_of(velocities: FramesLike, components: int | None = 2) -> Frames:
    """Return the frames of an array, of Trajectories, or the very Frames that are given.

    Parameters
    ----------
    velocities : array, Trajectories or Frames
        What was given.
    components : int, optional
        Numbers that a disk must have, 2 for a velocity; None for Frames of any and whatever else of velocities.

    Raises
    ------
    TypeError, ValueError
        If an array has another dtype, shape or order, an object is not all that Frames are, or disks have another
        number of components.
    AttributeError
        If Trajectories have no velocities.
    """
    if isinstance(velocities, HasFrames):  # first: to see that something is no Frames takes 30 µs
        return _of_components(velocities.as_frames(), components)
    if isinstance(velocities, Frames):
        _check_sizes(velocities)
        return _of_components(velocities, components)
    if hasattr(velocities, "leading"):
        missing = [name for name in dict.fromkeys(_MEMBERS) if not hasattr(velocities, name)]
        raise TypeError(
            f"velocities: must have all that Frames have, got {type(velocities).__name__}, which lacks "
            f"{', '.join(missing)}. Derive it from hthm.recording.frames.Frames."
        )
    array = _array_of(velocities)
    return DenseFrames(array) if components in {None, 2} else DenseStates(array, components)


def _of_components(frames: Frames, components: int | None) -> Frames:
    found = components_of(frames)
    if components in {None, found}:
        return frames
    advice = (
        f"Give the {components} numbers of a disk that the network sees."
        if components != 2  # noqa: PLR2004 -- a velocity
        else "Give the velocities alone, (..., n, 2): only networks that are made for it see more of a disk."
    )
    if found == 2:  # noqa: PLR2004 -- likewise
        advice = "hthm.recording.states.disk_states makes states of Trajectories."
    raise ValueError(f"velocities: must have {components} numbers a disk, got {found}. {advice}")


def _array_of(values: Any) -> Any:  # noqa: ANN401 -- checked where it becomes frames
    """NumPy's copy of a tensor or a DataArray, in C order; whatever else as it is, to be refused or taken."""
    if isinstance(values, np.ndarray):
        return values
    is_tensor = callable(getattr(values, "detach", None))
    if not is_tensor and not all(hasattr(values, name) for name in ("dims", "coords", "dtype")):  # a DataArray has
        return values
    try:  # a tensor may need a gradient, or lie on a GPU
        return np.array(values.numpy(force=True) if is_tensor else values, order="C")
    except TypeError as error:  # NumPy has no such numbers
        raise TypeError(f"velocities: must be float64, got {values.dtype}. Compute them in float64.") from error


def _check_sizes(frames: Frames) -> None:
    """Refuse the sizes of somebody's own class before memory is laid out by them."""
    name = type(frames).__name__
    for what, sizes, least in (("leading", frames.leading, 0), ("n", (frames.n,), 1)):
        if not isinstance(sizes, tuple):
            raise TypeError(f"{name}.{what}: must be a tuple of whole numbers, got {type(sizes).__name__}.")
        for size in sizes:
            checks.integer(f"{name}.{what}", size, least=least)


def frames_of_runs(velocities: FramesLike, components: int | None = 2) -> Frames:
    """Return frames as `frames_of`, of at least one run of at least one frame.

    Parameters
    ----------
    velocities, components
        As `frames_of` takes them.

    Raises
    ------
    TypeError, ValueError, AttributeError
        As `frames_of`, or if there are other axes than runs and frames, or none along one of them.
    """
    frames = frames_of(velocities, components)
    if len(frames.leading) != 2 or 0 in frames.leading:  # noqa: PLR2004 -- (runs, frames)
        raise ValueError(
            f"velocities: must have shape (runs, frames, n, {components_of(frames)}) with runs and frames and n at "
            f"least 1, got {(*frames.leading, frames.n, components_of(frames))}."
        )
    return frames


def start_speed(frames: Frames, speed: float | None) -> float:
    """Return s0: the one that is given, or that of the gas.

    Raises
    ------
    TypeError
        If frames come without.
    """
    speed = frames.speed if speed is None else speed
    if speed is None:
        raise TypeError("speed: must be given with an array of velocities. It is the gas's: speed=gas.speed.")
    return speed
