"""Wrong arguments get a TypeError or ValueError that names them, never a crash."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import hthm

GOOD_X = np.array([[[0.1, 0.2], [0.5, 0.6], [0.8, 0.9]]])
GOOD_V = np.array([[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]])


def state(x: object = GOOD_X, v: object = GOOD_V, **options: object) -> hthm.State:
    return hthm.State(x, v, **({"diameter": 0.05} | options))  # type: ignore[arg-type]  # wrong on purpose


def with_value(value: float, good: NDArray[np.float64] = GOOD_V) -> NDArray[np.float64]:
    wrong = good.copy()
    wrong[0, 1, 1] = value
    return wrong


ARRAYS: dict[str, Callable[[NDArray[np.float64]], object]] = {
    "float32": lambda a: a.astype(np.float32),
    "float16": lambda a: a.astype(np.float16),
    "longdouble": lambda a: a.astype(np.longdouble),
    "integers": lambda a: a.astype(np.int64),
    "complex": lambda a: a.astype(np.complex128),
    "objects": lambda a: a.astype(object),
    "strings": lambda a: a.astype(str),
    "booleans": lambda a: a.astype(bool),
    "foreign byte order": lambda a: a.astype(">f8"),
    "a list": lambda a: a.tolist(),
    "none": lambda _: None,
    "a number": lambda _: 1.0,
    "masked": np.ma.masked_invalid,
    "no axis": lambda _: np.float64(1.0) * np.ones(()),
    "one axis": lambda a: a.ravel(),
    "two axes": lambda a: a[0],
    "four axes": lambda a: a[None],
    "three components": lambda a: np.concatenate([a, a[..., :1]], axis=-1),
    "no disks": lambda a: a[:, :0],
    "no runs": lambda a: a[:0],
    "Fortran order": lambda a: np.asfortranarray(np.tile(a, (2, 1, 1))),
    "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: a[:, ::-1],
    "broadcast": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "nan": lambda a: with_value(np.nan, a),
    "infinity": lambda a: with_value(np.inf, a),
}


@pytest.mark.parametrize("argument", ["positions", "velocities"])
@pytest.mark.parametrize("wrong", ARRAYS)
def test_wrong_arrays_of_a_state_are_refused_by_name(wrong: str, argument: str) -> None:
    good = {"positions": GOOD_X, "velocities": GOOD_V}
    arguments = good | {argument: ARRAYS[wrong](good[argument])}
    with pytest.raises((TypeError, ValueError), match=r"^(positions|velocities): must"):
        state(arguments["positions"], arguments["velocities"])


@pytest.mark.parametrize("wrong", [name for name in ARRAYS if name not in {"two axes", "four axes", "no runs"}])
@pytest.mark.parametrize("function", [hthm.speed_h, hthm.speed_counts, hthm.velocity_h])
def test_wrong_velocities_for_h_are_refused_by_name(function: Callable[..., object], wrong: str) -> None:
    options = {} if function is hthm.velocity_h else {"speed": 1.0}
    with pytest.raises((TypeError, ValueError), match=r"^velocities: must"):
        function(ARRAYS[wrong](GOOD_V), **options)


def test_float32_velocities_are_refused_with_the_reason() -> None:
    message = "velocities: must be float64, got float32. Keep float64 from the start: rounded velocities shift H"
    with pytest.raises(TypeError, match=message):
        state(v=GOOD_V.astype(np.float32))
    with pytest.raises(TypeError, match=message):
        hthm.speed_h(GOOD_V.astype(np.float32), speed=1.0)


def test_read_only_and_mapped_arrays_are_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    x, v = GOOD_X.copy(), GOOD_V.copy()
    x.flags.writeable = v.flags.writeable = False
    frozen = hthm.simulate(state(x, v), frames=5)
    path = tmp_path_factory.mktemp("mapped") / "v.npy"
    np.save(path, GOOD_V)
    mapped = hthm.simulate(state(x, np.load(path, mmap_mode="r")), frames=5)
    assert frozen.velocities.tobytes() == mapped.velocities.tobytes()
    assert hthm.speed_h(v, speed=1.0) == hthm.speed_h(GOOD_V, speed=1.0)


@pytest.mark.parametrize("value", [-0.1, 1.0, 1.5, -5e-324, 1e300])
def test_positions_outside_the_box_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"positions: must lie in \[0, 1\), got .* for disk 1 of run 0"):
        state(with_value(value, GOOD_X))


@pytest.mark.parametrize("value", [1e9, math.nan, -1e6, -5.0, 1.0])
@pytest.mark.parametrize("use", [hthm.simulate, hthm.State.overlaps])
def test_positions_spoilt_after_the_state_was_made_are_refused(
    use: Callable[[hthm.State], object], value: float
) -> None:
    x = GOOD_X.copy()
    spoilt = state(x)
    x[0, 0, 0] = value
    with pytest.raises(ValueError, match=r"^positions: must (be finite|lie in \[0, 1\)), got -?[\dnae+.]+ ") as refused:
        use(spoilt)
    assert "float64" not in str(refused.value)  # the number, not NumPy's way to write it


@pytest.mark.parametrize("use", [hthm.simulate, hthm.State.energy, hthm.State.momentum])
def test_velocities_spoilt_after_the_state_was_made_are_refused(use: Callable[[hthm.State], object]) -> None:
    v = GOOD_V.copy()
    spoilt = state(v=v)
    v[0, 0, 0] = math.nan
    with pytest.raises(ValueError, match=r"^velocities: must be finite"):
        use(spoilt)


NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**30), 10**30),
    st.sampled_from([None, "1", 1j, True, [1], np.float32(0.1), np.array([0.1]), b"1", np.int8(1)]),
)


@given(n=NUMBERS, diameter=NUMBERS, speed=NUMBERS, box=NUMBERS)
def test_a_gas_is_sound_or_refused_by_name(n: object, diameter: object, speed: object, box: object) -> None:
    try:
        gas = hthm.DiskGas(n, diameter, speed, box)  # type: ignore[arg-type]  # anything may come
    except (TypeError, ValueError) as error:
        assert str(error).startswith(("n:", "diameter:", "speed:", "box:"))  # noqa: PT017 -- the message is the claim
    else:
        assert gas.n >= 1
        assert 0 < gas.diameter <= gas.box / 2
        assert np.isfinite([gas.temperature, gas.density]).all()


@given(runs=NUMBERS, seed=NUMBERS)
def test_a_sample_is_sound_or_refused_by_name(runs: object, seed: object) -> None:
    gas = hthm.DiskGas(n=2, diameter=0.01)
    if isinstance(runs, int) and not isinstance(runs, bool):
        runs = min(runs, 20)
    try:
        sampled = gas.sample(runs, seed)  # type: ignore[arg-type]  # anything may come
    except (TypeError, ValueError) as error:
        assert str(error).startswith(("runs:", "seed:"))  # noqa: PT017 -- the message is the claim
    else:
        assert np.isfinite(sampled.positions).all()


@given(
    option=st.sampled_from(["frames", "dt", "engine", "threads", "record"]),
    value=st.one_of(NUMBERS, st.text(max_size=5)),
)
def test_simulate_gives_the_answer_or_names_the_argument(option: str, value: object) -> None:
    if option == "frames" and isinstance(value, int) and not isinstance(value, bool):
        value = min(value, 50)
    try:
        traj = hthm.simulate(state(), **({"frames": 3} | {option: value}))  # type: ignore[arg-type]  # anything
    except (TypeError, ValueError) as error:
        assert str(error).startswith((f"{option}:", "velocities: must cross"))  # noqa: PT017 -- the message is the claim
    else:
        assert np.isfinite(traj.final.velocities).all()


@pytest.mark.parametrize("wrong", [None, 1, GOOD_X, (GOOD_X, GOOD_V)])
def test_simulate_wants_a_state(wrong: object) -> None:
    with pytest.raises(TypeError, match="state: must be a State"):
        hthm.simulate(wrong)  # type: ignore[arg-type]  # the mistake under test


def test_speeds_beyond_all_digits_are_refused() -> None:
    fast = state(v=GOOD_V * 1e18)
    with pytest.raises(ValueError, match=r"velocities: must cross less than 2\^52 boxes in a step"):
        hthm.simulate(fast)
    assert np.isfinite(hthm.simulate(fast, dt=1e-5).velocities).all()
    with pytest.raises(ValueError, match=r"velocities: must be at most 1e\+150"):
        state(v=GOOD_V * 1e200)


def test_options_that_do_not_exist_are_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="engine: must be one of auto, all_pairs, cell_list"):
        hthm.simulate(state(), engine="quadtree")
    with pytest.raises(ValueError, match="record: must be one of velocities, log, counts"):
        hthm.simulate(state(), record="everything")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="speeds: must be one of equal, uniform, maxwell"):
        hthm.paper.GAS.sample(1, speeds="boltzmann")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="threads: must be at least 1"):
        hthm.simulate(state(), threads=0)


def test_h_wants_a_speed_with_an_array() -> None:
    with pytest.raises(TypeError, match="speed: must be given"):
        hthm.speed_h(GOOD_V)
    for wrong in (0.0, -1.0, np.nan, np.inf, 1e-301, 1e301):
        with pytest.raises(ValueError, match="speed: must be"):
            hthm.speed_h(GOOD_V, speed=wrong)
    for wrong in (0, -1, 10**9):
        with pytest.raises(ValueError, match="bins: must be"):
            hthm.speed_h(GOOD_V, speed=1.0, bins=wrong)
    with pytest.raises(ValueError, match="temperature: must be"):
        hthm.velocity_h(GOOD_V, temperature=[1.0, 2.0])
    with pytest.raises(ValueError, match="temperature: must be"):
        hthm.velocity_h(GOOD_V, temperature=-1.0)
