"""Runs in other programs' formats, read back by those programs; OVITO is tried where it is installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest

import hthm
from hthm.arrays import FloatArray
from hthm.recording.formats import writing

ROOT = Path(__file__).resolve().parent.parent
RUN = 1
ENGINES = ("cell_list", "event")

Recorded: TypeAlias = tuple[hthm.Trajectories, FloatArray, FloatArray]


def reader(name: str) -> Any:  # noqa: ANN401 -- a module
    """The program that reads, or a reason why nothing is tested."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} cannot be imported, pip install {name.split(chr(46), maxsplit=1)[0]} mends that: {error}")


@pytest.fixture(scope="module", params=ENGINES)
def recorded(request: pytest.FixtureRequest) -> Recorded:
    """A log, and positions and velocities (13, 50, 2) of its second run, the start first."""
    state = hthm.DiskGas(n=50, diameter=0.03, speed=1.0, box=2.0).sample(2, seed=1, overlaps="reject")
    log = hthm.simulate(state, 12, 0.1, engine=request.param, record="log")
    dense = hthm.simulate(state, 12, 0.1, engine=request.param, positions=True)
    velocities = np.concatenate([state.velocities[RUN : RUN + 1], dense.velocities[RUN]])
    return log, np.concatenate([state.positions[RUN : RUN + 1], dense.positions[RUN]]), velocities


def near(found: FloatArray, expected: FloatArray, rounding: float) -> None:
    """Places (..., 2 or 3), round the box of side 2."""
    off = found[..., :2] - expected
    np.testing.assert_allclose(off - 2 * np.round(off / 2), 0, atol=rounding)
    if found.shape[-1] > 2:
        assert not found[..., 2].any()


DOUBLE, SINGLE = 1e-12, 3e-7


def test_h5md_holds_every_digit(recorded: Recorded, tmp_path: Path) -> None:
    log, positions, velocities = recorded
    path = tmp_path / "run.h5md"
    log.write(path, run=RUN, depth=0.5)
    with h5py.File(path) as file:
        assert file["h5md"].attrs["version"].tolist() == [1, 1]
        group = file["particles/trajectory"]
        assert group["box"].attrs["dimension"] == 3
        assert [side.decode() if isinstance(side, bytes) else side for side in group["box"].attrs["boundary"]] == [
            "periodic"
        ] * 3
        assert group["box/edges/value"][()].tolist() == [[2, 2, 0.5]] * 13
        near(group["position/value"][()], positions, DOUBLE)
        np.testing.assert_array_equal(group["velocity/value"][..., :2], velocities)
        for element in ("position", "velocity", "box/edges"):
            assert group[f"{element}/step"][()].tolist() == list(range(13))
            np.testing.assert_allclose(group[f"{element}/time"][()], 0.1 * np.arange(13))
        assert group["position/value"].chunks[1:] == (50, 3)  # whole frames


def test_equal_runs_are_equal_files(recorded: Recorded, tmp_path: Path) -> None:
    for name in ("run.h5md", "run.xyz"):
        recorded[0].write(tmp_path / name)
        first = (tmp_path / name).read_bytes()
        recorded[0].write(tmp_path / name)
        assert (tmp_path / name).read_bytes() == first


def test_mdanalysis_reads_h5md_with_velocities_and_times(recorded: Recorded, tmp_path: Path) -> None:
    mda = reader("MDAnalysis")
    log, positions, velocities = recorded
    log.write(tmp_path / "run.h5md", run=RUN)
    universe = mda.Universe.empty(50, trajectory=True, velocities=True)
    universe.load_new(str(tmp_path / "run.h5md"), convert_units=False)
    frames = [(ts.time, ts.positions.copy(), ts.velocities.copy(), ts.dimensions.copy()) for ts in universe.trajectory]
    times, found, speeds, boxes = map(np.array, zip(*frames, strict=True))
    np.testing.assert_allclose(times, 0.1 * np.arange(13))
    near(found, positions, SINGLE)
    np.testing.assert_allclose(speeds[..., :2], velocities, atol=SINGLE)
    assert (boxes == [2, 2, 2, 90, 90, 90]).all()


def test_ase_reads_extended_xyz_to_the_last_digit(recorded: Recorded, tmp_path: Path) -> None:
    io = reader("ase.io")
    log, positions, velocities = recorded
    log.write(tmp_path / "run.xyz", run=RUN)
    frames = io.read(tmp_path / "run.xyz", ":", format="extxyz")
    near(np.array([frame.positions for frame in frames]), positions, DOUBLE)
    np.testing.assert_array_equal(np.array([frame.get_velocities() for frame in frames])[..., :2], velocities)
    assert all((frame.get_masses() == 1).all() for frame in frames)
    assert [frame.info["Step"] for frame in frames] == list(range(13))
    np.testing.assert_allclose([frame.info["Time"] for frame in frames], 0.1 * np.arange(13))
    assert frames[0].pbc.tolist() == [True, True, False]


@pytest.mark.parametrize(("name", "rounding"), [("run.xyz", DOUBLE), ("run.gsd", SINGLE)])
def test_ovito_reads_extended_xyz_and_gsd(recorded: Recorded, tmp_path: Path, name: str, rounding: float) -> None:
    io = reader("ovito.io")
    if name.endswith("gsd"):
        reader("gsd.hoomd")
    log, positions, velocities = recorded
    log.write(tmp_path / name, run=RUN)
    pipeline = io.import_file(str(tmp_path / name))
    assert pipeline.source.num_frames == 13
    for number in range(13):
        frame = pipeline.compute(number)
        shift = 1.0 if name.endswith("gsd") else 0.0  # half a box: GSD counts from the middle
        near(np.add(frame.particles.positions, [shift, shift, 0]), positions[number], rounding)
        np.testing.assert_allclose(np.array(frame.particles["Velocity"])[:, :2], velocities[number], atol=rounding)
        assert np.asarray(frame.particles["Radius"]) == pytest.approx(0.015)
        assert frame.cell.is2D == name.endswith("gsd")


def test_gsd_and_its_library(recorded: Recorded, tmp_path: Path) -> None:
    hoomd = reader("gsd.hoomd")
    log, positions, velocities = recorded
    log.write(tmp_path / "run.gsd", run=RUN)
    with hoomd.open(str(tmp_path / "run.gsd")) as file:
        assert len(file) == 13
        for number, frame in enumerate(file):
            near(np.add(frame.particles.position, [1, 1, 0]), positions[number], SINGLE)
            np.testing.assert_allclose(frame.particles.velocity[:, :2], velocities[number], atol=SINGLE)
            assert frame.configuration.dimensions == 2
            assert frame.configuration.box.tolist() == [2, 2, 0, 0, 0, 0]
            assert frame.log["time"] == pytest.approx([0.1 * number])


def test_recorded_positions_are_written_as_they_are(tmp_path: Path) -> None:
    state = hthm.DiskGas(n=20, diameter=0.03, speed=1.0).sample(1, seed=2, overlaps="reject")
    dense = hthm.simulate(state, 5, 0.1, engine="event", positions=True)
    dense.write(tmp_path / "run.h5md")
    with h5py.File(tmp_path / "run.h5md") as file:
        np.testing.assert_array_equal(file["particles/trajectory/position/value"][1:, :, :2], dense.positions[0])


def test_what_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = hthm.DiskGas(n=20, diameter=0.03, speed=1.0).sample(2, seed=2, overlaps="reject")
    log = hthm.simulate(state, 5, 0.1, record="log")
    path = tmp_path / "run.h5md"
    calls: tuple[tuple[Callable[[], None], type[Exception], str], ...] = (
        (lambda: log.write(tmp_path / "run.dat"), ValueError, r"format: must be given .* 'h5md'|\.h5md"),
        (lambda: log.write(path, format="pdb"), ValueError, "format: must be one of"),
        (lambda: log.write(path, run=2), ValueError, "run: must be"),
        (lambda: log.write(path, depth=0.0), ValueError, "depth: must be"),
        (lambda: log.write(tmp_path / "no" / "run.xyz"), FileNotFoundError, "no such folder"),
        (
            lambda: hthm.simulate(state, 5, 0.1, record="counts").write(path),
            ValueError,
            "must say how disks moved, got counts",
        ),
    )
    for call, error, message in calls:
        with pytest.raises(error, match=message):
            call()
    monkeypatch.setitem(sys.modules, "gsd", None)
    monkeypatch.setitem(sys.modules, "gsd.hoomd", None)
    with pytest.raises(ModuleNotFoundError, match=r"gsd: is needed for this.*hthm\[formats\]"):
        log.write(tmp_path / "run.gsd")
    assert list(tmp_path.iterdir()) == []


def test_every_format_has_an_ending_of_its_own() -> None:
    endings = [ending for several in writing.FORMATS.values() for ending in several]
    assert len(endings) == len(set(endings))
    assert all(writing.format_of(f"x{ending.upper()}", None) in writing.FORMATS for ending in endings)


def test_the_page_names_the_versions_that_are_tested() -> None:
    pinned = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith("#")
    )
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for reader_name, package in (("MDAnalysis", "MDAnalysis"), ("ASE", "ase"), ("gsd", "gsd")):
        assert f"| {reader_name} {pinned[package]}" in page
