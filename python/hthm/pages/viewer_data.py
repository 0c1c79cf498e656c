"""What the viewer's page carries of a run: its start and its collisions, as arrays that a browser reads."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hthm.gas import unchecked_state
from hthm.h_functional import speed_h_in_range
from hthm.mixtures import diameters, mixed
from hthm.rules import RoughDisks, SmoothDisks
from hthm.simulate import simulate

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.gas import State
    from hthm.pages.series import Series, Training
    from hthm.trajectories import Trajectories

_KINDS: Final = {"f": "<f8", "i": "<i4"}  # of JavaScript's typed arrays, which have the byte order of the machine
_MOST_FITS: Final = 3  # more could not be told apart while they move
_MOST_ROWS: Final = 2**29  # four numbers each, in an array of less than 2^31


class Fit(NamedTuple):
    """A curve beside H.

    Attributes
    ----------
    label : str
    values : (frames,) float64
        Nats.
    """

    label: str
    values: FloatArray


class Way(NamedTuple):
    """A way back that hthm simulated, for the page to show beside the browser's own.

    Attributes
    ----------
    label : str
        What it is called, such as "extended precision, 237 bits".
    bits : int
        Of its numbers.
    back : Trajectories
        Of one run, a log, which starts from where the run was after as many frames, with all velocities turned round.
    returned : bool
        Whether it came back in every bit.
    """

    label: str
    bits: int
    back: Trajectories
    returned: bool


def fits_of(series: Series, run: int, frames: int) -> tuple[Fit, ...]:
    """Return H ≈ a·h + b of a run, of one network of each kind, three at most.

    Parameters
    ----------
    series : Series
    run : int
        Its number.
    frames : int
        How many of its frames.
    """
    kinds: dict[tuple[int, str], Training] = {}
    for training in series.trainings:
        kinds.setdefault((training.width, training.steps), training)
    return tuple(
        Fit(f"a·h + b, {training.label}", training.a[run] * training.h[run, :frames] + training.b[run])
        for training in list(kinds.values())[:_MOST_FITS]
    )


def logged(traj: Trajectories, frames: int, threads: int | None = None) -> Trajectories:
    """Return one run as a log: as it is, or simulated again from its start where another recording was kept.

    Parameters
    ----------
    traj : Trajectories
        Of one run.
    frames : int
        Its frames.
    threads : int, optional

    Raises
    ------
    ValueError, MemoryError
        As `hthm.simulate`.
    """
    if traj.recording == "log":
        return traj
    return simulate(traj.initial, frames, traj.dt, engine=traj.engine, threads=threads, record="log")


def viewer_data(
    traj: Trajectories,
    frames: int,
    fits: Iterable[Fit] = (),
    ways: Iterable[Way] = (),
    *,
    plain: bool = False,
    threads: int | None = None,
) -> dict[str, Any]:
    """Return what the page's program reads, as JSON can hold it.

    Parameters
    ----------
    traj : Trajectories
        Of one run, a log.
    frames : int
        How many of its frames, from the start.
    fits : iterable of Fit
        Curves beside H.
    ways : iterable of Way
        Ways back from frames of it.
    plain : bool
        Whether arrays are left as they are, and not deflated.
    threads : int, optional

    Returns
    -------
    dict
        ``arrays``, of the run and of each of the ``ways``, as recording.js describes them; ``final``, hthm's own
        positions after the last frame, is among those of the run where it is shown to its end.
    """
    start = traj.initial
    arrays = _arrays(traj, frames)
    if frames == traj.collisions.shape[1]:
        arrays["final"] = traj.final.positions[0]
    h = speed_h_in_range(traj, threads=threads).h[0, :frames]
    return {
        "n": start.n,
        "box": start.box,
        "diameter": start.diameter,
        "smooth": isinstance(start.rule, SmoothDisks) and not mixed(start.kinds),
        "tends": tending(start),
        "speed": start.gas.speed,
        "dt": traj.dt,
        "frames": frames,
        "h": _numbers(h),
        "fits": [{"label": fit.label, "values": _numbers(fit.values)} for fit in fits],
        "arrays": _all_packed(arrays, plain=plain),
        "ways": [_stored(way, plain=plain) for way in ways],
    }


def tending(start: State) -> list[tuple[float, float]]:
    """Return what the speeds of the first run tend to, as Maxwell and Boltzmann's densities that are added.

    Returns
    -------
    list of (float, float)
        Of each kind, its share of the disks and the mean of v²/2 in equilibrium; empty where energy is lost, and there
        is none.
    """
    rule = start.rule
    if isinstance(rule, RoughDisks) and not rule.keeps_energy:
        return []
    first = start[:1]
    shared = isinstance(rule, RoughDisks) and rule.roughness == 1  # by translation and spin, a third for the latter
    moving = first if shared else unchecked_state(first.positions, first.velocities, first)
    energy = float(moving.energy()[0]) / start.n * (2 / 3 if shared else 1)
    if start.kinds is None:
        return [(1.0, energy)]
    return [(kind.n / start.n, energy / kind.mass) for kind in start.kinds]


def nbytes(data: Mapping[str, Any]) -> int:
    """Bytes of the arrays in a page."""
    return sum(len(array["base64"]) for part in (data, *data["ways"]) for array in part["arrays"].values())


def _arrays(traj: Trajectories, frames: int) -> dict[str, NDArray[Any]]:
    """The start and the rows of one run, as recording.js names them."""
    log, start = traj[:1].log, traj.initial
    offsets = log.frame_offsets[0, : frames + 1]
    rows = slice(0, min(int(offsets[-1]), _MOST_ROWS))
    arrays: dict[str, NDArray[Any]] = {
        "positions": start.positions[0],
        "velocities": start.velocities[0],
        "offsets": offsets,
        "pairs": log.pairs[rows],
        "after": log.velocities[rows],
    }
    if log.times is not None:
        arrays["times"] = log.times[rows]
    if start.kinds is not None and mixed(start.kinds):
        arrays["radii"] = diameters(start.kinds) / 2
    if start.spins is not None and log.spins is not None:
        arrays |= {"spins": start.spins[0], "spun": log.spins[rows]}
    return arrays


def _stored(way: Way, *, plain: bool) -> dict[str, Any]:
    """A way back, as the page's program reads it."""
    frames = way.back.collisions.shape[1]
    return {
        "label": way.label,
        "frames": frames,
        "arrays": _all_packed(_arrays(way.back, frames), plain=plain),
    }


def _all_packed(arrays: Mapping[str, NDArray[Any]], *, plain: bool) -> dict[str, dict[str, Any]]:
    return {name: _packed(array, plain=plain) for name, array in arrays.items()}


def _packed(array: NDArray[Any], *, plain: bool) -> dict[str, Any]:
    """An array in base64, to be read by arrays.js."""
    kind = _KINDS[array.dtype.kind]
    content = array.astype(kind).tobytes()
    return {
        "kind": "float64" if kind == "<f8" else "int32",
        "deflated": not plain,
        "base64": base64.b64encode(content if plain else zlib.compress(content)).decode("ascii"),
    }


def _numbers(values: FloatArray) -> list[float | None]:
    """Numbers to be drawn; JSON knows no NaN."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()]
