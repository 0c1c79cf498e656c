"""What a run has written, for tests that compare runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hthm.integrity import CHECKSUM, without_checksum


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
