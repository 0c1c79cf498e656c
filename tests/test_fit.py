"""Affine fits are least squares, however large h is beside its spread."""

from __future__ import annotations

import csv
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]  # scikit-learn has no stubs

from hthm import paper
from hthm.fit import affine_fit, critical_epoch, deviation_correlation, summarize
from published import LOSSES, needs_losses

Array = NDArray[np.float64]


def runs_like_the_papers(seed: int, runs: int, frames: int, offset: float, spread: float) -> tuple[Array, Array]:
    """An h that rises and wobbles, and an H that falls with it: both (runs, frames)."""
    rng = np.random.default_rng(seed)
    fall = np.exp(-np.arange(frames) / (0.05 * frames))
    h = offset + spread * (-fall + 0.05 * rng.normal(size=(runs, frames)))
    return h, 1.6 + 3.4 * fall + 0.1 * rng.normal(size=(runs, frames))


@pytest.mark.parametrize(("offset", "spread"), [(-21.1, 0.008), (238.8, 1.0), (0.0, 1.0), (-25.6, 0.1), (5.0, 1e3)])
def test_fits_agree_with_scikit_learn(offset: float, spread: float) -> None:
    h, H = runs_like_the_papers(0, 6, 500, offset, spread)  # noqa: N806 -- the paper's symbol
    fit = affine_fit(h, H)
    for run in range(len(h)):
        other = LinearRegression().fit(h[run, :, np.newaxis], H[run])
        mse = np.mean((H[run] - other.predict(h[run, :, np.newaxis])) ** 2)
        assert fit.a[run] == pytest.approx(other.coef_[0], rel=1e-9)
        assert fit.b[run] == pytest.approx(other.intercept_, rel=1e-9)
        assert fit.mse[run] == pytest.approx(mse, rel=1e-9)


@given(st.integers(0, 99), st.integers(2, 12), st.sampled_from([0.0, 1.0, 1e6, -1e10]), st.sampled_from([1e-3, 1, 1e5]))
def test_fits_are_those_of_exact_arithmetic(seed: int, frames: int, offset: float, spread: float) -> None:
    h, H = runs_like_the_papers(seed, 2, frames, offset, spread)  # noqa: N806 -- the paper's symbol
    fit = affine_fit(h, H)
    for run in range(2):
        x, y = [Fraction(value) for value in h[run]], [Fraction(value) for value in H[run]]
        x_mean, y_mean = sum(x) / frames, sum(y) / frames
        a = sum((p - x_mean) * (q - y_mean) for p, q in zip(x, y, strict=True)) / sum((p - x_mean) ** 2 for p in x)
        size = math.sqrt(sum((q - y_mean) ** 2 for q in y) / sum((p - x_mean) ** 2 for p in x))
        # Rounding leaves an error of a few ulp of |H| / spread(h), whatever the offset of h.
        assert abs(fit.a[run] - float(a)) < 1e-11 * size
        assert abs(fit.b[run] - float(y_mean - a * x_mean)) < 1e-11 * (size * abs(float(x_mean)) + 10)


def test_a_straight_line_is_found_and_its_error_is_nothing() -> None:
    h = np.array([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]])
    fit = affine_fit(h, np.array([[-2.0], [0.5]]) * h + np.array([[7.0], [-1.0]]))
    assert_allclose(fit.a, [-2.0, 0.5], rtol=1e-15)
    assert_allclose(fit.b, [7.0, -1.0], rtol=1e-15)
    assert_allclose(fit.mse, 0, atol=1e-30)
    assert_allclose(fit(h), [[5.0, 3.0, -1.0], [-1.0, -1.5, 0.5]], rtol=1e-15)


@given(st.integers(0, 99), st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.booleans())
def test_the_error_does_not_change_when_h_is_stretched_and_shifted(
    seed: int,
    shift: float,
    stretch: float,
    turned: bool,  # noqa: FBT001 -- hypothesis draws it
) -> None:
    h, H = runs_like_the_papers(seed, 2, 50, 0.0, 1.0)  # noqa: N806 -- the paper's symbol
    scaled = (-stretch if turned else stretch) * h + shift
    assert_allclose(affine_fit(scaled, H).mse, affine_fit(h, H).mse, rtol=1e-7)


@pytest.mark.parametrize("value", [0.0, -21.1, 1e-300, 0.1])
def test_a_constant_h_is_refused_with_its_run(value: float) -> None:
    h, H = runs_like_the_papers(0, 4, 30, 0.0, 1.0)  # noqa: N806 -- the paper's symbol
    h[2] = value
    with pytest.raises(ValueError, match=r"h: must vary along every run, got .* in all frames of run 2\. A constant"):
        affine_fit(h, H)
    h[3] = value * (1 + 2e-16)
    with pytest.raises(ValueError, match="of run 2 and 1 more"):
        affine_fit(h, H)


def test_what_cannot_be_fitted_is_named() -> None:
    h = np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"H: must have the shape of h, \(2, 3\), got \(2, 4\)"):
        affine_fit(h, np.zeros((2, 4)))
    with pytest.raises(ValueError, match="h: must have at least 2 frames, got 1"):
        affine_fit(h[:, :1].copy(), h[:, :1].copy())
    with pytest.raises(ValueError, match="h: must have shape"):
        affine_fit(h[0], h[0])
    with pytest.raises(TypeError, match="h: must be float64, got float32"):
        affine_fit(h.astype(np.float32), h)
    with pytest.raises(ValueError, match="H: must be finite, got nan"):
        affine_fit(h, np.full((2, 3), np.nan))


def test_summary_worked_by_hand() -> None:
    summary = summarize(np.array([1.0, -5.0, -2.0]))  # mean -2, deviations 3, -3, 0
    assert summary.mean == -2.0
    assert summary.variance == pytest.approx(6.0)
    assert summary.sem == pytest.approx(math.sqrt(18 / 2 / 3))
    assert summary.cv == pytest.approx(math.sqrt(6) / 2)


def test_summary_of_one_run_and_of_mean_zero() -> None:
    single = summarize(np.array([3.0]))
    assert (single.mean, single.variance, single.cv) == (3.0, 0.0, 0.0)
    assert math.isnan(single.sem)
    assert summarize(np.array([1.0, -1.0])).cv == math.inf


@pytest.mark.parametrize(
    ("losses", "epoch"), [([], None), ([-1.0, 0.0], None), ([0.5], 1), ([-1.0, 0.0, 1e-9, -1.0, 1.0], 3)]
)
def test_critical_epoch_is_the_first_above_zero_counted_from_one(losses: list[float], epoch: int | None) -> None:
    assert critical_epoch(losses) == epoch


@needs_losses
@pytest.mark.parametrize("width", paper.WIDTHS)
def test_published_losses_have_the_published_critical_epochs(width: int) -> None:
    with LOSSES.open(newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file) if int(row["width"]) == width]
    assert len(losses) == paper.EPOCHS
    assert critical_epoch(losses) == paper.PUBLISHED[width].critical_epoch


def test_correlation_of_deviations_worked_by_hand() -> None:
    """Deviations of -h are (-1, 1, 0), of H (1, 0, -1) in frame 1, and all the same in frame 2; frame 0 is left out."""
    H = np.array([[9.0, 3.0, 1.0], [7.0, 2.0, 0.0], [8.0, 1.0, 2.0]])  # noqa: N806 -- the paper's symbol
    h = np.array([[0.0, 6.0, 1.0], [0.0, 4.0, 0.0], [0.0, 5.0, 2.0]])
    assert deviation_correlation(h, H, first=1, last=2) == pytest.approx((-0.5 - 1) / 2)


def test_a_clock_knows_nothing_of_a_single_run() -> None:
    h, H = runs_like_the_papers(0, 6, 70, 0.0, 1.0)  # noqa: N806 -- the paper's symbol
    clock = np.tile(h.mean(axis=0), (6, 1))
    assert affine_fit(clock, H).mse.max() < 0.02
    assert deviation_correlation(clock, H) is None
    # Its noise is not that of H: 56 frames of 6 runs, a standard error of 1 / √(5 · 56) and 4.9 of it, by chance 1e-6.
    assert abs(deviation_correlation(h, H) or 1) < 0.3
    assert deviation_correlation(-3 * H + clock, H) == pytest.approx(1)
    assert deviation_correlation(h[:1], H[:1]) is None
    with pytest.raises(ValueError, match="first: must be at most 69"):
        deviation_correlation(h, H, first=70)
