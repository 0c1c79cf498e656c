"""The cells of the velocity plane within which φ is affine, before and after a training: ``docs/training.md``.

``python -m bench.cells_figure MODEL.safetensors`` draws ``docs/figures/cells.png`` of a network that `hthm tables` or
`hthm.run` trained with the seed ``--seed``, whose untrained self is made again for the left panel.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import matplotlib as mpl
import numpy as np
import tyro
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

import hthm
from hthm import files, paper
from hthm.deepsets import DeepSets, new_model
from hthm.learning.weights import load_weights

Array = NDArray[np.float64]

REACH: Final = 3.0
"""Half the side of the picture, in s0: in equilibrium, one of 8000 disks is faster."""
PIXELS: Final = 900
SHOWN: Final = 1500
"""Disks drawn; the cells are counted with all of them."""
_SETTINGS: Final[dict[Any, Any]] = {"font.size": 8, "axes.titlesize": 8, "axes.linewidth": 0.6}


@dataclass(frozen=True, kw_only=True)
class Options:
    """Draw the cells of the velocity plane before and after a training."""

    model: Annotated[Path, tyro.conf.Positional]
    """The trained network."""
    seed: int = 0
    """Seed of its training."""
    out: Path = Path("docs/figures/cells.png")
    """The picture."""


def first_layer(model: DeepSets) -> tuple[Array, Array]:
    """Weights (D, 2) and biases (D,) of φ's first layer: unit k switches where their product with v adds up to 0."""
    weight, bias = (model.get_parameter(f"phi.0.{name}").detach().double().numpy() for name in ("weight", "bias"))
    return weight, bias


def cells(model: DeepSets, reach: float, pixels: int) -> NDArray[np.int64]:
    """Number the cells over a square of the plane: (pixels, pixels), [y][x]; equal numbers are of one cell.

    A cell is where the same units of φ's first layer are active. Seen through pixels: the smallest may be missed.
    """
    weight, bias = first_layer(model)
    axis = (np.arange(pixels) + 0.5) / pixels * 2 * reach - reach
    plane = np.stack(np.meshgrid(axis, axis), axis=-1)  # (pixels, pixels, 2)
    active = plane @ weight.T + bias > 0  # (pixels, pixels, D)
    patterns = np.packbits(active.reshape(pixels * pixels, -1), axis=1)  # a row a pixel
    numbers: NDArray[np.int64] = np.unique(patterns, axis=0, return_inverse=True)[1].reshape(pixels, pixels)
    return numbers


def occupied(model: DeepSets, velocities: Array) -> int:
    """Count the cells that hold at least one of the velocities, (disks, 2)."""
    weight, bias = first_layer(model)
    return len(np.unique(np.packbits(velocities @ weight.T + bias > 0, axis=1), axis=0))


def draw(before: DeepSets, after: DeepSets, velocities: Array) -> bytes:
    """Return the two panels as PNG, with the velocities, (disks, 2), of a frame in equilibrium."""
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(7, 3.6), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, title, model in zip(
            figure.subplots(1, 2), ("before training", "after"), (before, after), strict=True
        ):
            _draw_cells(axes, title, model, velocities)
        figure.get_axes()[0].set_ylabel("vy / s0")
        page = io.BytesIO()
        figure.savefig(page, dpi=200, metadata={"Software": None})
    return page.getvalue()


def _draw_cells(axes: Axes, title: str, model: DeepSets, velocities: Array) -> None:
    numbers = cells(model, REACH * paper.S0, PIXELS)
    shades = np.random.default_rng(0).permutation(numbers.max() + 1)[numbers]  # neighbours told apart
    extent = (-REACH, REACH, -REACH, REACH)
    axes.imshow(shades, origin="lower", extent=extent, cmap="Pastel1", interpolation="nearest")
    for (wx, wy), bias in zip(*first_layer(model), strict=True):
        length2 = wx * wx + wy * wy
        nearest = -bias / length2 / paper.S0 * np.array([wx, wy])  # to the origin, of the points of the line
        axes.axline(nearest, nearest + (-wy, wx) / np.sqrt(length2), color="0.4", linewidth=0.5)
    shown = velocities[:: max(1, len(velocities) // SHOWN)]
    axes.plot(*(shown.T / paper.S0), ".", color="black", markersize=1.2)
    angles = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(angles), np.sin(angles), color="#D55E00", linewidth=1)
    axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
    axes.set_title(f"D = {model.width}, {title}: {occupied(model, velocities)} cells with disks")
    axes.set_xlabel("vx / s0")


def main() -> None:
    """Draw."""
    options = tyro.cli(Options, description=__doc__)
    after = load_weights(options.model)
    traj = hthm.simulate(paper.GAS.sample(10, seed=1), frames=paper.FRAMES, record="log")
    velocities = traj.final.velocities.reshape(-1, 2)  # (runs, n, 2) -> (disks, 2)
    files.write_bytes(options.out, draw(new_model(after.width, options.seed), after, velocities))
    print(options.out)


if __name__ == "__main__":
    main()
