"""Recordings as xarray's datasets and pandas' tables hold the numbers that were recorded, under their names."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

import hthm

STATE = hthm.DiskGas(n=30, diameter=0.05, speed=1.0, box=2.0).sample(3, seed=1, overlaps="reject")


@pytest.mark.parametrize("record", ["velocities", "log", "counts"])
@pytest.mark.parametrize("engine", ["cell_list", "event"])
def test_xarray_has_every_axis_by_its_name(record: hthm.trajectories.Recording, engine: str) -> None:
    traj = hthm.simulate(STATE, 6, 0.1, engine=engine, record=record, positions=record == "velocities")
    found = traj.to_xarray()
    assert dict(found.sizes) == {"run": 3, "frame": 6, "disk": 30, "xy": 2}
    np.testing.assert_array_equal(found.collisions, traj.collisions)
    np.testing.assert_array_equal(found.time, traj.times)
    assert found.attrs == {
        "diameter": 0.05, "speed": traj.gas.speed, "box": 2.0, "n": 30, "dt": 0.1, "engine": engine,
        "rule": "smooth disks",
    }  # fmt: skip
    assert ("velocity" in found) == (record != "counts")
    assert ("position" in found) == (record == "velocities")
    if record != "counts":
        np.testing.assert_array_equal(found.velocity.sel(run=1, frame=4, xy="y"), traj.dense()[1, 3, :, 1])
        assert found.velocity.attrs["units"] == "box sides / unit time"
    if record == "velocities":
        assert np.shares_memory(found.velocity.values, traj.velocities)
        np.testing.assert_array_equal(found.position, traj.positions)


@pytest.mark.parametrize("engine", ["cell_list", "event"])
def test_pandas_has_a_row_a_collision(engine: str) -> None:
    traj = hthm.simulate(STATE, 6, 0.1, engine=engine, record="log")
    rows = traj.log.to_pandas()
    assert len(rows) == traj.log.rows > 9
    assert ("time" in rows) == (engine == "event")
    counted = rows.groupby(["run", "frame"]).size()
    for run in range(3):
        for frame in range(6):
            assert counted.get((run, frame + 1), 0) == traj.collisions[run, frame]
    np.testing.assert_array_equal(rows[["i", "j"]], traj.log.pairs)
    np.testing.assert_array_equal(rows[["vx_i", "vy_i", "vx_j", "vy_j"]], traj.log.velocities.reshape(-1, 4))
    if engine == "event":
        assert rows.groupby("run").time.is_monotonic_increasing.all()
        assert ((rows.time > 0.1 * (rows.frame - 1)) & (rows.time <= 0.1 * rows.frame)).all()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    traj = hthm.simulate(STATE, 2, 0.1, record="log")
    for package, call in (("xarray", traj.to_xarray), ("pandas", traj.log.to_pandas)):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(ModuleNotFoundError, match=rf"{package}: is needed .*hthm\[formats\]"):
            call()


@pytest.mark.parametrize("how", ["transposed", "with a gradient", "in C order"])
def test_h_of_a_tensor_is_that_of_its_array(how: str) -> None:
    velocities = hthm.simulate(STATE, 6, 0.1).velocities
    tensor = torch.from_numpy(velocities.copy())
    if how == "transposed":
        tensor = torch.from_numpy(np.ascontiguousarray(velocities.swapaxes(0, 2))).transpose(0, 2)
    tensor.requires_grad_(how == "with a gradient")
    assert hthm.speed_h(tensor, speed=1.0).tobytes() == hthm.speed_h(velocities, speed=1.0).tobytes()
    assert hthm.velocity_h(tensor).tobytes() == hthm.velocity_h(velocities).tobytes()


def test_h_of_a_data_array_is_that_of_its_numbers() -> None:
    traj = hthm.simulate(STATE, 6, 0.1)
    assert hthm.speed_h(traj.to_xarray().velocity, speed=1.0).tobytes() == hthm.speed_h(traj).tobytes()
    with pytest.raises(TypeError, match=r"velocities: must be a numpy\.ndarray, got Dataset"):
        hthm.speed_h(traj.to_xarray(), speed=1.0)
    some = traj.to_xarray().velocity.isel(frame=slice(None, None, 2))
    assert hthm.speed_h(some, speed=1.0).tobytes() == np.ascontiguousarray(hthm.speed_h(traj)[:, ::2]).tobytes()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
def test_a_tensor_that_is_not_float64_is_refused(dtype: torch.dtype) -> None:
    with pytest.raises(TypeError, match="velocities: must be float64, got "):
        hthm.speed_h(torch.zeros((2, 3, 2), dtype=dtype), speed=1.0)
