"""What the author's program wrote, imported: every bit of it, and nothing that is not an array."""

from __future__ import annotations

import collections
import datetime as dt
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import hthm
from hthm.arrays import FloatArray
from hthm.deepsets import evaluate, new_model
from hthm.learning.arrow import train_arrow
from hthm.learning.recipes import ArrowConfig, TrainConfig
from hthm.recording.author import import_author
from hthm.recording.formats.pickled_arrays import ForeignPickleError, read_arrays
from hthm.recording.store.manifest import DatasetError
from hthm.recording.store.verification import repair, verify
from hthm.run import main
from hthm.train import train
from run_results import contents, results

RUNS, FRAMES, N = 7, 12, 40
GAS = hthm.DiskGas(n=N, diameter=0.03)
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture(scope="module")
def traj() -> hthm.Trajectories:
    return hthm.simulate(GAS.sample(RUNS, seed=1), FRAMES)


def written(folder: Path, velocities: FloatArray, protocol: int | None = None) -> Path:
    """Files as the author's program writes them: a list of arrays (n, 2), a file a run."""
    (folder / "velocities").mkdir(parents=True)
    for run, frames in enumerate(velocities):
        (folder / "velocities" / f"run_{run:03}.pkl").write_bytes(pickle.dumps([*frames.copy()], protocol))
    return folder


@pytest.fixture(scope="module")
def kept(traj: hthm.Trajectories, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = written(tmp_path_factory.mktemp("author"), traj.velocities)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hthm.recording.author._SHARD", 3 * FRAMES * N * 16)  # three runs a file
        import_author(folder, folder / "kept", diameter=0.03)
    return folder / "kept"


# ---- What the dataset can do ----------------------------------------------------------------------------------------


def test_every_bit_is_there(kept: Path, traj: hthm.Trajectories) -> None:
    found = hthm.open(kept)
    assert (found.shape, found.recording, found.engine) == ((RUNS, FRAMES, N, 2), "frames", "imported")
    assert found.gas == GAS
    assert found[...].tobytes() == traj.velocities.tobytes()
    assert found[2:5, ::3].tobytes() == traj.velocities[2:5, ::3].tobytes()
    assert found.nbytes < traj.velocities.nbytes / 2
    assert sorted(path.suffix for path in kept.iterdir()) == [".h5"] * 3 + [".json"]
    assert verify(kept) == repair(kept) == []


def test_signs_of_zero_and_runs_in_which_nothing_moves_are_kept(tmp_path: Path) -> None:
    velocities = np.zeros((2, 4, 3, 2))
    velocities[0, 2, 1, 0] = -0.0
    import_author(written(tmp_path, velocities), tmp_path / "kept", diameter=0.03)
    assert hthm.open(tmp_path / "kept")[...].tobytes() == velocities.tobytes()


def test_h_training_and_h_of_a_network_are_those_of_the_array(kept: Path, traj: hthm.Trajectories) -> None:
    found = hthm.open(kept)
    assert hthm.speed_h(found).tobytes() == hthm.speed_h(traj).tobytes()
    assert hthm.velocity_h(found).tobytes() == hthm.velocity_h(traj).tobytes()
    trained = []
    for source in (found, traj):
        model = new_model(4, 0)
        train(model, source, TrainConfig(epochs=2, batch=8))
        trained.append([parameter.detach().numpy().tobytes() for parameter in model.parameters()])
        np.testing.assert_allclose(evaluate(model, found), evaluate(model, traj), rtol=1e-6)
    assert trained[0] == trained[1]


def test_what_frames_do_not_say_is_refused_by_name(kept: Path) -> None:
    found = hthm.open(kept)
    calls: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: found.collisions, "how many disks collided"),
        (lambda: found.initial, "where runs start"),
        (lambda: found.final, "where disks are"),
        (found.load, "where runs start"),
        (found.trajectories, "where runs start"),
        (found.to_xarray, "where runs start"),
    )
    for call, what in calls:
        with pytest.raises(DatasetError, match=rf"kept: must say {what}, and holds frames alone"):
            call()
    with pytest.raises(DatasetError, match=r"which disks collided, and holds frames alone\. Go by frames"):
        for _ in train_arrow(new_model(4, 0), found, ArrowConfig(steps="collisions", updates=1, looks=1)):
            pass


def test_the_command_imports_and_makes_the_whole_study(
    traj: hthm.Trajectories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, store, out = written(tmp_path / "author", traj.velocities), tmp_path / "kept", tmp_path / "out"
    assert main(["import-author", str(folder), str(store), "--diameter", "0.03"]) == 0
    assert "recording='frames'" in capsys.readouterr().out
    few = ["--widths=4", "--epochs=1", "--batch=8", "--frame-rates", "5", "60", "--rate-runs=1"]
    monkeypatch.setattr("hthm.pages.products.save_figures", lambda *_: [])  # they take most of the time
    assert main(["--from", str(store), *few, "--out", str(out)]) == 0
    assert "<td>not known</td>" in (out / "report.html").read_text()
    simulation = results(out)["simulation"]
    assert (simulation["engine"], simulation["runs"]) == ("imported", RUNS)
    assert simulation["start_sha256"] is simulation["seed"] is simulation["collisions_per_run"]["mean"] is None
    from hthm.pages.series import Series  # noqa: PLC0415 -- for this test alone

    assert Series.load(out / "series.h5").H.tobytes() == hthm.speed_h(traj).tobytes()
    capsys.readouterr()
    assert main(["export", str(store), str(tmp_path / "run.xyz")]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"hthm: {store}: must say where runs start, and holds frames alone, that another program")
    assert told.count("\n") == 1


def test_a_stop_is_gone_on_with(
    kept: Path, traj: hthm.Trajectories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hthm.recording.author._SHARD", 3 * FRAMES * N * 16)
    folder = written(tmp_path, traj.velocities)

    def stop(done: int, total: int) -> None:
        if done == total - 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_author(folder, tmp_path / "kept", diameter=0.03, progress=stop)
    with pytest.raises(DatasetError, match=r"must be finished, and 1 of its 3 shards"):
        hthm.open(tmp_path / "kept")
    import_author(folder, tmp_path / "kept", diameter=0.03)
    for path in kept.iterdir():
        assert (tmp_path / "kept" / path.name).read_bytes() == path.read_bytes()


def test_damage_is_named_and_cannot_be_repaired(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    for path in kept.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    lost = folder / "runs-00000003-00000005.h5"
    lost.unlink()
    fault = (
        f"{lost}: must be there, and is missing. Take out what is there of it, and the same hthm import-author makes "
        "it anew."
    )
    assert verify(folder) == repair(folder) == [fault]
    assert main(["verify", str(folder)]) == 1
    told = capsys.readouterr()
    assert told.err == f"hthm: {folder}: must be whole, and 1 of its files is not.\n"
    assert "hthm repair" not in told.out


def test_runs_of_another_kind_are_named_in_words(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--runs", "2", "--frames", "3", "--n", "9", "--store", str(kept)]) == 1
    assert capsys.readouterr().err == (
        f"hthm: {kept}: must be a dataset of the same runs, and differs: it keeps frames that another program made, "
        "and not every collision. Choose another folder.\n"
    )


def test_what_is_lost_is_imported_again(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hthm.recording.author._SHARD", 3 * FRAMES * N * 16)
    folder = tmp_path / "kept"
    folder.mkdir()
    for path in kept.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "runs-00000003-00000005.h5").unlink()
    (folder / "runs-00000006-00000006.h5").write_bytes(b"cut short")
    assert main(["import-author", str(kept.parent), str(folder), "--diameter", "0.03"]) == 0
    assert "hthm verify compares" in capsys.readouterr().out
    assert contents(folder) == contents(kept)


# ---- What is read, and what is not ----------------------------------------------------------------------------------


def renamed(pickled: bytes, protocol: int, *, old: bool) -> bytes:
    """A pickle as the other NumPy writes it, whose module has a name that is one letter shorter or longer."""
    here, there = (b"numpy._core.", b"numpy.core.") if old else (b"numpy.core.", b"numpy._core.")
    if protocol < 4:  # a name ends with its line
        return pickled.replace(here, there)
    for name in (b"multiarray", b"numeric"):  # the length stands before it; and frames, which have one, are left out
        pickled = pickled.replace(bytes([len(here + name)]) + here + name, bytes([len(there + name)]) + there + name)
    return pickled[:2] + pickled[11:] if pickled[2:3] == b"\x95" else pickled


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("old", [True, False])
def test_every_protocol_of_either_numpy_is_read(protocol: int, old: bool, tmp_path: Path) -> None:  # noqa: FBT001 -- a parameter of a test
    velocities = np.random.default_rng(1).normal(size=(3, 5, 2))
    path = tmp_path / "run_000.pkl"
    for array in (velocities, np.asfortranarray(velocities), velocities.astype(">f8"), velocities[:, ::-1]):
        path.write_bytes(renamed(pickle.dumps(array, protocol), protocol, old=old))
        (found,) = read_arrays(path)
        assert found.dtype == np.dtype(np.float64)
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(found, velocities[:, ::-1] if array.base is velocities else velocities)
    path.write_bytes(renamed(pickle.dumps([*velocities], protocol), protocol, old=old))
    np.testing.assert_array_equal(read_arrays(path), velocities)


class Mine:
    """Somebody's own."""


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (collections.OrderedDict(a=1), r"collections\.OrderedDict"),
        ([np.zeros((3, 2)), dt.date(2026, 1, 1)], r"datetime\.date"),
        (Mine(), r"test_import_author\.Mine"),
        (np.zeros((3, 2), dtype=np.float32), "an array of dtype f4"),
        (np.array([[None, {}]]), "an array of dtype O8"),
        (np.zeros(3, dtype=[("x", "f8")]), "an array of dtype V8"),
        (np.ma.array([1.0, 2.0]), r"numpy\.ma\.\S+"),
        (np.float64(1), r"numpy\._?core\.multiarray\.scalar"),
        ({"velocities": np.zeros((3, 2))}, "dict"),
        ([1.0, 2.0], "float"),
        (np.dtype("f8"), r"numpy\.dtype"),
        (len, r"(builtins|__builtin__)\.len"),
    ],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_but_arrays_of_float64_is_read(content: object, what: str, protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "run_000.pkl"
    path.write_bytes(pickle.dumps(content, protocol))
    with pytest.raises(ForeignPickleError, match=rf"run_000\.pkl: must hold .*, and holds ({what})\. Nothing in it"):
        read_arrays(path)


def test_any_damage_ends_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "run_000.pkl"
    whole = pickle.dumps([*np.random.default_rng(1).normal(size=(2, 3, 2))])
    random = np.random.default_rng(2)
    for _ in range(500):
        damaged = bytearray(whole)
        damaged[random.integers(len(whole))] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged[: len(whole) - int(random.integers(3)) * int(random.integers(20))])
        try:
            arrays = read_arrays(path)  # a bit of a number may be any
        except ForeignPickleError as error:
            told = str(error)
        else:
            told = f"{path}: must "
            assert all(array.dtype == np.float64 for array in arrays)
        assert told.startswith(f"{path}: must ")
        assert "\n" not in told


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda place: (place / "run_003.pkl").unlink(),
            "have every run from 0 to 6, and run_003.pkl is missing. Copy",
        ),
        (
            lambda place: (place / "run_000.pkl").unlink(),
            "have every run from 0 to 6, and run_000.pkl is missing. Copy it, too, or number copies of the others",
        ),
        (lambda place: (place / "run_3.pkl").write_bytes(b""), "must be the only file of run 3"),
        (lambda place: (place / "run_004.pkl").write_bytes(pickle.dumps(np.zeros((3, 4, 2)))), "must have the shape"),
        (lambda place: (place / "run_004.pkl").write_bytes(pickle.dumps([])), "and holds no array."),
        (lambda place: (place / "run_004.pkl").write_bytes(pickle.dumps(np.zeros(3))), "and holds (1, 3)."),
        (
            lambda place: (place / "run_004.pkl").write_bytes(pickle.dumps(np.full((2, 3, 2), np.nan))),
            "NaN or infinity",
        ),
        (lambda place: (place / "run_004.pkl").write_bytes(pickle.dumps(dt.date(2026, 1, 1))), "datetime.date"),
    ],
)
def test_a_folder_that_is_not_the_authors_is_refused_before_anything_is_made(
    change: Callable[[Path], object],
    says: str,
    traj: hthm.Trajectories,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = written(tmp_path / "author", traj.velocities)
    change(folder / "velocities")
    assert main(["import-author", str(folder), str(tmp_path / "kept")]) == 1
    told = capsys.readouterr().err
    assert says in told
    assert told.count("\n") == 1
    assert not (tmp_path / "kept").exists()


def test_a_folder_without_files_is_a_wrong_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("file").touch()
    for arguments, says in (
        ([], "be a folder with run_000.pkl and so on, and velocities is missing."),
        (["none", "kept"], "be a folder with run_000.pkl and so on, and none is missing."),
        (["file", "kept"], "be a folder with run_000.pkl and so on, and file is no folder."),
        (["empty", "kept"], "hold run_000.pkl and so on, and empty holds no run_*.pkl."),
    ):
        assert main(["import-author", *arguments]) == 2
        assert capsys.readouterr().err == f"hthm: FOLDER: must {says}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]
