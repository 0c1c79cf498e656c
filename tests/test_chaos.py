"""`hthm chaos`: who meets again is counted, powers are found with their errors, and a stop costs a row at most."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hthm
from hthm.choices.chaos import ChaosConfig
from hthm.experiments.chaos import MEASURES, pieces
from hthm.measures.encounters import recollisions, velocity_correlation
from hthm.measures.vanishing import Grouped, exponent
from hthm.pages.chaos_tables import TITLES, chaos_markdown, curves_figure, vanishing_figure
from hthm.run import main
from markdown import rows

SMALL = ["--sizes", "100", "200", "--disks", "2000", "--diameters", "2", "--threads", "1"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("chaos") / "out"
    assert main(["chaos", *SMALL, "--out", str(out)]) == 0
    return out


# ---- What is read off the log of collisions -------------------------------------------------------------------------


def test_a_pair_that_has_met_before_is_counted_and_no_other_run_counts() -> None:
    traj = hthm.simulate(hthm.DiskGas(n=20, diameter=0.05).sample(4, 0), 60, 1.0, engine="dsmc", record="log")
    found = recollisions(traj.log, 20)
    for run in range(4):
        begin, end = traj.log.frame_offsets[run, [0, -1]]
        seen: set[tuple[int, int]] = set()
        again = 0
        for i, j in traj.log.pairs[begin:end].tolist():
            again += (i, j) in seen
            seen.add((i, j))
        assert found[run] == pytest.approx(again / (end - begin))
    assert 0 < found.min() < found.max() < 1


def test_runs_without_a_collision_have_no_share_and_no_correlation() -> None:
    still = hthm.simulate(hthm.DiskGas(n=2, diameter=1e-9).sample(3, 0), 1, 1e-6, engine="dsmc", record="log")
    assert np.isnan(recollisions(still.log, 2)).all()
    assert np.isnan(velocity_correlation(still.log)).all()


def test_the_correlation_of_chaos_is_that_of_its_kernel() -> None:
    """Speeds as at equilibrium: -T/2, here with 6e4 collisions of standard deviation 1.7 T; five errors, 6e-7."""
    gas = hthm.DiskGas(n=500, diameter=0.01)
    start = gas.sample(20, 0, start="maxwell")
    traj = hthm.simulate(start, 1, 12 / gas.collision_rate, engine="dsmc", record="log")
    found = velocity_correlation(traj.log) / start.energy() * gas.n  # in units of the run's own T
    assert traj.log.rows > 5e4
    assert abs(found.mean() + 0.5) < 5 * 1.7 / 5e4**0.5 + 1 / gas.n


def test_the_correlation_is_the_same_before_a_collision_and_after() -> None:
    traj = hthm.simulate(hthm.paper.GAS.sample(1, 0), 40, 1 / 60, engine="dsmc", record="log")
    before = np.array(traj.initial.velocities[0])
    products = []
    for pair, after in zip(traj.log.pairs.tolist(), traj.log.velocities, strict=True):
        products.append(before[pair[0]] @ before[pair[1]])
        before[pair] = after
    assert velocity_correlation(traj.log)[0] == pytest.approx(np.mean(products), rel=1e-10)


# ---- The power with which something vanishes ------------------------------------------------------------------------


def grouped(mean: float, error: float, seed: int, groups: int = 40) -> Grouped:
    """Groups of runs with a spread that gives this error."""
    noise = np.random.default_rng(seed).normal(size=groups)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return Grouped(mean + error * groups**0.5 * noise, np.full(groups, 5.0))


@pytest.mark.parametrize("power", [0.5, 1.0, 1.37])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_power_is_found_with_its_error(power: float, sign: int) -> None:
    sizes = [250, 1000, 4000]
    found = exponent(sizes, [grouped(sign * 7 * n**-power, 0.02 * 7 * n**-power, n) for n in sizes])
    assert found is not None
    assert found.exponent == pytest.approx(power, abs=1e-4)
    assert found.amplitude == pytest.approx(sign * 7, rel=1e-3)
    assert found.misfit == pytest.approx(0, abs=1e-4)
    by_logarithms = 0.02 / np.sqrt(2) / np.log(4)  # relative errors of 2 % at three sizes, four times apart
    assert found.error == pytest.approx(by_logarithms, rel=0.2)


def test_what_is_no_single_power_has_a_misfit_and_a_wider_error() -> None:
    """(ln N) / N, of errors of 0.1 %."""
    sizes = [250, 1000, 4000, 16000]
    found = exponent(sizes, [grouped(np.log(n) / n, 1e-3 * np.log(n) / n, n) for n in sizes])
    assert found is not None
    assert 0.8 < found.exponent < 0.9
    assert found.misfit > 50
    assert found.error > 5e-3


def test_what_is_not_seen_has_no_exponent() -> None:
    sizes = [250, 1000, 4000]
    assert exponent(sizes, [grouped(0.001, 0.001, n) for n in sizes]) is None
    assert exponent(sizes, [grouped(0.01, 0.001, 1), *(grouped(0.0, 0.001, n) for n in sizes[1:])]) is None


def test_means_and_errors_weigh_groups_by_their_runs() -> None:
    values = np.random.default_rng(0).normal(size=90)
    groups = [values[:30], values[30:60], values[60:]]
    even = Grouped(np.array([g.mean() for g in groups]), np.full(3, 30.0))
    assert even.mean == pytest.approx(values.mean())
    assert even.error == pytest.approx(even.values.std(ddof=1) / 3**0.5)
    uneven = Grouped(np.array([values[:60].mean(), values[60:].mean()]), np.array([60.0, 30.0]))
    assert uneven.mean == pytest.approx(values.mean())
    assert np.isnan(Grouped(np.array([1.0]), np.array([9.0])).error)


# ---- The command ----------------------------------------------------------------------------------------------------


def test_the_tables_and_the_figures_have_every_measure_and_size(finished: Path) -> None:
    results = json.loads((finished / "chaos.json").read_text())
    assert [of["size"] for of in results["summary"]["sizes"]] == [100, 200]
    assert [of["runs"] for of in results["summary"]["sizes"]] == [20, 10]
    assert list(TITLES) == list(MEASURES)
    text = (finished / "chaos.md").read_text()
    assert text == chaos_markdown(results)
    assert len(rows(text)) == 2 * len(MEASURES) + len(MEASURES) + 2
    for name, draw, panels in (("vanishing", vanishing_figure, 6), ("difference", curves_figure, 2)):
        assert (finished / "figures" / f"{name}.png").stat().st_size
        assert len(draw(results).axes) == panels


def test_the_gas_that_is_turned_round_leaves_the_equation_grossly(finished: Path) -> None:
    for of in json.loads((finished / "chaos.json").read_text())["summary"]["sizes"]:
        turned = of["turned"]["speeds"]
        assert turned["mean"] > 1 > 20 * turned["error"]
        share = of["measures"]["recollisions"]["difference"]
        assert share["mean"] > 5 * share["error"], "disks meet again more often than by chance"


def test_resumed_with_more_sizes_and_disks_it_ends_with_the_same_numbers(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hthm.command.chaos.save_figure", lambda *_: [])  # they take most of the time
    out = tmp_path / "out"
    assert main(["chaos", *SMALL, "--sizes", "200", "--disks", "1000", "--out", str(out)]) == 0
    assert main(["chaos", "--resume", *SMALL, "--out", str(out)]) == 0
    assert (out / "chaos.md").read_text() == (finished / "chaos.md").read_text()


def test_rows_have_all_runs_once() -> None:
    config = ChaosConfig(sizes=(250, 64000), disks=1_100_000)
    for size in config.sizes:
        parts = list(pieces(config, size))
        assert [first for first, _ in parts] == list(np.cumsum([0, *(runs for _, runs in parts)])[:-1])
        assert sum(runs for _, runs in parts) == config.runs(size) == 1_100_000 // size


def test_what_cannot_be_is_refused(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chaos", *SMALL, "--out", str(finished)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["chaos", "--sizes", "20", "--out", str(finished)]) == 2
    assert "--sizes: must be so large that disks of 6/N cover at most" in capsys.readouterr().err
    assert main(["chaos", "--sizes", "1000", "1000", "--out", str(finished)]) == 2
    assert "--sizes: must differ" in capsys.readouterr().err
    with pytest.raises(ValueError, match="diameters: must be a finite number above zero"):
        ChaosConfig(diameters=0.0)
