"""What a command has written or said, for tests that compare it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hthm.integrity import CHECKSUM, without_checksum
from hthm.run import main


def results(folder: Path) -> dict[str, Any]:
    """What results.json says. Its checksum, which has to be right, is left out: it is of the wall clocks, too."""
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert CHECKSUM in content
    return without_checksum(content)


def without_times(value: object) -> object:
    """Everything but wall clocks."""
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if key != "seconds"}
    if isinstance(value, list):
        return [without_times(item) for item in value]
    return value


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def complaint(arguments: list[object], capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    """What a command says where it fails: one line."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    return told.removeprefix("hthm: ").rstrip()
