"""`--preset improved`: a run that learns an entropy, at a tiny size."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from hthm import paper
from hthm.choices.ablations import ABLATIONS
from hthm.choices.entropy import EntropyConfig
from hthm.deepsets import new_model
from hthm.experiments.ablation import ablation_markdown
from hthm.experiments.ensembles import mixed, started
from hthm.experiments.universal import universal_markdown
from hthm.integrity import CHECKSUM
from hthm.learning.recipes import entropic
from hthm.learning.weights import load_configuration, load_weights, save_weights
from hthm.pages.entropy_figures import losses_figure, universal_figure
from hthm.pages.entropy_tables import entropy_markdown
from hthm.pages.remarks import headed
from hthm.pages.results import ResultsFolder
from hthm.run import main
from hthm.starts.kinds import COMPARED, ENSEMBLES, NamedStart

TINY = [
    *("--preset", "improved", "--n", "60", "--diameter", "0.03", "--runs", "4", "--frames", "20", "--threads", "1"),
    *("--training-frames", "12", "--check-runs", "2", "--held-out-runs", "3", "--rate-runs", "2"),
    *("--frame-rates", "20", "60", "--widths", "4", "--updates", "8", "--trainings", "2"),
]

STEPS = ("frames", "collisions")
ROWS = {"ablation": "trainings", "universal": "networks"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, with a given network of the paper's architecture beside."""
    out = tmp_path_factory.mktemp("entropy")
    save_weights(out / "given.safetensors", new_model(3, 0))
    assert main([*TINY, "--weights", str(out / "given.safetensors"), "--out", str(out / "results")]) == 0
    return out / "results"


def results(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return content


def test_results_have_the_keys_that_others_rely_on(finished: Path) -> None:
    content = results(finished)
    assert {"simulation", "models", "published", "config", "environment"} <= set(content)
    assert list(content["models"]) == ["3", "4"]
    (given,) = content["models"]["3"]["trainings"]
    assert given["seed"] is given["final_loss"] is None
    trainings = content["models"]["4"]["trainings"]
    assert [(one["steps"], one["seed"]) for one in trainings] == [
        ("frames", 0), ("collisions", 0), ("frames", 1), ("collisions", 1)
    ]  # fmt: skip
    for one in trainings:
        assert {"seed", "final_loss", "final_loss0", "critical_epoch", "seconds", "fit"} <= set(one)
        assert set(one["fit"]["mse"]) == {"mean", "sem"}
        assert one["looks"][-1]["update"] == (4 if one["steps"] == "frames" else 8)


def test_the_tables_show_all_networks_and_what_nobody_had_to_learn(finished: Path) -> None:
    text = (finished / "tables.md").read_text()
    assert text == headed(results(finished), entropy_markdown(results(finished)))
    for row in (
        "D = 3, given",
        "D = 4, frames in order, seed 1",
        "collisions in order, median of 2",
        "frames)",
        "kurt",
    ):
        assert row in text
    page = (finished / "report.html").read_text()
    assert "A learned entropy" in page
    assert "data:image/png;base64," in page


def test_it_goes_on_after_a_stop_with_what_is_finished(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, path = results(finished), finished / "models" / "d4-frames-seed1.safetensors"
    weights = load_weights(path).state_dict()
    path.unlink()
    assert main(["--preset", "improved", "--resume", "--out", str(finished)]) == 0
    assert capsys.readouterr().out.count("finished before") == 3
    again = load_weights(path).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in weights.items())
    for one, other in zip(
        results(finished)["models"]["4"]["trainings"], before["models"]["4"]["trainings"], strict=True
    ):
        assert one["fit"] == other["fit"]


def test_its_figures_are_drawn_again(finished: Path) -> None:
    before = (finished / "report.html").read_bytes()
    (finished / "report.html").unlink()
    assert main(["figures", "--out", str(finished)]) == 0
    assert (finished / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--updates", "0"], "--updates: must be"),
        (["--updates", "5", "--warm-up", "5"], "--warm-up: must be"),
        (["--steps", "runs"], "steps"),
        (["--blur", "-1"], "--blur: must be"),
    ],
)
def test_choices_that_cannot_be_are_refused(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TINY, *options, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


SMALL = [option for option in TINY if option not in {"--preset", "improved"}]


@pytest.fixture(scope="module")
def ablated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ablation") / "out"
    assert main(["ablate", *SMALL, "--trainings", "1", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("universal") / "out"
    assert main(["universal", *SMALL, "--sizes", "30", "--out", str(out)]) == 0
    return out


def table(folder: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return content


def test_every_change_of_the_recipe_is_trained(ablated: Path, tmp_path: Path) -> None:
    found = table(ablated, "ablation")
    for steps in STEPS:
        trained = [row["change"] for row in found["trainings"] if row["steps"] == steps]
        assert trained == [name for name, ablation in ABLATIONS.items() if steps in ablation.steps]
    assert (ablated / "ablation.md").read_text() == ablation_markdown(found)
    assert main(["ablate", *SMALL, "--changes", "wishful", "--out", str(tmp_path / "other")]) == 2


@pytest.mark.parametrize("steps", STEPS)
def test_every_change_changes_the_recipe(steps: Any) -> None:  # noqa: ANN401 -- a literal
    recipe, architecture = EntropyConfig().arrow_config(steps, 0), entropic(paper.S0)
    for name, ablation in ABLATIONS.items():
        if steps in ablation.steps and name != "recipe":
            changed = (
                ablation.architecture and ablation.architecture(architecture) != architecture,
                ablation.training and ablation.training(recipe) != recipe,
                (ablation.width, ablation.runs) != (1, 1),
            )
            assert sum(map(bool, changed)) == 1, name


def test_an_entropy_is_followed_from_every_start_and_at_every_size(followed: Path) -> None:
    found = table(followed, "universal")
    trained = [(network["seed"], network["trained_on"]) for network in found["networks"]]
    assert trained == [(seed, name) for seed in (0, 1) for name in ("equal speeds", "mixture")]
    for network in found["networks"]:
        starts = [(start["kind"], start["n"]) for start in network["starts"]]
        assert starts == [(kind, n) for kind in COMPARED for n in (60, 30)]
    assert (followed / "universal.md").read_text() == universal_markdown(found)
    assert (followed / "figures" / "universal.png").stat().st_size


@pytest.mark.usefixtures("unrendered")
def test_the_exact_engine_can_follow_an_entropy(tmp_path: Path) -> None:
    exact = ["--engine", "event", "--overlaps", "reject", "--sizes", "--trained-on", "two beams", "--trainings", "1"]
    assert main(["universal", *SMALL, *exact, "--out", str(tmp_path / "out")]) == 0
    (network,) = table(tmp_path / "out", "universal")["networks"]
    assert (network["trained_on"], len(network["starts"])) == ("two beams", len(COMPARED))


def test_a_panel_shows_what_was_trained_on_its_start_alone_or_on_all_others(followed: Path) -> None:
    found = table(followed, "universal")
    names = ("uniform speeds", "all but two beams", "mixture", "mixture")
    found["networks"] = [found["networks"][0] | {"trained_on": name} for name in names]
    drawn = {axes.get_title(): axes.get_legend_handles_labels()[1] for axes in universal_figure(found).axes}
    assert drawn["uniform speeds"] == ["H", "trained on this start alone", "trained on all five starts"]
    assert drawn["two beams"] == ["H", "trained on the four others", "trained on all five starts"]
    assert drawn["equilibrium"] == ["H", "trained on all five starts"]


def test_losses_are_drawn_for_what_was_trained(finished: Path) -> None:
    figure = losses_figure(results(finished))
    assert [axes.get_title() for axes in figure.axes] == ["frames in order", "collisions in order"]
    for axes in figure.axes:
        assert axes.get_legend_handles_labels()[1] == ["no idea: ln 2", "D = 4, seen", "D = 4, held out"]
        assert len(axes.lines) == 5  # ln 2, and two of each of two seeds
    assert (finished / "figures" / "entropy_losses.pdf").stat().st_size


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize(
    ("command", "name", "rows", "more"),
    [
        ("ablate", "ablation", "trainings", ["--trainings", "2", "--changes", "recipe", "batch"]),
        ("universal", "universal", "networks", ["--trained-on", "mixture", "leave one out"]),
    ],
)
def test_tables_go_on_after_a_stop_and_may_go_further(
    command: str,
    name: str,
    rows: str,
    more: list[str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    finished, out = request.getfixturevalue({"ablate": "ablated", "universal": "followed"}[command]), tmp_path / "out"
    shutil.copytree(finished, out)
    whole = table(finished, name)[rows]
    stopped = table(finished, name)
    del stopped[rows][-2:]
    del stopped[CHECKSUM]
    ResultsFolder(out).write_json(f"{name}.json", stopped)
    assert main([command, "--resume", "--out", str(out)]) == 0
    assert capsys.readouterr().out.count("finished before") == len(whole) - 2
    again = table(out, name)[rows]
    assert [row | {"seconds": 0} for row in again] == [row | {"seconds": 0} for row in whole]
    assert main([command, "--resume", "--out", str(out), *more]) == 0
    further = table(out, name)[rows]
    assert further[: len(whole)] == again
    assert len(further) == len(whole) + (4 if command == "ablate" else 10)
    assert main([command, "--resume", "--out", str(out), "--blur", "0.5"]) == 1
    assert "other choices" in capsys.readouterr().err


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize(
    ("command", "folder", "name"),
    [(["ablate"], "ablated", "ablation"), (["universal"], "followed", "universal"), ([], "finished", "")],
)
def test_a_folder_from_before_a_choice_was_there_goes_on(
    command: list[str],
    folder: str,
    name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    shutil.copytree(request.getfixturevalue(folder), out)
    config = json.loads((out / "config.json").read_text())
    assert config.pop("warm_up") == 0
    (out / "config.json").write_text(json.dumps(config))
    if name:
        rows = table(out, name)
        del rows["config"]["warm_up"], rows[CHECKSUM]
        ResultsFolder(out).write_json(f"{name}.json", rows)
    trained = [path for path in (out / "models").glob("*.safetensors") if "made_by" in load_configuration(path)]
    for path in trained:
        said = load_configuration(path)
        del said["made_by"]["warm_up"], said["made_by"]["training"]["warm_up"]
        save_weights(path, load_weights(path), said)
    assert main([*command, "--resume", "--out", str(out), "--warm-up", "1"]) == 1  # it had none
    assert "other choices" in capsys.readouterr().err
    assert main([*command, "--resume", "--out", str(out)]) == 0
    assert capsys.readouterr().out.count("finished before") == (len(table(out, name)[ROWS[name]]) if name else 4)
    assert len(trained) == (0 if name else 4)
    assert json.loads((out / "config.json").read_text())["warm_up"] == 0


def test_a_mixture_has_equal_shares_of_its_starts() -> None:
    state = mixed(paper.GAS, "all but two beams", 9, seed=0)
    assert state.runs == 8
    parts = [started(paper.GAS, kind, 2, seed=0).velocities for kind in COMPARED if kind != "two beams"]
    assert state.velocities.tobytes() == b"".join(part.tobytes() for part in parts)
    assert len(ENSEMBLES) == 2 * len(COMPARED) + 1


@pytest.mark.parametrize("kind", COMPARED)
def test_all_starts_have_the_same_energy(kind: NamedStart) -> None:
    """20 000 disks: the mean of v² is s0² to 5 standard errors, of at most 1 / √20 000 each."""
    state = started(paper.GAS, kind, 20, seed=0)
    assert state.energy().mean() == pytest.approx(500 * paper.S0**2, rel=5 / 20_000**0.5)
