"""A time between frames in which nothing can move has no meaning, for any engine; all others are served."""

from __future__ import annotations

import numpy as np
import pytest

import hthm

ENGINES = hthm.engines()
FIXED_STEP = [name for name in ENGINES if name not in ("event", "dsmc")]
REFUSED = r"^dt: must be long enough for something to move, got .* Take a longer dt\.$"


def two(first: list[float], *, speed: float = 1.0) -> hthm.State:
    """Two disks that move past each other, the first from here."""
    return hthm.State(
        np.array([[first, [0.5, 0.8]]]), np.array([[[speed, 0.0], [0.0, speed]]]), diameter=0.1, speed=1.0
    )


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
@pytest.mark.parametrize("dt", [5e-324, 1e-310, 1e-300, 1e-40])
def test_a_time_in_which_nothing_can_move_is_refused(engine: str, dt: float) -> None:
    for state in (two([0.1, 0.1]), two([0.0, 0.0])):  # next to 0 all digits count, and still it gets nowhere
        with pytest.raises(ValueError, match=REFUSED):
            hthm.simulate(state, 10, dt, engine=engine)


@pytest.mark.parametrize("engine", ["auto", *FIXED_STEP])
def test_a_fixed_step_that_rounding_undoes_for_every_disk_is_refused(engine: str) -> None:
    for length in (1e-60, 1.0, 1e60):  # whatever the unit of length
        unit = two([0.1, 0.1])
        state = hthm.State(
            unit.positions * length, unit.velocities * length, diameter=0.1 * length, box=length, speed=length
        )
        with pytest.raises(ValueError, match="rounding puts all back"):
            hthm.simulate(state, 10, 2.0**-58, engine=engine)
        moved = hthm.simulate(state, 1, 2.0**-53, engine=engine).final
        assert (moved.positions != state.positions).any()


@pytest.mark.parametrize("engine", FIXED_STEP)
def test_a_step_that_moves_one_disk_of_one_run_is_served(engine: str) -> None:
    near = hthm.State(
        np.array([two([0.1, 0.1]).positions[0], two([2.0**-20, 0.1]).positions[0]]),
        np.repeat(two([0.1, 0.1]).velocities, 2, axis=0),
        diameter=0.1,
        speed=1.0,
    )
    final = hthm.simulate(near, 4, 2.0**-60, engine=engine).final
    assert final.positions[1, 0, 0] == 2.0**-20 + 4 * 2.0**-60
    assert (final.positions != near.positions).sum() == 1


def test_the_exact_engine_adds_up_times_that_a_step_would_lose() -> None:
    assert hthm.simulate(two([0.1, 0.1]), 10, 1e-30, engine="event").collisions.sum() == 0


@pytest.mark.parametrize("engine", ["auto", *ENGINES])
@pytest.mark.parametrize("dt", [5e-324, 1.0, 1e308])
def test_disks_at_rest_rest_for_any_time(engine: str, dt: float) -> None:
    state = two([0.1, 0.1], speed=0.0)
    assert hthm.simulate(state, 10, dt, engine=engine).final.positions.tobytes() == state.positions.tobytes()


def test_a_users_numpy_that_raises_is_no_obstacle() -> None:
    with np.errstate(all="raise"), pytest.raises(ValueError, match=REFUSED):
        hthm.simulate(two([0.1, 0.1]), 10, 5e-324)
