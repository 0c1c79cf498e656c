"""What estimators of H refuse, each with one clear error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import hthm
from hthm.arrays import FloatArray
from hthm.estimators import (
    Histogram,
    Kernel,
    Neighbours,
    over_runs,
    sample_h,
    sample_h_with_error,
    velocity_h_with_error,
)
from hthm.measures.estimator import SampleEstimator

GIVEN = np.random.default_rng(0).normal(size=(2, 30, 2))


def untyped(value: Any) -> Any:  # noqa: ANN401 -- of any type is its point
    """What no type checker would let pass."""
    return value


BINLESS = (Neighbours(), Neighbours(k=1, resolution=0.1), Kernel(), Kernel(bandwidth=0.3))


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 2))
def test_fewer_samples_than_neighbours(n: int, k: int, d: int) -> None:
    samples = np.random.default_rng(n).normal(size=(n, d))
    if n > k:
        assert np.isfinite(sample_h(samples, estimator=Neighbours(k=k)))
        return
    with pytest.raises(ValueError, match=rf"^samples: must have more than k = {k} samples.*got {n}\. Take fewer"):
        sample_h(samples, estimator=Neighbours(k=k))


@given(
    arrays(np.float64, st.tuples(st.integers(6, 30), st.integers(1, 2)), elements=st.sampled_from([0.0, 1.0, -2.5])),
    st.integers(1, 4),
)
def test_coinciding_samples(samples: FloatArray, k: int) -> None:
    """Among three values some coincide with many others; whether with k of them is counted here."""
    _, which, counts = np.unique(samples, axis=0, return_inverse=True, return_counts=True)
    tied = int((counts[which.ravel()] > k).sum())
    if tied:
        with pytest.raises(
            ValueError, match=rf"^samples: must not coincide with {k} others.* {tied} of {len(samples)} do"
        ):
            sample_h(samples, estimator=Neighbours(k=k))
    else:
        assert np.isfinite(sample_h(samples, estimator=Neighbours(k=k)))
    assert np.isfinite(sample_h(samples, estimator=Neighbours(k=k, resolution=0.01)))
    assert np.isfinite(sample_h(samples, estimator=Kernel(bandwidth=0.1)))
    if len(counts) == 1:
        with pytest.raises(ValueError, match=r"^samples: must not all coincide"):
            sample_h(samples, estimator=Kernel())


@given(
    st.sampled_from([math.nan, math.inf, -math.inf]),
    st.sampled_from([*BINLESS, Histogram(low=-1, high=1)]),
    st.integers(0, 19),
    st.integers(0, 1),
)
def test_nan_and_infinity(value: float, estimator: SampleEstimator, sample: int, component: int) -> None:
    samples = np.random.default_rng(0).normal(size=(2, 10, 2))
    samples.reshape(-1, 2)[sample, component] = value
    for measure in (sample_h, sample_h_with_error):
        with pytest.raises(ValueError, match=r"^samples: must be finite, got "):
            measure(samples, estimator=estimator)
    if not isinstance(estimator, Histogram):
        with pytest.raises(ValueError, match=rf"^velocities, frame {sample // 10}: must be finite, got "):
            hthm.velocity_h(samples, estimator=estimator)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 2)), elements=st.floats(-1e300, 1e300)),
    st.sampled_from([*BINLESS, Histogram(low=-1, high=1)]),
)
@example(np.array([[0.0], [6e76], [6e76]]), Kernel(bandwidth=0.3))  # H of 1e153 nats, whose squares overflow
@pytest.mark.filterwarnings("ignore:sample_h")
def test_whatever_is_finite_has_an_h_or_one_clear_error(samples: FloatArray, estimator: SampleEstimator) -> None:
    for measure in (sample_h, sample_h_with_error):
        try:
            found = measure(samples, estimator=estimator)
        except ValueError as error:
            assert str(error).startswith(("samples: must ", "bandwidth: must "))  # noqa: PT017 -- some have one
        else:
            h = found.h if isinstance(found, tuple) else found
            inside = isinstance(estimator, Histogram) and not (np.abs(samples) <= 1).all(axis=-1).any()
            assert np.isnan(h) if inside else np.isfinite(h)


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        (lambda: Neighbours(k=0), ValueError, "k: must be at least 1, got 0"),
        (lambda: Neighbours(k=untyped(2.0)), TypeError, "k: must be a whole number, got float"),
        (lambda: Neighbours(resolution=0.0), ValueError, "resolution: must be a finite number above zero, got 0.0"),
        (lambda: Kernel(bandwidth=-1.0), ValueError, "bandwidth: must be a finite number above zero, got -1.0"),
        (lambda: Histogram(low=1, high=1), ValueError, "high: must be above low, 1, got 1"),
        (lambda: Histogram(low=0, high=1, bins=0), ValueError, "bins: must be at least 1, got 0"),
        (
            lambda: Histogram(low=0, high=1, correction=untyped("miller")),
            ValueError,
            "correction: must be one of plug-in",
        ),
        (lambda: sample_h(np.zeros((9, 4))), ValueError, "samples: must have 1 to 3 components"),
        (lambda: sample_h(np.zeros((9, 3)), estimator="kernel"), ValueError, "samples: must have 1 to 2 components"),
        (lambda: sample_h(np.zeros(9)), ValueError, "samples: must have shape"),
        (lambda: sample_h(np.zeros((9, 1), dtype=np.float32)), TypeError, "samples: must be float64"),
        (lambda: sample_h(np.zeros((9, 1)), estimator=untyped("plug-in")), ValueError, r"Histogram\(low=…, high=…"),
        (
            lambda: sample_h(np.zeros((9, 1)), estimator=untyped("knn")),
            ValueError,
            "estimator: must be one of neighbours",
        ),
        (lambda: sample_h(np.zeros((1, 1)), estimator=Kernel(bandwidth=1)), ValueError, "at least 2 samples"),
        (
            lambda: sample_h_with_error(np.zeros((2, 1)), estimator=Kernel(bandwidth=1)),
            ValueError,
            "at least 3 samples",
        ),
        (lambda: sample_h_with_error(GIVEN[0]), ValueError, "must have at least 50 samples for an error with k = 4"),
        (
            lambda: sample_h(np.tile(GIVEN, (1, 5, 1)), estimator=Kernel(bandwidth=1e-9)),
            ValueError,
            "bandwidth: must be wider for samples",
        ),
        (
            lambda: hthm.speed_h(GIVEN, speed=1.0, estimator=untyped("knn")),
            ValueError,
            "estimator: must be one of plug-in",
        ),
        (lambda: hthm.speed_h(GIVEN, estimator="grassberger"), TypeError, "speed: must be given"),
        (
            lambda: hthm.velocity_h(GIVEN, estimator=untyped(Histogram(low=0, high=1))),
            TypeError,
            "estimator: must be a name of plug-in, .* got Histogram. The bins",
        ),
        (
            lambda: hthm.velocity_h(GIVEN, temperature=1.0, estimator="kernel"),
            ValueError,
            "temperature: must be left out",
        ),
        (
            lambda: velocity_h_with_error(GIVEN, temperature=0.0),
            ValueError,
            "temperature: must be finite and above zero",
        ),
        (lambda: over_runs(np.zeros((1, 5))), ValueError, "H: must be of at least 2 runs"),
    ],
)
def test_wrong_choices(wrong: object, kind: type[Exception], message: str) -> None:
    assert callable(wrong)
    with pytest.raises(kind, match=message):
        wrong()


def test_a_bandwidth_that_leaves_most_alone_is_refused_before_it_takes_long() -> None:
    samples = np.arange(100_000, dtype=np.float64)[:, np.newaxis]
    with pytest.raises(ValueError, match=r"^bandwidth: must be wider, for 100000 of 100000 samples"):
        sample_h(samples, estimator=Kernel(bandwidth=0.15))


def test_samples_out_of_range_warn_at_the_caller() -> None:
    with pytest.warns(hthm.HRangeWarning, match="sample_h") as caught:
        sample_h(GIVEN, estimator=Histogram(low=-1, high=1))
    assert caught[0].filename == __file__
    with pytest.warns(hthm.HRangeWarning, match="sample_h_with_error"):
        sample_h_with_error(GIVEN, estimator=Histogram(low=-1, high=1))
