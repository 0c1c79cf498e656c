"""What Python has nowhere but on POSIX is asked for on POSIX only: modules as Windows would load them."""

from __future__ import annotations

import errno
import fcntl
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

Load = Callable[[str], Any]


def locking(descriptor: int, mode: int, count: int) -> None:
    """As msvcrt locks a byte, by a lock that this system has."""
    assert (mode, count) == (2, 1)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(errno.EDEADLK, "Resource deadlock avoided") from None


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Load:
    """A module of hthm once more, beside the one that others use."""

    def load(name: str) -> Any:  # noqa: ANN401 -- a module
        path = import_module(name).__file__
        assert path is not None
        with monkeypatch.context() as patch:
            patch.setattr(sys, "platform", "win32")
            for absent in ("fcntl", "resource"):
                patch.setitem(sys.modules, absent, None)
            patch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
            spec = spec_from_file_location(f"windows_{name.rpartition('.')[2]}", path)
            assert spec is not None
            assert spec.loader is not None
            module = module_from_spec(spec)
            patch.setitem(sys.modules, spec.name, module)
            spec.loader.exec_module(module)
        return module

    return load


def test_a_folder_has_one_owner(loaded: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = loaded("hthm.owner")
    monkeypatch.setattr(sys, "platform", "win32")
    with owner.owned(tmp_path):
        assert '"pid"' in (tmp_path / owner.LOCK).read_text()
        with pytest.raises(owner.OwnedError, match="must not be in use, and a run"), owner.owned(tmp_path):
            pytest.fail("two owners")
    with owner.owned(tmp_path):
        pass


def test_files_are_written_whole(loaded: Load, tmp_path: Path) -> None:
    loaded("hthm.files").write_text(tmp_path / "text", "whole")
    assert (tmp_path / "text").read_text() == "whole"
    assert len(list(tmp_path.iterdir())) == 1


def test_there_are_no_limits_and_the_rest_is_asked_for(loaded: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = loaded("hthm.machine")
    monkeypatch.setattr(sys, "platform", "win32")
    assert machine.soft_limit("RLIMIT_AS") is None
    assert machine.available_cpus() >= 1
    assert machine.available_memory(Path("/nowhere")) is None


@pytest.mark.parametrize("name", ["hthm.command.doctor", "hthm.command.cluster", "hthm.pages.results"])
def test_commands_can_be_imported(name: str, loaded: Load) -> None:
    assert loaded(name).__doc__
