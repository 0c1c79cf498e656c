"""The losses are eqs. (10b) and (11), or that of logistic regression; the schedule is eq. (12)."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hthm.learning.loss import logistic_loss, loss0, negative_slope, tilted_loss

CHANGE = torch.tensor([0.5, -1.0, 2.0, -0.25], dtype=torch.float64)
changes = st.lists(st.floats(-5, 5), min_size=1, max_size=20).map(lambda x: torch.tensor(x, dtype=torch.float64))


def test_tilted_loss_worked_by_hand() -> None:
    # leaky_relu(-change, 0.2) = -0.1, 1, -0.4, 0.25: mean 0.1875. Squares 0.25, 1, 4, 0.0625: mean 1.328125.
    assert tilted_loss(CHANGE, negative_slope=0.2, penalty=0.2).item() == pytest.approx(0.1875 + 0.265625, abs=1e-15)


def test_loss0_worked_by_hand() -> None:
    # Mean of the change: 1.25 / 4.
    assert loss0(CHANGE, penalty=0.2).item() == pytest.approx(-0.3125 + 0.265625, abs=1e-15)


def test_logistic_loss_worked_by_hand() -> None:
    # Δh = ln 3: the right order has the odds 3 to 1, and costs ln(4/3); Δh = -ln 3 costs ln 4. Squares (ln 3)².
    change = torch.tensor([math.log(3), -math.log(3)], dtype=torch.float64)
    expected = (math.log(4 / 3) + math.log(4)) / 2
    assert logistic_loss(change).item() == pytest.approx(expected, abs=1e-15)
    assert logistic_loss(change, penalty=0.1).item() == pytest.approx(expected + 0.1 * math.log(3) ** 2, abs=1e-15)
    assert logistic_loss(torch.zeros(3)).item() == pytest.approx(math.log(2))


def test_logistic_loss_is_least_where_the_odds_are_right() -> None:
    """Of 4 steps that look alike, 3 go forwards: Δh = ln 3."""
    rise = torch.linspace(0.5, 2, 1501, dtype=torch.float64)
    losses = torch.stack([logistic_loss(torch.stack([x, x, x, -x])) for x in rise])
    assert rise[losses.argmin()].item() == pytest.approx(math.log(3), abs=1e-3)


def test_logistic_loss_stays_finite_far_out() -> None:
    assert logistic_loss(torch.tensor([-1e4, 1e4])).item() == pytest.approx(5e3)


@given(changes, st.floats(0, 2))
def test_slope_one_is_the_loss_without_a_tilt(change: torch.Tensor, penalty: float) -> None:
    tilted = tilted_loss(change, negative_slope=1.0, penalty=penalty)
    assert tilted.item() == pytest.approx(loss0(change, penalty=penalty).item(), abs=1e-12)


@given(changes, st.floats(0, 1), st.floats(0.01, 2), st.floats(0.01, 100))
def test_scaling_h_and_the_penalty_scales_the_losses(
    change: torch.Tensor, slope: float, penalty: float, beta: float
) -> None:
    """Eq. (14)."""
    scaled = tilted_loss(beta * change, negative_slope=slope, penalty=penalty / beta)
    expected = beta * tilted_loss(change, negative_slope=slope, penalty=penalty)
    assert scaled.item() == pytest.approx(expected.item(), rel=1e-9, abs=1e-9)
    scaled0, expected0 = loss0(beta * change, penalty=penalty / beta), beta * loss0(change, penalty=penalty)
    assert scaled0.item() == pytest.approx(expected0.item(), rel=1e-9, abs=1e-9)


def test_shifting_h_changes_no_loss() -> None:
    h = torch.tensor([[0.0, 0.5, -0.25], [1.0, 1.5, 3.0]], dtype=torch.float64)  # (runs, frames), exact in binary
    for shift in (0.0, 8.0, -1024.0):
        change = (h + shift).diff(dim=1).flatten()
        assert torch.equal(change, h.diff(dim=1).flatten())


@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
def test_gradients_are_those_of_finite_differences(slope: float) -> None:
    change = CHANGE.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: tilted_loss(x, negative_slope=slope, penalty=0.2), change)
    assert torch.autograd.gradcheck(lambda x: loss0(x, penalty=0.2), change)
    assert torch.autograd.gradcheck(lambda x: logistic_loss(x, penalty=0.2), change)


@pytest.mark.parametrize(
    ("epoch", "epochs", "final", "slope"),
    [
        (0, 120, 0.2, 1.0),
        (119, 120, 0.2, 0.2),
        (1, 120, 0.2, 1 - 0.8 / 119),
        (2, 5, 0.0, 0.5),
        (4, 5, 0.0, 0.0),
        (3, 5, 1.0, 1.0),
        (0, 1, 0.2, 1.0),
    ],
)
def test_schedule_worked_by_hand(epoch: int, epochs: int, final: float, slope: float) -> None:
    assert negative_slope(epoch, epochs, final) == pytest.approx(slope, abs=1e-15)


def test_both_ends_of_the_schedule_are_exact() -> None:
    assert [negative_slope(0, 7, 0.3), negative_slope(6, 7, 0.3)] == [1.0, 0.3]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((120, 120, 0.2), "epoch"),
        ((-1, 120, 0.2), "epoch"),
        ((0.5, 5, 0.2), "epoch"),
        ((0, 0, 0.2), "epochs"),
        ((0, 5, 1.1), "final"),
        ((0, 5, -0.1), "final"),
        ((0, 5, math.nan), "final"),
    ],
)
def test_what_the_schedule_cannot_take_is_named(arguments: Any, name: str) -> None:  # noqa: ANN401 -- wrong on purpose
    with pytest.raises((TypeError, ValueError), match=f"{name}: must be"):
        negative_slope(*arguments)
