"""The disks of an animation, and the colours of its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from hthm.mixtures import diameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import EllipseCollection
    from matplotlib.figure import Figure

    from hthm.arrays import FloatArray
    from hthm.trajectories import Trajectories

_LEAST_RADIUS: Final = 1.2  # pixels
_LEAST_LINE: Final = 1.0  # pixels, on disks that are large enough to be seen beside it


class Theme(NamedTuple):
    """Colours of a picture; ``slow``, ``middle`` and ``fast`` are those of the speeds."""

    paper: str
    ink: str
    line: str
    slow: str
    middle: str
    fast: str
    h: str
    maxwell: str
    fits: tuple[str, str, str]


LIGHT: Final = Theme(
    "#ffffff", "#1a1a1a", "#c9c9c9", "#0072b2", "#b5b5b5", "#d55e00", "#0072b2", "#c44f00",
    ("#c44f00", "#00795a", "#a8457f"),
)  # fmt: skip
DARK: Final = Theme(
    "#14171c", "#e9eaec", "#454b55", "#3fa9f0", "#7d838c", "#ff8b3d", "#56b4e9", "#ff9450",
    ("#ff9450", "#2fc99a", "#e39bc4"),
)  # fmt: skip


class MovingDisks:
    """The disks in their box, coloured by speed, a line on each that spins; those across a border on both of its sides.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    place : (float, float, float, float)
        Left, bottom, width and height, as shares of the picture.
    traj : Trajectories
        Of one run.
    colours : matplotlib.colors.Colormap
        Of the speeds.
    theme : Theme
    inch : float
        Pixels of an inch.
    """

    def __init__(
        self,
        figure: Figure,
        place: tuple[float, float, float, float],
        traj: Trajectories,
        colours: Any,  # noqa: ANN401 -- matplotlib's
        theme: Theme,
        inch: float,
    ) -> None:
        from matplotlib.collections import EllipseCollection, LineCollection  # noqa: PLC0415 -- import hthm.pages is quick

        start = traj.initial
        self._box = start.box
        self._axes = plain_axes(figure, place, theme)
        self._axes.set(xlim=(0, self._box), ylim=(0, self._box), xticks=[], yticks=[])
        side = place[2] * figure.get_size_inches()[0] * inch
        wide = np.full(start.n, start.diameter) if start.kinds is None else diameters(start.kinds)
        self._radii = np.maximum(wide / 2, _LEAST_RADIUS * self._box / side)
        sizes = 2 * self._radii[:1]
        self._disks: EllipseCollection = EllipseCollection(
            sizes, sizes, np.zeros(1), units="xy", offsets=np.zeros((1, 2)), offset_transform=self._axes.transData,
            cmap=colours, clim=(0, 2 * start.gas.speed), linewidths=0, animated=True,
        )  # fmt: skip
        self._axes.add_collection(self._disks)
        of_screen = self._radii / self._box * side  # pixels
        thick = np.maximum(np.minimum(_LEAST_LINE, 0.4 * of_screen), of_screen / 5)
        self._thick = thick * 72 / inch  # points
        self._alike = bool(np.all(self._radii == self._radii[0]))
        self._marks = LineCollection([], colors=theme.paper, linewidths=self._thick[0], animated=True)
        self._axes.add_collection(self._marks)
        self._clock = self._axes.text(
            0, 1.015, "", transform=self._axes.transAxes, color=theme.ink, fontsize=11, animated=True
        )
        self._axes.text(
            1, 1.015, "blue: at rest, orange: 2 s₀ and above" if colours.name == "speed" else "colour: speed",
            transform=self._axes.transAxes, color=theme.ink, ha="right", fontsize=8,
        )  # fmt: skip

    def draw(self, x: FloatArray, speeds: FloatArray, turned: FloatArray | None, clock: str) -> None:
        """Draw disks at these places (n, 2), with these speeds (n,), turned by these angles (n,), if any."""
        of_disks = [speeds, self._radii]
        if turned is not None:
            of_disks += [self._radii * np.cos(turned), self._radii * np.sin(turned), self._thick]
        offsets, values = [x], [np.stack(of_disks, axis=-1)]
        for axis in range(2):  # images of what stands across a border, and of these images those of the other axis
            for y, of in zip(list(offsets), list(values), strict=True):
                for side, shift in ((y[:, axis] < of[:, 1], 1), (y[:, axis] > self._box - of[:, 1], -1)):
                    moved = y[side].copy()
                    moved[:, axis] += shift * self._box
                    offsets.append(moved)
                    values.append(of[side])
        middles, of = np.concatenate(offsets), np.concatenate(values)
        self._disks.set_offsets(middles)
        self._disks.set_array(of[:, 0])
        self._disks.set_widths(2 * of[:, 1])
        self._disks.set_heights(2 * of[:, 1])
        self._clock.set_text(clock)
        self._axes.draw_artist(self._disks)
        if turned is not None:
            rims = middles + of[:, 2:4]
            self._marks.set_segments(list(np.stack([middles, rims], axis=1)))
            if not self._alike:
                self._marks.set_linewidth(of[:, 4].tolist())
            self._axes.draw_artist(self._marks)
        self._axes.draw_artist(self._clock)


def plain_axes(figure: Figure, place: tuple[float, float, float, float], theme: Theme) -> Axes:
    """Add axes in the theme's colours to a figure."""
    axes = figure.add_axes(place)
    axes.set_facecolor(theme.paper)
    axes.tick_params(colors=theme.ink, which="both", labelsize=9, top=False, right=False)
    for spine in axes.spines.values():
        spine.set_color(theme.line)
    return axes
