"""The tables of docs/ are their numbers: every cell is compared with the JSON beside it, and not with its writer."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hthm import paper
from hthm.experiments.ablation import ablation_markdown
from hthm.pages.spread import compare_markdown, seeds_markdown
from markdown import cells, numbers, rounded, rows, with_spread

DOCS = Path(__file__).resolve().parent.parent / "docs"
TABLES = DOCS / "tables"
FITS = {"": "fit", ", held-out runs": "held_out"}
COMPARED = ("tilt", "architecture", "gradient")


def content(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def page(name: str) -> str:
    return (TABLES / f"{name}.md").read_text(encoding="utf-8")


def of_training(training: dict[str, Any], quantity: str) -> float | None:
    """A quantity of "Every training" by its title."""
    title, _, held_out = quantity.partition(", ")
    fit = training["held_out" if held_out else "fit"]
    values: dict[str, float | None] = {
        "MSE": fit["mse"]["mean"],
        "1 − R²": fit.get("unexplained"),  # the paper says nothing of it
        "CV a": fit["a"]["cv"],
        "CV b": fit["b"]["cv"],
        "critical epoch": training["critical_epoch"],
        "final loss": training["final_loss"],
        "final Loss0": training["final_loss0"],
    }
    return values[title]


def of_paper(width: int, quantity: str) -> float | None:
    row = paper.PUBLISHED[width]
    return {
        "MSE": row.mse,
        "1 − R²": row.mse / content("tables")["H"]["variance"],  # of our H: the paper says nothing of its own
        "CV a": row.a_variance**0.5 / abs(row.a),
        "CV b": row.b_variance**0.5 / abs(row.b),
        "critical epoch": row.critical_epoch,
        "final loss": row.final_loss,
        "final Loss0": row.final_loss0,
    }.get(quantity)


def assert_says(cell: str, value: float | None, where: object) -> None:
    assert cell == "–" if value is None else rounded(cell, value), f"{where}: {cell} is not {value}"


@pytest.mark.parametrize("text", ["written", "published"])
def test_every_training_of_the_widths_has_its_numbers(text: str) -> None:
    found = content("tables")
    table = [row for row in rows(page("tables") if text == "published" else seeds_markdown(found)) if "seed" in row]
    trained = [(width, one) for width, model in found["models"].items() for one in model["trainings"]]
    assert len(table) == len(trained) == 15
    for row, (width, training) in zip(table, trained, strict=True):
        assert (row.pop("D"), row.pop("seed")) == (width, str(training["seed"]))
        assert len(row) == 11
        for title, cell in row.items():
            assert_says(cell, of_training(training, title), (width, training["seed"], title))


@pytest.mark.parametrize("text", ["written", "published"])
def test_spreads_over_the_seeds_are_those_of_the_trainings_beside_the_papers(text: str) -> None:
    found = content("tables")
    table = [row for row in rows(page("tables") if text == "published" else seeds_markdown(found)) if "inside" in row]
    assert len(table) == 3 * 11
    for row in table:
        title, where = row[""], (row["D"], row[""])
        values = [of_training(training, title) for training in found["models"][row["D"]]["trainings"]]
        there = [value for value in values if value is not None]
        assert int(row["trainings"]) == len(there)
        mean, spread = with_spread(row["mean"])
        assert_says(mean, float(np.mean(there)), where)
        assert_says(spread, float(np.std(there, ddof=1)), where)
        least, most = row["least … most"].split(" … ")
        assert_says(least, min(there), where)
        assert_says(most, max(there), where)
        theirs = of_paper(int(row["D"]), title)
        assert_says(row["published"], theirs, where)
        inside = "–" if theirs is None else "yes" if min(there) <= theirs <= max(there) else "no"
        assert row["inside"] == inside, where


def test_published_json_and_page_have_the_papers_numbers() -> None:
    """What a run writes of the paper, and what docs/tables.md says of it, without the author's files."""
    for width, model in content("tables")["published"].items():
        (training,) = model["trainings"]
        for title in ("MSE", "CV a", "CV b", "critical epoch", "final loss", "final Loss0"):
            assert of_training(training, title) == pytest.approx(of_paper(int(width), title), rel=1e-15)
    said = {(row["D"], row[""]): row for row in rows((DOCS / "tables.md").read_text("utf-8")) if "inside" in row}
    assert list(said.values()) == [row for row in rows(page("tables")) if "inside" in row]


def test_a_trap_changes_the_fits_by_the_ratio_that_is_said() -> None:
    found = content("tables")
    table = [row for row in rows(page("tables")) if "H in the first frame" in row]
    assert len(table) == 3 * 3
    for row in table:
        traps = [one["traps"] for one in found["models"][row["h"].removeprefix("D = ")]["trainings"]]
        assert_says(row["H in the first frame"], traps[0][row["H"]]["first_h"], row)
        for title, key in (("MSE, times", "mse"), ("a, times", "a")):
            ratios = [one[row["H"]][key]["mean"] / one["as it is"][key]["mean"] for one in traps]
            mean, spread = with_spread(row[title])
            assert_says(mean, float(np.mean(ratios)), row)
            assert_says(spread, float(np.std(ratios, ddof=1)), row)


def test_baselines_have_their_fits() -> None:
    found = content("tables")["baselines"]
    table = {row.pop("h"): row for row in rows(page("tables")) if {"h", "CV b, held-out runs"} <= set(row)}
    assert list(table) == list(found)
    for name, row in table.items():
        for title, cell in row.items():
            quantity, _, held_out = title.partition(", ")
            fit = found[name]["held_out" if held_out else "fit"]
            values = {"MSE": fit["mse"]["mean"], "1 − R²": fit["unexplained"]}
            value = values[quantity] if quantity in values else fit[quantity[-1]]["cv"]
            if value is not None and value > 1e9:  # b of the mean of H is 0 but for rounding
                assert cell == "∞", (name, title)
            else:
                assert_says(with_spread(cell)[0], value, (name, title))


@pytest.mark.parametrize("name", COMPARED)
@pytest.mark.parametrize("text", ["written", "published"])
def test_compared_trainings_have_their_mean_and_spread(name: str, text: str) -> None:
    found = content(name)
    *table, itself = rows(page(name) if text == "published" else compare_markdown(found))
    assert len(table) == len({training["title"] for training in found["trainings"]})
    for row in [*table, itself]:
        trainings = [one for one in found["trainings"] if one["title"] == row[""]]
        if row is itself:
            assert (row["D"], row[""], row["trainings"]) == ("–", "−H itself", "–")
            trainings = [{"critical_epoch": None, "final_loss0": None, **found["h_itself"]}]
        else:
            assert (int(row["D"]), int(row["trainings"])) == (trainings[0]["width"], len(trainings))
        fits = [one["held_out"] for one in trainings]
        expected: dict[str, list[Any]] = {
            "MSE, runs of the training": [one["fit"] and one["fit"]["mse"]["mean"] for one in trainings],
            "1 − R², runs of the training": [one["fit"] and one["fit"]["unexplained"] for one in trainings],
            "MSE": [fit and fit["mse"]["mean"] for fit in fits],
            "1 − R²": [fit and fit["unexplained"] for fit in fits],
            "CV a": [fit and fit["a"]["cv"] for fit in fits],
            "h falls, % of the frames": [fit and 100 * fit["falls"] for fit in fits],
            "late variance, times that of H": [fit and fit["late_variance"] / fit["late_variance_h"] for fit in fits],
            "slope at the start, times that of H": [fit and fit["steepness"] for fit in fits],
            "critical epoch": [one["critical_epoch"] for one in trainings],
            "final Loss0": [one["final_loss0"] for one in trainings],
        }
        assert set(expected) == set(row) - {"D", "", "trainings"}
        for title, values in expected.items():
            there = [value for value in values if value is not None]
            mean, spread = with_spread(row[title])
            value = float(np.mean(there)) if there else None
            if value and len(mean.strip("-")) > 1 and mean[-1] == "0" and "." not in mean:  # as in 90 ± 130
                value = round(value, -1)
            assert_says(mean, value, (row[""], title))
            if spread:
                deviation = float(np.std(there, ddof=1))
                assert_says(spread, float(f"{deviation:.1e}"), (row[""], title))
                assert rounded(f"{float(spread):.1e}", deviation)
            assert bool(spread) == (len(there) > 1)


@pytest.mark.parametrize("text", ["written", "published"])
def test_changes_of_the_recipe_have_the_medians_of_their_seeds(text: str) -> None:
    found = content("ablation")
    n = found["config"]["n"]
    table = rows(page("ablation") if text == "published" else ablation_markdown(found))
    assert len(table) == len({(one["steps"], one["width"], one["title"]) for one in found["trainings"]})
    for row in table:
        key = (row["in order"], int(row["D"]), row["change"])
        trainings = [one for one in found["trainings"] if (one["steps"], one["width"], one["title"]) == key]
        assert int(row["seeds"]) == len(trainings)
        mse = [one["fit"]["mse"]["mean"] for one in trainings]
        least, most = row["least … most"].split(" … ")
        assert_says(least, min(mse), key)
        assert_says(most, max(mse), key)
        for title, values in {
            "MSE": mse,
            "1 − R²": [one["fit"]["unexplained"] for one in trainings],
            "1 − R², H of the velocities": [one["velocity_fit"]["unexplained"] for one in trainings],
            "r": [one["correlation"] for one in trainings],
            "a, times n": [n * one["fit"]["a"]["mean"] for one in trainings],
            "MSE, H of the velocities": [one["velocity_fit"]["mse"]["mean"] for one in trainings],
            "calibration": [one["calibration"] for one in trainings],
        }.items():
            there = [value for value in values if value is not None]
            assert_says(row[title], statistics.median(there) if there else None, (key, title))


@pytest.mark.parametrize(
    "name", ["README.md", *(str(path.relative_to(DOCS.parent)) for path in sorted(DOCS.rglob("*.md")))]
)
def test_wherever_an_mse_stands_1_minus_r2_stands_beside_it(name: str) -> None:
    text = (DOCS.parent / name).read_text(encoding="utf-8")
    for row in rows(text) if "MSE" in text else ():
        titles = [title for title in row if "MSE" in title and "times" not in title]  # times: of another MSE
        assert not titles or [title for title in row if "1 − R²" in title], f"{name}: {row}"
    named = re.findall(r"^\| \d+ \| (MSE|1 − R²)(.*?) \|", text, re.MULTILINE)
    assert {of for of_what, of in named if of_what == "MSE"} <= {of for of_what, of in named if of_what != "MSE"}


def test_1_minus_r2_of_learned_entropies_is_their_mse_beside_the_variance_of_h() -> None:
    """The held-out runs of that page and of README are those of ablation.json, which knows how far their H moves."""
    variances = {"": content("ablation")["H"]["variance"], ", H of the velocities": 0.0}
    of_velocities = [row["velocity_fit"] for row in content("ablation")["trainings"] if row["velocity_fit"]]
    variances[", H of the velocities"] = of_velocities[0]["mse"]["mean"] / of_velocities[0]["unexplained"]
    compared = 0
    for path in (DOCS / "learned-entropy.md", DOCS.parent / "README.md"):
        for row in rows(path.read_text(encoding="utf-8")):
            for of, variance in variances.items():
                title = next((title for title in row if title in {f"MSE{of}", f"MSE of H ≈ a·h + b{of}"}), None)
                if title is None or "h" not in row:
                    continue
                mse, unexplained = numbers(row[title]), numbers(row[f"1 − R²{of}"])
                np.testing.assert_allclose(unexplained, np.array(mse) / variance, rtol=0.05)
                compared += len(mse)
    assert compared > 20


def test_lowest_losses_are_those_of_our_curves() -> None:
    """The columns of losses.md that need nothing of the author's."""
    models = content("tables")["models"]
    table = rows(page("losses"))
    assert [row["D"] for row in table] == list(models)
    for row in table:
        curves = np.array([one["loss"] for one in models[row["D"]]["trainings"]])  # (seeds, epochs)
        said = numbers(row["lowest (epoch), ours"])
        assert int(row["seeds"]) == len(curves) == len(said) // 2
        assert said[1::2] == curves.argmin(axis=1).tolist()
        np.testing.assert_allclose(said[::2], curves.min(axis=1), atol=5.001e-5)
    text = (DOCS / "tables.md").read_text(encoding="utf-8")
    assert [row for row in rows(text) if "within ours" in row] == table


def test_the_page_of_the_learned_entropy_quotes_its_tables() -> None:
    """Falls and slopes of `hthm universal`: every number of the page stands in tables/universal.md."""
    text = page("universal")
    recipe = [row for row in rows(text[: text.index("\n## ", text.index("## The recipe") + 1)]) if row["n"] == "1000"]
    table = {(row["trained on"], row["start"]): row for row in recipe if row["D"] == "32"}
    section = (DOCS / "learned-entropy.md").read_text("utf-8").partition("\n## Other starts\n")[2]
    said = rows(section.partition("\n## ")[0])
    assert len(said) == 5
    for row in said:
        for title, trained_on in (
            ("trained on equal speeds: slope", "equal speeds"),
            ("on all five: slope, rms", "mixture"),
        ):
            source = table[trained_on, row["start"]]
            assert rounded(row["fall of H"], float(source["fall of H"]))
            if row["start"] != "equilibrium":
                (slope, *_), (theirs, *_) = numbers(row[title]), numbers(source["slope"])
                assert slope == pytest.approx(theirs, abs=0.0055), (row["start"], title)


def test_the_page_of_the_learned_entropy_quotes_its_ablation() -> None:
    """Medians over the seeds, with least and most of the MSE, at D = 16."""
    text = (DOCS / "learned-entropy.md").read_text("utf-8").partition("\n## What each choice is worth\n")[2]
    lines = [cells(line) for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    trainings = [one for one in content("ablation")["trainings"] if one["width"] == 16]
    assert len(lines) == 2 + 8
    for title, *said in lines[2:]:
        for steps, (mse, range_, unexplained, r, *a) in (("frames", said[:4]), ("collisions", said[4:])):
            ours = [one for one in trainings if (one["title"], one["steps"]) == (title, steps)]
            assert bool(ours) == (mse != "–"), (title, steps)
            if ours:
                fits = [one["fit"] for one in ours]
                each = [fit["mse"]["mean"] for fit in fits]
                assert_says(mse, statistics.median(each), (title, steps))
                for cell, value in zip(range_.split(" … "), (min(each), max(each)), strict=True):
                    assert_says(cell, value, (title, steps))
                assert_says(unexplained, statistics.median(fit["unexplained"] for fit in fits), (title, steps))
                assert_says(r, statistics.median(one["correlation"] for one in ours), (title, steps, "r"))
                for cell in a:
                    assert_says(cell, 1000 * statistics.median(fit["a"]["mean"] for fit in fits), (title, steps, "a"))


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.md")), ids=lambda path: path.stem)
def test_nothing_is_remarked_twice(path: Path) -> None:
    remarks = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(">")]
    assert len(set(remarks)) == len(remarks)
