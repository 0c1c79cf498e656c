"""One rule for every number that is written: two digits of the error."""

from __future__ import annotations

import math

import pytest

from hthm.pages.decimals import column, number, table, with_error


@pytest.mark.parametrize(
    ("value", "error", "written"),
    [
        (0.0428971, 0.000238, "0.04290 ± 0.00024"),
        (60.91, 39.7, "61 ± 40"),
        (5370.5, 9.04, "5370.5 ± 9.0"),
        (2240.4, 17.6, "2240 ± 18"),
        (5371.0, 1234.0, "5400 ± 1200"),
        (0.000037, 0.0000012, "(3.70 ± 0.12)e-05"),
        (-448.216, 0.8628, "-448.22 ± 0.86"),
        (1.0, 0.0996, "1.00 ± 0.10"),
        (1.0, 0.00993, "1.0000 ± 0.0099"),
        (0.3, 0.333, "0.30 ± 0.33"),
        (-0.001, 0.4, "0.00 ± 0.40"),
        (0.0, 1e-7, "0.00000000 ± 0.00000010"),
        (12.0, 0.0, "12.0 ± 0"),
        (0.0429, None, "0.0429"),
        (0.0429, math.nan, "0.0429"),
        (7.0, math.inf, "7.00"),
        (math.nan, 1.0, "–"),
        (None, None, "–"),
        (3e12, 1.0, "∞"),
        (2.5e-5, 4.1e-4, "(0.2 ± 4.1)e-04"),
    ],
)
def test_a_number_has_two_digits_of_its_error(value: float | None, error: float | None, written: str) -> None:
    assert with_error(value, error) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0154805, "0.0155"),
        (5370.5, "5370"),
        (0.0, "0"),
        (9.5e-6, "9.50e-06"),
        (999_999.0, "999999"),
        (-1.5, "-1.50"),
        (95, "95"),
        (3e-33, "0"),
    ],
)
def test_a_number_alone_has_three_digits(value: float, written: str) -> None:
    assert number(value) == written


def test_a_column_has_one_notation() -> None:
    assert column([1.7283e-4, 3.146e-5, None, 0.0, math.inf]) == ["1.73e-04", "3.15e-05", "–", "0", "∞"]
    assert column([1.7283e-4, 3.146e-2]) == ["0.000173", "0.0315"]
    assert column([(0.043, 0.0002), (4e-5, 1e-6)]) == ["(4.300 ± 0.020)e-02", "(4.00 ± 0.10)e-05"]


def test_numbers_stand_to_the_right_in_a_table() -> None:
    assert table(["D", "MSE"], [["16", "0.1"]]) == "| D | MSE |\n|---|---:|\n| 16 | 0.1 |\n"
