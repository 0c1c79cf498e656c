"""series.h5: what is written comes back, whole, described, and nothing else is taken for it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest

from hthm.gas import DiskGas
from hthm.integrity import PREFACE_BYTES, with_preface
from hthm.pages.series import Series
from series_example import series, training


def assert_same(one: object, other: object, where: str = "series") -> None:
    assert type(one) is type(other), where
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes()), where
    elif isinstance(one, tuple) and isinstance(other, tuple):
        assert len(one) == len(other), where
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_same(left, right, f"{where}[{number}]")
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    else:
        assert one == other, where


@pytest.mark.parametrize("exact", [True, False])
def test_file_gives_back_every_bit(tmp_path: Path, exact: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    written = series(
        training(16, 0),
        training(16, 1),
        training(64, None),
        gas=DiskGas(n=7, diameter=0.25, box=2.0),
        exact=exact,
        boltzmann=exact,
    )
    if exact:
        written = replace(written, speeds_by_frame=written.speeds)
    written.save(tmp_path / "series.h5")
    assert_same(written, Series.load(tmp_path / "series.h5"))
    assert [path.name for path in tmp_path.iterdir()] == ["series.h5"]


def test_more_than_ten_trainings_keep_their_order(tmp_path: Path) -> None:
    series(*(training(16, seed) for seed in range(12))).save(tmp_path / "series.h5")
    assert [found.seed for found in Series.load(tmp_path / "series.h5").trainings] == list(range(12))


def test_no_training_at_all_comes_back(tmp_path: Path) -> None:
    series().save(tmp_path / "series.h5")
    assert Series.load(tmp_path / "series.h5").trainings == ()


def test_nan_losses_come_back(tmp_path: Path) -> None:
    stopped = replace(training(16, 0), loss=np.array([-0.1, 0, 0, 0, 0, np.nan]))
    series(stopped).save(tmp_path / "series.h5")
    assert np.isnan(Series.load(tmp_path / "series.h5").trainings[0].loss[-1])


def test_every_dataset_has_units_and_a_description(tmp_path: Path) -> None:
    series(training(16, 0), training(32, None)).save(tmp_path / "series.h5")
    bare: list[str] = []
    seen: list[str] = []

    def look(name: str, found: object) -> None:
        if isinstance(found, h5py.Dataset):
            seen.append(name)
            if not (found.attrs.get("units") and found.attrs.get("description")):
                bare.append(name)

    with h5py.File(tmp_path / "series.h5") as file:
        file.visititems(look)
    assert len(seen) > 20
    assert bare == []


def test_saving_again_replaces_the_file(tmp_path: Path) -> None:
    series(training(16, 0)).save(tmp_path / "series.h5")
    series(training(32, 5)).save(tmp_path / "series.h5")
    assert [found.label for found in Series.load(tmp_path / "series.h5").trainings] == ["D = 32, seed 5"]


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.h5"):
        Series.load(tmp_path / "absent.h5")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        series().save(tmp_path / "nowhere" / "series.h5")


@pytest.mark.parametrize("kept", [0, 100, 2000, 9000])
def test_a_cut_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "series.h5"
    series(training(16, 0)).save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"series: must be a whole file .*series\.h5"):
        Series.load(path)


def test_other_hdf5_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["H"] = np.zeros(3)
    with pytest.raises(ValueError, match="its format is None"):
        Series.load(path)


@pytest.mark.parametrize("lost", ["H", "gas/n", "trainings", "trainings/0000/loss", "speeds/counts"])
def test_a_file_without_one_of_its_parts_is_refused(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "series.h5"
    series(training(16, 0)).save(path)
    with h5py.File(path, "a") as file:
        del file[lost]
    with pytest.raises(ValueError, match="series: must be a whole file"):
        Series.load(path)


def test_a_file_with_arrays_of_another_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "series.h5"
    series(training(16, 0)).save(path)
    with h5py.File(path, "a") as file:
        del file["H"]
        file["H"] = np.zeros((2, 12))
    path.write_bytes(with_preface(path.read_bytes()[PREFACE_BYTES:]))  # a checksum that fits
    with pytest.raises(ValueError, match="shape"):
        Series.load(path)


def test_parts_that_do_not_belong_together_are_refused() -> None:
    good = series(training(16, 0))
    with pytest.raises(ValueError, match="times: must have shape"):
        series(training(16, 0, frames=11), frames=11).__class__(
            good.gas, np.zeros((2, 2)), good.H, (), good.frame_rates, good.speeds
        )
    with pytest.raises(ValueError, match="H: must have shape"):
        replace(good, times=good.times[:-1].copy())
    with pytest.raises(ValueError, match=r"h: must have the shape .* D = 16, seed 3"):
        replace(good, trainings=(training(16, 3, frames=11),))
    with pytest.raises(ValueError, match="loss0: must have shape"):
        replace(training(16, 0), loss0=np.zeros(3))
    with pytest.raises(ValueError, match="edges: must be one more than the 30 bins"):
        replace(good.speeds, edges=good.speeds.edges[:-1].copy())


def test_wrong_kinds_are_refused_by_name() -> None:
    good = training(16, 0)
    with pytest.raises(TypeError, match="h: must be float64"):
        replace(good, h=good.h.astype(np.float32))
    with pytest.raises(TypeError, match="mse: must be a numpy"):
        replace(good, mse=None)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(TypeError, match="seed: must be a whole number"):
        replace(good, seed=1.5)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="time: must be a finite number above zero"):
        replace(series().frame_rates, time=0.0)


def test_labels_tell_trainings_apart() -> None:
    assert training(16, 0).label == "D = 16, seed 0"
    assert training(16, None).label == "D = 16, given"


def test_pandas_has_a_row_a_frame_and_every_network() -> None:
    given = series(training(16, None), training(16, 0), training(16, None))
    rows = given.to_pandas()
    assert len(rows) == given.H.size
    found = rows[(rows.run == 3) & (rows.frame == 5)]
    assert found.time.item() == given.times[4]
    assert found.H.item() == given.H[3, 4]
    for number, label in enumerate(("D = 16, given", "D = 16, seed 0", "D = 16, given, 2")):
        of = given.trainings[number]
        assert found[f"h, {label}"].item() == of.h[3, 4]
        assert found[f"a h + b, {label}"].item() == of.a[3] * of.h[3, 4] + of.b[3]
