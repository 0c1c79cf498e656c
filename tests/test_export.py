"""``hthm export``: what other programs read is what was kept, and nothing is written that was not asked for."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest

import hthm
from hthm.choices.numbers import one_or_more
from hthm.run import main
from run_results import complaint

RUNS, FRAMES, N = 5, 12, 40
CHOICES = ["--n=40", "--diameter=0.03", "--runs=5", "--frames=12", "--seed=3"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "runs"
    assert main(["simulate", *CHOICES, "--store", str(folder)]) == 0  # a file a run
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that kept nothing."""
    out = tmp_path_factory.mktemp("results") / "out"
    few = ["--widths=4", "--epochs=1", "--batch=8", "--frame-rates", "5", "60", "--rate-runs=1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hthm.pages.products.save_figures", lambda *_: [])  # they take most of the time
        assert main([*CHOICES, *few, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def traj() -> hthm.Trajectories:
    return hthm.simulate(hthm.DiskGas(n=N, diameter=0.03).sample(RUNS, seed=3), FRAMES, record="log")


@pytest.mark.parametrize("ending", ["h5md", "xyz"])
@pytest.mark.parametrize("source", ["kept", "results"])
def test_a_run_is_the_file_that_write_writes(
    source: str, ending: str, traj: hthm.Trajectories, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder: Path = request.getfixturevalue(source)
    out, expected = tmp_path / f"run.{ending}", tmp_path / f"expected.{ending}"
    assert main(["export", str(folder), str(out), "--run", "2", "--frames", "3::4", "--depth", "0.5"]) == 0
    traj.write(expected, run=2, frames=slice(3, None, 4), depth=0.5)
    assert out.read_bytes() == expected.read_bytes()


def test_mdanalysis_reads_every_tenth_frame_with_its_time(kept: Path, traj: hthm.Trajectories, tmp_path: Path) -> None:
    mda: Any = import_module("MDAnalysis")
    assert main(["export", str(kept), str(tmp_path / "run.h5md"), "--run=-1", "--frames", "::4"]) == 0
    universe = mda.Universe.empty(N, trajectory=True, velocities=True)
    universe.load_new(str(tmp_path / "run.h5md"), convert_units=False)
    frames = [(ts.time, ts.velocities.copy()) for ts in universe.trajectory]
    times, velocities = map(np.array, zip(*frames, strict=True))
    np.testing.assert_allclose(times, traj.dt * np.array([0, 4, 8, 12]))
    whole = traj.run_velocities(RUNS - 1)[::4]
    np.testing.assert_allclose(velocities[..., :2], whole, atol=3e-7)


def test_ase_and_gsd_read_every_run_of_a_folder(kept: Path, traj: hthm.Trajectories, tmp_path: Path) -> None:
    ase: Any = import_module("ase.io")
    hoomd: Any = import_module("gsd.hoomd")
    for name in ("extxyz", "gsd"):
        assert main(["export", str(kept), str(tmp_path / name), "--format", name, "--run", "1:4:2"]) == 0
    assert sorted(path.name for path in (tmp_path / "gsd").iterdir()) == ["run-00000001.gsd", "run-00000003.gsd"]
    for run in (1, 3):
        whole = traj.run_velocities(run)
        frames = ase.read(tmp_path / "extxyz" / f"run-{run:08}.xyz", ":", format="extxyz")
        np.testing.assert_array_equal(np.array([frame.get_velocities() for frame in frames])[..., :2], whole)
        with hoomd.open(str(tmp_path / "gsd" / f"run-{run:08}.gsd")) as file:
            assert [frame.configuration.step for frame in file] == list(range(FRAMES + 1))
            velocities = np.array([frame.particles.velocity for frame in file])
        np.testing.assert_allclose(velocities[..., :2], whole, atol=3e-7)


def test_files_that_are_there_stay_without_overwrite(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "all" / "run-00000003.h5md"
    mine.parent.mkdir()
    mine.write_text("mine")
    arguments = [kept, mine.parent, "--run", ":", "--format", "h5md"]
    told = complaint(["export", *arguments], capsys, 1)
    assert told == f"This file is there already, and --overwrite not given: {mine}"
    assert [path.read_text() for path in mine.parent.iterdir()] == ["mine"], "no other file is written either"
    assert complaint(["export", kept, mine], capsys, 1) == told
    assert main(["export", *map(str, arguments), "--overwrite"]) == 0
    assert len(list(mine.parent.iterdir())) == RUNS
    with h5py.File(mine) as file:
        assert len(file["particles/trajectory/position/value"]) == FRAMES + 1


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["OUT.h5md", "--run", "5"], 2, "--run: must be one of the 5 from 0 to 4, got 5."),
        (["OUT.h5md", "--run", "two"], 2, "--run: must be a number such as 3, or a range such as 10:20 or ::5"),
        (["OUT.h5md", "--frames", "20:"], 2, "--frames: must hold at least one of the 13 from 0 to 12, got '20:'."),
        (["OUT.h5md", "--frames", "::0"], 2, "--frames: must be a number"),
        (["OUT.h5md", "--depth", "0"], 2, "--depth: must be a finite number above zero, got 0.0."),
        (["OUT.h5md", "--run", "1:3"], 2, "OUT: must be a folder where --run is a range, got OUT.h5md. Leave .h5md"),
        (["OUT.pdb"], 2, "--format: must be given where the file's name does not say it, got 'OUT.pdb': h5md by"),
        (["NONE/OUT.xyz"], 1, "There is no such folder to write into: NONE"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    options: list[str], code: int, says: str, kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def placed(text: str) -> str:
        return (
            text.replace("NONE", str(tmp_path / "none")) if "NONE" in text else text.replace("OUT.", f"{tmp_path}/o.")
        )

    told = complaint(["export", kept, *(placed(option) for option in options)], capsys, code)
    assert told.startswith(placed(says)), told
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_no_runs_is_named(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out" / "deep"
    assert complaint(["export", tmp_path, out], capsys, 2) == (
        f"SOURCE: must be the folder of a dataset, or of a finished run of hthm, and {tmp_path} has neither "
        "manifest.json nor results.json."
    )
    (tmp_path / "file").touch()
    for name, what in (("no", "is missing"), ("file", "is no folder")):
        assert complaint(["export", tmp_path / name, out], capsys, 2) == (
            f"SOURCE: must be the folder of a dataset, or of a finished run of hthm, and {tmp_path / name} {what}."
        )
    hthm.simulate(hthm.DiskGas(n=9).sample(2, seed=1), 3, record="counts").save(tmp_path / "counts")
    told = complaint(["export", tmp_path / "counts", out, "--run", ":", "--format=gsd"], capsys, 1)
    assert told.startswith("trajectories: must say how disks moved, got counts.")
    assert not out.exists()
    content = json.loads((results / "results.json").read_text())
    del content["checksum"]
    content["simulation"]["seed"] = None
    copy = tmp_path / "taken" / "results.json"
    copy.parent.mkdir()
    copy.write_text(json.dumps(content))
    assert "were taken from a dataset. Name that." in complaint(["export", copy.parent, out], capsys, 2)
    content["simulation"] |= {"seed": 3, "start_sha256": "0" * 64}
    copy.write_text(json.dumps(content))
    assert "differ in their last bits" in complaint(["export", copy.parent, out], capsys, 2)
    del content["simulation"]["engine"]
    copy.write_text(json.dumps(content))
    assert complaint(["export", copy.parent, out], capsys, 1).startswith(
        f"{copy}: must be a whole file that hthm wrote"
    )


@pytest.mark.parametrize(
    ("text", "numbers"), [("0", 0), ("-1", 9), (":", range(10)), ("2:-2:3", range(2, 8, 3)), ("-3:", range(7, 10))]
)
def test_numbers_are_chosen_as_numpy_slices(text: str, numbers: int | range) -> None:
    assert one_or_more("run", text, 10) == numbers


@pytest.mark.parametrize(("command", "again"), [("export", "Give the same command again."), ("tables", "--resume")])
def test_a_stopped_command_says_how_to_go_on(
    command: str, again: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hthm.run.carry_out", stop)
    assert main([command]) == 130
    told = capsys.readouterr().err
    assert told.startswith("hthm: Stopped. ")
    assert again in told
