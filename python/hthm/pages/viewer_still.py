"""The viewer's picture for who has switched JavaScript off: the start of a run, its end and H."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.mixtures import diameters
from hthm.pages.print_style import BLUE, PAGE, RED, canvas
from hthm.simulate import simulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hthm.arrays import FloatArray
    from hthm.gas import State
    from hthm.trajectories import Trajectories

_DPI: Final = 110


def still(traj: Trajectories, frames: int, h: FloatArray) -> str:
    """Return the picture, a PNG in base64.

    Parameters
    ----------
    traj : Trajectories
        The first run is drawn.
    frames : int
        Of it, from the start.
    h : (frames,) float64
        H after each, in nats.
    """
    whole = frames == traj.collisions.shape[1]
    end = traj.final if whole else simulate(traj.initial, frames, traj.dt, engine=traj.engine, record="counts").final
    with canvas(PAGE, 2.6) as figure:
        start_axes, end_axes, h_axes = figure.subplots(1, 3)
        _draw_disks(start_axes, traj.initial, "t = 0")
        _draw_disks(end_axes, end, f"t = {frames * traj.dt:.4g}")
        h_axes.plot(traj.dt * np.arange(1, frames + 1), h, color=BLUE)
        h_axes.set_xlabel("time")
        h_axes.set_title("H (nats)")
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=_DPI)
    return base64.b64encode(content.getvalue()).decode("ascii")


def _draw_disks(axes: Axes, state: State, title: str) -> None:
    """Disks of the first run, bluer the slower and redder the faster than s0."""
    from matplotlib.collections import EllipseCollection  # noqa: PLC0415 -- import hthm.pages is quick
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 -- likewise

    colours = LinearSegmentedColormap.from_list("speeds", [BLUE, "#b5b5b5", RED])
    sizes = np.full(state.n, state.diameter) if state.kinds is None else diameters(state.kinds)
    disks = EllipseCollection(
        sizes, sizes, np.zeros(state.n), units="xy", offsets=state.positions[0], transOffset=axes.transData,
        cmap=colours, clim=(0, 2 * state.gas.speed), array=np.hypot(*state.velocities[0].T), linewidths=0,
    )  # fmt: skip
    axes.add_collection(disks)
    axes.set(xlim=(0, state.box), ylim=(0, state.box), aspect="equal", xticks=[], yticks=[], title=title)
