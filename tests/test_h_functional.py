"""H and its counts are numpy.histogram's, to the last disk."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

import hthm
from hthm.h_functional import speed_edges
from hthm.measures.isotropic import isotropic_h

Array = NDArray[np.float64]
S0 = hthm.paper.S0


def numpy_counts(frame: Array, speed: float, bins: int) -> NDArray[np.int64]:
    s = np.hypot(frame[:, 0], frame[:, 1])
    return np.histogram(s, bins=np.linspace(0, 2 * speed, bins + 1))[0]


def numpy_h(frame: Array, speed: float, bins: int) -> float:
    """Eq. (5) as the paper evaluates it."""
    s = np.hypot(frame[:, 0], frame[:, 1])
    p, edges = np.histogram(s, bins=np.linspace(0, 2 * speed, bins + 1), density=True)
    width = edges[1] - edges[0]
    return float(np.sum(p[p > 0] * np.log(p[p > 0])) * width)


def numpy_velocity_h(frame: Array, temperature: float, bins: int = 50) -> float:
    edges = np.linspace(-4 * math.sqrt(temperature), 4 * math.sqrt(temperature), bins + 1)
    f, _, _ = np.histogram2d(frame[:, 0], frame[:, 1], bins=(edges, edges), density=True)
    area = (edges[1] - edges[0]) ** 2
    return float(np.sum(f[f > 0] * np.log(f[f > 0])) * area)


@pytest.mark.parametrize("bins", [1, 7, 50, 333])
@pytest.mark.parametrize("speed", [S0, 1.0, 0.1, 1e-100, 1e100])
def test_speeds_on_every_edge_and_an_ulp_either_side_fall_where_numpy_puts_them(speed: float, bins: int) -> None:
    edges = speed_edges(speed, bins)
    values = np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, 0), [5e-324, 4 * speed]])
    along_x = np.stack([values, np.zeros_like(values)], axis=-1)
    frames = np.stack([along_x, -along_x[:, ::-1]])  # (2, n, 2); hypot(0, v) = v
    counts = hthm.speed_counts(frames, speed=speed, bins=bins)
    for frame, counted in zip(frames, counts, strict=True):
        assert_array_equal(counted, numpy_counts(frame, speed, bins))


def test_equal_speeds_in_random_directions_fall_where_numpy_puts_them() -> None:
    """The paper's trap: s0 is an edge, and every disk that has not collided sits on it."""
    state = hthm.paper.GAS.sample(20, seed=3)
    counts = hthm.speed_counts(state.velocities, speed=S0)
    for frame, counted in zip(state.velocities, counts, strict=True):
        assert_array_equal(counted, numpy_counts(frame, S0, 50))
    assert counts[:, 25].mean() > 900, "with float64 velocities nearly every disk falls in bin 25"


@given(st.integers(0, 2**32), st.integers(1, 60), st.floats(0, 0.4), st.sampled_from([S0, 1.0, 0.1]))
def test_what_changes_from_frame_to_frame_falls_where_numpy_puts_it(
    seed: int, n: int, share: float, speed: float
) -> None:
    """Speeds on edges and next to them, of which some change to others."""
    random = np.random.default_rng(seed)
    edges = speed_edges(speed)
    values = np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, 0), [3 * speed]])
    frames = np.zeros((20, n, 2))
    frames[..., 0] = random.choice(values, (20, n))
    for before, frame in itertools.pairwise(frames):
        stays = random.random(n) >= share
        frame[stays] = before[stays]
    for frame, counted in zip(frames, hthm.speed_counts(frames, speed=speed, threads=1), strict=True):
        assert_array_equal(counted, numpy_counts(frame, speed, 50))


@given(
    arrays(np.float64, (3, 40, 2), elements=st.floats(-3, 3)),
    st.floats(0.01, 10),
    st.integers(1, 80),
)
def test_counts_and_h_are_numpys(velocities: Array, speed: float, bins: int) -> None:
    counts = hthm.speed_counts(velocities, speed=speed, bins=bins)
    h = hthm.speed_h(velocities, speed=speed, bins=bins)
    for frame, counted, value in zip(velocities, counts, h, strict=True):
        expected = numpy_counts(frame, speed, bins)
        assert_array_equal(counted, expected)
        if expected.sum():
            assert_allclose(value, numpy_h(frame, speed, bins), rtol=1e-11, atol=1e-11)
        else:
            assert np.isnan(value)


@given(st.floats(1e-320, 1e-140), st.floats(1e-5, 1.0))
def test_squares_that_vanish_do_not_mislead(speed: float, part: float) -> None:
    velocities = np.array([[[speed * part, speed * part], [speed, 0.0], [0.0, 0.0]]])
    reference = max(speed, 1e-150)
    assert_array_equal(hthm.speed_counts(velocities, speed=reference)[0], numpy_counts(velocities[0], reference, 50))


def test_any_leading_axes_and_any_threads_give_the_same_bits() -> None:
    traj = hthm.simulate(hthm.DiskGas(n=100, diameter=0.03).sample(6, seed=1), frames=50)
    h = hthm.speed_h(traj)
    assert h.shape == (6, 50)
    assert hthm.speed_h(traj.velocities[2, 3], speed=S0).shape == ()
    assert hthm.speed_h(traj.velocities[2, 3], speed=S0) == h[2, 3]
    assert hthm.speed_h(traj.velocities.reshape(3, 2, 50, 100, 2), speed=S0).tobytes() == h.tobytes()
    assert hthm.speed_h(np.empty((0, 4, 3, 2)), speed=S0).shape == (0, 4)
    for threads in (1, 2, 4, 7):
        assert hthm.speed_h(traj, threads=threads).tobytes() == h.tobytes()
        assert hthm.velocity_h(traj, threads=threads).tobytes() == hthm.velocity_h(traj).tobytes()


def test_a_frame_without_a_speed_in_range_is_nan() -> None:
    velocities = np.array([[[3.0, 4.0]], [[0.3, 0.4]]])
    h = hthm.speed_h(velocities, speed=1.0)
    assert np.isnan(h[0])
    assert_allclose(h[1], math.log(1 / 0.04))  # one disk in one bin


@given(arrays(np.float64, (2, 60, 2), elements=st.floats(-2, 2)), st.floats(0.01, 2), st.integers(1, 60))
def test_velocity_h_is_numpys(velocities: Array, temperature: float, bins: int) -> None:
    h = hthm.velocity_h(velocities, temperature=temperature, bins=bins)
    edge = 4 * math.sqrt(temperature)
    for frame, value in zip(velocities, h, strict=True):
        if (np.abs(frame) <= edge).all(axis=1).any():
            assert_allclose(value, numpy_velocity_h(frame, temperature, bins), rtol=1e-11, atol=1e-11)
        else:
            assert np.isnan(value)


def test_velocity_h_takes_its_temperature_from_each_frame() -> None:
    velocities = np.random.default_rng(1).normal(size=(2, 3, 500, 2))
    velocities[1] *= 3
    temperature = (velocities**2).sum(axis=-1).mean(axis=-1) / 2  # (2, 3)
    assert_allclose(hthm.velocity_h(velocities), hthm.velocity_h(velocities, temperature=temperature))
    assert np.isnan(hthm.velocity_h(np.zeros((1, 5, 2)))[0])


def test_h_of_a_maxwellian_is_the_theorys() -> None:
    """Many disks: the plug-in bias and the truncation at 2 s0 are those that theory names.

    ln p has a standard deviation of 1 nat at most, and its mean over 400,000 disks one of 0.0016: five of them are
    0.008, a false-alarm rate of 1e-6 for the two comparisons together; the seed is fixed.
    """
    gas = hthm.DiskGas(n=400_000, diameter=1e-6)
    state = gas.sample(1, seed=2, speeds="maxwell")
    assert_allclose(hthm.speed_h(state.velocities, speed=gas.speed), 1.494082 + 0.072, atol=0.008)
    expected = -math.log(2 * math.pi * math.e * gas.temperature)
    bias = 1000 / (2 * gas.n)  # about a thousand of the 2500 cells hold nearly all disks
    assert_allclose(hthm.velocity_h(state.velocities), expected + bias, atol=0.008)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    velocities = np.ones((4, 3, 2))
    velocities[2, 1, 0] = value
    with pytest.raises(ValueError, match="velocities: must be finite"):
        hthm.speed_h(velocities, speed=1.0)
    with pytest.raises(ValueError, match="velocities: must be finite"):
        hthm.velocity_h(velocities)
    with pytest.raises(ValueError, match="velocities: must be finite"):
        hthm.velocity_h(velocities, temperature=1.0)


def test_isotropic_h_is_the_speeds_h_without_the_circles_they_lie_on() -> None:
    traj = hthm.simulate(hthm.paper.GAS.sample(2, seed=0), 40, record="log")
    speeds = np.hypot(*np.moveaxis(traj.dense(), -1, 0))
    expected = hthm.speed_h(traj) - np.log(2 * np.pi * speeds).mean(axis=-1)
    assert_allclose(isotropic_h(traj), expected, rtol=1e-12)
    assert_allclose(isotropic_h(traj.dense(), speed=S0), expected, rtol=1e-12)


def test_isotropic_h_in_equilibrium_is_boltzmanns() -> None:
    """-ln(2πeT), but that the bins end at 2 s0, which leaves out e^-4 of the disks: their H is worked out here.

    2 million disks leave no bias, and a standard error of 0.0007 for a ln p that varies by 1 nat: five of them.
    """
    below = 1 - np.exp(-(np.linspace(0, 2, 51) ** 2))  # of Rayleigh's distribution, at the edges in units of s0
    p = np.diff(below) / below[-1] / (2 * S0 / 50)
    of_speeds = float(np.sum(p * np.log(p))) * 2 * S0 / 50
    mean_log = math.log(2 * math.pi * S0) - 0.5772156649015329 / 2  # ⟨ln 2πs⟩ with Euler's constant
    expected = of_speeds - mean_log
    assert expected == pytest.approx(-math.log(math.pi * math.e * S0**2), abs=0.09)
    velocities = np.random.default_rng(0).normal(scale=S0 / math.sqrt(2), size=(2_000_000, 2))
    assert isotropic_h(velocities, speed=S0) == pytest.approx(expected, abs=0.0035)
