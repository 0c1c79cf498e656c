"""The price of reversal: how much of H is won back against the error put in at the turn, for several turning times.

``python -m bench.price`` prints the tables of docs/reversal.md and draws its figure: about two minutes on one core.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

import hthm
from bench.gases import EVENT, gas_of
from hthm.arrays import FloatArray
from hthm.engines.precision import RESTS, LongState
from hthm.experiments.reversal import won_back
from hthm.h_functional import speed_h_in_range
from hthm.measures.lyapunov import separation
from hthm.pages.print_style import BLACK, COLOURS, MARKERS, PAGE, canvas, save_figure

TURNS: Final = (1, 2, 3, 4, 6)
"""Units of time, of 60 frames, from the start to the turn."""
UNIT: Final = 60
LATE: Final = 3  # from there on the largest error in all disks leaves nothing
EXPONENT: Final = 11.9  # λ of these gases a unit of time: `bench.lyapunov`
DECADES: Final = range(-40, -1, 2)  # of the error
WORTH: Final = (-21.0, 45.0)
"""ln ε + λt between which the way back is simulated: below, all of H comes back, and above little is left to lose."""
BINS: Final = hthm.paper.BINS + 1  # s0 is an edge of one bin fewer, where the last bit of a speed decides

Shares = Mapping[tuple[int, int], FloatArray]
"""Share of H won back by every start, by the turning time and the decade of the error."""


def turned(v: FloatArray, angle: float, *, all_disks: bool) -> FloatArray:
    """What turns every velocity by a small angle, to either side at random, or the first disk's only: (runs, n, 2)."""
    side = np.random.default_rng(0).choice([-1.0, 1.0], size=v.shape[:-1])
    if not all_disks:
        side[:, 1:] = 0
    across: FloatArray = np.stack([-v[..., 1], v[..., 0]], axis=-1)
    return angle * side[..., np.newaxis] * across


def disturbed(state: LongState, error: FloatArray) -> LongState:
    """Add an error to the velocities, in long numbers."""
    parts = [*np.moveaxis(state.velocity_rests, -1, 0)[::-1], state.velocities]  # the smallest first
    carried, sums = error, []
    for part in parts:  # exact: what a sum of two doubles leaves out is kept as one more double
        total = carried + part
        taken = total - carried
        sums.append((carried - (total - taken)) + (part - taken))
        carried = total
    sums[1] += sums[0]  # below the last digits of 237 bits
    velocities = np.ascontiguousarray(carried)
    rests = np.ascontiguousarray(np.stack(sums[:0:-1], axis=-1))  # (runs, n, 2, RESTS)
    assert rests.shape[-1] == RESTS
    rounded = hthm.State(state.positions, velocities, diameter=state.diameter, box=state.box, speed=state.speed)
    return LongState(rounded, state.position_rests, rests, "extended")


def left(state: LongState, frames: int) -> LongState:
    """Go on for so many frames, and return the end."""
    end = hthm.simulate(state, frames, engine=EVENT, record="counts", precision="extended", threads=1).final
    assert isinstance(end, LongState)
    return end


def h_of(state: hthm.State) -> FloatArray:
    """H of the speeds, (runs, 1)."""
    return speed_h_in_range(state.velocities, speed=state.speed, bins=BINS).h[:, np.newaxis]


def prices(starts: int, *, all_disks: bool) -> Shares:
    """Go there, turn, put the error in, and go back."""
    first = gas_of(1000).sample(starts, 0, overlaps="reject")
    zero = np.zeros((*first.positions.shape, RESTS))
    at, state, found = 0, LongState(first, zero, zero, "extended"), {}
    for time in TURNS:
        state = left(state, (time - at) * UNIT)
        at = time
        back = state.reversed()
        out = np.concatenate([h_of(first), h_of(state)], axis=-1)
        for decade in DECADES:
            error = turned(back.velocities, 10.0**decade, all_disks=all_disks)
            wrong = disturbed(back, error)
            if decade == DECADES[0]:  # the error that was meant, to its sixteenth digit, and nothing else
                assert np.allclose(separation(back, wrong).velocities, error, rtol=1e-14, atol=0)
            if not WORTH[0] <= worth(time, decade) <= WORTH[1]:
                continue
            end = h_of(left(wrong, time * UNIT))
            found[time, decade] = np.array(won_back(out, end), dtype=np.float64)
    return found


def worth(time: int, decade: int) -> float:
    """Return ln ε + λt, ln of what the error has grown to when the gas is home."""
    return decade * math.log(10) + EXPONENT * time


def curve(shares: Shares, time: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of one turning time: ln ε + λt, (errors,), and mean and standard error over starts of the share won back."""
    values = np.array([of for (t, _), of in shares.items() if t == time])  # (errors, starts)
    x = np.array([worth(t, decade) for t, decade in shares if t == time])
    return x, values.mean(axis=1), values.std(axis=1, ddof=1) / math.sqrt(values.shape[1])


def half_lost(shares: Shares, time: int) -> tuple[float, float] | None:
    """Where half of H is lost first, in ln ε + λt, along straight lines: mean, standard error; None if not by all."""
    values = np.array([of for (t, _), of in shares.items() if t == time])
    x = curve(shares, time)[0]
    if not (values < 0.5).any(axis=0).all():
        return None
    after = (values < 0.5).argmax(axis=0)  # (starts,), and not 0: the least error costs nothing
    starts = np.arange(values.shape[1])
    above, below = values[after - 1, starts], values[after, starts]
    at = x[after - 1] + (x[after] - x[after - 1]) * (above - 0.5) / (above - below)
    return float(at.mean()), float(at.std(ddof=1) / math.sqrt(len(at)))


def draw(found: Mapping[str, Shares]) -> Figure:
    """Draw the share won back against the error, and against ln ε + λt."""
    with canvas(PAGE, 2.6) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for (name, shares), dashes, fill in zip(found.items(), ("-", "--"), ("full", "none"), strict=True):
            for time, colour, marker in zip(TURNS, COLOURS, MARKERS, strict=False):
                x, mean, error = curve(shares, time)
                decades = [decade for t, decade in shares if t == time]
                style = {"color": colour, "linestyle": dashes, "marker": marker, "markersize": 3, "fillstyle": fill}
                label = f"t = {time}" if fill == "full" else None
                panels[0].errorbar(decades, mean, 2 * error, **style, label=label)
                panels[1].errorbar(x, mean, 2 * error, **style)
            panels[1].plot([], [], color=BLACK, linestyle=dashes, marker="o", markersize=3, fillstyle=fill, label=name)
        panels[0].set_xlabel("log10 ε")
        panels[1].set_xlabel("ln ε + λt")
        panels[0].set_ylabel("share of H won back")
        panels[0].legend(loc="lower left")
        panels[1].legend(loc="upper right")
    return figure


def main() -> None:
    """Print where half is lost and all the shares, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path("docs/figures"))
    options = parser.parse_args()
    found = {name: prices(options.starts, all_disks=name == "all disks") for name in ("all disks", "one disk")}
    for name, shares in found.items():
        for time in TURNS:
            x, mean, error = curve(shares, time)
            assert mean[0] > 0.99, "the least error must win back all of H"
            assert name != "all disks" or time < LATE or abs(mean[-1]) < 0.05, "the largest wins back nothing"
            half = half_lost(shares, time)
            where = "not by all starts" if half is None else f"at ln ε + λt = {half[0]:.2f} ± {half[1]:.2f}"
            if half is None and mean[-1] < 0.5:
                where += f", in the mean at {np.interp(0.5, mean[::-1], x[::-1]):.1f}"  # the mean falls throughout
            print(f"{name}, t = {time}: half is lost {where}")
            print("  " + ", ".join(f"{a:.1f}: {b:.3f} ± {c:.3f}" for a, b, c in zip(x, mean, error, strict=True)))
    save_figure(partial(draw, found), options.out, "reversal-price")


if __name__ == "__main__":
    main()
