"""Sheared gases: the step bit for bit, symmetries, what is conserved, pressures, viscosities, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bench.sheared import ShearedGas
from hypothesis import given, settings
from hypothesis import strategies as st

import hthm
from hthm import _core
from hthm.measures.shear import MOST_STRAIN, Shear, shear
from hthm.measures.viscosity import dilute_viscosities, viscosities
from hthm.rules import for_core
from starts import HardStart, hard_starts
from test_engines import assert_same_bits

RATES = (0.0, 0.7, -0.3, 1.9)
SHARES = (0.0, 0.25, -0.6)


def balanced(n: int = 200, diameter: float = 0.02, delta: float = 0.0, seed: int = 1) -> hthm.State:
    """A start whose velocities come in pairs, v and -v: their mean is 0, to the last bit."""
    gas = hthm.DiskGas(n=n, diameter=diameter, speed=1.0, rule=hthm.ChiralDisks(delta))
    state = gas.sample(2, seed=seed, speeds="maxwell")
    v = state.velocities.copy()
    v[:, 1::2] = -v[:, ::2]
    return hthm.State(state.positions, v, diameter=diameter, speed=1.0, rule=gas.rule)


def steps_of(start: HardStart, rate: float, delta: float, energy: float | None, steps: int) -> None:
    """Compare the core with the oracle, a step at a time or all at once."""
    rule = hthm.ChiralDisks(delta)
    gas = hthm.DiskGas(n=len(start.positions), diameter=start.diameter, box=start.box, rule=rule)
    oracle = ShearedGas(start.positions.copy(), start.velocities.copy(), gas, rate, start.dt, energy)
    x, v, offset = start.positions[None].copy(), start.velocities[None].copy(), np.zeros(1)
    energies = None if energy is None else np.array([energy])
    carried, transferred, collisions = _core.shear(
        positions=x,
        velocities=v,
        offsets=offset,
        energies=energies,
        box=start.box,
        diameter=start.diameter,
        dt=start.dt,
        rate=rate,
        steps=steps,
        threads=1,
        rule=for_core(rule),
    )
    with np.errstate(under="ignore", over="ignore"):
        for _ in range(steps):
            oracle.step()
    label = f"{start.name}, rate {rate}, delta {delta}, energy {energy}"
    assert_same_bits("positions", x[0], oracle.x, label)
    assert_same_bits("velocities", v[0], oracle.v, label)
    assert_same_bits("carried", carried[0], np.array(oracle.carried), label)
    assert_same_bits("transferred", transferred[0].reshape(-1), np.array(oracle.transferred), label)
    assert offset[0] == oracle.offset, label
    assert collisions[0] == oracle.collisions, label


def test_the_step_equals_numpy_bit_for_bit() -> None:
    """From starts that are hard for a step: on borders, on each other, in boxes of three cells and of two."""
    for k, start in enumerate(hard_starts()):
        scale = start.dt * 60  # of the unit of time
        rate, delta = RATES[k % 4] / scale, SHARES[k % 3] * start.diameter
        if start.diameter + abs(delta) > start.box / 2:
            start.diameter /= 2
            delta /= 2
        energy = float(np.square(start.velocities).sum()) if k % 2 else None
        steps_of(start, rate, delta, energy, 8)


@pytest.mark.parametrize("dt", [1e-4, 0.003, 0.02])
def test_many_steps_equal_numpy_bit_for_bit(dt: float) -> None:
    """So many that lists of pairs are made anew, and images slide past by a box and more."""
    random = np.random.default_rng(5)
    start = HardStart(f"dt {dt}", random.random((150, 2)), random.normal(size=(150, 2)), 0.02, dt=dt)
    steps_of(start, 4.0, 0.008, 300.0, 150)


def test_without_a_flow_it_is_the_fixed_step() -> None:
    state = balanced(delta=0.006)
    traj = hthm.simulate(state, 60, 0.01)
    flow = shear(state, 0.0, 60, 0.01, thermostat=False)
    assert_same_bits("positions", flow.final.positions, traj.final.positions, "no flow")
    assert_same_bits("velocities", flow.final.velocities, traj.final.velocities, "no flow")
    assert flow.collisions[:, 0].tolist() == traj.collisions.sum(axis=1).tolist()
    assert flow.collisions.sum() > 100


def test_temperature_and_momentum_are_kept() -> None:
    gas = hthm.DiskGas(n=300, diameter=0.01, speed=0.7, rule=hthm.ChiralDisks(0.004))
    flow = shear(gas.sample(3, seed=2), 0.6, 500, 0.004, blocks=4)
    np.testing.assert_allclose(flow.temperature, gas.temperature, rtol=1e-13)
    np.testing.assert_allclose(flow.final.momentum(), 0, atol=1e-12 * gas.n)
    hot = shear(gas.sample(3, seed=2), 0.6, 2000, 0.004, thermostat=False)
    # Work of the stress on the flow: n dT = -P_xy γ̇ t, in a box of area 1.
    work = -0.6 * hot.pressure[:, 0, 0, 1] * 2000 * hot.dt
    first = np.square(gas.sample(3, seed=2).velocities).sum(axis=(1, 2)) / 2
    gained = np.square(hot.final.velocities).sum(axis=(1, 2)) / 2 - first
    assert (gained > 0.05 * first).all()
    np.testing.assert_allclose(gained, work, rtol=2e-3, atol=2e-3 * gas.n)


@pytest.mark.parametrize("threads", [2, 4, 7])
def test_threads_and_parts_change_no_bit(threads: int) -> None:
    state = hthm.DiskGas(n=150, diameter=0.02, speed=1.0, rule=hthm.ChiralDisks(0.01)).sample(5, seed=3)
    one = shear(state, 0.5, 100, 0.005, blocks=3, threads=1)
    other = shear(state, 0.5, 100, 0.005, blocks=1, threads=threads).go_on(100, blocks=2, threads=threads)
    assert_same_bits("positions", other.final.positions, one.final.positions, f"{threads} threads")
    assert_same_bits("velocities", other.final.velocities, one.final.velocities, f"{threads} threads")
    assert_same_bits("offsets", other.offsets, one.offsets, f"{threads} threads")
    assert_same_bits("pressure", other.pressure, one.pressure[:, 1:], f"{threads} threads")


def test_the_mirror_image_is_exact() -> None:
    """Mirrored in the middle of the box, with -γ̇ and -δ, on a grid, where nothing is rounded: the same collisions."""
    random = np.random.default_rng(4)
    x = random.integers(1, 2**20, size=(1, 200, 2)) / 2**20
    v = random.integers(-(2**10), 2**10, size=(1, 200, 2)) / 2**10
    v[:, 1::2] = -v[:, ::2]
    flip = np.array([1.0, -1.0])
    one = hthm.State(x, v, diameter=0.04, rule=hthm.ChiralDisks(0.02))
    mirrored = hthm.State(np.where(flip < 0, 1 - x, x), v * flip, diameter=0.04, rule=hthm.ChiralDisks(-0.02))
    flow, image = shear(one, 0.5, 1, 2.0**-7), shear(mirrored, -0.5, 1, 2.0**-7)
    assert flow.collisions.sum() > 50
    np.testing.assert_array_equal(flow.final.velocities, image.final.velocities * flip)
    signs = np.array([[1.0, -1.0], [-1.0, 1.0]])
    np.testing.assert_array_equal(flow.pressure, image.pressure * signs)
    np.testing.assert_array_equal(flow.offsets, -image.offsets)
    assert (shear(mirrored, 0.5, 1, 2.0**-7).final.velocities * flip != flow.final.velocities).any()


def test_who_crosses_an_edge_is_where_the_image_is() -> None:
    """A disk that leaves through the top, in the frame of the ground: its image below has slid by γ̇ L t."""
    x = np.array([[[0.25, 0.875], [0.5, 0.5]]])
    v = np.array([[[0.0, 0.5], [0.0, -0.5]]])
    flow = shear(hthm.State(x, v, diameter=0.01), 0.5, 8, 0.0625, thermostat=False)  # half a unit of time
    straight = 0.25 + 0.5 * (0.875 - 0.5) * 0.5  # as it flies, with the flow where it began
    assert flow.offsets[0] == 0.25
    np.testing.assert_allclose(flow.final.positions[0, 0], [straight - 0.25, 0.125], rtol=1e-14)
    np.testing.assert_allclose(flow.final.velocities[0, 0], [-0.5 * 0.25, 0.5], rtol=1e-14)  # the flow is faster there
    above = shear(hthm.State(x, -v, diameter=0.01), 0.5, 16, 0.0625, thermostat=False)  # the other one, downwards
    assert above.offsets[0] == -0.5


def test_images_collide_across_the_edge_with_the_velocity_of_the_flow() -> None:
    """Two disks at rest in the flow, below the top and above the bottom: the upper one overtakes at γ̇ times 0.01."""
    x = np.array([[[0.322, 0.995], [0.3, 0.005], [0.1, 0.5], [0.9, 0.5]]])
    v = np.array([[[0.0, 0.0], [0.0, 0.0], [0.0, 0.5], [0.0, -0.5]]])
    state = hthm.State(x, v, diameter=0.02)
    assert hthm.simulate(state, 100, 0.01, record="counts").collisions.sum() == 0
    flow = shear(state, 1.0, 60, 0.01, thermostat=False)
    assert flow.collisions.sum() == 1
    assert flow.collisional[0, 0, 0, 0] > 0
    assert shear(state, -1.0, 60, 0.01, thermostat=False).collisions.sum() == 0


def test_the_pressure_without_a_flow_is_that_of_the_gas() -> None:
    """n T Z on the diagonal, Z = 1 + 2 φ χ, and nothing beside it: 5 standard errors and what a fixed step misses."""
    gas = hthm.DiskGas(n=200, diameter=0.03, speed=1.0)
    start = gas.sample(16, seed=6, overlaps="reject", speeds="maxwell")
    flow = shear(start, 0.0, 200, 0.001).go_on(3000)
    pressure = flow.pressure[:, 0]
    mean, error = pressure.mean(axis=0), pressure.std(axis=0, ddof=1) / 4
    expected = (gas.n - 1) * gas.temperature
    assert np.abs(flow.kinetic.trace(axis1=2, axis2=3) / 2 - expected).max() < 1e-9 * expected
    z = 1 + 2 * gas.area_fraction * (1 - 7 * gas.area_fraction / 16) / (1 - gas.area_fraction) ** 2
    assert abs(mean.trace() / 2 / expected - z) < 5 * error.trace() / 2 / expected + 0.01
    assert abs(mean[0, 1]) < 5 * error[0, 1]
    assert np.abs(pressure[:, 0, 1] - pressure[:, 1, 0]).max() < 1e-9 * expected


def test_viscosities_of_a_flow_that_is_known() -> None:
    flows = []
    for rate in (0.5, -0.5):
        flow = shear(hthm.DiskGas(n=20, diameter=0.02).sample(2), rate, 1, 0.001)
        pressure = np.array([[5.0 + 0.1 * rate + rate**2, -2 * rate], [-2 * rate, 5.0 - 0.1 * rate]])
        spread = np.array([0.99, 1.01])[:, None, None, None]
        values = {name: getattr(flow, name) for name in flow.__dataclass_fields__}
        flows.append(Shear(**{**values, "kinetic": spread * pressure, "collisional": 0 * spread * pressure}))
    found = viscosities(*flows)
    np.testing.assert_allclose([found.shear, found.odd], [2.0, -0.1], rtol=1e-12)
    assert found.shear_error == pytest.approx(0.02 / math.sqrt(2), rel=1e-9)
    assert viscosities(flows[1], flows[0]) == pytest.approx(found)
    assert viscosities(*flows, part="collisional").shear == 0


def test_closed_forms() -> None:
    smooth = dilute_viscosities(hthm.DiskGas(diameter=0.005, speed=2.0))
    assert smooth.shear == pytest.approx(math.sqrt(2.0 / math.pi) / 0.01)
    assert smooth.odd == 0
    chiral = dilute_viscosities(hthm.DiskGas(diameter=0.005, speed=2.0, rule=hthm.ChiralDisks(0.0025)))
    assert chiral.odd / chiral.shear == pytest.approx(-1 / 8)
    assert chiral.shear / smooth.shear == pytest.approx(16 / 16.25)


@given(
    rate=st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-50, 50)),
    dt=st.sampled_from([1e-3, 0.01, 0.5]),
)
@settings(max_examples=30, deadline=None)
def test_a_rate_is_taken_or_refused_by_name(rate: float, dt: float) -> None:
    state = hthm.DiskGas(n=4, diameter=0.1, speed=1.0).sample(1, seed=1)
    if np.isfinite(rate) and abs(rate) * dt <= MOST_STRAIN:
        flow = shear(state, rate, 3, dt)
        assert np.isfinite(flow.pressure).all()
        assert ((flow.final.positions >= 0) & (flow.final.positions < 1)).all()
        return
    with pytest.raises(ValueError, match=r"^rate: must .*, got .*\."):
        shear(state, rate, 3, dt)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"state": None}, TypeError, r"^state: must be a State, got NoneType"),
        ({"rate": "1"}, TypeError, r"^rate: must be a number, got str"),
        ({"steps": 0}, ValueError, r"^steps: must be at least 1, got 0"),
        ({"blocks": 1.5}, TypeError, r"^blocks: must be a whole number, got float"),
        ({"dt": -1.0}, ValueError, r"^dt: must be a finite number above zero, got -1"),
        ({"thermostat": 1}, TypeError, r"^thermostat: must be True or False, got int"),
        ({"threads": 0}, ValueError, r"^threads: must be at least 1"),
        ({"progress": 3}, TypeError, r"^progress: must be True"),
    ],
)
def test_what_is_wrong_is_refused(change: dict[str, object], error: type[Exception], message: str) -> None:
    arguments = {"state": balanced(n=4), "rate": 0.1, "steps": 2, "dt": 0.01, **change}
    with pytest.raises(error, match=message):
        shear(**arguments)  # type: ignore[arg-type]  # wrong on purpose


def test_disks_that_spin_are_refused() -> None:
    gas = hthm.DiskGas(n=4, diameter=0.1, rule=hthm.RoughDisks())
    with pytest.raises(ValueError, match=r"^state: must be of disks without spins, got rough disks"):
        shear(gas.sample(1), 0.1, 2, 0.01)
    with pytest.raises(ValueError, match=r"^gas: must be of disks without spins, got rough disks"):
        dilute_viscosities(gas)


def test_disks_that_do_not_move_are_refused() -> None:
    x = np.array([[[0.2, 0.2], [0.7, 0.7]]])
    for v in (np.ones((1, 2, 2)), np.full((1, 2, 2), 1e-140) * [[[1.0], [-1.0]]]):
        with pytest.raises(ValueError, match=r"^(state: must have disks that move|dt: must be long enough)"):
            shear(hthm.State(x, v, diameter=0.1, speed=1.0), 0.1, 2, 0.01)


def test_flows_that_do_not_belong_together_are_refused() -> None:
    state = balanced(n=10)
    one, back, other = shear(state, 0.5, 1, 0.01), shear(state, -0.5, 1, 0.01), shear(state, -0.4, 1, 0.01)
    with pytest.raises(ValueError, match=r"^backwards: must be at the opposite rate, -0\.5, and not 0, got -0\.4"):
        viscosities(one, other)
    with pytest.raises(ValueError, match=r"^backwards: must be at the opposite rate, -0, and not 0, got 0"):
        viscosities(*[shear(state, 0.0, 1, 0.01)] * 2)
    with pytest.raises(ValueError, match=r"^part: must be one of all, kinetic, collisional"):
        viscosities(one, back, part="some")
    with pytest.raises(TypeError, match=r"^backwards: must be a Shear"):
        viscosities(one, state)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match=r"^forwards: must have two runs or more"):
        viscosities(shear(state[:1], 0.5, 1, 0.01), back)
    chiral = shear(balanced(n=10, delta=0.01), -0.5, 1, 0.01)
    with pytest.raises(ValueError, match=r"^backwards: must be of the same gas"):
        viscosities(one, chiral)


def test_a_flow_says_what_it_is_and_how_far_it_has_come() -> None:
    calls: list[tuple[int, int]] = []
    flow = shear(balanced(n=10), 0.5, 2, 0.01, blocks=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert repr(flow).startswith("Shear(runs=2, blocks=3, steps=2, rate=0.5, ")
