"""Two public estimators beside ours, on the same samples: where they agree, and where not and why."""

from __future__ import annotations

import math
from typing import Literal

import ennemi
import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import KernelDensity  # type: ignore[import-untyped]  # it has no stubs

from hthm.estimators import Kernel, Neighbours, sample_h

RANDOM = np.random.default_rng(11)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_ennemi_has_the_same_neighbours_in_one_dimension(k: int) -> None:
    """The same formula: in one dimension all distances are alike. Its digamma function is a series, 1.2e-5 off at 2."""
    samples = RANDOM.rayleigh(size=(500, 1))
    ours = float(sample_h(samples, estimator=Neighbours(k=k)))
    assert ours == pytest.approx(-float(ennemi.estimate_entropy(samples[:, 0], k=k)), abs=2e-5)


def test_ennemi_measures_squares_where_we_measure_circles() -> None:
    """In two dimensions it takes the larger component for the distance: another number from each sample, one mean.

    30 sets of 1000, 5.6 standard errors of the mean difference: by chance 2e-8. Both are biased there by -0.02.
    """
    samples = RANDOM.normal(size=(30, 1000, 2))
    ours = sample_h(samples, estimator=Neighbours(k=4))
    theirs = np.array([-float(ennemi.estimate_entropy(one, k=4, multidim=True)) for one in samples])
    difference = ours - theirs
    assert (difference != 0).all()
    assert abs(difference.mean()) < 5.6 * difference.std(ddof=1) / math.sqrt(30)


@pytest.mark.parametrize("method", ["vasicek", "ebrahimi", "correa"])
def test_scipys_spacings_agree_within_both_errors(method: Literal["vasicek", "ebrahimi", "correa"]) -> None:
    """By a fixed method: "auto" takes another from 1001 samples on, and jumps.

    The mean difference over 30 sets of 1000 is below 5.6 of its standard errors (by chance 2e-8 each), beside the bias
    of spacings at this size, which their authors give as up to 0.03 nats.
    """
    samples = RANDOM.normal(size=(30, 1000, 1))
    ours = sample_h(samples, estimator=Neighbours(k=4))
    theirs = np.array([-float(stats.differential_entropy(one[:, 0], method=method)) for one in samples])
    difference = ours - theirs
    assert abs(difference.mean()) < 0.03 + 5.6 * difference.std(ddof=1) / math.sqrt(30)


def test_scikit_learns_kernel_is_ours_without_a_grid() -> None:
    samples = RANDOM.normal(size=(300, 2))
    width = 0.3
    logs = []
    for k in range(len(samples)):
        density = KernelDensity(bandwidth=width, rtol=1e-10).fit(np.delete(samples, k, axis=0))
        logs.append(float(density.score_samples(samples[k : k + 1])[0]))
    ours = float(sample_h(samples, estimator=Kernel(bandwidth=width)))
    assert ours == pytest.approx(float(np.mean(logs)), abs=0.005)
