"""What simulate returns, where its memory lies, and the paper's numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import hthm
from hthm import _core, checks


@pytest.fixture(scope="module")
def paper_runs() -> hthm.Trajectories:
    """100 runs at the paper's state, 0.8 GB."""
    return hthm.simulate(hthm.paper.GAS.sample(100, seed=1))


def test_velocities_are_the_memory_that_the_core_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[tuple[int, int]] = []

    class Spy(_core.Ensemble):
        def advance(self, **arguments: object) -> None:
            velocities = arguments["velocities"]
            assert isinstance(velocities, np.ndarray)
            filled.append((velocities.ctypes.data, velocities.nbytes))
            super().advance(**arguments)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(_core, "Ensemble", Spy)
    traj = hthm.simulate(hthm.DiskGas(n=20, diameter=0.05).sample(5), frames=7, threads=2)
    first = traj.velocities.ctypes.data
    assert min(address for address, _ in filled) == first
    assert max(address + size for address, size in filled) == first + traj.velocities.nbytes
    assert traj.velocities.flags.owndata
    assert traj.velocities.base is None
    assert traj.velocities.flags.c_contiguous


@pytest.mark.parametrize("record", ["velocities", "log"])
def test_a_large_run_is_shared_out_among_threads_to_the_same_bits(record: Literal["velocities", "log"]) -> None:
    start = hthm.DiskGas(n=2**15 + 5, diameter=0.006, box=5.0).sample(2, seed=4)
    one, many = (hthm.simulate(start, 4, engine="sorted_cells", record=record, threads=threads) for threads in (1, 3))
    assert_array_equal(one.collisions, many.collisions)
    assert one.collisions.sum() > 1000
    assert_array_equal(one.final.positions, many.final.positions)
    assert_array_equal(one.final.velocities, many.final.velocities)
    if record == "log":
        assert_array_equal(one.log.pairs, many.log.pairs)
        assert_array_equal(one.log.velocities, many.log.velocities)
    else:
        assert_array_equal(one.velocities, many.velocities)


def test_shapes_times_and_what_is_not_recorded() -> None:
    state = hthm.DiskGas(n=20, diameter=0.05).sample(3)
    traj = hthm.simulate(state, frames=7, dt=0.1, positions=True)
    assert traj.velocities.shape == traj.positions.shape == (3, 7, 20, 2)
    assert traj.velocities.dtype == np.float64
    assert traj.collisions.shape == (3, 7)
    assert traj.collisions.dtype == np.int64
    assert_array_equal(traj.times, 0.1 * np.arange(1, 8))
    assert traj.initial is state
    assert traj.gas == state.gas
    assert traj.nbytes == 2 * 3 * 7 * 20 * 2 * 8 + 3 * 7 * 8
    assert_array_equal(traj.final.velocities, traj.velocities[:, -1])
    part = traj[1:3]
    assert_array_equal(part.velocities, traj.velocities[1:3])
    assert_array_equal(part.final.positions, traj.final.positions[1:3])
    counts = hthm.simulate(state, frames=7, dt=0.1, record="counts")
    assert_array_equal(counts.collisions, traj.collisions)
    with pytest.raises(AttributeError, match=r"velocities: were not recorded. Simulate with record='velocities'"):
        _ = counts.velocities
    with pytest.raises(AttributeError, match=r"positions: were not recorded. Simulate with positions=True"):
        _ = counts.positions


def test_the_start_is_not_changed() -> None:
    state = hthm.DiskGas(n=50, diameter=0.1).sample(2)
    before = state.sha256()
    hthm.simulate(state, frames=20)
    assert state.sha256() == before


def test_progress_ends_with_all_frames_and_never_falls() -> None:
    seen: list[tuple[int, int]] = []
    hthm.simulate(
        hthm.DiskGas(n=20, diameter=0.05).sample(40),
        frames=30,
        progress=lambda done, total: seen.append((done, total)),
    )
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert seen[-1] == (1200, 1200)


def test_an_exception_in_progress_stops_the_simulation() -> None:
    def stop(done: int, _: int) -> None:
        assert done > 0
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        hthm.simulate(hthm.DiskGas(n=20, diameter=0.05).sample(40), progress=stop)


def test_collisions_are_those_of_the_fixed_step(paper_runs: hthm.Trajectories) -> None:
    """Mean 7465.5 a run (run-to-run std 84), and what it begins with, within 5.1 standard errors.

    Three comparisons at a false-alarm rate of 1e-6 together, 3e-7 each, two-sided; the seed is fixed.
    """
    totals = paper_runs.collisions.sum(axis=1)
    assert abs(totals.mean() - 7465.5) < 5.1 * 84 / np.sqrt(len(totals))
    first = paper_runs.collisions[:, 0]  # about Poisson: overlapping starts
    assert abs(first.mean() - 28.2) < 5.1 * np.sqrt(28.2 / len(first))
    assert abs(paper_runs.collisions[:, :60].sum(axis=1).mean() - 922.4) < 5.1 * 30 / np.sqrt(len(totals))


def test_h_falls_from_4_96_to_its_equilibrium_value(paper_runs: hthm.Trajectories) -> None:
    """Within the error of the mean of 100 runs, and the rounding of what was measured elsewhere.

    Two comparisons at a false-alarm rate of 1e-6 together, two-sided: Student's t at 2.5e-7; the seed is fixed.
    """
    h = hthm.speed_h(paper_runs)
    assert h.shape == (100, 500)
    for values, expected, digits in ((h[:, 0], 4.96, 2), (h[:, -100:].mean(axis=1), 1.5916, 4)):
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - expected) < stats.t.isf(2.5e-7, len(values) - 1) * error + 0.5 * 10**-digits


def test_too_much_memory_is_refused_with_what_lowers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    state = hthm.DiskGas(n=1000, diameter=0.006).sample(2)
    with pytest.raises(MemoryError, match=r"simulate: needs 32,032,000.0 GB of memory.*record='log' or 'counts'"):
        hthm.simulate(state, frames=10**12)
    monkeypatch.setattr(checks, "available_memory", lambda: 10_000_000)
    with pytest.raises(MemoryError, match=r"needs 0\.1 GB"):
        hthm.simulate(state, frames=2000)
    hthm.simulate(state, frames=20, record="counts")


def test_rates_follow_enskog_when_steps_are_short() -> None:
    """A dilute gas at equilibrium, steps so short that few pairs are missed: within 3 % of Enskog's rate.

    About 39,000 collisions, of about Poisson's variance: a standard error of 0.51 %, and 4.9 of them are a
    false-alarm rate of 1e-6. Missed pairs lower the rate by 0.5 % at most. The seed is fixed.
    """
    gas = hthm.DiskGas(n=1000, diameter=0.006)
    state = gas.sample(40, seed=6, overlaps="reject", speeds="maxwell")
    traj = hthm.simulate(state, frames=960, dt=1 / 960, record="counts")
    expected = gas.collision_rate * gas.n / 2 * 1.0
    assert_allclose(traj.collisions.sum(axis=1).mean(), expected, rtol=0.03)
