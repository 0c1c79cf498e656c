"""Our losses of every epoch beside the author's; what docs/tables.md says of them comes from the files beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from bench.published_losses import draw, read_ours, read_published, table

from published import LOSSES, needs_losses

ROOT = Path(__file__).resolve().parent.parent
TABLES = ROOT / "docs" / "tables"


def test_a_curve_between_ours_is_within_and_distances_are_shares_of_its_depth() -> None:
    published = {16: np.array([0.0, -0.2, -0.1]), 32: np.zeros(3)}
    ours = {16: np.array([[0.0, -0.3, -0.1], [0.0, -0.1, 0.0]])}
    (row,) = table(ours, published).splitlines()[2:]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "16", "2", "-0.3000 (1), -0.1000 (1)", "-0.2000 (1)", "100%", "25.00%", "8.33%", "25.0%, 2",
    ]  # fmt: skip
    assert draw(ours, published).startswith(b"\x89PNG")


def test_files_are_read_by_width_and_epoch(tmp_path: Path) -> None:
    (tmp_path / "losses.csv").write_text("width,epoch,loss,loss0\n16,0,-0.5,-0.6\n16,1,0.25,0\n32,0,1,1\n")
    (tmp_path / "tables.json").write_text(
        json.dumps({"models": {"16": {"trainings": [{"loss": [0.0, 1.0]}, {"loss": [2.0, 3.0]}]}}})
    )
    published, ours = read_published(tmp_path / "losses.csv"), read_ours(tmp_path / "tables.json")
    assert {width: curve.tolist() for width, curve in published.items()} == {16: [-0.5, 0.25], 32: [1.0]}
    assert ours[16].tolist() == [[0.0, 1.0], [2.0, 3.0]]


def test_without_the_authors_file_it_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.published_losses", "tables.json", "--published", str(tmp_path / "none.csv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert f"Skipped: there is no {tmp_path / 'none.csv'}" in done.stdout


@needs_losses
def test_the_page_says_what_the_losses_say() -> None:
    assert table(read_ours(TABLES / "tables.json"), read_published(LOSSES)) == (TABLES / "losses.md").read_text()
