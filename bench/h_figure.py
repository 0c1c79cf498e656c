"""The picture of H in the README: H of the paper's gas against time, and the functional that a training finds.

    python -m bench.h_figure [MODEL]

draws docs/figures/h.png, in a minute; MODEL is a trained network, without which one is trained on the same runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import hthm
from hthm.deepsets import evaluate, new_model
from hthm.fit import affine_fit
from hthm.h_functional import speed_h_in_range
from hthm.learning.weights import load_weights
from hthm.pages.print_style import BLUE, PAGE, RED, STYLES, canvas
from hthm.train import TrainConfig, train

FIGURE = Path(__file__).resolve().parent.parent / "docs" / "figures" / "h.png"
RUNS = 50


def main() -> None:
    """Simulate, train unless a model is given, and draw."""
    traj = hthm.simulate(hthm.paper.GAS.sample(RUNS, seed=0), record="log")
    H = speed_h_in_range(traj).h  # noqa: N806 -- the paper's symbol
    if len(sys.argv) > 1:
        model = load_weights(sys.argv[1])
    else:
        model = new_model(width=32, seed=0)
        train(model, traj, TrainConfig())
    h = evaluate(model, traj)
    fit = affine_fit(h, H)
    fitted = fit(h)
    print(f"the lines miss {fit.mse.mean() / H.var(axis=1).mean():.1%} of the variance of H")
    with canvas(PAGE, 2.4) as figure:
        axes = figure.subplots()
        axes.plot(traj.times, H[1:].T, color="0.8", linewidth=0.4)
        axes.plot(traj.times, H[0], color=BLUE, linewidth=1.0, label="H of a run (grey: of others)")
        axes.plot(traj.times, fitted[0], color=RED, linestyle=STYLES[1], label="a h + b, which was never told H")
        axes.set_xlim(0, traj.times[-1])
        axes.set_xlabel("time (time units)")
        axes.set_ylabel("H of the speeds (nats)")
        axes.legend(loc="upper right")
        figure.savefig(FIGURE, dpi=200)


if __name__ == "__main__":
    main()
