"""The engine of the Boltzmann equation: what it keeps, how often what happens, and what it says of positions.

Rates are compared with theory in tests/validate/test_boltzmann.py, too, with more of everything.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import gammaln

import hthm
from hthm.command.wrong import UsageError
from hthm.engines.dsmc import random_starts
from hthm.measures.motion import mean_square_displacement, velocity_autocorrelation

GAS = hthm.DiskGas(n=100, diameter=0.03)


@pytest.fixture(scope="module")
def start() -> hthm.State:
    return GAS.sample(6, 4)  # disks overlap in some runs: this engine does not mind


@pytest.fixture(scope="module")
def log(start: hthm.State) -> hthm.Trajectories:
    return hthm.simulate(start, 40, 0.25, engine="dsmc", record="log")


def test_the_bits_are_those_of_the_start_alone(start: hthm.State, log: hthm.Trajectories) -> None:
    """Whatever is recorded, on any number of threads, by itself or among others, in long frames or short."""
    expected = log.dense()
    for threads in (1, 2, 4, 7):
        traj = hthm.simulate(start, 40, 0.25, engine="dsmc", threads=threads)
        assert traj.velocities.tobytes() == expected.tobytes(), threads
    alone = hthm.simulate(start[4:5], 40, 0.25, engine="dsmc")
    assert alone.velocities.tobytes() == expected[4:5].tobytes()
    coarse = hthm.simulate(start, 5, 2.0, engine="dsmc")
    assert coarse.velocities.tobytes() == np.ascontiguousarray(expected[:, 7::8]).tobytes()
    counts = hthm.simulate(start, 40, 0.25, engine="dsmc", record="counts")
    assert counts.collisions.tobytes() == log.collisions.tobytes()
    assert counts.final.velocities.tobytes() == expected[:, -1].tobytes()


def test_random_numbers_start_from_the_digest_of_the_start(start: hthm.State) -> None:
    words = random_starts(start.positions, start.velocities)
    assert words.shape == (6, 4)
    assert words.dtype == np.uint64
    for run in range(6):
        assert "".join(f"{word:016x}" for word in words[run]) == start[run : run + 1].sha256()


def test_other_positions_are_other_random_numbers(start: hthm.State, log: hthm.Trajectories) -> None:
    elsewhere = hthm.State(
        GAS.sample(6, 5).positions, start.velocities, diameter=GAS.diameter, box=GAS.box, speed=GAS.speed
    )
    assert hthm.simulate(elsewhere, 40, 0.25, engine="dsmc").collisions.tobytes() != log.collisions.tobytes()


def test_energy_and_momentum_are_kept_to_rounding(start: hthm.State, log: hthm.Trajectories) -> None:
    assert log.collisions.sum(axis=1).min() > 400
    np.testing.assert_allclose(log.final.energy(), start.energy(), rtol=1e-13)
    np.testing.assert_allclose(log.final.momentum(), start.momentum(), atol=1e-13 * GAS.n * GAS.speed)


def test_the_log_has_the_time_of_every_collision(log: hthm.Trajectories) -> None:
    times = log.log.times
    assert times is not None
    for run, offsets in enumerate(log.log.frame_offsets):
        of_run = times[offsets[0] : offsets[-1]]
        assert (np.diff(of_run) > 0).all()
        frame = np.repeat(np.arange(log.frames), np.diff(offsets))
        assert (np.floor(of_run / log.dt) == frame).all(), run


def expected_collisions(state: hthm.State, time: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Of each run in equilibrium, (runs,): N(N - 1)/2 pairs at the rate 2σ⟨|g|⟩/L².

    In equilibrium all velocities of the run's energy E about its momentum are as likely as each other, a sphere in
    d = 2(N - 1) dimensions, of which g/√2 is two: ⟨|g|⟩ = √(πE) Γ(d/2)/Γ((d + 1)/2). For large N, √(πT): Enskog's
    rate with χ = 1.
    """
    n = state.n
    energy = state.energy() - np.square(state.momentum()).sum(axis=1) / (2 * n)
    speed = np.sqrt(math.pi * energy) * math.exp(gammaln(n - 1) - gammaln(n - 0.5))
    found: np.ndarray[tuple[int], np.dtype[np.float64]] = n * (n - 1) * state.diameter * speed * time / state.box**2
    return found


@pytest.mark.parametrize(("n", "runs"), [(2, 20_000), (3, 10_000), (100, 1000)])
def test_the_rate_is_enskogs_without_a_contact_value(n: int, runs: int) -> None:
    """To 5.3 standard errors of independent runs, 1e-7 by chance each: 0.4 % at n = 100.

    The factor (N - 1)/N, and what the sphere is to Maxwell's distribution, are exact for any number of disks.
    """
    gas = hthm.DiskGas(n=n, diameter=0.1 / math.sqrt(n))
    state = gas.sample(runs, 8, start="equilibrium")
    traj = hthm.simulate(state, 1, 20.0, engine="dsmc", record="counts")
    excess = traj.collisions[:, 0] - expected_collisions(state, 20.0)
    assert abs(excess.mean()) < 5.3 * excess.std(ddof=1) / math.sqrt(runs)
    if n == 100:
        enskog = gas.collision_rate / gas.contact_value * n / 2 * 20
        assert expected_collisions(state, 20.0).mean() == pytest.approx(enskog, rel=0.02)


def test_readers_of_velocities_serve_it(log: hthm.Trajectories, tmp_path: Path) -> None:
    dense = log.dense()
    speed = GAS.speed
    assert hthm.speed_h(log).tobytes() == hthm.speed_h(dense, speed=speed).tobytes()
    assert hthm.velocity_h(log).tobytes() == hthm.velocity_h(dense).tobytes()
    log.save(tmp_path / "kept")
    kept = hthm.open(tmp_path / "kept")
    assert kept.engine == "dsmc"
    assert kept[...].tobytes() == dense.tobytes()
    times, read = log.log.times, kept.load().log.times
    assert times is not None
    assert read is not None
    assert read.tobytes() == times.tobytes()
    about_centre = log.initial.energy() - np.square(log.initial.momentum()).sum(axis=1) / (2 * GAS.n)
    at_once = velocity_autocorrelation(log, lags=3).values[0]
    assert at_once == pytest.approx(about_centre.mean() / GAS.n, rel=1e-9)


def test_a_damaged_store_is_made_again_to_the_same_numbers(start: hthm.State, tmp_path: Path) -> None:
    from hthm.recording.store.verification import repair, verify  # noqa: PLC0415 -- of this test alone

    hthm.simulate(start, 40, 0.25, engine="dsmc", store=tmp_path)
    (shard,) = tmp_path.glob("runs-*.h5")
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-100])
    assert len(verify(tmp_path)) == 1
    assert repair(tmp_path) == []
    assert shard.read_bytes() == whole


def test_whoever_asks_for_positions_is_told_that_there_are_none(
    start: hthm.State, log: hthm.Trajectories, tmp_path: Path
) -> None:
    match = "must have disks with places, got engine 'dsmc'"
    with pytest.raises(ValueError, match=f"^positions: {match}"):
        hthm.simulate(start, 2, engine="dsmc", positions=True)
    with pytest.raises(AttributeError, match=f"^positions: {match}"):
        _ = log.positions
    with pytest.raises(ValueError, match=f"^trajectories: {match}"):
        log.unwrapped_positions(0)
    with pytest.raises(ValueError, match=f"^trajectories: {match}"):
        mean_square_displacement(log)
    for name in ("run.h5md", "run.gsd", "run.xyz"):
        with pytest.raises(ValueError, match=f"^trajectories: {match}"):
            log.write(tmp_path / name)
    assert not list(tmp_path.iterdir())
    assert log.final.positions.tobytes() == start.positions.tobytes()  # as documented: none moves


def test_there_is_nothing_to_view(log: hthm.Trajectories, tmp_path: Path) -> None:
    from hthm.command.viewing import view  # noqa: PLC0415 -- likewise
    from hthm.command.viewing_options import View  # noqa: PLC0415 -- of this test alone
    from hthm.pages.viewer_page import viewer_html  # noqa: PLC0415 -- likewise

    with pytest.raises(UsageError, match=r"^--engine: must have disks with places, got engine 'dsmc'"):
        view(View(engine="dsmc", out=tmp_path / "page.html"))
    log.save(tmp_path / "kept")
    with pytest.raises(UsageError, match=r"^SOURCE: must have disks with places, got engine 'dsmc'"):
        view(View(source=tmp_path / "kept", out=tmp_path / "page.html"))
    with pytest.raises(ValueError, match=r"^trajectories: must have disks with places"):
        viewer_html(log, title="a gas")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(("engine", "theory"), [("dsmc", "Boltzmann"), ("event", "Enskog")])
def test_a_report_sets_collisions_beside_the_theory_of_its_engine(
    engine: str, theory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hthm.pages import products  # noqa: PLC0415 -- of this test alone

    monkeypatch.setattr(products, "machine_facts", lambda _environment: {})
    config: dict[str, object] = {"n": GAS.n, "diameter": GAS.diameter, "box": GAS.box, "speed": GAS.speed, "frames": 60}
    config |= {"frame_rate": 60, "speeds": "equal", "overlaps": "allow"}
    simulation: dict[str, object] = {
        "collisions_per_run": {"mean": 40.0, "sem": 1.0},
        "seed": 0,
        "start_sha256": None,
        "runs": 2,
    }
    simulation |= {"frames": 60, "seconds": 1.0, "engine": engine}
    facts = products._study_facts({"simulation": simulation, "config": config, "environment": {}})  # noqa: SLF001 -- one line of the page
    rate = GAS.collision_rate * GAS.n / 2 / (GAS.contact_value if engine == "dsmc" else 1)
    assert facts["Collisions a run"].endswith(f"({theory} at equilibrium: {rate:.1f})")
