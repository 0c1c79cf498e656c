"""H of the Boltzmann equation beside that of a gas: right at the gas's times, left out where it says nothing."""

from __future__ import annotations

import numpy as np
import pytest

import hthm
from hthm.engines.dsmc import has_equation
from hthm.experiments import boltzmann
from hthm.experiments.boltzmann import boltzmann_h
from hthm.pages.boltzmann import boltzmann_figure, boltzmann_json, boltzmann_said
from series_example import series

SMALL = hthm.DiskGas(n=200, diameter=0.01)


def test_the_exact_gas_keeps_to_its_boltzmann_equation() -> None:
    """60 runs, 20 frames of a tenth of a mean free time: beyond five errors 2e-5 of the time, whichever the frame."""
    start = SMALL.sample(60, 0, overlaps="reject")
    traj = hthm.simulate(start, 20, 0.1 / SMALL.collision_rate, engine="event", record="log")
    found = boltzmann_json(hthm.speed_h(traj), boltzmann_h(traj), traj.times, 0.0)
    assert abs(found["difference"]["largest"]) < 5 * found["difference"]["sem"]
    assert found["rms_over_error"] < 2


def test_time_is_counted_in_collisions_of_equilibrium() -> None:
    """Disks that cover a quarter of the box collide 1.6 times as often as points: 2.5 times each, 5000 ± 70 in all."""
    dense = hthm.DiskGas.from_area_fraction(100, 0.25)
    traj = hthm.simulate(dense.sample(40, 0, start="maxwell"), 5, 0.5 / dense.collision_rate, record="log")
    solved = hthm.simulate(traj.initial, 5, traj.dt * dense.contact_value, engine="dsmc", record="counts")
    assert solved.collisions.sum() == pytest.approx(5000, rel=0.08)
    np.testing.assert_array_equal(
        boltzmann_h(traj), hthm.speed_h(hthm.simulate(traj.initial, 5, solved.dt, engine="dsmc"))
    )


def test_parts_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    traj = hthm.simulate(SMALL.sample(7, 0), 5, 1 / 60, record="log")
    whole, told = boltzmann_h(traj, threads=1), []
    monkeypatch.setattr(boltzmann, "MOST_BYTES", 1)
    parts = boltzmann_h(traj, threads=2, progress=lambda *done: told.append(done))
    assert parts.tobytes() == whole.tobytes()
    assert told[-1] == (35, 35)
    assert told == sorted(told)


def test_it_is_left_out_where_it_says_nothing() -> None:
    gas = hthm.paper.GAS
    assert has_equation(gas, 1 / 60, "sorted_cells")
    assert not has_equation(gas, 1 / 60, "dsmc"), "the runs are of the equation themselves"
    assert not has_equation(gas, 1.0), "two collisions of every disk a frame"
    assert not has_equation(hthm.DiskGas(diameter=0.032), 1e-3), "beyond the fluid"


def test_the_line_names_the_largest_difference_and_its_error() -> None:
    h = np.array([[5.0, 3.0, 1.6], [5.0, 3.2, 1.6]])
    solved = np.array([[5.0, 2.9, 1.6], [5.0, 2.9, 1.6]])
    found = boltzmann_json(h, solved, np.array([0.1, 0.2, 0.3]), 1.0)
    assert found["difference"] == {"largest": pytest.approx(0.2), "sem": pytest.approx(0.1), "time": 0.2}
    assert found["rms_over_error"] == pytest.approx(2.0), "frames without an error count not"
    said = boltzmann_said({"boltzmann": found, "simulation": {"engine": "event"}})
    assert said.startswith("0.20 ± 0.10 nats where it is largest, 0.200 time units after the start; 2.0 standard")
    assert "fixed step" not in said
    assert "fixed step" in boltzmann_said({"boltzmann": found, "simulation": {"engine": "sorted_cells"}})
    alone = boltzmann_json(h[:1], solved[:1], np.array([0.1, 0.2, 0.3]), 1.0)
    assert alone["difference"]["sem"] is alone["rms_over_error"] is None
    assert boltzmann_said({}) == ""


def test_the_figure_has_both_curves_and_what_is_between_them() -> None:
    shown = series()
    assert shown.boltzmann is not None
    above, below = boltzmann_figure(shown).axes
    gas, equation = (np.asarray(line.get_ydata()) for line in above.lines)
    np.testing.assert_allclose(gas, shown.H.mean(axis=0))
    np.testing.assert_allclose(equation, shown.boltzmann.mean(axis=0))
    np.testing.assert_allclose(np.asarray(below.lines[0].get_ydata()), gas - equation)
    with pytest.raises(ValueError, match="series: must have H of the Boltzmann equation"):
        boltzmann_figure(series(boltzmann=False))
