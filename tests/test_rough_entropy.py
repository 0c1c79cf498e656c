"""What docs/learned-entropy.md says of rough disks is measured by an H that has its closed forms, and by a fit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from bench.rough_entropy import GAS, STARTS, Fit, Held, Sizes, check, draw, fitted, kernel_h, simulated, trained
from torch import nn

from hthm.pages.print_style import PAGE

BLUR = 0.05


@pytest.mark.parametrize("spread", [(0.5, 0.5), (0.3, 0.8)])
def test_h_of_normal_states_is_the_closed_form(spread: tuple[float, float]) -> None:
    states = np.random.default_rng(0).normal(scale=(spread[0], *spread), size=(40_000, 3))
    exact = 0.0
    for variance in np.square([spread[0], *spread]):  # the mean of ln f, of a Gaussian that the kernel has widened
        exact -= (math.log(2 * math.pi * (variance + BLUR**2)) + variance / (variance + BLUR**2)) / 2
    assert kernel_h(states, BLUR) == pytest.approx(exact, abs=0.025)  # 40 000 disks: an error of 0.006


def test_h_of_equal_speeds_without_spin_is_that_of_a_ring() -> None:
    states = np.tile([0.6, 0.8, 0.0], (10, 1))
    ring = -math.log(2 * math.pi) - math.log(2 * math.pi * BLUR**2)  # at the middle of a thin curve of length 2π
    assert kernel_h(states, BLUR) == pytest.approx(ring, abs=0.01)


class First(nn.Module):
    """h is the sum of the first components."""

    components = 3

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        h: torch.Tensor = states[..., 0].sum(dim=-1)
        return h


def test_a_fit_knows_an_entropy_and_half_of_one() -> None:
    h = np.array([[1.0, 0.5, -1.0], [2.0, 0.0, -1.0]])
    seen = np.zeros((2, 1, 3, GAS.n, 3))
    seen[..., 0] = 7 - h[:, np.newaxis, :, np.newaxis]  # an entropy, but for a constant
    held = Held(seen, h, np.arange(1.0, 4.0))
    for fit in fitted(First(), held, slice(None)):
        assert fit.slope == pytest.approx(-1)
        assert fit.rms == pytest.approx(0, abs=1e-9)
    seen[..., 0] /= 2
    fits = fitted(First(), held, slice(0, 1))
    assert [fit.slope for fit in fits] == pytest.approx([-2, -2])
    assert fits[0].rms == pytest.approx(math.sqrt((1.0**2 + 0.75**2) / 3))
    figure = draw(held, {"both starts": fits})
    assert figure.get_size_inches()[0] == PAGE
    assert [axes.get_title() for axes in figure.axes] == list(STARTS)


def test_runs_of_both_starts_are_trained_on_together() -> None:
    traj = simulated(1, 0, replace(GAS, n=100))
    assert traj.initial.spins is not None
    assert not traj.initial.spins[0].any()
    assert traj.initial.spins[1].all()
    model = trained(traj, Sizes(runs=1, width=3, updates=2), seed=0)
    assert model.components == 3


def test_the_answers_are_asserted() -> None:
    h = np.array([[1.0, -1.0], [2.0, -1.0]])
    held = Held(np.zeros((2, 1, 2, 1, 3)), h, np.arange(2.0))
    own, flat = ([Fit(-1.1, 0.1, share * of) for of in h] for share in (0.9, 0.01))
    check(held, {"both starts": own, STARTS[0]: [own[0], flat[1]], STARTS[1]: [flat[0], own[1]]})
    with pytest.raises(AssertionError, match="from all in spin, both starts knows"):
        check(held, {"both starts": [own[0], flat[1]]})
    with pytest.raises(AssertionError, match="from all in spin, all in translation knows"):
        check(held, {STARTS[0]: own})
