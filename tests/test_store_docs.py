"""docs/store.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import hthm

DOCS = (Path(__file__).resolve().parent.parent / "docs" / "store.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # torch, where there is one processor
def test_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```python\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/store.md", "exec"), names)  # noqa: S102 -- our own page
    traj = names["traj"]
    assert names["kept"].shape == (6, 100, 200, 2)
    assert names["kept"][3, -1].tobytes() == traj.dense()[3, -1].tobytes()
    assert names["velocities"].tobytes() == traj.dense().tobytes()
    assert names["H"].tobytes() == hthm.speed_h(traj).tobytes()
    assert names["some"].runs == 2
    assert names["before"].shape == names["after"].shape == (64, 200, 2)
    written = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert written == ["manifest.json", "runs-00000000-00000005.h5", "start-00000000-00000005.h5"]
    for name in ("kept", "larger"):  # the same runs, the same bytes
        assert (tmp_path / name / written[1]).read_bytes() == (tmp_path / "kept" / written[1]).read_bytes()
