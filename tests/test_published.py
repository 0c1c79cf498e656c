"""The author's networks on our gas give his Table 3: the whole way from a start to a table, without training."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hthm
from hthm.arrays import FloatArray
from hthm.deepsets import evaluate
from hthm.fit import affine_fit, summarize
from hthm.learning.weights import load_weights
from published import WEIGHTS, needs_weights

RUNS = 100
QUANTILE = 5.4
"""Standard errors: 15 comparisons at a false-alarm rate of 1e-6 together, 6.7e-8 each, two-sided."""


@pytest.fixture(scope="module")
def trajectories() -> tuple[hthm.Trajectories, FloatArray]:
    traj = hthm.simulate(hthm.paper.GAS.sample(RUNS, seed=20))
    return traj, hthm.speed_h(traj)


@needs_weights
@pytest.mark.parametrize("width", hthm.paper.WIDTHS)
def test_published_weights_give_table_3(trajectories: tuple[hthm.Trajectories, FloatArray], width: int) -> None:
    """MSE, a, b and both CVs within the errors of 100 runs of ours and 500 of the author's; the seed is fixed."""
    traj, h_of_speeds = trajectories
    fit = affine_fit(evaluate(load_weights(WEIGHTS / f"d{width}.safetensors"), traj), h_of_speeds)
    row = hthm.paper.PUBLISHED[width]
    for name, values, mean, variance in (
        ("MSE", fit.mse, row.mse, row.mse_variance),
        ("a", fit.a, row.a, row.a_variance),
        ("b", fit.b, row.b, row.b_variance),
    ):
        error = math.sqrt(variance / RUNS + variance / hthm.paper.RUNS)
        assert abs(values.mean() - mean) < QUANTILE * error, f"{name} at D = {width}: {values.mean()}, not {mean}"
    for name, values, cv in (("a", fit.a, row.a_cv), ("b", fit.b, row.b_cv)):
        # The error of a standard deviation, with the sample's own kurtosis: the distributions have tails.
        deviation = (values - values.mean()) / values.std()
        relative = math.sqrt((np.mean(deviation**4) - 1) / 4 * (1 / RUNS + 1 / hthm.paper.RUNS))
        assert abs(summarize(values).cv - cv) < QUANTILE * relative * cv, f"CV {name} at D = {width}"
