"""What the author of arXiv:2508.14003 published beside the paper, where a checkout has it next to the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared"
WEIGHTS = FOLDER / "published_weights"
LOSSES = FOLDER / "published_losses.csv"

needs_weights = pytest.mark.skipif(not WEIGHTS.is_dir(), reason="no published weights beside this checkout")
needs_losses = pytest.mark.skipif(not LOSSES.is_file(), reason="no published losses beside this checkout")
