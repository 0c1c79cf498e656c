"""Mixtures in datasets and files for other programs: every disk keeps its kind, its size and its mass."""

from __future__ import annotations

import json
import re
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest

import hthm
from hthm import integrity
from hthm.arrays import FloatArray
from hthm.recording.store import writer
from hthm.recording.store.manifest import DatasetError, Manifest
from hthm.recording.store.merging import merge
from hthm.recording.store.verification import repair, verify
from hthm.rules import Rule
from hthm.trajectories import Recording
from test_formats import reader

KINDS = (hthm.Kind(n=25, diameter=0.02), hthm.Kind(n=15, diameter=0.04, mass=4.0))
SIZES, MASSES = np.repeat([0.02, 0.04], [25, 15]), np.repeat([1.0, 4.0], [25, 15])


def start_of(rule: Rule | None = None, runs: int = 3) -> hthm.State:
    gas = hthm.DiskGas(kinds=KINDS, speed=1.0, rule=rule or hthm.SmoothDisks())
    spins = None if rule is None else "equilibrium"
    return gas.sample(runs, seed=2, overlaps="reject", spins=spins)  # type: ignore[arg-type]  # one of the names


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def traj() -> hthm.Trajectories:
    return hthm.simulate(start_of(hthm.RoughDisks()), 6, 0.05, engine="event", record="log")


@pytest.fixture(scope="module")
def velocities(traj: hthm.Trajectories) -> FloatArray:
    """Those of the first run, (7, 40, 2), the start first."""
    return np.concatenate([traj.initial.velocities[:1], traj.dense()[0]])


@pytest.mark.parametrize("record", ["log", "velocities", "counts"])
@pytest.mark.parametrize("engine", ["sorted_cells", "event", "dsmc"])
@pytest.mark.parametrize("rule", [None, hthm.RoughDisks()], ids=["smooth", "rough"])
def test_mixtures_come_back_bit_for_bit(
    rule: Rule | None, engine: str, record: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_SHARD", 1)
    monkeypatch.setattr(writer, "_TOGETHER", 2)
    traj = hthm.simulate(start_of(rule), 10, 0.05, engine=engine, record=record)
    assert traj.collisions.sum() > 10
    traj.save(tmp_path)
    kept = hthm.open(tmp_path)
    assert kept.gas == traj.gas
    assert kept.gas.kinds == KINDS
    loaded = kept.load()
    assert loaded.kinds == KINDS
    for ours, theirs in ((loaded.initial, traj.initial), (loaded.final, traj.final), (kept.final, traj.final)):
        assert ours.sha256() == theirs.sha256()
        assert ours.energy().tobytes() == theirs.energy().tobytes()
    if record != "counts":
        assert loaded.dense().tobytes() == traj.dense().tobytes()
        assert hthm.velocity_h(loaded.of_kind(1)).tobytes() == hthm.velocity_h(traj.of_kind(1)).tobytes()
    before = files_of(tmp_path)
    (tmp_path / "runs-00000002-00000002.h5").unlink()
    assert repair(tmp_path) == []
    assert files_of(tmp_path) == before


def test_a_store_goes_on_with_no_other_kinds(tmp_path: Path) -> None:
    start = start_of()
    stored = hthm.simulate(start, 5, store=tmp_path / "kept")
    assert stored.dense().tobytes() == hthm.simulate(start, 5).velocities.tobytes()
    assert "kinds=(2 of them)" in repr(stored)
    assert "mass=4.0" in repr(hthm.open(tmp_path / "kept"))
    heavier = (KINDS[0], hthm.Kind(n=15, diameter=0.04, mass=5.0))
    for kinds in (heavier, None):
        other = hthm.State(start.positions, start.velocities, diameter=0.04, speed=1.0, kinds=kinds)
        with pytest.raises(DatasetError, match=r"must be a dataset of the same runs, and differs: kinds \(\(25, "):
            hthm.simulate(other, 5, store=tmp_path / "kept")
    assert verify(tmp_path / "kept") == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"kinds": [[25, 0.02, 1.0], [15, 0.04, -4.0]]}, "mass of a kind: must be"),
        ({"kinds": [[25, 0.02, 1.0], [15, 0.04, "4"]]}, "mass of a kind: must be"),
        ({"kinds": [[25, 0.02, 1.0], [15, -0.04, 4.0]]}, "diameter of a kind: must be"),
        ({"kinds": [[25, 0.02, 1.0], [0, 0.04, 4.0]]}, "n of a kind: must be"),
        ({"kinds": [[25, 0.02, 1.0], [14, 0.04, 4.0]]}, "n: must be 39, which follows from kinds"),
        ({"kinds": [[25, 0.02, 1.0], [15, 0.03, 4.0]]}, "diameter: must be 0.03, which follows from kinds"),
        ({"kinds": []}, "kinds: must be from 1 to 64 kinds, got 0"),
        ({"kinds": [[25, 0.02], [15, 0.04]]}, r"is damaged \(not enough values"),
        ({"kinds": [[25, 1e-200, 1.0], [15, 0.04, 4.0]]}, "diameter: must be"),
        ({"box": 0.05}, "diameter: must be at most half the box"),
        ({"rule": "sticky"}, "rule: must be one that this version of hthm knows, got 'sticky'"),
    ],
)
def test_a_dataset_of_no_gas_is_refused_wherever_it_is_read(
    changed: dict[str, object], says: str, tmp_path: Path
) -> None:
    """Under a valid seal, too: another program may have written it. Its shards know better."""
    hthm.simulate(start_of(), 2, store=tmp_path)
    path = tmp_path / "manifest.json"
    original = path.read_bytes()
    content = json.loads(path.read_text()) | {"checksum": integrity.BLANK}
    content["description"] |= changed
    path.write_bytes(integrity.sealed(json.dumps(content).encode(), b'"checksum": "'))
    for read in (hthm.open, lambda folder: merge(tmp_path / "whole", [folder])):
        with pytest.raises(DatasetError, match=f"manifest.json: .*{says}"):
            read(tmp_path)
    (fault,) = verify(tmp_path)
    assert re.search(f"manifest.json: .*{says}", fault)
    if "rule" in changed:  # perhaps of a later version, which knows better
        with pytest.raises(DatasetError, match=says):
            repair(tmp_path)
    else:
        assert repair(tmp_path) == []
        assert path.read_bytes() == original


def test_shards_of_no_gas_are_not_repaired(tmp_path: Path) -> None:
    for changed, says in (
        ({"box": 0.05}, "diameter: must be at most half the box"),
        ({"n": 0}, "n: must be at least 1"),
    ):
        folder = tmp_path / str(len(says))
        hthm.simulate(start_of(), 2, store=folder)
        for path in folder.glob("*.h5"):
            with h5py.File(path, "r+") as file:
                described = json.loads(bytes(file.attrs["dataset"])) | changed
                file.attrs["dataset"] = np.bytes_(json.dumps(described).encode())
            content = path.read_bytes()[integrity.PREFACE_BYTES :]
            path.write_bytes(integrity.with_preface(content))
        (folder / "manifest.json").write_text("{}")
        with pytest.raises(DatasetError, match=says):
            repair(folder)


def test_disks_that_are_alike_are_described_as_ever(tmp_path: Path) -> None:
    hthm.simulate(hthm.DiskGas(n=5).sample(1), 2, store=tmp_path)
    assert "kinds" not in (tmp_path / "manifest.json").read_text()
    assert "kinds" not in Manifest.read(tmp_path).description.text()


def test_h5md_has_sizes_masses_and_species(traj: hthm.Trajectories, tmp_path: Path) -> None:
    traj.write(tmp_path / "run.h5md")
    with h5py.File(tmp_path / "run.h5md") as file:
        particles = file["particles/trajectory"]
        np.testing.assert_array_equal(particles["mass"], MASSES)
        np.testing.assert_array_equal(particles["diameter"], SIZES)
        np.testing.assert_array_equal(particles["species"], np.repeat([0, 1], [25, 15]))
        np.testing.assert_allclose(particles["moment_of_inertia"], 0.5 * MASSES * (SIZES / 2) ** 2, rtol=1e-15)


def test_ase_has_masses_radii_and_velocities(traj: hthm.Trajectories, velocities: FloatArray, tmp_path: Path) -> None:
    io = reader("ase.io")
    traj.write(tmp_path / "run.xyz")
    for frame, expected in zip(io.read(tmp_path / "run.xyz", index=":", format="extxyz"), velocities, strict=True):
        np.testing.assert_array_equal(frame.get_masses(), MASSES)
        np.testing.assert_array_equal(frame.arrays["radius"], SIZES / 2)
        np.testing.assert_array_equal(frame.arrays["kind"], np.repeat([0, 1], [25, 15]))
        np.testing.assert_allclose(frame.get_velocities()[:, :2], expected, atol=1e-12)


def test_gsd_has_types_masses_diameters_and_inertia(traj: hthm.Trajectories, tmp_path: Path) -> None:
    hoomd = reader("gsd.hoomd")
    traj.write(tmp_path / "run.gsd")
    with hoomd.open(str(tmp_path / "run.gsd")) as file:
        for frame in file:
            assert frame.particles.types == ["kind 0", "kind 1"]
            np.testing.assert_array_equal(frame.particles.typeid, np.repeat([0, 1], [25, 15]))
            np.testing.assert_allclose(frame.particles.mass, MASSES)
            np.testing.assert_allclose(frame.particles.diameter, SIZES, rtol=1e-6)
            np.testing.assert_allclose(frame.particles.moment_inertia[:, 2], 0.5 * MASSES * (SIZES / 2) ** 2, rtol=1e-6)


@pytest.mark.parametrize("name", ["run.xyz", "run.gsd"])
def test_ovito_reads_radii_and_masses(traj: hthm.Trajectories, tmp_path: Path, name: str) -> None:
    io = reader("ovito.io")
    if name.endswith("gsd"):
        reader("gsd.hoomd")
    traj.write(tmp_path / name)
    particles = io.import_file(str(tmp_path / name)).compute(0).particles
    np.testing.assert_allclose(particles["Radius"], SIZES / 2, rtol=1e-6)
