"""The table of learned entropies says the numbers that it is given, worked out by hand, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from hthm.choices.entropy import EntropyConfig
from hthm.pages.entropy_tables import entropy_markdown
from markdown import rows

N = 40


def fit(mse: float, a: float, unexplained: float | None = 0.25) -> dict[str, Any]:
    return {"mse": {"mean": mse, "sem": mse / 8}, "a": {"mean": a, "cv": 0.5}, "unexplained": unexplained}


def network(seed: int | None, steps: str | None, **values: object) -> dict[str, Any]:
    """A network as results.json holds it."""
    return {
        "seed": seed,
        "steps": steps,
        "fit": fit(0.02, -0.0375),
        "correlation": 0.875,
        "velocity_fit": fit(0.16, -0.05, 0.5),
        "velocity_correlation": 0.125,
        "looks": [{"calibration": 9.0}, {"calibration": 1.25}],
        **values,
    }


def table(*networks: dict[str, Any], **baselines: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Rows of the table by their titles; the networks are 4 wide."""
    config = EntropyConfig(n=N, diameter=0.03).as_json()
    results = {"config": config, "models": {"4": {"trainings": list(networks)}}, "baselines": baselines}
    text = entropy_markdown(results)
    assert "a = −1/n = -0.025 with no fit" in text
    return {row["h"]: row for row in rows(text)}


def test_a_row_says_the_fits_of_its_network() -> None:
    assert table(network(3, "frames"))["D = 4, frames in order, seed 3"] == {
        "h": "D = 4, frames in order, seed 3",
        "MSE": "0.0200 ± 0.0025",
        "1 − R²": "0.250",
        "r": "0.875",
        "a": "-0.03750 = -1.500/n",  # -0.0375 times 40
        "MSE, velocities": "0.160 ± 0.020",
        "1 − R², velocities": "0.500",
        "r, velocities": "0.125",
        "a, velocities": "-0.05000 = -2.000/n",
        "calibration": "1.25",  # of the last look
    }


def test_medians_are_those_of_each_quantity_over_the_seeds_of_a_kind() -> None:
    found = table(
        network(0, "frames", fit=fit(0.04, -0.0125, 0.75), correlation=0.5),
        network(0, "collisions", correlation=0.25),
        network(1, "frames", fit=fit(0.01, -0.05, 0.125), correlation=0.75, looks=[{"calibration": 0.5}]),
        network(2, "frames", fit=fit(0.03, -0.025, 0.375), correlation=0.625, looks=[{"calibration": 2.0}]),
    )
    assert [title for title in found if title.startswith("D")] == [
        *(f"D = 4, {steps} in order, seed {seed}" for seed, steps in ((0, "frames"), (0, "collisions"))),
        *(f"D = 4, frames in order, seed {seed}" for seed in (1, 2)),
        "D = 4, frames in order, median of 3",
    ]
    median = found["D = 4, frames in order, median of 3"]
    assert [median[title] for title in ("MSE", "1 − R²", "r", "a")] == [
        "0.0300",
        "0.375",
        "0.625",
        "-0.02500 = -1.000/n",
    ]
    assert [median[f"{title}, velocities"] for title in ("MSE", "r")] == ["0.160", "0.125"]
    assert median["calibration"] == "1.25"  # of 1.25, 0.5 and 2


def test_of_two_seeds_the_median_is_their_mean() -> None:
    found = table(*(network(seed, "frames", fit=fit(mse, -0.025)) for seed, mse in ((0, 0.01), (1, 0.04))))
    assert found["D = 4, frames in order, median of 2"]["MSE"] == "0.0250"


def test_what_cannot_be_fitted_is_a_dash_and_has_no_median() -> None:
    dead = {"fit": None, "correlation": None, "velocity_fit": None, "velocity_correlation": None}
    found = table(network(0, "frames"), network(1, "frames", **dead))
    assert set(list(found["D = 4, frames in order, seed 1"].values())[1:-1]) == {"–"}
    assert set(list(found["D = 4, frames in order, median of 2"].values())[1:-1]) == {"–"}
    assert found["D = 4, frames in order, median of 2"]["calibration"] == "1.25"


def test_given_networks_and_baselines_stand_beside_the_others() -> None:
    """Of a baseline a is not compared with -1/n: it has a scale of its own."""
    found = table(network(None, None, looks=[]), clock=network(0, None))
    given, clock = found["D = 4, given weights"], found["clock"]
    assert (given["a"], given["calibration"]) == ("-0.03750 = -1.500/n", "–")
    assert (clock["MSE"], clock["a"]) == ("0.0200 ± 0.0025", "-0.03750")


@pytest.mark.parametrize(
    ("width", "mse", "a"),
    [
        (16, "0.04290 ± 0.00024", "-448.22 ± 0.86"),  # √(2.841e-5 / 499), √(371.494 / 499)
        (32, "0.01548 ± 0.00013", "-4.622 ± 0.010"),  # √(8.591e-6 / 499), √(0.050707 / 499)
        (64, "0.017135 ± 0.000092", "-14.885 ± 0.014"),  # √(4.180e-6 / 499), √(0.102335 / 499)
    ],
)
def test_the_papers_rows_are_its_table_3(width: int, mse: str, a: str) -> None:
    """Means and population variances over 500 runs, from the author's notebook."""
    found = table()
    row = found[f"published, of another gas, D = {width}, on the runs of its training"]
    assert (row["MSE"], row["a"]) == (mse, a)
    others = set(row) - {"h", "MSE", "a"}
    assert {row[title] for title in others} == {"–"}
    assert len(found) == 3
