"""H of a smooth density of the velocities is Boltzmann's, where that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from hthm import paper
from hthm.experiments.ensembles import started
from hthm.measures.smooth_h import smooth_h
from hthm.starts.kinds import BEAM


def test_disks_of_one_velocity_see_the_kernels_of_all_others() -> None:
    """The density of the others is the kernel itself at its middle, however many there are."""
    for n in (2, 3, 50):
        for bandwidth, speed in ((0.05, 1.0), (0.2, 3.0)):
            velocities = np.full((1, n, 2), 0.3 * speed)
            exact = -math.log(2 * math.pi * (bandwidth * speed) ** 2)
            assert smooth_h(velocities, speed=speed, bandwidth=bandwidth) == pytest.approx(exact, abs=1e-3)


def test_smooth_h_is_boltzmanns_from_equilibrium_and_from_two_beams() -> None:
    """Within five standard errors of the mean over 200,000 disks of ln f, which varies by 1 nat: by chance 6e-7 each.

    What the kernel widens changes H in the second order of (0.05 / 0.42)² and less.
    """
    velocities = started(paper.GAS, "equilibrium", 200, seed=0).velocities
    exact = -math.log(math.pi * math.e * paper.S0**2)
    assert smooth_h(velocities, speed=paper.S0, bandwidth=0.05) == pytest.approx(exact, abs=0.0112)
    variance = (1 - BEAM**2) / 2  # of a component, in units of s0²

    def density(x: float) -> float:
        beams = (math.exp(-((x - beam) ** 2) / (2 * variance)) for beam in (BEAM, -BEAM))
        return sum(beams) / (2 * math.sqrt(2 * math.pi * variance))

    along, _ = integrate.quad(lambda x: density(x) * math.log(density(x)), -3, 3)
    across = -math.log(2 * math.pi * math.e * variance) / 2
    velocities = started(paper.GAS, "two beams", 200, seed=0).velocities
    exact = along + across - 2 * math.log(paper.S0)
    assert smooth_h(velocities, speed=paper.S0, bandwidth=0.05) == pytest.approx(exact, abs=0.0112)


@pytest.mark.parametrize("bandwidth", [0.05, 0.01])
def test_smooth_h_of_equal_speeds_is_that_of_a_ring_as_wide_as_its_kernel(bandwidth: float) -> None:
    """On the ring the density is 1/(2π) along it times that of a normal distribution at its middle across it.

    Rounding two disks to cells of 0.4 bandwidths adds twice 0.4²/12 to the variance of what is between them.
    """
    velocities = started(paper.GAS, "equal speeds", 200, seed=0).velocities
    width = bandwidth * math.sqrt(1 + 0.4**2 / 6)
    exact = -math.log(2 * math.pi) - math.log(math.sqrt(2 * math.pi) * width) - 2 * math.log(paper.S0)
    assert smooth_h(velocities, speed=paper.S0, bandwidth=bandwidth) == pytest.approx(exact, abs=0.005)
