"""Files that were lost are made again by the command that made them, to the same bytes or not at all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hthm.recording.store.manifest import Manifest
from hthm.run import main
from run_results import contents

GAS = ("--n", "50", "--diameter", "0.03", "--frames", "15")
COMMAND = ("simulate", *GAS, "--runs", "40", "--seed", "5", "--shard", "2/3")  # two runs a file


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("part") / "kept"
    assert main([*COMMAND, "--store", str(folder)]) == 0
    return folder


def test_files_that_were_lost_are_made_again(part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(part, tmp_path / "kept")
    store = tmp_path / "kept"
    (store / "runs-00000014-00000015.h5").unlink()
    (store / "runs-00000018-00000019.h5").write_bytes(b"cut short")
    (store / "start-00000018-00000019.h5").unlink()
    (store / "start-00000020-00000021.h5").write_bytes(b"cut short")
    capsys.readouterr()
    assert main([*COMMAND, "--store", str(store)]) == 0
    told = capsys.readouterr().out
    assert "4 runs were left to do" in told
    assert f"{store}: runs 12 to 25 of 40, " in told
    assert "hthm verify compares" in told
    assert "whole" not in told
    assert contents(store) == contents(part)


@pytest.mark.parametrize("number", [0, 1])
def test_nothing_else_is_put_in_place_of_a_lost_file(
    number: int, part: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Path(shutil.copytree(part, tmp_path / "kept"))
    manifest = Manifest.read(store)
    shard = manifest.shards[2]
    lost = store / shard.names()[number]
    name = ("start", "recording")[number]
    other = replace(getattr(shard, name), content="0" * 64)  # as if another machine had made it
    manifest.having(2, replace(shard, **{name: other})).write(store)
    lost.unlink()
    before = contents(store)
    assert main([*COMMAND, "--store", str(store)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(
        f"hthm: {lost}: must have the numbers that the manifest names, and this machine and version give"
    )
    assert contents(store) == before
