"""A learned entropy of rough disks beside H of velocity and spin, through the exchange between the two motions.

``python -m bench.rough_entropy`` prints the table of docs/learned-entropy.md and draws its last figure, in seven
minutes of one core. Networks that see (v, ω) put collisions in order, and are then shown runs that they have not seen.
"""

from __future__ import annotations

import argparse
import math
import time
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.special import ive
from torch import nn

import hthm
from hthm.arrays import FloatArray, IntArray
from hthm.deepsets import DeepSets, evaluate, new_model
from hthm.estimators import sample_h
from hthm.learning.arrow import train_arrow
from hthm.learning.recipes import ArrowConfig, entropic
from hthm.measures.estimator import Neighbours
from hthm.pages.print_style import COLOURS, PAGE, STYLES, canvas, save_figure
from hthm.recording.dense import DenseStates
from hthm.recording.states import disk_states
from hthm.recording.store.starts import joined
from hthm.starts.spins import Spins

STARTS: Final[tuple[Spins, ...]] = ("all in translation", "all in spin")
GAS: Final = hthm.DiskGas(n=1000, diameter=0.006, speed=1.0, rule=hthm.RoughDisks(inertia=0.5))
FOLLOWED: Final = 10
"""Mean free times of a gas in equilibrium: some 8 collisions a disk after all in translation, 5 after all in spin."""
FRAMES: Final = 100
MOMENTS: Final = 24
"""Frames in which H is measured, closer together early than late."""
REACH: Final = 5.0
"""How far the cells reach, in units of s0."""


class Sizes(NamedTuple):
    """How much is computed.

    Attributes
    ----------
    runs, held_out : int
        Of each start.
    width : int
        Of a network.
    updates : int
        Of its training, for each start that it is trained on.
    seeds : int
        Trainings of each kind.
    blur : float
        Of what networks see in a training, and width of the kernel of H, in units of s0: equal speeds and spins of 0
        have no density else.
    """

    runs: int = 40
    held_out: int = 20
    width: int = 32
    updates: int = 8000
    seeds: int = 1
    blur: float = 0.05


class Held(NamedTuple):
    """Runs that no training sees, of both starts one after the other.

    Attributes
    ----------
    states : (starts, runs, moments, n, 3) float64
    h : (starts, moments) float64
        H of all runs of a start together, nats.
    times : (moments,) float64
        In mean free times.
    """

    states: FloatArray
    h: FloatArray
    times: FloatArray


class Fit(NamedTuple):
    """How -h of a network follows H of a start: a·n of the fit H ≈ a·h + b, and rms from H at a = -1/n, in nats."""

    slope: float
    rms: float
    learned: FloatArray


def simulated(runs: int, seed: int, gas: hthm.DiskGas = GAS) -> hthm.Trajectories:
    """Runs of both starts, one start after the other, by the exact engine."""
    states = [gas.sample(runs, seed=seed + k, spins=start, overlaps="reject") for k, start in enumerate(STARTS)]
    dt = FOLLOWED / gas.collision_rate / FRAMES
    return hthm.simulate(joined(states), FRAMES, dt, engine="event", record="log")


def kernel_h(states: FloatArray, width: float) -> float:
    """H of a gas without a preferred direction from states (..., 3): the mean of ln f at the disks, f of all others.

    A kernel density of (speed, third component) on a grid, four cells a width. f of the velocity is the same all round,
    so that a disk counts at every direction of its velocity: the kernel is then that of Rice's distribution.
    """
    speeds, spins = np.hypot(states[..., 0], states[..., 1]).ravel(), states[..., 2].ravel()
    cell, cells = width / 4, round(4 * REACH / width)
    edges = cell * np.arange(cells + 1), cell * np.arange(-cells, cells + 1)
    counts, _, _ = np.histogram2d(speeds, spins, bins=edges)  # (cells, 2 cells)
    s, w = ((edge[1:] + edge[:-1]) / 2 for edge in edges)
    apart = s[:, np.newaxis] - s
    around = ive(0, np.outer(s, s) / width**2) * np.exp(-np.square(apart / width) / 2) / (2 * np.pi * width**2)
    along = np.exp(-np.square((w[:, np.newaxis] - w) / width) / 2) / (math.sqrt(2 * np.pi) * width)
    own = around.diagonal()[:, np.newaxis] * along[0, 0]
    others = around @ counts @ along - own  # the disk itself is left out
    seen = (counts > 0) & (others > 1e-8 * own)  # but for disks that are alone
    f = others[seen] / (counts.sum() - 1)
    return float((counts[seen] * np.log(f)).sum() / counts[seen].sum())


def held_out(runs: int, blur: float, seed: int = 1001) -> Held:
    """Measure H of runs that no training sees."""
    traj, numbers = simulated(runs, seed), moments()
    states = disk_states(traj)
    at = (np.arange(traj.runs, dtype=np.int64)[:, np.newaxis] * traj.frames + numbers).ravel()
    taken = states.take(at).reshape(len(STARTS), runs, len(numbers), GAS.n, 3)
    h = np.array([[kernel_h(of[:, k], blur) for k in range(len(numbers))] for of in taken])
    for of, own in zip(taken, h, strict=True):  # late, where neighbours are nearer than all that f is made of
        late = np.ascontiguousarray(of[:, -1]).reshape(1, -1, 3)
        (direct,) = sample_h(late, estimator=Neighbours())
        assert abs(own[-1] - direct) < 0.03 + 10 / runs / GAS.n, f"{own[-1]} by a kernel, {direct} of neighbours"
    return Held(taken, h, traj.times[numbers] * GAS.collision_rate)


def moments() -> IntArray:
    """Frames in which H is measured."""
    return np.unique(np.geomspace(1, FRAMES, MOMENTS).round().astype(np.int64)) - 1


def trained(traj: hthm.Trajectories, sizes: Sizes, seed: int) -> DeepSets:
    """Put the collisions of runs in order, of one start or of both."""
    updates = sizes.updates * traj.runs // sizes.runs
    model = new_model(sizes.width, seed, entropic(GAS.speed, components=3))
    train_arrow(model, disk_states(traj), ArrowConfig(updates=updates, looks=1, blur=sizes.blur, seed=seed))
    return model


def fitted(model: nn.Module, held: Held, constant_of: slice) -> list[Fit]:
    """Compare -h/n with H from both starts; one constant, of the last moment of the starts it was trained on."""
    learned = -evaluate(model, DenseStates(held.states)).mean(axis=1) / GAS.n  # (starts, moments)
    constant = float((learned - held.h)[constant_of, -1].mean())
    fits = []
    for h, own in zip(held.h, learned, strict=True):
        change = own - own.mean()
        slope = -float(change @ (h - h.mean()) / (change @ change))  # of H on h, times n
        fits.append(Fit(slope, float(np.sqrt(np.square(own - constant - h).mean())), own - constant))
    return fits


def draw(held: Held, fits: dict[str, list[Fit]]) -> Figure:
    """Draw H and -h/n from both starts, and the fall of H of each."""
    with canvas(PAGE, 2.6) as figure:
        for axes, start, h, k in zip(figure.subplots(1, 2, sharey=True), STARTS, held.h, (0, 1), strict=True):
            axes.plot(held.times, h, color="0.6", linewidth=2.2, label="H of f(v, ω)")
            for (trained_on, found), colour, style in zip(fits.items(), COLOURS, STYLES, strict=False):
                axes.plot(held.times, found[k].learned, color=colour, linestyle=style, label=f"trained on {trained_on}")
            axes.set_title(start)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:g}")
            axes.set_xlabel("mean free times in equilibrium")
        figure.axes[0].set_ylabel("H and −h/n (nats)")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return figure


def check(held: Held, fits: dict[str, list[Fit]]) -> None:
    """Assert what docs/learned-entropy.md says: a start that was trained on is followed, of another little is known."""
    for name, found in fits.items():
        for start, h, fit in zip(STARTS, held.h, found, strict=True):
            share = float((fit.learned[0] - fit.learned[-1]) / (h[0] - h[-1]))
            if name in ("both starts", start):
                assert 0.75 < share < 1.05, f"of the fall of H from {start}, {name} knows {share}"
                assert -1.3 < fit.slope < -0.95, f"from {start}, {name} has a slope of {fit.slope}/n"
            else:
                assert abs(share) < 0.2, f"of the fall of H from {start}, {name} knows {share}"


def main() -> None:
    """Train, print the table, draw the figure, and assert what docs/learned-entropy.md says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, number in Sizes()._asdict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(number), default=number)
    parser.add_argument("--out", type=Path, default=Path("docs/figures"))
    options = vars(parser.parse_args())
    out = options.pop("out")
    if not out.is_dir():
        parser.error(f"--out: must be a folder, and {out} is none")
    sizes = Sizes(**options)
    torch.set_num_threads(1)
    began, held, traj = time.perf_counter(), held_out(sizes.held_out, sizes.blur), simulated(sizes.runs, seed=1)
    both = slice(None)
    ensembles = {
        "both starts": (traj, both),
        STARTS[0]: (traj[: sizes.runs], slice(0, 1)),
        STARTS[1]: (traj[sizes.runs :], slice(1, 2)),
    }
    first: dict[str, list[Fit]] = {}
    print("| trained on | seed | start | fall of H | fall of −h/n | a·n | rms |")
    for seed in range(sizes.seeds):
        for name, (runs, constant_of) in ensembles.items():
            fits = fitted(trained(runs, sizes, seed), held, constant_of)
            first.setdefault(name, fits)
            for start, h, fit in zip(STARTS, held.h, fits, strict=True):
                falls = f"{h[0] - h[-1]:.3f} | {fit.learned[0] - fit.learned[-1]:.3f}"
                print(f"| {name} | {seed} | {start} | {falls} | {fit.slope:.3f} | {fit.rms:.3f} |", flush=True)
    print(f"{time.perf_counter() - began:.0f} s")
    save_figure(partial(draw, held, first), out, "rough_entropy")
    if sizes == Sizes():
        check(held, first)


if __name__ == "__main__":
    main()
