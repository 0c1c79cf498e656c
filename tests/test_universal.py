"""What `hthm universal` says of −h/n beside H: known answers, and a table that says them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hthm.arrays import FloatArray
from hthm.choices.entropy import UniversalConfig
from hthm.experiments.universal import _compared, _moments, universal_markdown
from hthm.starts.kinds import EQUILIBRIUM
from markdown import numbers, rows

H: dict[tuple[str, int], FloatArray] = {
    ("two beams", 10): np.array([3.0, 2.0, 1.0]),
    ("two beams", 40): np.array([4.0, 2.0, 0.0]),
    (EQUILIBRIUM, 10): np.array([1.0, 2.0, 3.0]),
    (EQUILIBRIUM, 40): np.array([1.0, 1.0, 1.0]),
}
"""Curves of three moments, whose means are 2, 2, 2 and 1."""
LEARNED: dict[tuple[str, int], FloatArray] = {
    ("two beams", 10): np.array([10.5, 8.0, 8.5]),
    ("two beams", 40): np.array([7.0, 8.0, 9.0]),
    (EQUILIBRIUM, 10): np.array([7.0, 8.0, 9.0]),
    (EQUILIBRIUM, 40): np.array([8.0, 8.0, 5.0]),
}
"""The constant is 6, that of equilibrium with 10 disks; what is left of H then is in the comments below."""


def compared() -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["kind"], row["n"]): row for row in _compared(LEARNED, H, 10)}


def test_curves_are_compared_after_the_constant_of_equilibrium_with_the_disks_of_the_training() -> None:
    found = compared()
    assert list(found) == list(LEARNED)
    for key, learned in LEARNED.items():
        assert found[key]["learned"] == pytest.approx(learned - 6.0)
    of_others = {
        (row["kind"], row["n"]): row["learned"]
        for row in _compared({**LEARNED, (EQUILIBRIUM, 40): H[EQUILIBRIUM, 40] - 2}, H, 40)
    }
    assert of_others["two beams", 10] == pytest.approx([12.5, 10.0, 10.5])


def test_slope_fall_and_rms_worked_by_hand() -> None:
    found = compared()
    beams = found["two beams", 10]  # H - 2 is (1, 0, -1): (10.5 - 8.5) / 2; left of H: (1.5, 0, 1.5)
    assert (beams["fall"], beams["learned_fall"], beams["slope"]) == (2.0, 2.0, 1.0)
    assert beams["rms"] == pytest.approx((2 * 1.5**2 / 3) ** 0.5)
    rising = found["two beams", 40]  # H - 2 is (2, 0, -2): (14 - 18) / 8; left of H: (-3, 0, 3)
    assert (rising["fall"], rising["learned_fall"], rising["slope"]) == (4.0, -2.0, -0.5)
    assert rising["rms"] == pytest.approx(6.0**0.5)
    still = found[EQUILIBRIUM, 10]  # H itself, shifted
    assert (still["fall"], still["learned_fall"], still["slope"]) == (-2.0, -2.0, None)
    assert still["rms"] == pytest.approx(0.0, abs=1e-15)
    other = found[EQUILIBRIUM, 40]  # left of H: (1, 1, -2)
    assert (other["learned_fall"], other["slope"], other["rms"]) == (3.0, None, pytest.approx(2.0**0.5))


def test_an_entropy_has_slope_one_whatever_its_constant() -> None:
    random = np.random.default_rng(0)
    measured = {key: random.normal(size=40) for key in H}
    for row in _compared({key: values + 3.7 for key, values in measured.items()}, measured, 40):
        assert row["rms"] == pytest.approx(0, abs=1e-14)
        assert row["slope"] == (None if row["kind"] == EQUILIBRIUM else pytest.approx(1, rel=1e-14))
        assert row["learned_fall"] == pytest.approx(row["fall"], rel=1e-13)


def test_moments_begin_and_end_with_the_run_and_never_come_twice() -> None:
    assert _moments(1).tolist() == [0]
    assert _moments(3).tolist() == [0, 1, 2]  # of 1, √3 and 3, rounded, counted from 0
    for frames in (2, 59, 60, 500, 10_000):
        moments = _moments(frames)
        assert (moments[0], moments[-1]) == (0, frames - 1)
        assert (np.diff(moments) > 0).all()
        assert len(moments) <= 60


def network(seed: int, trained_on: str, **of_beams: float | None) -> dict[str, Any]:
    beams = {"kind": "two beams", "n": 10, "fall": 0.3841, "learned_fall": 0.5, "slope": 0.25, "rms": 0.0625}
    still = {"kind": EQUILIBRIUM, "n": 10, "fall": 0.002, "learned_fall": 0.001, "slope": None, "rms": 0.004}
    starts = [{**beams, **of_beams}, still]
    return {"seed": seed, "trained_on": trained_on, "steps": "collisions", "width": 32, "starts": starts}


def test_the_table_has_medians_over_the_seeds_with_least_and_most() -> None:
    networks = [
        network(0, "mixture", slope=1.25, learned_fall=0.125),
        network(0, "two beams", slope=0.75),
        network(1, "mixture", slope=-0.5, learned_fall=0.375),
        network(2, "mixture", slope=0.5, learned_fall=0.25),
    ]
    text = universal_markdown({"networks": networks, "config": {"bandwidth": 0.05}})
    assert "bandwidth 0.05 s0" in text
    assert "Not the paper's" not in text
    table = rows(text)
    assert [(row["trained on"], row["start"], row["seeds"]) for row in table] == [
        ("mixture", "two beams", "3"),
        ("mixture", EQUILIBRIUM, "3"),
        ("two beams", "two beams", "1"),
        ("two beams", EQUILIBRIUM, "1"),
    ]
    mixture, still, beams, _ = table
    assert (mixture["in order"], mixture["D"], mixture["n"]) == ("collisions", "32", "10")
    assert numbers(mixture["fall of H"]) == [0.384]
    assert numbers(mixture["fall of −h/n"]) == [0.25, 0.125, 0.375]
    assert numbers(mixture["slope"]) == [0.5, -0.5, 1.25]
    assert numbers(mixture["rms"]) == [0.062, 0.062, 0.062]
    assert still["slope"] == "–"
    assert numbers(still["rms"]) == [0.004] * 3
    assert (beams["slope"], beams["fall of −h/n"]) == ("0.750", "0.500")


def test_choices_that_differ_from_the_papers_are_named_first() -> None:
    config = UniversalConfig(diameter=0.01, overlaps="reject").as_json()
    text = universal_markdown({"networks": [network(0, "mixture")], "config": config})
    assert text.startswith("> Not the paper's gas: diameter 0.01 (paper: 0.006), overlaps reject (paper: allow)")
    assert "runs 200 (paper: 500)" in text.splitlines()[0]
