"""Files for other programs of disks that are more than smooth: their readers find spins where they look for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest

import hthm
from hthm.arrays import FloatArray
from hthm.run import main
from test_formats import reader

RUN, INERTIA = 1, 0.4 * 0.02**2  # κ a²


@pytest.fixture(scope="module")
def traj() -> hthm.Trajectories:
    gas = hthm.DiskGas(n=40, diameter=0.04, rule=hthm.RoughDisks(inertia=0.4))
    start = gas.sample(2, seed=1, overlaps="reject", spins="equilibrium")
    return hthm.simulate(start, 6, 0.1, engine="event", record="log")


@pytest.fixture(scope="module")
def spins(traj: hthm.Trajectories) -> FloatArray:
    """Those of the run, (7, 40), the start first."""
    assert traj.initial.spins is not None
    return np.concatenate([traj.initial.spins[RUN : RUN + 1], traj.dense_spins()[RUN]])


def test_h5md_has_spins_among_the_particles(traj: hthm.Trajectories, spins: FloatArray, tmp_path: Path) -> None:
    traj.write(tmp_path / "run.h5md", run=RUN)
    with h5py.File(tmp_path / "run.h5md") as file:
        element = file["particles/trajectory/spin"]
        assert element["value"][()].tobytes() == spins.tobytes()
        assert element["step"][()].tolist() == list(range(7))
        assert file["observables/trajectory/spin"] == element  # no second copy
        assert file["parameters"].attrs["moment_of_inertia"] == INERTIA
    mda: Any = reader("MDAnalysis")
    universe = mda.Universe.empty(40, trajectory=True, velocities=True)
    universe.load_new(str(tmp_path / "run.h5md"), convert_units=False)
    for number, step in enumerate(universe.trajectory):
        np.testing.assert_array_equal(step.data["trajectory/spin"], spins[number])


def test_ase_has_angular_velocities(traj: hthm.Trajectories, spins: FloatArray, tmp_path: Path) -> None:
    io = reader("ase.io")
    traj.write(tmp_path / "run.xyz", run=RUN, frames=slice(1, None, 2))
    frames = io.read(tmp_path / "run.xyz", index=":", format="extxyz")
    found = np.array([frame.arrays["omega"] for frame in frames])
    assert found[..., 2].tobytes() == spins[1::2].tobytes()
    assert not found[..., :2].any()
    np.testing.assert_allclose(frames[0].get_velocities()[:, :2], traj.dense()[RUN, 0], atol=1e-12)


def test_gsd_has_the_angular_momenta_of_hoomd(traj: hthm.Trajectories, spins: FloatArray, tmp_path: Path) -> None:
    hoomd = reader("gsd.hoomd")
    traj.write(tmp_path / "run.gsd", run=RUN)
    with hoomd.open(str(tmp_path / "run.gsd")) as file:
        for number, frame in enumerate(file):
            moments, turning = frame.particles.moment_inertia, frame.particles.angmom
            np.testing.assert_allclose(moments, [[0, 0, INERTIA]] * 40, rtol=1e-6)
            assert frame.particles.orientation.tolist() == [[1, 0, 0, 0]] * 40
            # S = q* P / 2 in the frame of the disk; q is 1.
            np.testing.assert_allclose(turning[:, 3] / 2 / INERTIA, spins[number], rtol=1e-5, atol=1e-5)
            assert not turning[:, :3].any()


@pytest.mark.parametrize(
    ("name", "quantity", "scale"), [("xyz", "Angular Velocity", 1.0), ("gsd", "particles_angmom", 2 * INERTIA)]
)
def test_ovito_reads_spins(
    traj: hthm.Trajectories, spins: FloatArray, tmp_path: Path, name: str, quantity: str, scale: float
) -> None:
    io = reader("ovito.io")
    if name == "gsd":
        reader("gsd.hoomd")
    traj.write(tmp_path / f"run.{name}", run=RUN)
    pipeline = io.import_file(str(tmp_path / f"run.{name}"))
    for number in range(7):
        found = np.asarray(pipeline.compute(number).particles[quantity])
        np.testing.assert_allclose(found[:, -1] / scale, spins[number], rtol=1e-5, atol=1e-5)


def test_the_command_writes_what_is_kept(traj: hthm.Trajectories, spins: FloatArray, tmp_path: Path) -> None:
    traj.save(tmp_path / "kept")
    assert main(["export", str(tmp_path / "kept"), str(tmp_path / "run.h5md"), "--run", str(RUN)]) == 0
    with h5py.File(tmp_path / "run.h5md") as file:
        assert file["particles/trajectory/spin/value"][()].tobytes() == spins.tobytes()


def test_disks_that_do_not_spin_have_no_columns_of_spins(tmp_path: Path) -> None:
    smooth = hthm.simulate(hthm.DiskGas(n=5).sample(1), 2)
    smooth.write(tmp_path / "run.xyz")
    smooth.write(tmp_path / "run.h5md")
    assert "omega" not in (tmp_path / "run.xyz").read_text()
    with h5py.File(tmp_path / "run.h5md") as file:
        assert "observables" not in file
