"""What the pages show as Python runs as it stands, block after block, and the commands that it needs before."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
ELSEWHERE = {"store.md": "tests/test_store_docs.py compares its results"}
FIRST = {"data.md": ["simulate --store kept --seed 1 --runs 12 --n 300 --diameter 0.02 --frames 60 --workers 2"]}
"""Commands of a page whose files its Python reads."""


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_the_code_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    if page in ELSEWHERE or not blocks:
        return
    monkeypatch.chdir(tmp_path)
    for command in FIRST.get(page, []):
        assert f"\nhthm {command}\n" in text
        subprocess.run([sys.executable, "-m", "hthm", *shlex.split(command)], check=True, timeout=120)
    names: dict[str, Any] = {"__name__": "page"}
    for number, block in enumerate(blocks):
        exec(compile(block, f"docs/{page}, block {number + 1}", "exec"), names)  # noqa: S102 -- our own page
