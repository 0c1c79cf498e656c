"""The fixed step over the whole range of box, diameter, speed and time that is accepted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import hthm
import oracle
from hthm import _core

FIXED_STEP = [name for name in hthm.engines() if name not in ("event", "dsmc")]
Array = NDArray[np.float64]

LARGEST_POWER = 330
"""Boxes from 1e-100 to 1e100 are accepted."""


def start(n: int, seed: int) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    return random.random((1, n, 2)), random.normal(size=(1, n, 2))


def simulated(
    positions: Array, velocities: Array, *, diameter: float, box: float, dt: float, engine: str
) -> hthm.Trajectories:
    state = hthm.State(positions, velocities, diameter=diameter, box=box, speed=1.0)
    return hthm.simulate(state, frames=5, dt=dt, engine=engine, positions=True, threads=1)


@given(
    length=st.integers(-LARGEST_POWER, LARGEST_POWER),
    time=st.integers(-300, 300),
    n=st.integers(1, 80),
    diameter=st.floats(0.001, 0.5),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_powers_of_two_in_length_and_time_change_no_bit(
    length: int, time: int, n: int, diameter: float, seed: int
) -> None:
    positions, velocities = start(n, seed)
    in_length, in_time = 2.0**length, 2.0**time
    speed = 2.0 ** (length - time)
    if not 1e-150 < speed < 1e149:
        return
    for engine in FIXED_STEP:
        ours = simulated(
            positions * in_length,
            velocities * speed,
            diameter=diameter * in_length,
            box=in_length,
            dt=in_time / 64,
            engine=engine,
        )
        unit = simulated(positions, velocities, diameter=diameter, box=1.0, dt=1 / 64, engine=engine)
        label = f"{engine}, n = {n}, length 2^{length}, time 2^{time}, seed {seed}"
        assert ours.collisions.tobytes() == unit.collisions.tobytes(), label
        assert ours.positions.tobytes() == (unit.positions * in_length).tobytes(), label
        assert ours.velocities.tobytes() == (unit.velocities * speed).tobytes(), label


SCALES = st.one_of(st.floats(1e-100, 1e100), st.sampled_from([1e-100, 1e100, 1.0, 2.0**-332]))
RATIOS = st.one_of(st.floats(0, 0.5), st.sampled_from([0.5, 1e-3, 1e-18, 1e-62, 1e-170, 1e-300, 0.0]))
STEPS = st.one_of(st.floats(0, 4.0), st.sampled_from([1e-300, 1e-30, 2.0**51, 1.0, 0.0]))
BORDERS = st.sampled_from([None, 0.0, 1 - 2.0**-53, 0.5, 5e-324, 1e-170])


@given(
    box=SCALES,
    ratio=RATIOS,
    step=STEPS,
    dt=st.one_of(st.floats(1e-90, 1e90), st.sampled_from([5e-324, 2.3e-308, 1e300])),
    border=BORDERS,
    n=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=200, deadline=None)
def test_engines_equal_oracle_at_every_scale_that_is_accepted(
    box: float, ratio: float, step: float, dt: float, border: float | None, n: int, seed: int
) -> None:
    positions, velocities = start(n, seed)
    positions = np.minimum(positions * box, np.nextafter(box, 0))
    if border is not None:  # some coordinates on the border of the box or of a cell
        positions[:, ::2, seed % 2] = min(border * box, np.nextafter(box, 0))
    diameter = max(ratio * box, 1.01e-160 * max(box, 1.0))
    fastest = np.abs(velocities).max()
    with np.errstate(over="ignore", under="ignore"):
        velocities = velocities / fastest * min(step * box / dt, 0.5e150)
    velocities[~np.isfinite(velocities)] = 0.0
    label = f"box {box!r}, diameter {diameter!r}, dt {dt!r}, step {step!r}, border {border!r}, n {n}, seed {seed}"
    state = hthm.State(positions, velocities, diameter=diameter, box=box, speed=1.0)
    try:
        hthm.simulate(state, frames=1, dt=dt, engine="all_pairs")
    except ValueError as error:
        if str(error).startswith(("velocities: must", "dt: must")):
            return  # refused by name
        raise
    expected = oracle.simulate(positions[0], velocities[0], frames=5, dt=dt, box=box, diameter=diameter)
    for engine in FIXED_STEP:
        traj = simulated(positions, velocities, diameter=diameter, box=box, dt=dt, engine=engine)
        assert traj.collisions[0].tobytes() == expected.collisions.tobytes(), f"{engine}, {label}"
        assert traj.positions[0].tobytes() == expected.positions.tobytes(), f"{engine}, {label}"
        assert traj.velocities[0].tobytes() == expected.velocities.tobytes(), f"{engine}, {label}"
    assert state.overlaps()[0] == len(oracle.overlapping_pairs(positions[0], box, diameter)[0]), label


@pytest.mark.parametrize("coordinate", [1e9, -1e6, -5.0, 1.0, -5e-324, np.nan, np.inf, -np.inf, 1e308])
@pytest.mark.parametrize("n", [3, 1000, 70_000])
def test_the_core_refuses_coordinates_outside_of_the_box(coordinate: float, n: int) -> None:
    positions, velocities = start(n, 5)
    positions[0, n // 2, 1] = coordinate
    with pytest.raises(ValueError, match=r"^positions: must lie in \[0, box\)"):
        _core.count_overlaps(positions, 1.0, 1e-3, 1)
    with pytest.raises(ValueError, match=r"^positions: must lie in \[0, box\)"):
        _core.place_disks(positions[0], np.zeros((n, 2)), 0, 1.0, 1e-6)
    with pytest.raises(ValueError, match=r"^positions: must lie in \[0, box\)"):
        _core.place_disks(start(1, 6)[0][0], positions[0], n, 1.0, 1e-6)
    for engine in FIXED_STEP:
        with pytest.raises(ValueError, match=r"^positions: must lie in \[0, box\)"):
            _core.Ensemble(
                engine=engine,
                positions=positions,
                velocities=velocities,
                box=1.0,
                diameter=1e-3,
                dt=1.0,
                random=None,
                first_run=0,
                threads=1,
            )


@pytest.mark.parametrize("component", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("engine", FIXED_STEP)
def test_the_core_refuses_velocities_that_are_not_finite(component: float, engine: str) -> None:
    positions, velocities = start(100, 5)
    velocities[0, 50, 0] = component
    with pytest.raises(ValueError, match=r"^velocities: must be finite"):
        _core.Ensemble(
            engine=engine,
            positions=positions,
            velocities=velocities,
            box=1.0,
            diameter=1e-3,
            dt=1.0,
            random=None,
            first_run=0,
            threads=1,
        )
