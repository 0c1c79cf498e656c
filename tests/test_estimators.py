"""Estimators of H against closed forms, brute force and what must not change them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma

import hthm
from hthm.arrays import FloatArray
from hthm.estimators import (
    CORRECTIONS,
    ESTIMATORS,
    Histogram,
    HWithError,
    Kernel,
    Neighbours,
    over_runs,
    sample_h,
    sample_h_with_error,
    speed_h_with_error,
    velocity_h_with_error,
)
from hthm.measures.corrections import Correction, terms
from hthm.measures.estimator import FrameEstimator, SampleEstimator

S0 = hthm.paper.S0
SETS, N = 60, 1000
Z = 5.6
"""Standard errors of 20 comparisons in this file that are allowed: by chance 4e-7 in all."""

GAUSS = -math.log(2 * math.pi * math.e)
RAYLEIGH = -(1 + np.euler_gamma / 2 - math.log(2) / 2)
RING = -math.log(2 * math.pi * 0.2)
"""Uniform on a ring of radius 1 and width 0.2."""


def gauss(random: np.random.Generator) -> FloatArray:
    return random.normal(size=(SETS, N, 2))


def rayleigh(random: np.random.Generator) -> FloatArray:
    return random.rayleigh(size=(SETS, N, 1))


def ring(random: np.random.Generator) -> FloatArray:
    angle = 2 * math.pi * random.random((SETS, N))
    radius = np.sqrt(0.9**2 + (1.1**2 - 0.9**2) * random.random((SETS, N)))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


@pytest.mark.parametrize(
    ("draw", "exact", "estimator", "bias"),
    [
        (gauss, GAUSS, Neighbours(), 0.026),
        (gauss, GAUSS, Kernel(), 0.035),
        (gauss, GAUSS, Histogram(low=-5, high=5, bins=12, correction="miller-madow"), 0.04),
        (rayleigh, RAYLEIGH, Neighbours(), 0.006),
        (rayleigh, RAYLEIGH, Kernel(), 0.025),
        (rayleigh, RAYLEIGH, Histogram(low=0, high=6, correction="miller-madow"), 0.006),
        (rayleigh, RAYLEIGH, Histogram(low=0, high=6, correction="grassberger"), 0.006),
        (ring, RING, Neighbours(), 0.12),
        (ring, RING, Neighbours(k=1), 0.07),
    ],
)
def test_known_densities(
    draw: Callable[[np.random.Generator], FloatArray], exact: float, estimator: SampleEstimator, bias: float
) -> None:
    """Within the bias that docs/h.md has at N = 1000, and what the spread over 60 sets leaves of the mean."""
    h = sample_h(draw(np.random.default_rng(5)), estimator=estimator)
    assert abs(h.mean() - exact) < bias + Z * h.std(ddof=1) / math.sqrt(SETS)


def test_the_papers_bins_are_biased_as_theory_says() -> None:
    """Plug-in H of a uniform density is too high by (m − 1) / 2N, m cells; corrected, by nothing to first order."""
    samples = np.random.default_rng(3).random((400, 500, 1))
    found = {
        name: sample_h(samples, estimator=Histogram(low=0, high=1, bins=50, correction=name)) for name in CORRECTIONS
    }
    for name, h in found.items():
        bias = 49 / 1000 if name == "plug-in" else 0.0
        assert abs(h.mean() - bias) < Z * h.std() / math.sqrt(400) + 0.0012, name


def test_corrected_terms_are_their_formulas() -> None:
    for count in range(1, 40):
        assert terms("plug-in", 40)[count] == pytest.approx(count * math.log(count), rel=1e-15)
        assert terms("miller-madow", 40)[count] == pytest.approx(count * math.log(count) - 0.5, rel=1e-15)
    # Grassberger (2003): G(1) = −γ − ln 2, G(2) = 2 − γ − ln 2, G(2n + 1) = G(2n), G(2n + 2) = G(2n) + 2 / (2n + 1).
    g = terms("grassberger", 40)[1:] / np.arange(1, 41)
    expected = [-np.euler_gamma - math.log(2), 2 - np.euler_gamma - math.log(2)]
    for count in range(3, 41):
        expected.append(expected[-1] if count % 2 else expected[-2] + 2 / (count - 1))
    assert_allclose(g, expected, rtol=0, atol=1e-13)


@given(st.integers(0, 2**32), st.integers(1, 2), st.integers(1, 5), st.integers(8, 40))
def test_neighbours_and_kernel_are_their_sums_over_pairs(seed: int, d: int, k: int, n: int) -> None:
    """Every distance by itself, and no tree and no Fourier transform."""
    samples = np.random.default_rng(seed).normal(size=(n, d))
    distance = np.sqrt(np.square(samples[:, np.newaxis] - samples).sum(axis=-1))
    kth = np.sort(distance, axis=-1)[:, k]
    volume = 2 if d == 1 else math.pi
    expected = digamma(k) - digamma(n) - math.log(volume) - d * np.log(kth).mean()
    assert float(sample_h(samples, estimator=Neighbours(k=k))) == pytest.approx(float(expected), abs=1e-10)
    width = 0.4
    kernels = np.exp(-np.square(distance / width) / 2) / (math.sqrt(2 * math.pi) * width) ** d
    np.fill_diagonal(kernels, 0)
    others = kernels.sum(axis=-1) / (n - 1)
    assert float(sample_h(samples, estimator=Kernel(bandwidth=width))) == pytest.approx(np.log(others).mean(), abs=1e-9)


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.floats(0, 7), st.integers(1, 2))
def test_scaling_adds_a_logarithm_and_neither_order_nor_rotation_changes_anything(
    seed: int, scale: float, angle: float, d: int
) -> None:
    random = np.random.default_rng(seed)
    samples = random.normal(size=(100, d))
    shuffled = random.permutation(samples)
    turned = samples if d == 1 else samples @ [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    for estimator, wide in ((Neighbours(k=3), 1e-9), (Kernel(), 1e-9)):
        h = float(sample_h(samples, estimator=estimator))
        assert float(sample_h(samples * scale, estimator=estimator)) == pytest.approx(h - d * math.log(scale), abs=wide)
        assert float(sample_h(shuffled, estimator=estimator)) == pytest.approx(h, abs=1e-10)
        assert float(sample_h(np.ascontiguousarray(turned), estimator=estimator)) == pytest.approx(h, abs=wide)
        assert float(sample_h(samples + 3.0, estimator=estimator)) == pytest.approx(h, abs=wide)
    counted = Histogram(low=-2 * scale, high=2 * scale, bins=9, correction="grassberger")
    one = sample_h(samples * scale, estimator=counted)
    assert_array_equal(sample_h(shuffled * scale, estimator=counted), one)


def test_the_grid_of_a_kernel_is_fine_enough() -> None:
    """All pairs of 600 samples one by one: the grid moves H by less than a twentieth of its error."""
    for d in (1, 2):
        samples = np.random.default_rng(d).normal(size=(600, d))
        width = 0.3
        square = np.square((samples[:, np.newaxis] - samples) / width).sum(axis=-1)
        kernels = np.exp(-square / 2) / (math.sqrt(2 * math.pi) * width) ** d
        others = (kernels.sum(axis=-1) - kernels.diagonal()) / 599
        h = float(sample_h(samples, estimator=Kernel(bandwidth=width)))
        assert h == pytest.approx(np.log(others).mean(), abs=0.002)
        turned = samples if d == 1 else samples @ [[0.6, 0.8], [-0.8, 0.6]]
        assert float(sample_h(turned, estimator=Kernel(bandwidth=width))) == pytest.approx(h, abs=0.003)


@pytest.mark.parametrize("exponent", [-900, -3, 7, 900])
def test_a_unit_that_is_a_power_of_two_changes_no_bit_but_the_logarithm(exponent: int) -> None:
    samples = np.random.default_rng(0).normal(size=(300, 2))
    for estimator in (Neighbours(), Kernel()):
        expected = sample_h(samples, estimator=estimator) - 2 * exponent * math.log(2)
        assert_allclose(sample_h(np.ldexp(samples, exponent), estimator=estimator), expected, rtol=1e-13)


# ---- Frames ---------------------------------------------------------------------------------------------------------


def corrected_by_hand(counts: FloatArray, cell: float, correction: Correction) -> float:
    counts = counts[counts > 0]
    n = counts.sum()
    if correction == "grassberger":
        sign = np.where(counts % 2 == 0, 1, -1)
        g = digamma(counts) + sign / 2 * (digamma((counts + 1) / 2) - digamma(counts / 2))
        return float((counts * g).sum() / n - math.log(n) - math.log(cell))
    plug_in = float((counts / n * np.log(counts / n)).sum() - math.log(cell))
    return plug_in - (len(counts) - 1) / (2 * n) if correction == "miller-madow" else plug_in


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_frames_of_every_recording_are_counted_alike(correction: Correction) -> None:
    gas = hthm.DiskGas(n=60, diameter=0.03)
    start = gas.sample(3, seed=1)
    dense = hthm.simulate(start, 7, 1 / 60)
    log = hthm.simulate(start, 7, 1 / 60, record="log")
    for measure in (hthm.speed_h, hthm.velocity_h):
        h = measure(dense, estimator=correction)
        assert h.tobytes() == measure(log, estimator=correction).tobytes()
        assert h.tobytes() == measure(dense, estimator=correction, threads=3).tobytes()
    h = hthm.speed_h(dense, estimator=correction)
    counts = hthm.speed_counts(dense)
    for where in ((0, 0), (2, 6)):
        expected = corrected_by_hand(counts[where].astype(float), 2 * gas.speed / 50, correction)
        assert h[where] == pytest.approx(expected, abs=1e-12)
    frame = dense.velocities[1, 3]
    width = 8 * math.sqrt(np.square(frame).sum(axis=-1).mean() / 2) / 50
    edges = (np.arange(51) - 25) * width
    counted, _, _ = np.histogram2d(frame[:, 0], frame[:, 1], bins=(edges, edges))
    expected = corrected_by_hand(counted.ravel(), width**2, correction)
    assert hthm.velocity_h(dense, estimator=correction)[1, 3] == pytest.approx(expected, abs=1e-12)


def test_the_papers_estimator_is_the_default_with_its_bits() -> None:
    velocities = hthm.paper.GAS.sample(3, seed=0, speeds="maxwell").velocities
    default = hthm.speed_h(velocities, speed=S0)
    assert default.tobytes() == hthm.speed_h(velocities, speed=S0, estimator="plug-in").tobytes()
    assert default.tobytes() == speed_h_with_error(velocities, speed=S0).h.tobytes()
    assert hthm.velocity_h(velocities).tobytes() == velocity_h_with_error(velocities).h.tobytes()


@pytest.mark.parametrize("estimator", ["neighbours", "kernel"])
def test_frames_without_bins_are_their_samples(estimator: Literal["neighbours", "kernel"]) -> None:
    velocities = hthm.paper.GAS.sample(2, seed=0, speeds="maxwell").velocities[:, np.newaxis]
    speeds = np.hypot(velocities[..., 0], velocities[..., 1])[..., np.newaxis]
    for threads in (1, 3):
        h = hthm.velocity_h(velocities, estimator=estimator, threads=threads)
        assert h.shape == (2, 1)
        assert h.tobytes() == sample_h(velocities, estimator=estimator).tobytes()
        h = hthm.speed_h(velocities, estimator=estimator, threads=threads)
        assert h.tobytes() == sample_h(speeds, estimator=estimator).tobytes()


# ---- Errors ---------------------------------------------------------------------------------------------------------

HISTOGRAMS = [Histogram(low=0, high=5, correction=correction) for correction in CORRECTIONS]


@pytest.mark.parametrize("estimator", [*HISTOGRAMS, Neighbours(), Neighbours(k=10), Kernel()])
def test_the_error_within_a_sample_is_the_spread_of_many(estimator: SampleEstimator) -> None:
    """The spread of 120 sets is known to 6.5 %, the mean of their errors better; a quarter is four standard errors."""
    samples = np.random.default_rng(7).rayleigh(size=(120, N, 1))
    found = sample_h_with_error(samples, estimator=estimator)
    assert found.h.tobytes() == sample_h(samples, estimator=estimator).tobytes()
    assert 0.8 < found.error.mean() / found.h.std(ddof=1) < 1.25


def test_over_runs_is_mean_and_standard_error() -> None:
    found = over_runs(np.array([[1.0, 4.0], [3.0, 4.0]]))
    assert (found.mean.tolist(), found.error.tolist()) == ([2.0, 4.0], [1.0, 0.0])
    assert repr(found).startswith("MeanOverRuns(mean=float64 (2,)")


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_the_jackknife_of_counts_leaves_out_every_disk(correction: Correction) -> None:
    if correction == "grassberger":
        correction = "miller-madow"  # whose error it has
    samples = np.random.default_rng(2).normal(size=(40, 1))
    estimator = Histogram(low=-5, high=5, bins=7, correction=correction)
    left = np.array([sample_h(np.delete(samples, k, axis=0), estimator=estimator) for k in range(40)])
    expected = math.sqrt(39 / 40 * np.square(left - left.mean()).sum())
    assert float(sample_h_with_error(samples, estimator=estimator).error) == pytest.approx(expected, rel=1e-9)


# ---- Equal speeds ---------------------------------------------------------------------------------------------------


def test_what_coincides_has_the_h_of_the_resolution_and_no_error() -> None:
    """Equal speeds differ by rounding, which is no distance."""
    velocities = hthm.paper.GAS.sample(2, seed=0).velocities
    n, width = 1000, 0.004
    for estimator, ceiling in (
        ("plug-in", -math.log(2 * S0 / 50)),
        ("miller-madow", -math.log(2 * S0 / 50)),
        ("grassberger", terms("grassberger", n)[n] / n - math.log(n * 2 * S0 / 50)),
        (Kernel(bandwidth=width), -math.log(math.sqrt(2 * math.pi) * width)),
        (Neighbours(k=4, resolution=width), digamma(4) - digamma(n) - math.log(2 * width)),
    ):
        found = speed_h_with_error(velocities, speed=S0, estimator=estimator)  # type: ignore[arg-type]  # a name or an object
        assert_allclose(found.ceiling, float(ceiling), atol=0.006)
        assert_allclose(found.h, found.ceiling, atol=1e-9)
        assert_allclose(found.error, 0, atol=1e-9)
    assert isinstance(found, HWithError)
    assert repr(found).startswith("HWithError(h=float64 (2,)")


@pytest.mark.parametrize("estimator", ["neighbours", "kernel"])
def test_equal_speeds_are_refused_where_nothing_says_how_finely_to_look(estimator: FrameEstimator) -> None:
    velocities = hthm.paper.GAS.sample(2, seed=0).velocities
    with pytest.raises(ValueError, match=r"velocities, speeds of frame 0: must not .*coincide.*equal speeds"):
        hthm.speed_h(velocities, estimator=estimator)
    assert np.isfinite(hthm.velocity_h(velocities, estimator=estimator)).all()  # on a circle no two coincide


def test_a_ring_has_no_h_and_neighbours_say_so() -> None:
    """On a line f is infinite: H rises with ln N without end, and a resolution ends it."""
    random = np.random.default_rng(0)
    rises, ends = [], []
    for n in (1000, 16_000):
        angle = 2 * math.pi * random.random(n)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        rises.append(float(sample_h(circle)))
        ends.append(float(sample_h(circle, estimator=Kernel(bandwidth=0.02))))
    assert rises[1] - rises[0] == pytest.approx(math.log(16), abs=0.1)
    assert ends[1] - ends[0] == pytest.approx(0, abs=0.06)
    assert set(ESTIMATORS) == {*CORRECTIONS, "neighbours", "kernel"}


def test_the_function_that_a_warning_names_is_there() -> None:
    fast = np.random.default_rng(0).normal(size=(1, 200, 2))
    calls: list[Callable[[], object]] = [
        lambda: speed_h_with_error(fast, speed=0.5),
        lambda: velocity_h_with_error(fast, temperature=0.01),
    ]
    for call in calls:
        with pytest.warns(hthm.HRangeWarning) as told:
            call()
        name = re.search(r"hthm\.h_functional\.(\w+)\.$", str(told[0].message))
        assert name is not None
        assert hasattr(hthm.h_functional, name[1])
    with pytest.warns(hthm.HRangeWarning, match=r"beyond the bins\. Take bins over a wider range\.$"):
        sample_h(fast, estimator=Histogram(low=-1.0, high=1.0))
