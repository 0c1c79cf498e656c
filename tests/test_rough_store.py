"""Datasets of rough disks: spins come back bit for bit, whatever stopped on the way, and are guarded as all else is."""

from __future__ import annotations

from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest

import hthm
from hthm.measures.rotation import spinning_h, temperatures
from hthm.recording.store import writer
from hthm.recording.store.manifest import DatasetError
from hthm.recording.store.shard_writing import write_recording
from hthm.recording.store.verification import repair, verify
from hthm.run import main
from hthm.trajectories import Recording, Trajectories
from run_results import complaint

ROUGH = hthm.RoughDisks()
LOSSY = hthm.RoughDisks(inertia=0.3, restitution=0.95, roughness=0.4)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs a shard."""
    monkeypatch.setattr(writer, "_SHARD", 1)
    monkeypatch.setattr(writer, "_TOGETHER", 2)


def start_of(rule: hthm.RoughDisks = ROUGH, runs: int = 5) -> hthm.State:
    gas = hthm.DiskGas(n=60, diameter=0.03, rule=rule)
    return gas.sample(runs, seed=3, overlaps="reject", spins="equilibrium")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_same(kept: Trajectories, traj: Trajectories) -> None:
    for ours, theirs in ((kept.initial, traj.initial), (kept.final, traj.final)):
        assert ours.sha256() == theirs.sha256()  # of spins, too
        assert ours.rule == theirs.rule
    if traj.recording != "counts":
        assert kept.dense_spins().tobytes() == traj.dense_spins().tobytes()
        assert kept.dense().tobytes() == traj.dense().tobytes()
    if traj.recording == "log":
        assert kept.log.spins is not None
        assert traj.log.spins is not None
        assert kept.log.spins.tobytes() == traj.log.spins.tobytes()


@pytest.mark.parametrize("record", ["log", "velocities", "counts"])
@pytest.mark.parametrize("engine", ["sorted_cells", "event", "dsmc"])
def test_spins_come_back_bit_for_bit(engine: str, record: Recording, tmp_path: Path) -> None:
    for rule in (ROUGH, LOSSY):
        traj = hthm.simulate(start_of(rule), 20, engine=engine, record=record)
        folder = tmp_path / str(rule.inertia)
        traj.save(folder)
        kept = hthm.open(folder)
        assert kept.gas == traj.gas
        assert_same(kept.load(), traj)
        assert_same(kept.load(slice(1, 4)), traj[1:4])
        assert kept.initial.sha256() == traj.initial.sha256()
        assert kept.final.sha256() == traj.final.sha256()
        if record == "log":  # every collision turns both disks alike
            with h5py.File(folder / "runs-00000000-00000001.h5") as file:
                assert {"turns", "unturned"} & set(file) == {"turns"}


def test_spins_that_no_collision_explains_come_back(tmp_path: Path) -> None:
    traj = hthm.simulate(start_of(), 20, record="log")
    assert traj.log.spins is not None
    traj.log.spins[::7, 0] += 0.5
    traj.save(tmp_path)
    kept = hthm.open(tmp_path).load(slice(1, 3)).log
    assert kept.spins is not None
    assert kept.spins.tobytes() == traj[1:3].log.spins.tobytes()  # type: ignore[union-attr]  # as above
    with h5py.File(tmp_path / "runs-00000000-00000001.h5") as file:
        assert 0 < len(file["unturned"]) < len(file["turns"]) / 2


def test_what_measures_spins_reads_the_store(tmp_path: Path) -> None:
    state = start_of()
    stored, traj = hthm.simulate(state, 20, store=tmp_path / "kept"), hthm.simulate(state, 20)
    kept = hthm.open(tmp_path / "kept")
    assert stored.dense_spins().tobytes() == traj.spins.tobytes()
    assert kept.dense_spins(slice(1, 3)).tobytes() == traj.spins[1:3].tobytes()
    assert kept.to_xarray(slice(2, 4))["spin"].to_numpy().tobytes() == traj.spins[2:4].tobytes()
    assert spinning_h(stored).tobytes() == spinning_h(traj).tobytes()
    assert temperatures(stored).spin.tobytes() == temperatures(traj).spin.tobytes()
    with pytest.raises(AttributeError, match=r"^spins: were recorded as a log"):
        _ = stored.spins
    again = hthm.simulate(kept.final, 5)
    assert again.spins.tobytes() == hthm.simulate(traj.final, 5).spins.tobytes()


def test_a_stopped_simulation_goes_on_to_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = start_of()
    written: list[Path] = []
    hthm.simulate(state, 20, store=tmp_path / "whole")

    def stopped(folder: Path, *what: object) -> object:
        if len(written) == 1:
            raise KeyboardInterrupt
        written.append(folder)
        return write_recording(folder, *what)  # type: ignore[arg-type]  # as it is called

    with monkeypatch.context() as patch:
        patch.setattr(writer, "write_recording", stopped)
        with pytest.raises(KeyboardInterrupt):
            hthm.simulate(state, 20, store=tmp_path / "part")
    assert len(files_of(tmp_path / "part")) < len(files_of(tmp_path / "whole"))
    with pytest.raises(DatasetError, match=r"must be finished"):
        hthm.open(tmp_path / "part")
    hthm.simulate(state, 20, store=tmp_path / "part", threads=1)
    assert files_of(tmp_path / "part") == files_of(tmp_path / "whole")


def test_other_rules_and_spins_are_not_gone_on_with(tmp_path: Path) -> None:
    state = start_of()
    hthm.simulate(state, 5, store=tmp_path / "kept")
    before = files_of(tmp_path / "kept")
    for rule in (LOSSY, hthm.ChiralDisks(0.01), hthm.SmoothDisks()):
        spins = state.spins if isinstance(rule, hthm.RoughDisks) else None
        other = hthm.State(state.positions, state.velocities, diameter=0.03, speed=state.speed, rule=rule, spins=spins)
        with pytest.raises(DatasetError, match=r"must be a dataset of the same runs, and differs: rule rough"):
            hthm.simulate(other, 5, store=tmp_path / "kept")
    with pytest.raises(DatasetError, match=r"must be a dataset of the same runs, and differs: start_sha256"):
        hthm.simulate(state.gas.sample(5, seed=3, overlaps="reject"), 5, store=tmp_path / "kept")
    assert files_of(tmp_path / "kept") == before


@pytest.mark.parametrize("record", ["log", "velocities", "counts"])
def test_a_lost_recording_is_made_again(record: Recording, tmp_path: Path) -> None:
    hthm.simulate(start_of(), 20, engine="event", record=record).save(tmp_path)
    before = files_of(tmp_path)
    (tmp_path / "runs-00000002-00000003.h5").unlink()
    assert repair(tmp_path) == []
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(("file", "name"), [("start", "spins"), ("runs", "turns")])
def test_a_changed_spin_is_found(file: str, name: str, tmp_path: Path) -> None:
    hthm.simulate(start_of(), 20, store=tmp_path)
    assert verify(tmp_path) == []
    path = tmp_path / f"{file}-00000000-00000001.h5"
    with h5py.File(path, "r+") as opened:
        opened[name][0] = np.nextafter(opened[name][0], 1)
    (fault,) = verify(tmp_path)
    assert fault.startswith(f"{path}: ")
    assert len(repair(tmp_path)) == (1 if file == "start" else 0)  # a start cannot be computed


def test_missing_spins_are_named(tmp_path: Path) -> None:
    hthm.simulate(start_of(), 5, store=tmp_path)
    path = tmp_path / "start-00000000-00000001.h5"
    size = path.stat().st_size
    with h5py.File(path, "r+") as opened:
        opened.move("spins", "spied")
    assert path.stat().st_size == size  # what is looked at before the whole is read
    with pytest.raises(DatasetError, match=r"start-00000000-00000001\.h5: must be what hthm wrote, and is damaged"):
        hthm.open(tmp_path).load()


def test_what_shows_runs_says_their_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says = "rule=RoughDisks(inertia=0.5, restitution=1.0, roughness=1.0), "
    traj = hthm.simulate(start_of(), 5, store=tmp_path / "kept")
    kept = hthm.open(tmp_path / "kept")
    assert says in repr(traj)
    assert says in repr(kept)
    assert ">RoughDisks(" in kept._repr_html_()
    assert main(["verify", str(tmp_path / "kept")]) == 0
    assert says in capsys.readouterr().out
    assert "rule" not in repr(hthm.simulate(hthm.DiskGas(n=5).sample(1), 2))


def test_the_papers_study_refuses_other_gases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, rule in (("rough", ROUGH), ("chiral", hthm.ChiralDisks(0.01))):
        gas = hthm.DiskGas(n=60, diameter=0.03, rule=rule)
        hthm.simulate(gas.sample(3, seed=3), 5, store=tmp_path / name)
        told = complaint(["--from", str(tmp_path / name), "--out", str(tmp_path / "out")], capsys, 2)
        assert told.startswith(f"--from: must be of smooth disks, got {name} disks, ")
        assert not (tmp_path / "out").exists()
    mixture = hthm.DiskGas(kinds=[hthm.Kind(20, 0.03, 4.0), hthm.Kind(40, 0.02)])
    hthm.simulate(mixture.sample(3, seed=3), 5, store=tmp_path / "mixture")
    told = complaint(["--from", str(tmp_path / "mixture"), "--out", str(tmp_path / "out")], capsys, 2)
    assert told.startswith("--from: must be of disks without kinds, got ")
    assert not (tmp_path / "out").exists()
