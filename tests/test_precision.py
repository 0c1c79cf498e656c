"""The exact engine with more bits than a double has: it comes back to its start, which doubles do not."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import hthm
from hthm.engines.precision import BITS, LongState, OrderWarning, Precision

GAS = hthm.DiskGas(n=30, diameter=0.04, speed=0.5)
START = GAS.sample(3, seed=1, overlaps="reject")
FRAMES, DT = 300, 1 / 30


def leg(state: hthm.State, precision: Precision, *, frames: int = FRAMES, threads: int = 2) -> hthm.Trajectories:
    return hthm.simulate(state, frames, DT, engine="event", record="log", precision=precision, threads=threads)


@pytest.fixture(scope="module")
def there() -> hthm.Trajectories:
    return leg(START, "extended")


def long_numbers(values: NDArray[np.float64], rests: NDArray[np.float64]) -> list[Fraction]:
    """Each number as the exact sum of its doubles."""
    parts = np.concatenate([values[..., None], rests], axis=-1).reshape(-1, 5)
    return [sum(map(Fraction, row.tolist()), Fraction()) for row in parts]


def energies(state: hthm.State) -> list[Fraction]:
    """Twice the energy of each run, without rounding."""
    if not isinstance(state, LongState):
        return [sum((Fraction(v) ** 2 for v in one.ravel().tolist()), Fraction()) for one in state.velocities]
    pairs = zip(state.velocities, state.velocity_rests, strict=True)
    return [sum((v * v for v in long_numbers(*pair)), Fraction()) for pair in pairs]


def test_extended_returns_collision_for_collision_and_bit_for_bit(there: hthm.Trajectories) -> None:
    back = leg(there.final.reversed(), "extended")
    assert back.final.positions.tobytes() == START.positions.tobytes()
    assert (-back.final.velocities).tobytes() == START.velocities.tobytes()
    assert np.array_equal(there.collisions.sum(axis=1), back.collisions.sum(axis=1))
    for k in range(START.runs):
        assert np.array_equal(there[k : k + 1].log.pairs[::-1], back[k : k + 1].log.pairs), "in the reverse order"
    forward, backward = there.dense(), back.dense()
    assert (-backward[:, :-1][:, ::-1]).tobytes() == forward[:, :-1].tobytes(), "every frame between the ends"
    for n in (50, 51):  # of 50 bins an edge is s0
        h, h_back = (hthm.speed_h(frames, speed=GAS.speed, bins=n)[:, :-1] for frames in (forward, backward))
        assert h_back[:, ::-1].tobytes() == h.tobytes()


def test_double_and_quad_do_not_return() -> None:
    for precision in ("double", "quad"):
        there = leg(START, precision, frames=600)
        back = leg(there.final.reversed(), precision, frames=600)
        assert np.abs(back.final.positions - START.positions).max() > GAS.diameter, precision


def test_quad_returns_where_double_does_not() -> None:
    found = {}
    for precision in ("double", "quad"):
        back = leg(leg(START, precision, frames=90).final.reversed(), precision, frames=90)
        found[precision] = back.final.positions.tobytes() == START.positions.tobytes()
    assert found == {"double": False, "quad": True}


def test_energy_is_conserved_to_60_digits(there: hthm.Trajectories) -> None:
    for first, last in zip(energies(START), energies(there.final), strict=True):
        assert abs(last / first - 1) < Fraction(1, 10**60)


def test_the_doubles_are_the_nearest_and_the_rests_what_they_leave(there: hthm.Trajectories) -> None:
    final = there.final
    assert isinstance(final, LongState)
    for values, rests in ((final.positions, final.position_rests), (final.velocities, final.velocity_rests)):
        assert [float(x) for x in long_numbers(values, rests)] == values.ravel().tolist()
        assert rests.any(axis=-1).all(), "no long number is a double by chance"
        one = long_numbers(values, rests)[0]
        bits = (abs(one.numerator) >> (one.numerator & -one.numerator).bit_length() - 1).bit_length()
        assert BITS["quad"] < bits <= BITS["extended"]


def test_recorded_is_what_double_records_as_long_as_rounding_does_not_tell() -> None:
    double, extended = leg(START, "double", frames=20), leg(START, "extended", frames=20)
    assert np.array_equal(double.log.pairs, extended.log.pairs)
    assert np.allclose(double.final.positions, extended.final.positions, rtol=0, atol=1e-9)
    times, as_long = double.log.times, extended.log.times
    assert times is not None
    assert as_long is not None
    assert np.allclose(times, as_long, rtol=0, atol=1e-9)


@pytest.mark.parametrize("precision", ["quad", "extended"])
def test_threads_and_pieces_change_no_bit(precision: Precision) -> None:
    whole = leg(START, precision, frames=60)
    for threads in (1, 4, 7):
        other = leg(START, precision, frames=60, threads=threads)
        assert other.log.velocities.tobytes() == whole.log.velocities.tobytes()
        for name in ("positions", "velocities", "position_rests", "velocity_rests"):
            assert getattr(other.final, name).tobytes() == getattr(whole.final, name).tobytes(), name
    run = leg(START[1:2], precision, frames=60)
    assert run.final.position_rests.tobytes() == whole.final[1:2].position_rests.tobytes()  # type: ignore[attr-defined]  # long states


def test_units_that_are_powers_of_two_change_no_bit() -> None:
    scaled = hthm.State(
        START.positions * 2.0**30, START.velocities * 2.0**27, diameter=0.04 * 2.0**30, box=2.0**30, speed=0.5
    )
    here = leg(START, "extended", frames=40).final
    there = hthm.simulate(scaled, 40, 8 * DT, engine="event", precision="extended").final
    assert (there.positions * 2.0**-30).tobytes() == here.positions.tobytes()
    assert isinstance(here, LongState)
    assert isinstance(there, LongState)
    assert (there.position_rests * 2.0**-30).tobytes() == here.position_rests.tobytes()
    assert (there.velocity_rests * 2.0**-27).tobytes() == here.velocity_rests.tobytes()


def test_a_narrow_box_whose_images_touch_returns_too() -> None:
    gas = hthm.DiskGas(n=2, diameter=0.498, speed=0.5)
    start = gas.sample(4, seed=3, overlaps="reject")
    there = leg(start, "extended", frames=60)
    back = leg(there.final.reversed(), "extended", frames=60)
    assert there.collisions.sum() > 30
    assert back.final.positions.tobytes() == start.positions.tobytes()


def test_a_kept_end_can_be_reversed_later(there: hthm.Trajectories, tmp_path: Path) -> None:
    assert isinstance(there.final, LongState)
    there.final.save(tmp_path / "end.npz")
    found = LongState.load(tmp_path / "end.npz")
    back = leg(found.reversed(), "extended")
    assert back.final.positions.tobytes() == START.positions.tobytes()
    np.savez(tmp_path / "other.npz", a=1)
    np.save(tmp_path / "one.npy", START.positions)
    (tmp_path / "words").write_text("no state")
    (tmp_path / "nothing").touch()
    whole = (tmp_path / "end.npz").read_bytes()
    (tmp_path / "part.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "bit.npz").write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    for name in ("other.npz", "one.npy", "words", "nothing", "part.npz", "bit.npz"):
        with pytest.raises(ValueError, match=r"path: must be a file that LongState\.save wrote, whole, and .* is not"):
            LongState.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        LongState.load(tmp_path / "none.npz")


def test_what_cannot_be_is_refused(there: hthm.Trajectories, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="precision: must be one of double, quad, extended, got 'octuple'"):
        leg(START, "octuple")  # type: ignore[arg-type]  # no such precision
    with pytest.raises(TypeError, match="precision: must be one of"):
        leg(START, 237)  # type: ignore[arg-type]  # a number
    with pytest.raises(ValueError, match=r"precision: must be double but for the exact engine.*engine='event'"):
        hthm.simulate(START, 1, precision="quad")
    with pytest.raises(ValueError, match=r"precision: must be 'extended' or higher for a state that carries"):
        leg(there.final, "quad")
    with pytest.raises(ValueError, match=r"precision: must be 'double' with a store.*traj\.final\.save"):
        hthm.simulate(START, 1, engine="event", precision="quad", store=tmp_path / "store")
    final = there.final
    assert isinstance(final, LongState)
    for traj in (there, replace(there, initial=final, final=START)):
        with pytest.raises(ValueError, match=r"precision: must be 'double' for runs in a dataset.*traj\.final\.save"):
            traj.save(tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    dropped = replace(there, final=final.rounded())
    dropped.save(tmp_path / "kept")
    assert hthm.open(tmp_path / "kept").final.positions.tobytes() == final.positions.tobytes()
    with pytest.raises(ValueError, match=r"position_rests: must have shape"):
        LongState(START, final.position_rests[:2], final.velocity_rests, "extended")
    spoilt = LongState(START, final.position_rests.copy(), final.velocity_rests, "extended")
    spoilt.position_rests[1, 2, 0, 3] = np.inf
    with pytest.raises(ValueError, match=r"position_rests: must be finite, got inf at \[1, 2, 0, 3\]"):
        leg(spoilt, "extended")
    with pytest.raises(ValueError, match="precision: must be one of quad, extended"):
        LongState(START, final.position_rests, final.velocity_rests, "double")


def test_an_order_that_doubles_cannot_tell_is_said() -> None:
    """Three disks in a row that overlap by rounding: who collides first is nobody's to say."""
    third = 0.3 + 0.1 - 2**-54
    positions = np.array([[[0.2, 0.5], [0.3 - 2**-54, 0.5], [third - 2**-54, 0.5]]])
    velocities = np.array([[[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]]])
    start = hthm.State(positions, velocities, diameter=0.1)
    with pytest.warns(OrderWarning, match="in run 0, . collisions came closer"):
        traj = hthm.simulate(start, 2, 0.01, engine="event", precision="extended")
    assert abs(float(traj.final.energy()[0]) - float(start.energy()[0])) < 1e-15


def test_nothing_moves_and_nothing_collides() -> None:
    still = hthm.State(START.positions, np.zeros_like(START.velocities), diameter=0.04, speed=0.5)
    traj = leg(still, "extended", frames=3)
    assert traj.collisions.sum() == 0
    assert traj.final.positions.tobytes() == START.positions.tobytes()
    alone = hthm.DiskGas(n=1, diameter=0.04).sample(1, seed=0)
    there = hthm.simulate(alone, 50, 3.0, engine="event", precision="extended")  # round the box, many times
    back = hthm.simulate(there.final.reversed(), 50, 3.0, engine="event", precision="extended")
    assert back.final.positions.tobytes() == alone.positions.tobytes()
