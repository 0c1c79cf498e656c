"""What holds arrays says in one line what it is, and shows none of its numbers."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import hthm
from hthm.fit import AffineFit, affine_fit
from hthm.h_functional import speed_h_in_range
from hthm.learning.history import Epoch, History
from hthm.reprs import memory, table
from hthm.trajectories import Recording
from series_example import series, training

STATE = hthm.DiskGas(n=200, diameter=0.02, speed=0.1).sample(6, seed=3)


def test_a_state_says_its_sizes() -> None:
    assert repr(STATE) == (
        "State(positions=float64 (6, 200, 2), velocities=float64 (6, 200, 2), diameter=0.02, box=1, speed=0.1, 38 kB)"
    )


@pytest.mark.parametrize(("recording", "size"), [("velocities", "321 kB"), ("counts", "800 B")])
def test_trajectories_say_their_sizes(recording: Recording, size: str) -> None:
    traj = hthm.simulate(STATE[:2], 50, 0.01, engine="cell_list", record=recording)
    assert repr(traj) == (
        f"Trajectories(runs=2, frames=50, n=200, dt=0.01, engine='cell_list', recording='{recording}', {size})"
    )


def test_a_log_says_its_sizes() -> None:
    log = hthm.simulate(STATE, 50, 0.01, record="log").log
    assert repr(log).startswith(f"CollisionLog(runs=6, frames=50, rows={log.rows}, timed=False, ")
    assert "\n" not in repr(log)


def test_fits_histories_and_series_are_lines() -> None:
    h = np.arange(12.0).reshape(3, 4)
    assert repr(affine_fit(h, -h)) == "AffineFit(runs=3, mean_mse=0, 72 B)"
    assert repr(History()) == "History(epochs=0)"
    epochs = [Epoch(epoch=0, loss=-0.1, loss0=-0.2, mean_change=0.0, negative_slope=1.0, seconds=1.0)] * 500
    assert repr(History(epochs)) == "History(epochs=500, final_loss=-0.1, final_loss0=-0.2, critical_epoch=None)"
    whole = series(training(16, 0), training(64, None))
    for record in (whole, whole.trainings[0], whole.speeds, whole.frame_rates):
        assert repr(record).startswith(type(record).__name__)
        assert "\n" not in repr(record)
        assert len(repr(record)) < 420
    found = speed_h_in_range(STATE.velocities, speed=0.1)
    assert repr(found) == "HInRange(h=float64 (6,), beyond=float64 (6,), 96 B)"


def cells(record: object) -> dict[str, str]:
    """What a table of a record says, by row."""
    html = record._repr_html_()  # type: ignore[attr-defined]  # what notebooks look for
    assert html.startswith("<table>")
    assert len(html) < 2000
    rows = re.findall(r"<tr><th[^>]*>([^<]*)</th><td[^>]*>([^<]*)</td></tr>", html)
    return {unescape(name): unescape(value) for name, value in rows}


def test_notebooks_show_small_tables() -> None:
    gas = hthm.DiskGas()
    assert repr(gas) == f"DiskGas(n=1000, diameter=0.006, speed={hthm.paper.S0!r}, box=1.0)"
    shown = cells(gas)
    assert list(shown) == [
        *("n", "diameter", "speed", "box", "area fraction", "temperature", "collision rate", "mean free path")
    ]
    assert shown["collision rate"] == "1.94658"
    assert cells(STATE) == {
        "positions": "float64 (6, 200, 2)",
        "velocities": "float64 (6, 200, 2)",
        "diameter": "0.02",
        "box": "1",
        "speed": "0.1",
        "memory": "38 kB",
    }
    traj = hthm.simulate(STATE, 50, 0.01, engine="cell_list", record="log")
    assert cells(traj)["recording"] == "'log'"
    assert cells(traj.log)["rows"] == str(traj.log.rows)
    h = np.arange(12.0).reshape(3, 4)
    assert cells(affine_fit(h, -h)) == {"runs": "3", "mean mse": "0", "memory": "72 B"}
    assert cells(History()) == {"epochs": "0"}
    epoch = Epoch(epoch=0, loss=0.1, loss0=-0.2, mean_change=0.0, negative_slope=1.0, seconds=1.0)
    assert cells(History([epoch])) == {"epochs": "1", "final loss": "0.1", "final loss0": "-0.2", "critical epoch": "1"}


def test_a_dataset_is_a_table_of_its_files(tmp_path: Path) -> None:
    hthm.simulate(STATE, 50, 0.01, record="log").save(tmp_path / "kept")
    dataset = hthm.open(tmp_path / "kept")
    shown = cells(dataset)
    assert list(shown) == ["path", "runs", "frames", "n", "dt", "engine", "recording", "files"]
    assert shown["path"] == repr(str(tmp_path / "kept"))
    assert (shown["runs"], shown["recording"], shown["files"]) == ("6", "'log'", memory(dataset.nbytes))


def test_a_gas_without_theory_and_a_fit_without_numbers_are_shown_all_the_same() -> None:
    assert list(cells(hthm.DiskGas(n=1000, diameter=0.05))) == [
        *("n", "diameter", "speed", "box", "area fraction", "temperature")
    ]
    nan = np.full(2, np.nan)
    assert repr(AffineFit(a=nan, b=nan, mse=nan)) == "AffineFit(runs=2, mean_mse=nan, 48 B)"


def test_tables_escape_what_they_show() -> None:
    html = table("<b>", [("<i>", "<script>alert(1)</script>")])
    assert not re.search(r"<(b|i|script)>", html)


@pytest.mark.parametrize(
    ("nbytes", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (38_400, "38 kB"), (999_900, "1.0 MB"), (4e9, "4.0 GB")],
)
def test_memory_is_said_with_two_digits_or_more(nbytes: int, said: str) -> None:
    assert memory(nbytes) == said
