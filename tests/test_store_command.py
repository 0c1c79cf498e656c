"""``hthm --store`` and ``hthm --from``: a run whose trajectories are on the disk has the results of any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import hthm
from hthm.choices.run import RunConfig
from hthm.experiments.simulation import taken
from hthm.pages.console import Stages
from hthm.run import main
from run_results import results as written
from run_results import without_times

GAS = ["--n=40", "--diameter=0.03", "--runs=5", "--frames=12"]
OTHERS = ["--widths=4", "--epochs=2", "--batch=8", "--frame-rates", "5", "60", "--rate-runs=2"]
CHOICES = [*GAS, *OTHERS]


@pytest.fixture(scope="module", autouse=True)
def nothing_drawn() -> Iterator[None]:
    """Figures take most of the time, and are of series.h5, which is compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hthm.pages.products.save_figures", lambda *_: [])
        yield


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    assert main([*CHOICES, "--out", str(folder / "memory")]) == 0
    assert main([*CHOICES, "--out", str(folder / "stored"), "--store", str(folder / "kept")]) == 0
    return folder


def of(folder: Path) -> tuple[bytes, bytes, str]:
    model = (folder / "models/d4-seed0.safetensors").read_bytes()
    return (folder / "series.h5").read_bytes(), model, json.dumps(without_times(written(folder)))


def test_a_store_gives_the_results_of_memory(results: Path) -> None:
    assert of(results / "stored") == of(results / "memory")
    assert hthm.open(results / "kept").shape == (5, 12, 40, 2)


def test_kept_runs_give_the_results_of_simulated_ones(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = results / "from"
    assert main([*OTHERS, "--from", str(results / "kept"), "--out", str(out)]) == 0
    assert "Take 5 runs from" in capsys.readouterr().out
    assert of(out) == of(results / "memory")


def test_runs_of_another_seed_have_no_seed(tmp_path: Path) -> None:
    config = RunConfig(n=40, diameter=0.03, runs=5, frames=12, batch=8)
    for seed, told in ((0, 0), (9, None)):
        hthm.simulate(config.gas.sample(5, seed=seed), 12, record="log").save(tmp_path / f"{seed}")
        traj, results = taken(config, hthm.open(tmp_path / f"{seed}"), Stages())
        assert results["seed"] == told
        assert results["start_sha256"] == traj.initial.sha256()


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--from", "KEPT", "--runs", "6"], 2, "--runs: must be that of the runs in KEPT, 5, got 6. Leave it out."),
        (["--from", "KEPT", "--store", "NONE"], 2, "--store: must not be given with --from"),
        (["--from", "NONE"], 1, "NONE: must be the folder of a dataset, and is none."),
        (["--from", "COUNTS"], 2, "--from: must be a dataset with velocities, and COUNTS holds"),
        (["--store", "COUNTS"], 1, "COUNTS: must be a dataset of the same runs, and differs: it keeps the number of"),
        (["--store", "FOREIGN"], 1, "FOREIGN: must be a dataset, or an empty folder, and holds mine.txt. Choose"),
        (["--store", "KEPT", "--seed", "3"], 1, "KEPT: must be a dataset of the same runs, and differs: start_sha256"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    options: list[str], code: int, says: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"KEPT": str(results / "kept"), "NONE": str(tmp_path / "none"), "COUNTS": str(tmp_path / "counts")}
    places["FOREIGN"] = str(tmp_path / "foreign")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "mine.txt").touch()
    hthm.simulate(hthm.DiskGas(n=40, diameter=0.03).sample(5, seed=0), 12, record="counts").save(places["COUNTS"])
    capsys.readouterr()
    given = [places.get(option, option) for option in options]
    assert main([*CHOICES, *given, "--out", str(tmp_path / "out")]) == code
    for name, place in places.items():
        says = says.replace(name, place)
    told = capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert f"hthm: {says}" in told
    assert len(told.splitlines()) == 1


# ---- The other commands that train on them --------------------------------------------------------------------------

FEW = ["--widths=4", "--epochs=1", "--batch=8", "--trainings=1", "--held-out-runs=2"]


@pytest.mark.parametrize(("command", "changes"), [("compare", ["--compared", "gradient"]), ("tables", [])])
def test_tables_and_compare_take_kept_runs(command: str, changes: list[str], results: Path, tmp_path: Path) -> None:
    tables = []
    for number, source in enumerate((GAS, ["--from", str(results / "kept")])):
        out = tmp_path / f"{number}"
        assert main([command, *source, *FEW, *changes, "--out", str(out)]) == 0
        content = json.loads((out / f"{command}.json").read_text())
        del content["checksum"]
        tables.append(without_times(content))
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["compare", "--held-out-seed", "0", "--seed", "7"], "--held-out-seed: must be that of runs which are not in"),
        (
            ["tables", "--seed", "7"],
            "--from: must be a dataset of the runs of --seed, which hthm tables simulates again",
        ),
        (["tables", "--n", "41"], "--n: must be that of the runs in"),
    ],
)
def test_runs_that_cannot_serve_are_refused(
    arguments: list[str], says: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *FEW, "--from", str(results / "kept"), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"hthm: {says}")
    assert told.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_run_goes_on_on_the_runs_it_was_begun_on(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken_runs, own, kept = tmp_path / "taken", tmp_path / "own", str(results / "kept")
    choices = ["compare", *FEW, "--compared", "gradient"]
    assert main([*choices, "--from", kept, "--out", str(taken_runs)]) == 0
    assert main([*choices, *GAS, "--out", str(own)]) == 0
    moved = tmp_path / "moved"
    moved.symlink_to(kept)
    hthm.simulate(hthm.DiskGas(n=40, diameter=0.03).sample(5, seed=8), 12, record="log").save(tmp_path / "others")
    refused = (
        (["--resume", "--out", str(taken_runs)], f"must be {kept}, or wherever that dataset is now, to go on with"),
        (["--resume", "--out", str(taken_runs), "--from", str(tmp_path / "others")], f"must be {kept}, or wherever"),
        (["--resume", "--out", str(own), "--from", kept], f"must be left out to go on with the run in {own}, which"),
    )
    for arguments, says in refused:
        capsys.readouterr()
        assert main(["compare", *arguments]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"hthm: --from: {says}")
        assert told.count("\n") == 1
    assert main(["compare", "--resume", "--out", str(taken_runs), "--from", str(moved)]) == 0
