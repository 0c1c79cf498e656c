"""Random starts of any scale: the fixed step is the oracle's, the exact engine conserves, what is wrong is named."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import hthm
import oracle
from hthm.starts.kinds import STARTS, NamedStart
from random_inputs import ANY, Case, assert_named, cases, shared

FIXED = tuple(name for name in hthm.engines() if name not in ("event", "dsmc"))


@shared
@given(cases(), st.sampled_from(("auto", *FIXED)), st.sampled_from(["velocities", "log", "counts"]), st.integers(1, 3))
def test_every_fixed_step_engine_gives_the_oracles_bits(case: Case, engine: str, record: str, threads: int) -> None:
    state = case.state
    try:
        traj = hthm.simulate(state, case.frames, case.dt, engine=engine, threads=threads, record=record)  # type: ignore[arg-type]  # one of the three
    except ValueError as error:
        assert_named(error, "dt: must be long enough for something to move")
        assert np.abs(state.velocities).max() * case.dt < 2.0**-52 * state.box  # and nothing less slow is refused
        return
    for run in range(state.runs):
        expected = oracle.simulate(
            state.positions[run],
            state.velocities[run],
            frames=case.frames,
            dt=case.dt,
            box=state.box,
            diameter=state.diameter,
        )
        assert_array_equal(traj.collisions[run], expected.collisions)
        assert traj.final.positions[run].tobytes() == expected.positions[-1].tobytes()
        assert traj.final.velocities[run].tobytes() == expected.velocities[-1].tobytes()
        if record != "counts":
            assert traj.dense()[run].tobytes() == expected.velocities.tobytes()
    assert traj[0:1].initial.sha256() == state[0:1].sha256()


@shared
@given(cases(apart=True), st.sampled_from(["velocities", "log", "counts"]), st.integers(1, 3))
def test_the_exact_engine_conserves_and_keeps_disks_apart(case: Case, record: str, threads: int) -> None:
    state = case.state
    try:
        traj = hthm.simulate(state, case.frames, case.dt, engine="event", threads=threads, record=record)  # type: ignore[arg-type]  # one of the three
    except ValueError as error:  # jammed, or nothing moves
        assert_named(error)
        return
    final = traj.final
    before, after = state.velocities / state.speed, final.velocities / state.speed
    assert np.square(after).sum(axis=(1, 2)) == pytest.approx(np.square(before).sum(axis=(1, 2)), rel=1e-10)
    np.testing.assert_allclose(after.sum(axis=1), before.sum(axis=1), atol=1e-10 * state.n)
    x = final.positions / state.box
    assert ((x >= 0) & (final.positions < state.box)).all()
    i, j = np.triu_indices(state.n, k=1)
    d = x[:, i] - x[:, j]
    d -= np.round(d)
    sigma = state.diameter / state.box
    assert (np.hypot(d[..., 0], d[..., 1]) >= sigma - max(1e-12 * sigma, 8 * 2.0**-53)).all()
    if record != "counts":
        assert traj.dense()[:, -1].tobytes() == final.velocities.tobytes()


def moment(state: hthm.State) -> float:
    """A time in which the fastest disk, which may have been made as fast as one likes, crosses a part of the box."""
    fastest = float(np.abs(state.velocities).max())
    return 0.25 * state.box / (fastest if 0 < fastest < math.inf else state.speed)


USES: dict[str, Callable[[hthm.State], object]] = {
    "overlaps": hthm.State.overlaps,
    "energy": hthm.State.energy,
    "momentum": hthm.State.momentum,
    "sha256": hthm.State.sha256,
    "reversed": lambda state: state.reversed().velocities,
    "slice": lambda state: state[:].positions,
    "simulate": lambda state: hthm.simulate(state, 2, moment(state)).velocities,
    "exact": lambda state: hthm.simulate(state, 1, moment(state), engine="event").velocities,
}


@shared
@given(cases(), st.sampled_from(sorted(USES)), st.booleans(), st.lists(ANY, min_size=1, max_size=3), st.randoms())
def test_a_state_that_was_written_to_is_served_or_refused_by_name(
    case: Case,
    use: str,
    positions: bool,  # noqa: FBT001 -- hypothesis draws it
    written: list[float],
    random: object,
) -> None:
    state = case.state
    array = state.positions if positions else state.velocities
    for value in written:
        array.reshape(-1)[random.randrange(array.size)] = value  # type: ignore[attr-defined]  # random.Random
    try:
        answer = USES[use](state)
    except ValueError as error:
        assert_named(error)
        return
    if use == "overlaps":
        count = [len(oracle.overlapping_pairs(x, state.box, state.diameter)[0]) for x in state.positions]
        assert_array_equal(answer, count)
    elif use == "energy":
        for run, energy in enumerate(answer):  # type: ignore[arg-type,var-annotated]  # an array
            exact = math.fsum(v * v / 2 for v in state.velocities[run].ravel().tolist())
            assert energy == pytest.approx(exact, rel=1e-12, abs=0)
    elif use != "sha256":
        assert np.isfinite(answer).all()  # type: ignore[call-overload]  # an array


@shared
@given(
    st.integers(1, 40),
    st.floats(1e-4, 0.5),
    st.sampled_from(["allow", "reject", "lattice"]),
    st.sampled_from(tuple(STARTS)),
    st.integers(0, 2**70),
    st.integers(0, 2**32 - 2),
    st.sampled_from([1.0, 0.3, 1e-100, 1e100, 1e-200, 1e150, 0.0]),
)
def test_starts_are_sound_or_refused_by_name(
    n: int, diameter: float, placing: str, start: NamedStart, seed: int, first: int, speed: float
) -> None:
    gas = hthm.DiskGas(n=n, diameter=diameter, speed=speed)
    try:
        if placing == "lattice":
            state = gas.lattice_state(2, seed, first=first, start=start)
        else:
            state = gas.sample(2, seed, first=first, overlaps=placing, start=start)  # type: ignore[arg-type]  # one of the two
    except ValueError as error:
        assert_named(error)
        return
    state.check()
    for x, count in zip(state.positions, state.overlaps(), strict=True):
        assert count == len(oracle.overlapping_pairs(x, 1.0, diameter)[0])
        assert count == 0 or placing == "allow"
    if start in {"equal", "equal speeds"}:
        np.testing.assert_allclose(np.hypot(*np.moveaxis(state.velocities, -1, 0)), speed, rtol=1e-14)
