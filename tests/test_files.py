"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from hthm.files import write_bytes, write_text, written_whole


def test_a_file_appears_with_all_its_content(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "ä\n")
    write_bytes(tmp_path / "b", b"\0\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "ä\n".encode()
    assert (tmp_path / "b").read_bytes() == b"\0\r\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "results.json"
    write_text(target, "old")
    with pytest.raises(error), written_whole(target) as part:  # noqa: PT012 -- the block is what is interrupted
        part.write_text("half of the ne")
        assert target.read_text() == "old"
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    write_text(tmp_path / "ours", "")
    (tmp_path / "plain").touch()
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_content_is_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def watched_rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_rename)
    write_text(tmp_path / "a", "b")
    assert steps == ["file", "rename", "folder"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such folder to write into.*missing"):
        write_text(tmp_path / "missing" / "a", "b")


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        write_text(tmp_path, "b")


def test_a_full_disk_is_said_with_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught, written_whole(tmp_path / "a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(tmp_path / "a")


REFUSALS = [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EACCES]


def refusing_fsync(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Refuse to sync folders, as CIFS and some shared folders do."""
    fsync = os.fsync

    def refused(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refused)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_folder_that_cannot_be_synced_is_no_obstacle(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing_fsync(monkeypatch, code)
    write_text(tmp_path / "a", "whole")
    assert (tmp_path / "a").read_text() == "whole"


def test_a_broken_disk_is_said_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing_fsync(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error") as caught:
        write_text(tmp_path / "a", "whole")
    assert caught.value.filename == str(tmp_path / "a")


def test_a_rename_that_fails_names_the_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(self), None, str(target))

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OSError, match=r"Invalid cross-device link: '[^']*/a'$"):
        write_text(tmp_path / "a", "whole")
    assert not list(tmp_path.iterdir())


def test_file_names_that_are_no_text_are_spelled(tmp_path: Path) -> None:
    write_text(tmp_path / "a", os.fsdecode(b'"\xff"'))
    assert json.loads((tmp_path / "a").read_text(encoding="utf-8")) == os.fsdecode(b"\xff")
