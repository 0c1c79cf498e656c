"""`hthm estimators`: known densities are what they are said to be, and the command goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hthm.choices.bias import EstimatorsConfig
from hthm.estimators import sample_h
from hthm.experiments.known import KNOWN
from hthm.pages.bias_tables import bias_figure, bias_markdown, edges_figure
from hthm.run import main
from markdown import rows

SMALL = ["--sizes", "100", "200", "--repeats", "3", "--runs", "2", "--threads", "1"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("estimators") / "out"
    assert main(["estimators", *SMALL, "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize("name", KNOWN)
def test_known_densities_have_the_h_that_neighbours_find(name: str) -> None:
    """20 000 samples: five standard errors of 1.3 / √n, beside a bias of 0.03 at the edges of the narrow ring."""
    samples = KNOWN[name].draw(np.random.default_rng(0), 20_000)
    assert abs(float(sample_h(samples)) - KNOWN[name].h()) < 5 * 1.3 / 20_000**0.5 + 0.03


def test_the_table_and_the_figures_have_every_density_and_size(finished: Path) -> None:
    results = json.loads((finished / "estimators.json").read_text())
    assert [(row["density"], row["size"]) for row in results["rows"]] == [(n, s) for n in KNOWN for s in (100, 200)]
    text = (finished / "estimators.md").read_text()
    assert text == bias_markdown(results)
    assert len(rows(text)) == 2 * len(KNOWN) + 3  # and the bins
    for name, draw in (("bias", bias_figure), ("edges", edges_figure)):
        assert (finished / "figures" / f"{name}.png").stat().st_size
        assert draw(results).axes
    first = {name: values[0] for name, values in results["edges"]["curves"].items()}
    assert first["50 bins"] - first["50 bins, float32 velocities"] > 0.4, "s0 is an edge: rounding splits the disks"


@pytest.mark.usefixtures("unrendered")
def test_resumed_it_ends_with_the_same_numbers(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["estimators", *SMALL, "--sizes", "100", "--out", str(out)]) == 0
    assert main(["estimators", "--resume", *SMALL, "--out", str(out)]) == 0
    assert (out / "estimators.md").read_text() == (finished / "estimators.md").read_text()


def test_what_cannot_be_is_refused(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimators", *SMALL, "--out", str(finished)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main(["estimators", "--resume", "--overwrite", "--out", str(finished)]) == 2
    assert "--overwrite: must not be given with --resume" in capsys.readouterr().err
    assert main(["estimators", "--sizes", "5", "--out", str(finished)]) == 2
    assert "--sizes: must be at least 10" in capsys.readouterr().err
    with pytest.raises(ValueError, match="repeats: must be at least 2"):
        EstimatorsConfig(repeats=1)
