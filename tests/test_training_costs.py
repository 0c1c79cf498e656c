"""What the benchmarks of the training draw and count."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from bench.cells_figure import cells, draw, occupied

from hthm.deepsets import DeepSets, new_model

ROOT = Path(__file__).resolve().parent.parent


def crossed() -> DeepSets:
    """A network whose first layer switches at vx = 0, at vy = 0, and nowhere."""
    model = new_model(3, 0)
    with torch.no_grad():
        model.get_parameter("phi.0.weight").copy_(torch.tensor([[1.0, 0.0], [0.0, -2.0], [0.0, 0.0]]))
        model.get_parameter("phi.0.bias").copy_(torch.tensor([0.0, 0.0, 1.0]))
    return model


def test_two_lines_make_four_cells() -> None:
    numbers = cells(crossed(), reach=1.0, pixels=10)
    quarters = [numbers[:5, :5], numbers[:5, 5:], numbers[5:, :5], numbers[5:, 5:]]
    assert [len(np.unique(quarter)) for quarter in quarters] == [1] * 4
    assert len(np.unique(numbers)) == 4
    assert occupied(crossed(), np.array([[0.5, 0.5], [0.1, 0.9], [-0.5, 0.5]])) == 2


def test_the_picture_is_drawn() -> None:
    velocities = np.random.default_rng(0).normal(size=(100, 2)) * 0.1
    assert draw(new_model(4, 0), new_model(4, 1), velocities).startswith(b"\x89PNG")


def test_the_tables_of_costs_are_printed() -> None:
    few = ["--steps", "1", "--runs", "2", "--memory-runs", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.training_costs", *few], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for row in ("| 256 |", "| 3000 |", "| 2048 |", "| 1 |", "| 2 | log |", "| 2 | velocities |"):
        assert row in done.stdout
