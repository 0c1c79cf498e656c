"""Random arrays of any scale through H and the fits: what numpy and exact fractions say, or a refusal by name."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

import hthm
from hthm.fit import affine_fit, deviation_correlation, summarize
from random_inputs import ANY, Array, assert_named, power, shared, velocities

pytestmark = pytest.mark.filterwarnings("ignore::hthm.h_functional.HRangeWarning")


def numpy_velocity_h(v: Array, temperature: float | None, bins: int) -> float:
    """Boltzmann's H of a frame (n, 2) from numpy's histogram, of velocities brought to order 1 by a power of two."""
    size = np.abs(v).max() if temperature is None else math.sqrt(temperature)
    if size == 0:
        return math.nan
    exponent = math.frexp(size)[1]
    with np.errstate(over="ignore"):
        u = np.ldexp(v, -exponent)
    u = np.where((u == 0) & (v != 0), np.copysign(5e-324, v), u)  # its side of the edge at 0
    u = np.clip(u, -1e300, 1e300)
    if temperature is None:
        t = float(np.cumsum((u[:, 0] * u[:, 0] + u[:, 1] * u[:, 1]) / 2)[-1]) / len(u)  # in order: its last bit counts
    else:
        t = math.ldexp(temperature, -2 * exponent)
    edges = np.linspace(-4 * math.sqrt(t), 4 * math.sqrt(t), bins + 1)
    counts, _, _ = np.histogram2d(u[:, 0], u[:, 1], bins=(edges, edges))
    if not counts.sum():
        return math.nan
    p = counts[counts > 0] / counts.sum()
    return float((p * np.log(p)).sum() - 2 * math.log(edges[-1] * 2 / bins) - 2 * exponent * math.log(2))


@shared
@given(
    st.integers(1, 30).flatmap(lambda n: velocities((2, n, 2))),
    power(-1000, 1000),
    st.one_of(st.none(), st.integers(-1000, 1000)),
    st.integers(1, 60),
    st.one_of(st.none(), ANY),
)
def test_h_of_velocities_is_numpys(
    v: Array, scale: int, temperature: int | None, bins: int, written: float | None
) -> None:
    v = np.ldexp(v, scale)
    t = None if temperature is None else math.ldexp(1.3, temperature)
    if written is not None:
        v[1, 0, 1] = written
    if not np.isfinite(v).all():
        with pytest.raises(ValueError, match="velocities: must be finite"):
            hthm.velocity_h(v, temperature=t, bins=bins)
        return
    h = hthm.velocity_h(v, temperature=t, bins=bins)
    assert_allclose(h, [numpy_velocity_h(frame, t, bins) for frame in v], rtol=1e-12, atol=1e-12)


@shared
@given(
    st.integers(1, 30).flatmap(lambda n: velocities((2, n, 2))),
    power(-990, 990),
    power(-30, 30),
    st.integers(1, 60),
    st.one_of(st.none(), ANY),
)
def test_counts_and_h_of_speeds_are_numpys(v: Array, scale: int, faster: int, bins: int, written: float | None) -> None:
    v, speed = np.ldexp(v, scale), math.ldexp(0.9, max(-990, min(990, scale + faster)))
    if written is not None:
        v[1, 0, 1] = written
    if not np.isfinite(v).all():
        for use in (hthm.speed_h, hthm.speed_counts):
            with pytest.raises(ValueError, match="velocities: must be finite"):
                use(v, speed=speed, bins=bins)
        return
    counts, h = hthm.speed_counts(v, speed=speed, bins=bins), hthm.speed_h(v, speed=speed, bins=bins)
    edges = np.linspace(0, 2 * speed, bins + 1)
    for frame, counted, value in zip(v, counts, h, strict=True):
        with np.errstate(over="ignore"):
            s = np.hypot(frame[:, 0], frame[:, 1])
        assert_array_equal(counted, np.histogram(s, bins=edges)[0])
        p = counted[counted > 0] / max(counted.sum(), 1)
        expected = (p * np.log(p)).sum() - math.log(2 * speed / bins) if len(p) else math.nan
        assert_allclose(value, expected, rtol=1e-12, atol=1e-12)


NUMBERS = st.one_of(st.floats(-10, 10), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.1, 1.0]))


@shared
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 6)).flatmap(
        lambda shape: st.tuples(
            arrays(np.float64, shape, elements=NUMBERS), arrays(np.float64, shape, elements=NUMBERS)
        )
    )
)
def test_fits_are_those_of_exact_arithmetic_or_refused_by_name(both: Array) -> None:
    h, H = both[0].copy(), both[1].copy()  # noqa: N806 -- the paper's symbol
    try:
        fit = affine_fit(h, H)
    except ValueError as error:
        assert_named(error)
        return
    for run in range(len(h)):
        x, y = [Fraction(value) for value in h[run].tolist()], [Fraction(value) for value in H[run].tolist()]
        x_mean, y_mean = sum(x, Fraction()) / len(x), sum(y, Fraction()) / len(y)
        xx = sum(((p - x_mean) * (p - x_mean) for p in x), Fraction())
        yy = sum(((q - y_mean) * (q - y_mean) for q in y), Fraction())
        slope = sum(((p - x_mean) * (q - y_mean) for p, q in zip(x, y, strict=True)), Fraction()) / xx
        left = yy - slope * slope * xx  # times frames: the mean square error
        # Relative to what the sizes of h and H beside their spreads leave of 53 bits.
        spread_x, spread_y = max(abs(p - x_mean) for p in x), max(abs(q - y_mean) for q in y)
        lost = max(abs(p) for p in x) / spread_x * Fraction(1, 2**40)
        size = max(spread_y, *(abs(q) for q in y))
        assert abs(Fraction(float(fit.a[run])) - slope) <= lost * size / spread_x
        assert abs(Fraction(float(fit.mse[run])) - left / len(x)) <= lost * size * size + Fraction(5e-324)


@shared
@given(arrays(np.float64, st.integers(1, 6), elements=NUMBERS), arrays(np.float64, (3, 4), elements=NUMBERS))
def test_summaries_are_those_of_exact_arithmetic_or_refused_by_name(values: Array, h: Array) -> None:
    with warnings.catch_warnings(action="error"):
        correlation = deviation_correlation(h, np.sqrt(np.abs(h)), first=1)
        assert correlation is None or abs(correlation) <= 1 + 1e-9
        try:
            summary = summarize(values)
        except ValueError as error:
            assert_named(error, "values: must have a spread")
            return
    exact = [Fraction(value) for value in values.tolist()]
    mean = sum(exact, Fraction()) / len(exact)
    variance = sum(((value - mean) * (value - mean) for value in exact), Fraction()) / len(exact)
    size = max(abs(value) for value in exact)
    assert abs(Fraction(summary.mean) - mean) <= size * Fraction(1, 2**50) + Fraction(5e-324)
    assert abs(Fraction(summary.variance) - variance) <= size * size * Fraction(1, 2**48) + Fraction(5e-324)
