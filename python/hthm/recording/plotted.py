"""Recordings as pictures: H against time, and the speeds of a frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import checks
from hthm.axes import labelled
from hthm.equilibrium import speed_density
from hthm.recording.reading import frames_of_runs, start_speed
from hthm.recording.speed_bins import speed_edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hthm.arrays import FloatArray
    from hthm.recording.frames import Frames

_MOST_LINES: Final = 20
"""Runs that are drawn one by one: more are a smear."""
_BINS: Final = 60


class Plotted(ABC):
    """What `hthm.trajectories.Trajectories` draw of themselves."""

    @property
    @abstractmethod
    def times(self) -> FloatArray:
        """Times of the frames."""

    @abstractmethod
    def as_frames(self) -> Frames:
        """Return the frames of all runs."""

    def plot_h(self, *, ax: Axes | None = None) -> Axes:
        """Draw the paper's H of the speeds against time: the mean of the runs, and the first twenty of them.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; on those of a new figure unless given. Nothing is shown: that is up to the caller.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        AttributeError
            If no velocities were recorded.
        TypeError
            If `ax` is something else.
        """
        frames = frames_of_runs(self.as_frames())
        h, _ = frames.speed_h(speed_edges(start_speed(frames, None)), threads=checks.threads(None))
        h = h.reshape(frames.leading)  # (runs, frames)
        ax = labelled(ax, "time (time units)", "H of the speeds (nats)")
        for line in h[:_MOST_LINES]:
            ax.plot(self.times, line, color="0.75", linewidth=0.6)
        ax.plot(self.times, h.mean(axis=0), label="a run" if len(h) == 1 else f"mean of {len(h)} runs")
        ax.legend()
        return ax

    def plot_speeds(self, frame: int = -1, *, ax: Axes | None = None) -> Axes:
        """Draw the speeds of all runs in a frame beside Maxwell and Boltzmann's of the same energy.

        Parameters
        ----------
        frame : int
            Which frame; the last one unless given, and counted from there where it is negative.
        ax : matplotlib.axes.Axes, optional
            Where to draw; on those of a new figure unless given. Nothing is shown: that is up to the caller.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        AttributeError
            If no velocities were recorded.
        TypeError, ValueError
            If there is no such frame, or `ax` is something else.
        MemoryError
            If the velocities of that frame do not fit into the available memory.
        """
        frames = frames_of_runs(self.as_frames())
        runs, count = frames.leading
        frame = checks.integer("frame", frame, least=-count, most=count - 1) % count
        checks.memory("plot_speeds", runs * frames.n * 32, "Draw fewer runs: traj[:10].plot_speeds().")
        velocities = np.empty((runs, frames.n, 2))
        frames.read(np.arange(runs, dtype=np.int64) * count + frame, velocities)
        speeds = np.linalg.norm(velocities, axis=-1).ravel() / start_speed(frames, None)
        density, edges = np.histogram(speeds, _BINS, range=(0, max(2.0, speeds.max())), density=True)
        temperature = float(np.square(speeds).mean()) / 2
        ax = labelled(ax, "speed s / s₀", "probability density × s₀")
        ax.stairs(density, edges, fill=True, alpha=0.4, label=f"t = {self.times[frame]:.3g} time units")
        at = np.linspace(0, edges[-1], 400)
        ax.plot(at, speed_density(at, temperature), color="C1", label="Maxwell–Boltzmann")
        ax.legend()
        return ax
