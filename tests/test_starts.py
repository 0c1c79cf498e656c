"""Named starts: the same list everywhere, the bits that results were made with, and starts of one's own."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import hthm
from hthm.arrays import FloatArray
from hthm.experiments.ensembles import mixed, started
from hthm.run import main
from hthm.starts.kinds import COMPARED, ENSEMBLES, SPEEDS, STARTS, NamedStart, Speeds, Start
from hthm.starts.positions import Placing
from markdown import rows

DOCS = (Path(__file__).resolve().parent.parent / "docs" / "starts.md").read_text(encoding="utf-8")
GAS = hthm.DiskGas(n=31, diameter=0.1, box=1.5)


def generator(seed: int, *key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def digest(*states: hthm.State) -> str:
    """Of positions and velocities to 30 bits of the box and of s0: sines may differ in the last one of 53."""
    content = hashlib.sha256()
    for state in states:
        for values in (state.positions / state.box, state.velocities / state.speed):
            scaled = values * 2.0**30
            assert np.abs(scaled % 1 - 0.5).min() > 1e-5, "another seed: this number is about to round the other way"
            content.update(np.round(scaled).astype("<i8").tobytes())
    return content.hexdigest()


DIGESTS = {
    "equal": "294a5fa8344ea0eb1731b7e0d1b8ff79c437ada4873d057a17e9fc81569e306a",
    "uniform": "980728360b055455c07a9dc541e1559680d8bc628d2cbb52bac86dcbff4b288f",
    "maxwell": "42196da8b1d16e752274560253b2678e3fb0311ea286f103881662c5ed2ff05c",
    "equal speeds": "6845125ccc6536bd5a2625eb994f45775730278ad48e332d5c1599f26d29d9d0",
    "uniform speeds": "048d4562e7e7ae931ca6b04144d1097281b33226b8c719238043752151f48266",
    "two temperatures": "efe66c4a5ff0a72ebae3190306ca4d041876f0925b50526511653903c8d7e50c",
    "two beams": "866810e0d6855c7a99459fd2504d008c0bed94bc01bbd9c77ca8295d1f5b6f47",
    "equilibrium": "d44b5309bfa4bd976283774d207d0e388d197400017aae7b6c520878c8c52e17",
    "mixture": "065a5e7a979502e73b6ef69b9d64c37f7f8718f7e8fc968613794eb9d0eca998",
    "all but equal speeds": "1687dcb1d3fea5ac81330ad18f688fa684605ce384decd019e334097f251cc61",
    "all but uniform speeds": "a5b2e4270c5807af8fa823066f24c0d1aaa26b0b2986581ce09ab1ec95efe317",
    "all but two temperatures": "dd9963fb4681f8a29fdfa5b41e1cd4d1ba242549391236271854ad7d92ad95f9",
    "all but two beams": "427772518270670044b7b5c715d4aab21bd65d80e96bfe930f36f6cbe903ad5b",
    "all but equilibrium": "248a5ed9c597422024cf894529fdecbb02306303b9599084bbe3d5f20f507879",
}
"""As they were drawn before all starts stood in one list."""


@pytest.mark.parametrize("speeds", SPEEDS)
def test_speeds_draw_what_they_drew_before_starts_had_a_list(speeds: Speeds) -> None:
    states = [GAS.sample(3, 7, overlaps=overlaps, speeds=speeds) for overlaps in ("allow", "reject")]
    assert digest(*states, GAS.lattice_state(3, 7, speeds=speeds)) == DIGESTS[speeds]


@pytest.mark.parametrize("ensemble", ENSEMBLES)
def test_ensembles_draw_what_the_tables_were_made_with(ensemble: str) -> None:
    states = [mixed(GAS, ensemble, 11, 7, overlaps) for overlaps in ("allow", "reject")]
    assert digest(*states) == DIGESTS[ensemble]


def expected(start: str, random: np.random.Generator, n: int, s0: float) -> FloatArray:
    """Velocities of a run, written out as the list of starts says it."""
    if start in {"equal", "equal speeds", "uniform", "maxwell"}:
        angles = random.random(n) * (2 * math.pi)
        speed: Any = s0
        if start == "uniform":
            speed = random.random(n) * (2 * s0)
        elif start == "maxwell":
            speed = random.rayleigh(math.sqrt(s0**2 / 2), n)
        return np.stack([speed * np.cos(angles), speed * np.sin(angles)], axis=-1)
    if start == "uniform speeds":
        speed, angles = np.sqrt(3) * random.random(n), 2 * np.pi * random.random(n)
        return s0 * np.stack([speed * np.cos(angles), speed * np.sin(angles)], axis=-1)
    turn = np.arange(n) % 2
    temperature = {"two temperatures": np.where(turn, 0.2, 2 - 0.2), "two beams": np.full(n, 1 - 0.8**2)}
    velocities = np.sqrt(temperature.get(start, np.ones(n)) / 2)[:, np.newaxis] * random.normal(size=(n, 2))
    if start == "two beams":
        velocities[:, 0] += np.where(turn, -0.8, 0.8)
    return s0 * velocities


@pytest.mark.parametrize("start", STARTS)
def test_a_named_start_draws_positions_then_velocities_from_the_stream_of_its_run(start: NamedStart) -> None:
    state = GAS.sample(3, seed=9, start=start)
    for run in range(3):
        random = generator(9, run)
        assert_array_equal(state.positions[run], random.random((GAS.n, 2)) * GAS.box)
        assert_array_equal(state.velocities[run], expected(start, random, GAS.n, GAS.speed))


@pytest.mark.parametrize("kind", COMPARED)
def test_an_ensemble_draws_velocities_of_all_runs_from_one_stream(kind: NamedStart) -> None:
    random = generator(3, 1, COMPARED.index(kind))
    state = started(GAS, kind, 4, seed=3)
    assert state.positions.tobytes() == GAS.sample(4, seed=3).positions.tobytes()
    if kind == "uniform speeds":  # speeds of all runs are drawn before all directions
        drawn = expected(kind, random, 4 * GAS.n, GAS.speed).reshape(4, GAS.n, 2)
    else:
        drawn = np.stack([expected(kind, random, GAS.n, GAS.speed) for _ in range(4)])
    assert_array_equal(state.velocities, drawn)


def test_speeds_and_start_are_one_list_and_no_two_ways() -> None:
    assert tuple(STARTS) == get_args(NamedStart)
    assert set(SPEEDS) | set(COMPARED) == set(STARTS)
    for speeds in SPEEDS:
        assert GAS.sample(2, speeds=speeds).sha256() == GAS.sample(2, start=speeds).sha256()
        assert GAS.lattice_state(2, speeds=speeds).sha256() == GAS.lattice_state(2, start=speeds).sha256()
    assert GAS.sample(2).sha256() == GAS.sample(2, start="equal").sha256()
    assert GAS.sample(2).sha256() == GAS.sample(2, start="equal speeds").sha256()
    message = r"start: must not be given beside speeds, got start='two beams' and speeds='equal'\. Keep one of them"
    for draw in (GAS.sample, GAS.lattice_state):
        with pytest.raises(ValueError, match=message):
            draw(2, speeds="equal", start="two beams")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ("fast", ValueError, r"start: must be one of equal, uniform, .*, two beams, equilibrium, got 'fast'\."),
        (3, TypeError, r"start: must be a name or a function of a generator and n, got int\. Names are equal, uniform"),
        (np.ones((31, 2)), TypeError, "start: must be a name or a function of a generator and n, got ndarray"),
    ],
)
def test_what_is_no_start_is_refused_by_name(wrong: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401 -- anything
    for draw in (GAS.sample, GAS.lattice_state):
        with pytest.raises(error, match=message):
            draw(2, start=wrong)


def columns(random: np.random.Generator, n: int) -> FloatArray:
    """In Fortran's order, as whoever draws x and y apart has them."""
    return np.array([random.normal(size=n), random.random(n)]).T


def test_a_function_draws_behind_the_positions_of_its_run_and_is_not_scaled() -> None:
    for state in (GAS.sample(3, seed=9, start=columns), GAS.sample(2, 9, first=1, start=columns)):
        for k, run in enumerate(range(3 - state.runs, 3)):
            random = generator(9, run)
            random.random((GAS.n, 2))
            assert_array_equal(state.velocities[k].T, [random.normal(size=GAS.n), random.random(GAS.n)])
        assert state.speed == GAS.speed
    lattice = GAS.lattice_state(2, 9, start=columns)
    assert_array_equal(lattice.positions, GAS.lattice_state(2, 9).positions)


def test_a_function_may_hand_out_one_array_again_and_again() -> None:
    mine = np.zeros((GAS.n, 2))

    def counted(_: np.random.Generator, n: int) -> FloatArray:
        mine[:] += n
        return mine

    state = GAS.sample(3, start=counted)
    assert_array_equal(state.velocities[:, 0, 0], [31, 62, 93])
    assert not np.shares_memory(state.velocities, mine)


class Beams:
    def __call__(self, _: np.random.Generator, n: int) -> FloatArray:
        return np.ones((n, 3))


def in_single_precision(random: np.random.Generator, n: int) -> Any:  # noqa: ANN401 -- the mistake under test
    return random.normal(size=(n, 2)).astype(np.float32)


def holed(_: np.random.Generator, n: int) -> FloatArray:
    velocities = np.ones((n, 2))
    velocities[3, 1] = np.nan
    return velocities


@pytest.mark.parametrize(
    ("start", "error", "message"),
    [
        (in_single_precision, TypeError, r"start=in_single_precision, run 5: must be float64, got float32\. Cast"),
        (Beams(), ValueError, r"start=Beams, run 5: must have shape \(31, 2\), got \(31, 3\)\."),
        (functools.partial(in_single_precision), TypeError, r"start=partial, run 5: must be float64"),
        (lambda _, n: np.ones(n), ValueError, r"start=\S*<lambda>, run 5: must have shape \(31, 2\), got \(31,\)\."),
        (holed, ValueError, r"start=holed, run 5: must be finite, got nan at \[3, 1\]\."),
        (lambda _, n: [[1.0, 2.0]] * n, TypeError, r"start=\S*<lambda>, run 5: must be a numpy.ndarray, got list\."),
        (lambda _, n: np.full((n, 2), -1e151), ValueError, r"run 5: must be at most 1e\+150 in size, got 1e\+151\."),
    ],
)
def test_what_a_function_returns_is_checked_and_named_with_its_run(
    start: Any,  # noqa: ANN401 -- the mistake under test
    error: type[Exception],
    message: str,
) -> None:
    for draw in (GAS.sample, GAS.lattice_state):
        with pytest.raises(error, match=message):
            draw(2, first=5, start=start)


STARTING = st.sampled_from((*STARTS, columns))


@given(
    st.integers(1, 20),
    st.sampled_from(["allow", "reject", "lattice"]),
    STARTING,
    st.integers(0, 2**140),
    st.integers(0, 2**32 - 9),
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
)
def test_any_shard_is_its_part_of_the_whole(
    n: int,
    placing: Placing,
    start: Start,
    seed: int,
    first: int,
    parts: list[int],
) -> None:
    gas = hthm.DiskGas(n=n, diameter=0.1)

    def drawn(runs: int, at: int) -> hthm.State:
        if placing == "lattice":
            return gas.lattice_state(runs, seed, first=at, start=start)
        return gas.sample(runs, seed, first=at, overlaps=placing, start=start)

    whole = drawn(sum(parts), first)
    done = 0
    for runs in parts:
        shard = drawn(runs, first + done)
        assert shard.sha256() == whole[done : done + runs].sha256(), (first, done, runs)
        assert shard.gas == whole.gas == gas
        done += runs


@pytest.mark.parametrize("overlaps", ["allow", "reject"])
@pytest.mark.parametrize("start", STARTS)
def test_runs_are_numbered_from_zero_unless_said(start: NamedStart, overlaps: Any) -> None:  # noqa: ANN401 -- a literal
    whole = GAS.sample(7, 4, overlaps=overlaps, start=start)
    assert whole.sha256() == GAS.sample(7, 4, first=0, overlaps=overlaps, start=start).sha256()
    assert GAS.sample(2, 4, first=5, overlaps=overlaps, start=start).sha256() == whole[5:7].sha256()


@pytest.mark.parametrize(
    ("runs", "first", "error", "message"),
    [
        (1, -1, ValueError, "first: must be at least 0, got -1."),
        (1, 1.0, TypeError, "first: must be a whole number, got float."),
        (3, 2**32 - 2, ValueError, "first: must be at most 4294967293, got 4294967294."),
        (2**32 + 1, 0, ValueError, "runs: must be at most 4294967296, got 4294967297."),
    ],
)
def test_runs_that_have_no_number_are_refused(runs: int, first: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401 -- mistakes
    for draw in (GAS.sample, GAS.lattice_state):
        with pytest.raises(error, match=re.escape(message)):
            draw(runs, first=first)


@pytest.mark.usefixtures("unrendered")
def test_the_command_takes_every_name_as_start_or_as_speeds(tmp_path: Path) -> None:
    small = ["--n", "30", "--runs", "3", "--frames", "8", "--epochs", "1", "--batch", "4", "--widths", "2"]
    written = {}
    for option, start, said in (
        ("--start", "two beams", "two beams, overlaps allow"),
        ("--speeds", "two beams", "two beams, overlaps allow"),
        ("--start", "maxwell", "speeds maxwell, overlaps allow"),
    ):
        out = tmp_path / f"{option}-{start}"
        assert main([*small, "--frame-rates", "60", option, start, "--out", str(out)]) == 0
        assert said in (out / "report.html").read_text(encoding="utf-8")
        result = json.loads((out / "results.json").read_text(encoding="utf-8"))
        drawn = hthm.DiskGas(n=30).sample(3, start=start)  # type: ignore[arg-type]  # one of them
        assert result["simulation"]["start_sha256"] == drawn.sha256()
        written[option, start] = (out / "config.json").read_text(encoding="utf-8")
    assert written["--start", "two beams"] == written["--speeds", "two beams"] != written["--start", "maxwell"]
    assert main([*small, "--start", "fast", "--out", str(tmp_path / "other")]) == 2


def test_the_page_has_every_name_and_its_examples_run() -> None:
    names = [name for row in rows(DOCS) for name in row["start"].split(", ")]
    assert sorted(names) == sorted(STARTS)
    known: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, known)  # noqa: S102 -- our own page


@pytest.mark.parametrize("row", rows(DOCS), ids=lambda row: row["start"])
def test_the_page_says_the_mean_square(row: dict[str, str]) -> None:
    """100 runs of 1000 disks: v² varies by at most 1.5 s0², and its mean is within 5 standard errors."""
    mean = {"s0²": 1.0, "4/3 s0²": 4 / 3}[row["mean of v²"]]
    for name in row["start"].split(", "):
        state = hthm.paper.GAS.sample(100, start=name)  # type: ignore[arg-type]  # one of them
        assert 2 * state.energy().sum() / 1e5 / state.speed**2 == pytest.approx(mean, abs=5 * 1.5 / math.sqrt(1e5)), (
            name
        )
