"""Pictures of a run for a talk: its disks, H as time goes on, and the speeds beside Maxwell and Boltzmann's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hthm.equilibrium import speed_density
from hthm.h_functional import speed_h_in_range
from hthm.pages.moving_disks import DARK, LIGHT, MovingDisks, Theme, plain_axes
from hthm.pages.print_style import canvas
from hthm.pages.viewer_data import Fit, logged, tending
from hthm.recording.paths import wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hthm.arrays import FloatArray
    from hthm.trajectories import Trajectories

_BINS, _SPEEDS_TO = 41, 3  # of the histogram, up to so many s0: s0 is inside a bin, and not at an edge
_HIGHEST: Final = 1.9  # of the density times s0; what is higher is cut off, as all disks at s0 are
_HEIGHT: Final = 5.4  # inches of a picture of 16 by 9, whatever its pixels: type and lines grow with it
_AREA: Final = _HEIGHT * _HEIGHT * 16 / 9
_WIDE: Final = 1.25  # width over height from which the charts stand beside the disks
_HUES, _EDGES = 40, (1, 0.75, 0.5, 0.25)  # of the palette: speeds, and how much of a pixel a disk covers
_SHADES: Final = np.linspace(
    0.2, 1, 12
)  # of everything else; what is nearer to the paper's colour would be taken for it


def colour_map(name: str, theme: Theme) -> Any:  # noqa: ANN401 -- matplotlib is imported late
    """Return the colours of speeds from 0 to 2 s0.

    Parameters
    ----------
    name : str
        "speed" for the theme's own, blue at rest, grey at s0, orange at 2 s0; or one of matplotlib's.
    theme : Theme

    Raises
    ------
    ValueError
        If matplotlib knows no such colours.
    """
    import matplotlib as mpl  # noqa: PLC0415 -- import hthm.pages is quick
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 -- likewise

    if name == "speed":
        return LinearSegmentedColormap.from_list(name, [theme.slow, theme.middle, theme.fast])
    if name not in mpl.colormaps:
        raise ValueError(f"colours: must be speed, or a colour map of matplotlib such as viridis, got {name!r}.")
    return mpl.colormaps[name]


def palette(colours: str, *, dark: bool = False) -> NDArray[np.uint8]:
    """Return at most 256 colours of which pictures consist, their soft edges included.

    Returns
    -------
    (colours, 3) uint8

    Raises
    ------
    ValueError
        As `colour_map`.
    """
    from matplotlib.colors import to_rgb  # noqa: PLC0415 -- import hthm.pages is quick

    theme = DARK if dark else LIGHT
    speeds = colour_map(colours, theme)(np.linspace(0, 1, _HUES))[:, :3]
    others = np.array([to_rgb(colour) for colour in (theme.ink, theme.line, theme.h, theme.maxwell, *theme.fits)])
    paper = np.array(to_rgb(theme.paper))
    mixed = [
        share * of + (1 - share) * paper for of, shares in ((speeds, _EDGES), (others, _SHADES)) for share in shares
    ]
    return np.unique(np.round(255 * np.concatenate([paper[None], *mixed])).astype(np.uint8), axis=0)


def pictures(
    traj: Trajectories,
    frames: Sequence[int],
    size: tuple[int, int],
    *,
    fits: Iterable[Fit] = (),
    dark: bool = False,
    colours: str = "speed",
    threads: int | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Draw frames of a run, one at a time; no two are equal, for each says its number.

    Parameters
    ----------
    traj : Trajectories
        Of one run. What is no log is simulated again from its start.
    frames : sequence of int
        Which; the start is number 0.
    size : (int, int)
        Width and height in pixels.
    fits : iterable of Fit
        Curves beside H.
    dark : bool
    colours : str
        As `colour_map`.
    threads : int, optional

    Yields
    ------
    (height, width, 3) uint8
        Red, green, blue.

    Raises
    ------
    ValueError
        If the colours are unknown, or the disks have no places to be drawn at.
    MemoryError
        If the run does not fit into memory.
    """
    count = traj.collisions.shape[1]
    traj = logged(traj[:1], count, threads)
    theme = DARK if dark else LIGHT
    start = traj.initial
    positions = wrapped(traj.unwrapped_positions(0), start.box)  # (frames + 1, n, 2)
    angles = None if start.spins is None else traj.turned(0)  # (frames + 1, n)
    speeds = np.hypot(*np.moveaxis(traj.run_velocities(0), -1, 0))  # (frames + 1, n)
    h = np.concatenate([[np.nan], speed_h_in_range(traj, threads=threads).h[0]])  # the start is no frame of H's
    curves = [Fit(fit.label, np.concatenate([[np.nan], fit.values])) for fit in fits]
    width, height = size
    inch = np.sqrt(width * height / _AREA)  # pixels
    with canvas((width + 0.5) / inch, (height + 0.5) / inch) as figure:  # half a pixel, or rounding takes a whole one
        figure.set_dpi(inch)
        figure.set_facecolor(theme.paper)
        figure.set_layout_engine("none")
        disks_at, h_at, speeds_at = _places(width, height)
        disks = MovingDisks(figure, disks_at, traj, colour_map(colours, theme), theme, inch)
        course = _Course(figure, h_at, traj.dt, h, curves, theme)
        histogram = _Histogram(figure, speeds_at, traj, theme)
        agg: Any = figure.canvas
        agg.draw()
        empty = agg.copy_from_bbox(figure.bbox)
        for frame in frames:
            agg.restore_region(empty)
            turned = None if angles is None else angles[frame]
            disks.draw(positions[frame], speeds[frame], turned, f"t = {frame * traj.dt:.2f}, frame {frame}")
            course.draw(frame)
            histogram.draw(speeds[frame])
            pixels = np.asarray(agg.buffer_rgba())
            yield np.ascontiguousarray(pixels[..., :3])


def _places(width: int, height: int) -> tuple[tuple[float, float, float, float], ...]:
    """Where disks, H and speeds stand: left, bottom, width and height, as shares of the picture."""
    if width >= _WIDE * height:
        side = 0.86 * height
        left = min(0.05 * height, (width - side) / 4)
        beside = (left + side) / width + 0.11
        rest = 0.98 - beside
        return (
            (left / width, 0.04, side / width, 0.86),
            (beside, 0.60, rest, 0.30),
            (beside, 0.12, rest, 0.30),
        )
    side = min(0.92 * width, 0.62 * height)
    below = 0.9 - side / height
    low, high = 0.09, below - 0.16
    return (
        ((1 - side / width) / 2, 0.94 - side / height, side / width, side / height),
        (0.11, low, 0.36, high),
        (0.61, low, 0.36, high),
    )


class _Course:
    """H against time: faint as a whole, and as far as it has come."""

    def __init__(
        self,
        figure: Figure,
        place: tuple[float, float, float, float],
        dt: float,
        h: FloatArray,
        fits: Iterable[Fit],
        theme: Theme,
    ) -> None:
        self._axes = plain_axes(figure, place, theme)
        self._times = dt * np.arange(len(h))
        self._curves: list[tuple[FloatArray, str, Any]] = [(h, theme.h, "-")]
        self._curves += [(fit.values, colour, (0, (4, 1.5))) for fit, colour in zip(fits, theme.fits, strict=False)]
        self._lines = []
        for values, colour, style in self._curves:
            self._axes.plot(self._times[: len(values)], values, color=colour, linestyle=style, alpha=0.3, linewidth=1.2)
            self._lines += self._axes.plot([], [], color=colour, linestyle=style, linewidth=1.8, animated=True)
        self._axes.set_xlim(0, self._times[-1])
        self._axes.set_xlabel("time", color=theme.ink, fontsize=9)
        labels = "".join(f"; dashed: {fit.label}" for fit in list(fits)[:1])
        self._axes.set_title(f"H (nats){labels}", color=theme.ink, loc="left", fontsize=10)
        self._now = self._axes.axvline(0, color=theme.ink, linewidth=0.8, animated=True)

    def draw(self, frame: int) -> None:
        for line, (values, _, _) in zip(self._lines, self._curves, strict=True):
            line.set_data(self._times[: frame + 1][: len(values)], values[: frame + 1])
            self._axes.draw_artist(line)
        self._now.set_xdata([self._times[frame]] * 2)
        self._axes.draw_artist(self._now)


class _Histogram:
    """The speeds now, beside the curve that they tend to."""

    def __init__(
        self, figure: Figure, place: tuple[float, float, float, float], traj: Trajectories, theme: Theme
    ) -> None:
        self._axes = plain_axes(figure, place, theme)
        self._s0 = traj.initial.gas.speed
        self._edges = np.linspace(0, _SPEEDS_TO, _BINS + 1)
        self._bars = self._axes.stairs(
            np.zeros(_BINS), self._edges, fill=True, color=theme.h, alpha=0.5, linewidth=0, animated=True
        )
        speeds = np.linspace(0, _SPEEDS_TO, 200)
        densities = [share * speed_density(speeds, t / self._s0**2) for share, t in tending(traj.initial)]
        (self._curve,) = self._axes.plot(
            speeds, sum(densities, np.zeros(len(speeds))),
            color=theme.maxwell, linestyle=(0, (4, 1.5)), linewidth=1.8, animated=True,
        )  # fmt: skip
        self._axes.set(xlim=(0, _SPEEDS_TO), ylim=(0, _HIGHEST))
        self._axes.set_xlabel("speed / s₀", color=theme.ink, fontsize=9)
        title = "Speeds; dashed: Maxwell–Boltzmann" if densities else "Speeds"
        self._axes.set_title(title, color=theme.ink, loc="left", fontsize=10)

    def draw(self, speeds: FloatArray) -> None:
        counts, _ = np.histogram(speeds / self._s0, self._edges)
        self._bars.set_data(counts / (len(speeds) * _SPEEDS_TO / _BINS))
        self._axes.draw_artist(self._bars)
        self._axes.draw_artist(self._curve)
