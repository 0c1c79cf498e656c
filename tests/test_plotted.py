"""What results draw of themselves: axes with labels, the caller's or new ones, and never a window."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import hthm
from hthm.fit import AffineFit, affine_fit
from hthm.h_functional import speed_h_in_range
from hthm.learning.history import Epoch, History

GAS = hthm.DiskGas(n=200, diameter=0.02, speed=0.1)
START = GAS.sample(3, seed=1)
DENSE, LOG, COUNTS = (hthm.simulate(START, 40, 0.02, record=record) for record in ("velocities", "log", "counts"))
H = speed_h_in_range(DENSE).h


def axes() -> Axes:
    return Figure().subplots()


def lines(ax: Axes) -> dict[str, np.ndarray]:
    return {str(line.get_label()): np.asarray(line.get_ydata()) for line in ax.get_lines()}


def epochs(*losses: float) -> History:
    return History(
        [
            Epoch(epoch=k, loss=loss, loss0=loss - 0.1, mean_change=0.0, negative_slope=1.0, seconds=0.1)
            for k, loss in enumerate(losses)
        ]
    )


@pytest.mark.parametrize("traj", [DENSE, LOG])
def test_plot_h_draws_the_h_of_the_paper(traj: hthm.Trajectories) -> None:
    ax = axes()
    assert traj.plot_h(ax=ax) is ax
    assert lines(ax)["mean of 3 runs"] == pytest.approx(H.mean(axis=0))
    assert len(lines(ax)) == 4, "each run has a line of its own"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (time units)", "H of the speeds (nats)")
    assert np.array_equal(ax.get_lines()[-1].get_xdata(), traj.times)


def test_many_runs_are_not_drawn_one_by_one() -> None:
    many = hthm.simulate(hthm.DiskGas(n=2, diameter=0.1).sample(30, seed=0), 3)
    assert len(many.plot_h(ax=axes()).get_lines()) == 21


@pytest.mark.parametrize("traj", [DENSE, LOG])
@pytest.mark.parametrize("frame", [0, -1])
def test_plot_speeds_draws_one_frame_with_the_theory(traj: hthm.Trajectories, frame: int) -> None:
    ax = traj.plot_speeds(frame, ax=axes())
    (steps,) = ax.patches
    density, edges, _ = steps.get_data()  # type: ignore[attr-defined]  # stairs are StepPatches
    speeds = np.linalg.norm(DENSE.velocities[:, frame], axis=-1) / GAS.speed
    assert np.array_equal(density, np.histogram(speeds, edges, density=True)[0])
    assert edges[-1] >= speeds.max(), "every disk is in it"
    (theory,) = ax.get_lines()
    s, p = np.asarray(theory.get_xdata()), np.asarray(theory.get_ydata())
    assert np.trapezoid(p, s) == pytest.approx(1, abs=0.03)
    assert np.trapezoid(p * s**2, s) == pytest.approx(1, abs=0.1)  # <s²> = s0², to what lies beyond the axis
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("speed s / s₀", "probability density × s₀")


def test_history_plots_its_losses() -> None:
    ax = epochs(-0.2, -0.1, 0.01).plot(ax=axes())
    drawn = lines(ax)
    assert drawn["loss, eq. (11)"].tolist() == [-0.2, -0.1, 0.01]
    assert "critical epoch 3" in drawn
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "mean loss of the epoch (no unit)")
    assert not [label for label in lines(epochs(-0.2).plot(ax=axes())) if label.startswith("critical")]
    with pytest.raises(ValueError, match=r"^history: must have at least one epoch"):
        History().plot(ax=axes())


def test_fit_plots_h_of_a_run_and_its_line() -> None:
    fit = affine_fit(-2 * H, H)
    ax = fit.plot(1, times=DENSE.times, ax=axes())
    assert np.array_equal(lines(ax)["H of run 1"], H[1])
    assert lines(ax)["a h + b"] == pytest.approx(H[1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (time units)", "H (nats)")
    assert fit.plot(ax=axes()).get_xlabel() == "frame"
    with pytest.raises(ValueError, match=r"^run: must be"):
        fit.plot(3)
    with pytest.raises(ValueError, match=r"^times: must have shape"):
        fit.plot(times=DENSE.times[:2])
    with pytest.raises(ValueError, match=r"^fit: must have h and H.*affine_fit"):
        AffineFit(a=fit.a, b=fit.b, mse=fit.mse).plot()


def test_what_cannot_be_drawn_is_refused() -> None:
    for drawn in (COUNTS.plot_h, COUNTS.plot_speeds):
        with pytest.raises(AttributeError, match=r"^velocities: were not recorded"):
            drawn(ax=axes())
    with pytest.raises(ValueError, match=r"^frame: must be"):
        DENSE.plot_speeds(40)
    with pytest.raises(TypeError, match=r"^ax: must be Axes"):
        DENSE.plot_h(ax=Figure())  # type: ignore[arg-type]  # the mistake this is about


def test_without_a_display_and_axes_a_new_figure_is_drawn(tmp_path: Path) -> None:
    program = (
        "import hthm; from matplotlib import pyplot as plt\n"
        "def show(*_, **__): raise AssertionError\n"
        "plt.show = show\n"
        "traj = hthm.simulate(hthm.DiskGas(n=50, diameter=0.02).sample(2), 5)\n"
        "ax, other = traj.plot_h(), traj.plot_speeds()\n"
        "assert ax.figure is not other.figure and plt.get_fignums() == [1, 2]\n"
        "ax.figure.savefig('h.png')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in {"DISPLAY", "MPLBACKEND"}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
