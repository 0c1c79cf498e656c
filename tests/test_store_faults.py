"""What is wrong with a dataset is named in a line, and made again where it can be."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import hthm
from hthm import integrity
from hthm.recording.store import shard_files, writer
from hthm.recording.store.manifest import DatasetError
from hthm.recording.store.verification import repair, verify
from hthm.run import main
from hthm.trajectories import Recording

GAS = hthm.DiskGas(n=60, diameter=0.03)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of four shards, two runs each."""
    folder = tmp_path_factory.mktemp("whole") / "kept"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_SHARD", 1)
        patch.setattr(writer, "_TOGETHER", 2)
        hthm.simulate(GAS.sample(8, seed=3), 20, store=folder)
    return folder


@pytest.fixture
def kept(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "kept"))


def hashes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def flipped(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_a_whole_dataset_has_no_faults(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(kept) == []
    assert main(["verify", str(kept)]) == 0
    assert "is whole." in capsys.readouterr().out
    before = hashes(kept)
    assert repair(kept) == []
    assert hashes(kept) == before


def test_any_flipped_bit_is_found_and_made_again(kept: Path, original: Path) -> None:
    bits = random.Random(7)  # noqa: S311 -- bits, not secrets
    expected = hashes(original)
    for attempt in range(60):
        path = kept / ["manifest.json", "runs-00000002-00000003.h5", "runs-00000006-00000007.h5"][attempt % 3]
        bit = bits.randrange(8 * path.stat().st_size)
        flipped(path, bit)
        faults = verify(kept)
        assert len(faults) == 1, (path, bit, faults)
        assert faults[0].startswith(f"{path}: "), (bit, faults)
        assert "\n" not in faults[0]
        told: list[str] = []
        assert repair(kept, told.append) == [], (path, bit)
        assert [line.partition(":")[0] for line in told] == [str(path)]
        assert hashes(kept) == expected, (path, bit)


def test_a_read_gives_the_bits_or_names_the_file(kept: Path, original: Path) -> None:
    whole, path = hthm.open(original)[2:4].tobytes(), kept / "runs-00000002-00000003.h5"
    content, bits = path.read_bytes(), random.Random(8)  # noqa: S311 -- bits, not secrets
    named = 0
    for _ in range(200):
        path.write_bytes(content)
        flipped(path, bit := bits.randrange(8 * len(content)))
        try:
            assert hthm.open(kept)[2:4].tobytes() == whole, bit
        except DatasetError as error:
            assert str(error).startswith(f"{path}: "), bit  # noqa: PT017 -- either may happen
            named += 1
    assert named > 100


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-1000]), "is damaged (it has "),
    "emptied": (lambda path: path.write_bytes(b""), "is damaged (it has 0 bytes"),
    "missing": (lambda path: path.unlink(), "must be there, and is missing."),
    "no HDF5": (lambda path: path.write_bytes(b"x" * path.stat().st_size), "is damaged ("),
    "of other runs": (
        lambda path: shutil.copy(path.with_name("runs-00000004-00000005.h5"), path),
        "must hold runs 2 to 3, and holds 4 to 5.",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_shard_is_named_and_made_again(
    damage: str, kept: Path, original: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept / "runs-00000002-00000003.h5"
    DAMAGES[damage][0](path)
    if damage == "of other runs":  # the sizes may differ, which is told first
        monkeypatch.setattr(shard_files, "_check_size", lambda *_: None)
    (fault,) = verify(kept)
    assert fault.startswith(f"{path}: ")
    assert DAMAGES[damage][1] in fault
    with pytest.raises(DatasetError, match="hthm repair makes it anew"):
        hthm.speed_h(hthm.open(kept))
    assert hthm.open(kept).load(slice(4, 8)).runs == 4  # others can be read
    assert main(["verify", str(kept)]) == 1
    told = capsys.readouterr()
    assert f"{path}: " in told.out
    assert "1 of its files is not" in told.err
    assert main(["repair", str(kept)]) == 0
    assert "made again, runs 2 to 3." in capsys.readouterr().out
    assert hashes(kept) == hashes(original)


def test_a_shard_of_other_parameters_is_named(kept: Path, original: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_SHARD", 1)
        patch.setattr(writer, "_TOGETHER", 2)
        patch.setattr(shard_files, "_check_size", lambda *_: None)
        hthm.simulate(GAS.sample(8, seed=4), 20, store=tmp_path / "other")
        path = kept / "runs-00000002-00000003.h5"
        shutil.copy(tmp_path / "other" / path.name, path)
        (fault,) = verify(kept)
        assert fault.startswith(f"{path}: must be a shard of this dataset, and is one of another")
        assert repair(kept) == []
    assert hashes(kept) == hashes(original)


def test_a_lost_start_is_named_and_cannot_be_made_again(kept: Path) -> None:
    (kept / "start-00000002-00000003.h5").unlink()
    (kept / "runs-00000002-00000003.h5").unlink()
    faults = repair(kept)
    assert len(faults) == 2
    assert faults[0].startswith(f"{kept / 'start-00000002-00000003.h5'}: must be there, and is missing. Restore it")


def test_a_start_that_is_lost_with_the_manifest_is_named(kept: Path) -> None:
    start = kept / "start-00000002-00000003.h5"
    flipped(start, 8 * (start.stat().st_size // 2))
    (fault,) = verify(kept)
    assert fault.endswith("Restore it from a copy: where runs start cannot be computed again.")
    (kept / "manifest.json").unlink()
    (fault,) = repair(kept)
    assert fault == f"{start}: must be there, and where runs 2 to 3 start is lost. Simulate again, into another folder."


def test_shards_that_overlap_are_named(kept: Path) -> None:
    stranger = kept / "runs-00000003-00000004.h5"
    shutil.copy(kept / "runs-00000002-00000003.h5", stranger)
    (fault,) = verify(kept)
    assert fault.startswith(f"{stranger}: must be named in the manifest, and is not")
    assert hthm.open(kept).load().runs == 8


def test_a_lost_manifest_is_made_of_the_shards(kept: Path, original: Path) -> None:
    (kept / "manifest.json").unlink()
    with pytest.raises(DatasetError, match="has no manifest"):
        verify(kept)
    assert repair(kept) == []
    assert hashes(kept) == hashes(original)


def test_another_versions_dataset_is_named(kept: Path) -> None:
    path = kept / "manifest.json"
    content = json.loads(path.read_text()) | {"format": "hthm dataset 9", "checksum": integrity.BLANK}
    path.write_bytes(integrity.sealed(json.dumps(content).encode(), b'"checksum": "'))
    with pytest.raises(DatasetError, match=r"must be of the format 'hthm dataset 1', got 'hthm dataset 9'\. Use the"):
        hthm.open(kept)
    with pytest.raises(DatasetError, match="hthm dataset 9"):
        repair(kept)


def test_repair_keeps_what_it_cannot_make_again(tmp_path: Path) -> None:
    traj = hthm.simulate(GAS.sample(3, seed=3), 20, record="log")
    traj.log.velocities[:, 0, 0] *= 1.5  # as if another machine had computed it
    traj.save(tmp_path)
    path = tmp_path / "runs-00000000-00000002.h5"
    flipped(path, 8 * (path.stat().st_size // 2))
    before = path.read_bytes()
    (fault,) = repair(tmp_path)
    assert fault.startswith(f"{path}: cannot be made again")
    assert path.read_bytes() == before


@pytest.mark.parametrize("record", ["log", "velocities", "counts"])
@pytest.mark.parametrize("engine", ["sorted_cells", "event"])
def test_every_recording_is_made_again(engine: str, record: Recording, tmp_path: Path) -> None:
    state = GAS.sample(3, seed=3, overlaps="reject")
    hthm.simulate(state, 20, engine=engine, record=record, positions=record == "velocities").save(tmp_path)
    before = hashes(tmp_path)
    (tmp_path / "runs-00000000-00000002.h5").unlink()
    assert repair(tmp_path) == []
    assert hashes(tmp_path) == before
