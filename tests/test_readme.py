"""The README keeps its word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
MARK = "---- the example ----"
"""An editable install says before that, and at the first import, what it builds."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_example_prints_what_the_readme_says_and_the_others_go_on_from_it(tmp_path: Path) -> None:
    first, *others = blocks("python")
    (printed,) = blocks("text")
    for block in (first, *others):
        lines = [line for line in block.splitlines() if line]
        assert len(lines) <= 10, "an example is ten lines at most"
    assert all(
        name in "".join(others) for name in ("State(", ".final", "load_weights", "evaluate", "affine_fit", "train(")
    )
    program = "\n".join([f"import hthm; print({MARK!r})", first, f"print({MARK!r})", *others])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(f"{MARK}\n")[1:] == [printed, ""]


def test_every_file_that_the_readme_links_to_exists() -> None:
    root = Path(__file__).resolve().parent.parent
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (root / link).exists()] == []
