"""The README keeps its word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
MARK = "---- the example ----"
"""An editable install says before that, and at the first import, what it builds."""


def block(language: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"README.md has {len(blocks)} blocks of {language}, not one"
    text: str = blocks[0]
    return text


def test_example_prints_what_the_readme_says(tmp_path: Path) -> None:
    example = block("python")
    assert len(example.splitlines()) <= 10, "the example is ten lines at most"
    program = f"import hthm; print({MARK!r})\n{example}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.partition(f"{MARK}\n")[2] == block("text")


def test_every_file_that_the_readme_links_to_exists() -> None:
    root = Path(__file__).resolve().parent.parent
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (root / link).exists()] == []
