"""`hthm compare`: trainings that differ in one choice, and what their functionals are like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hthm.experiments.fits import EARLY, fit_and_shape
from hthm.experiments.variants import VARIANTS
from hthm.learning.plain_network import PlainNetwork, new_plain_network
from hthm.pages.spread import compare_markdown
from hthm.run import main

TINY = [
    *("compare", "--n", "60", "--diameter", "0.04", "--runs", "4", "--frames", "40", "--widths", "8"),
    *("--epochs", "2", "--batch", "16", "--threads", "1", "--held-out-runs", "3", "--trainings", "2"),
]


def comparison(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "compare.json").read_text())
    return content


@pytest.mark.parametrize("compared", VARIANTS)
def test_every_variant_is_trained_with_every_seed(compared: str, tmp_path: Path) -> None:
    assert main([*TINY, "--compared", compared, "--out", str(tmp_path / "out")]) == 0
    found = comparison(tmp_path / "out")
    trained = [(training["variant"], training["seed"]) for training in found["trainings"]]
    assert trained == [(name, seed) for seed in (0, 1) for name in VARIANTS[compared]]
    text = (tmp_path / "out" / "compare.md").read_text()
    assert text == compare_markdown(found)
    assert all(variant.title in text for variant in VARIANTS[compared].values())


def test_trainings_that_are_finished_are_taken(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([*TINY, "--trainings", "1", "--out", str(out)]) == 0
    before = comparison(out)["trainings"]
    assert main(["compare", "--resume", "--out", str(out), "--trainings", "2"]) == 0
    after = comparison(out)["trainings"]
    assert [training for training in after if training["seed"] == 0] == before  # their seconds too
    assert main(["compare", "--resume", "--out", str(out), "--compared", "gradient"]) == 1


def test_only_the_final_slope_differs_between_tilts(tmp_path: Path) -> None:
    """All start from the untilted loss: Loss0 of the first of one epoch is the same."""
    assert main([*TINY, "--epochs", "1", "--trainings", "1", "--out", str(tmp_path / "out")]) == 0
    losses = {training["final_loss0"] for training in comparison(tmp_path / "out")["trainings"]}
    assert len(losses) == 1


def test_the_shape_of_what_is_known() -> None:
    """H falls for 20 frames and stays; h is −H, once exactly and once with a fall more."""
    frames = np.arange(60.0)
    H = np.tile(np.maximum(5.0 - 0.1 * frames, 3.0), (2, 1))  # noqa: N806 -- the paper's symbol
    assert EARLY < 20
    same = fit_and_shape(-H, H)
    assert same is not None
    assert same["falls"] == same["late_variance"] == same["late_variance_h"] == 0
    assert same["steepness"] == pytest.approx(1)
    assert same["a"]["mean"] == pytest.approx(-1)
    wavering = -H
    wavering[0, 50:] += np.resize([0.0, -0.02], 10)
    found = fit_and_shape(wavering, H)
    assert found is not None
    assert found["falls"] == pytest.approx(5 / (2 * 59))
    late = [np.polyval(np.polyfit(h, h_of_speeds, 1), h)[30:] for h, h_of_speeds in zip(wavering, H, strict=True)]
    assert found["late_variance"] == pytest.approx(np.var(late, axis=1).mean())  # of the last half of the 60 frames
    assert found["late_variance_h"] == 0
    assert fit_and_shape(np.zeros_like(H), H) is None


def test_the_plain_network_knows_which_disk_is_which() -> None:
    model = new_plain_network(5, 4, seed=0)
    velocities = torch.randn(3, 5, 2, generator=torch.Generator().manual_seed(0))
    assert model(velocities).shape == (3,)
    assert not torch.allclose(model(velocities), model(velocities.flip(1)))
    again = new_plain_network(5, 4, seed=0).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in model.state_dict().items())
    with pytest.raises(ValueError, match="disks: must be at least 1"):
        PlainNetwork(0, 4)
