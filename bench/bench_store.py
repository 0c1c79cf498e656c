"""A dataset beside the dense array in .npy, HDF5 with gzip, Zarr and GSD: size, and how fast each is written and read.

One benchmark at a time: ``python -m pytest bench/bench_store.py``. The table, rounds interleaved, on one core:
``python -m bench.bench_store``, with ``--runs 500`` at the paper's size, for which there must be 15 GB of memory.
GSD holds positions, too, and both in float32, as the format has it. ``--filters`` has the filters that were weighed,
and ``--memory RUNS`` what going through so many runs takes.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gsd.hoomd  # type: ignore[import-untyped]  # gsd ships no types
import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest
import zarr
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

import hthm
from bench.timing import interleaved, pin
from hthm.recording.store import shard_writing

Array = NDArray[np.float64]


def papers(runs: int) -> hthm.Trajectories:
    return hthm.simulate(hthm.paper.GAS.sample(runs, seed=1), record="log")


def write_npy(folder: Path, dense: Array) -> None:
    folder.mkdir(exist_ok=True)
    np.save(folder / "velocities.npy", dense)


def write_hdf5(folder: Path, dense: Array) -> None:
    folder.mkdir(exist_ok=True)
    with h5py.File(folder / "velocities.h5", "w") as file:
        file.create_dataset(
            "velocities", data=dense, chunks=(1, 16, *dense.shape[2:]), shuffle=True, compression="gzip"
        )


def write_zarr(folder: Path, dense: Array) -> None:
    zarr.create_array(store=folder, data=dense, chunks=(1, 16, *dense.shape[2:]), overwrite=True)  # its own codecs


def write_gsd(folder: Path, traj: hthm.Trajectories) -> None:
    folder.mkdir(exist_ok=True)
    for run in range(traj.runs):
        traj.write(folder / f"{run:04}.gsd", run=run)


def write_store(folder: Path, traj: hthm.Trajectories) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    traj.save(folder)


def read_npy(folder: Path) -> Array:
    array: Array = np.load(folder / "velocities.npy")
    return array


def read_hdf5(folder: Path) -> Array:
    with h5py.File(folder / "velocities.h5") as file:
        array: Array = file["velocities"][()]
        return array


def read_zarr(folder: Path) -> Array:
    array: Array = np.asarray(zarr.open_array(store=folder, mode="r")[...])
    return array


def read_gsd(folder: Path) -> NDArray[np.float32]:
    """Velocities after each frame, (runs, frames, n, 2); what is read with them is dropped."""
    runs = []
    for path in sorted(folder.iterdir()):
        with gsd.hoomd.open(str(path), "r") as file:
            runs.append([frame.particles.velocity[:, :2] for frame in file[1:]])  # the first is the start
    return np.array(runs)


def read_store(folder: Path) -> hthm.Trajectories:
    return hthm.open(folder).load()


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def kept() -> tuple[hthm.Trajectories, Array]:
    traj = papers(8)
    return traj, traj.dense()


def test_store_written(benchmark: BenchmarkFixture, kept: tuple[hthm.Trajectories, Array], tmp_path: Path) -> None:
    benchmark(write_store, tmp_path / "kept", kept[0])
    assert hthm.open(tmp_path / "kept").load().log.velocities.tobytes() == kept[0].log.velocities.tobytes()
    assert size(tmp_path / "kept") < kept[1].nbytes / 45


def test_store_read(benchmark: BenchmarkFixture, kept: tuple[hthm.Trajectories, Array], tmp_path: Path) -> None:
    kept[0].save(tmp_path)
    assert benchmark(read_store, tmp_path).log.velocities.tobytes() == kept[0].log.velocities.tobytes()


def test_hdf5_read(benchmark: BenchmarkFixture, kept: tuple[hthm.Trajectories, Array], tmp_path: Path) -> None:
    write_hdf5(tmp_path, kept[1][:2])
    assert benchmark(read_hdf5, tmp_path).tobytes() == kept[1][:2].tobytes()


def test_every_rival_in_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    table(2, 1)
    told = capsys.readouterr().out
    assert all(f"\n{name}" in told for name in ("npy", "HDF5", "Zarr", "GSD", "dataset"))
    assert told.count("of the target") == 4


def table(runs: int, rounds: int) -> None:
    """Print size and speeds of every way to keep the paper's runs, and how far the dataset is from its targets."""
    traj = papers(runs)
    dense = traj.dense()
    with tempfile.TemporaryDirectory() as place:
        folders = {name: Path(place) / name for name in ("npy", "HDF5 with gzip", "Zarr", "GSD", "dataset")}
        writes: dict[str, Callable[[], object]] = {
            "npy": lambda: write_npy(folders["npy"], dense),
            "HDF5 with gzip": lambda: write_hdf5(folders["HDF5 with gzip"], dense),
            "Zarr": lambda: write_zarr(folders["Zarr"], dense),
            "GSD": lambda: write_gsd(folders["GSD"], traj),
            "dataset": lambda: write_store(folders["dataset"], traj),
        }
        reads: dict[str, Callable[[], object]] = {
            "npy": lambda: read_npy(folders["npy"]),
            "HDF5 with gzip": lambda: read_hdf5(folders["HDF5 with gzip"]),
            "Zarr": lambda: read_zarr(folders["Zarr"]),
            "GSD": lambda: read_gsd(folders["GSD"]),
            "dataset": lambda: read_store(folders["dataset"]),
            "dataset, made dense": lambda: hthm.open(folders["dataset"])[...],
        }
        written = interleaved(writes, rounds)
        for name, found in (("npy", read_npy), ("HDF5 with gzip", read_hdf5), ("Zarr", read_zarr)):
            assert found(folders[name]).tobytes() == dense.tobytes()
        assert read_gsd(folders["GSD"]).tobytes() == dense.astype(np.float32).tobytes()
        assert hthm.open(folders["dataset"])[...].tobytes() == dense.tobytes()
        read = interleaved(reads, rounds)
        megabytes = dense.nbytes / 1e6
        print(f"{runs} runs of the paper, {megabytes:.0f} MB dense; MB of the dense array a second")
        for name, took in read.items():
            nbytes = size(folders[name.partition(",")[0]])
            rate = f"{megabytes / written[name].median:10.0f}" if name in written else " " * 10
            print(
                f"{name:22}{nbytes / 1e6:9.1f} MB  1/{dense.nbytes / nbytes:<6.1f} written{rate}"
                f"  read{megabytes / took.median:8.0f}"
            )
        kept_at = megabytes / written["dataset"].median
        print(f"of the target for the size, 1/40: {40 * size(folders['dataset']) / dense.nbytes:.2f}, to be at most 1")
        print(f"of the target for writing, 200 MB/s a core: {kept_at / 200:.2f}, to be at least 1")
        for name, how in (("dataset", "as it was written"), ("dataset, made dense", "made dense")):
            share = megabytes / read[name].median / kept_at
            print(f"of the target for reading, the rate of writing: {share:.2f} {how}, to be at least 1")


def filters(runs: int) -> None:
    """Print what other filters than the dataset's would make of it."""
    traj = papers(runs)
    nbytes = runs * traj.frames * traj.gas.n * 16
    choices: dict[str, dict[str, object]] = {"lzf": {"compression": "lzf"}}
    choices |= {f"gzip {level}": {"compression": "gzip", "compression_opts": level} for level in (1, 4, 9)}
    for name, choice in choices.items():
        shard_writing._FILTERS.clear()  # noqa: SLF001 -- what is weighed here
        shard_writing._FILTERS.update({"shuffle": True, "fletcher32": True, **choice})  # noqa: SLF001 -- as above
        with tempfile.TemporaryDirectory() as place:
            began = time.perf_counter()
            traj.save(place)
            wrote = time.perf_counter() - began
            began = time.perf_counter()
            hthm.open(place).load()
            took = time.perf_counter() - began
            print(
                f"{name:8} 1/{nbytes / size(Path(place)):.1f}  written {nbytes / 1e6 / wrote:6.0f} MB/s"
                f"  read {nbytes / 1e6 / took:6.0f} MB/s"
            )


def memory(runs: int) -> None:
    """Print the most memory that this process has had, after each step of the way of so many runs."""

    def say(what: str) -> None:
        print(f"{what:44}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:6.2f} GB at most so far")

    say("import hthm")
    with tempfile.TemporaryDirectory() as place:
        state = hthm.paper.GAS.sample(runs, seed=1)
        say(f"sample {runs} runs")
        traj = hthm.simulate(state, store=Path(place) / "kept")
        say("simulate into a store")
        hthm.speed_h(traj)
        say("H of the speeds")
        from hthm.deepsets import evaluate, new_model  # noqa: PLC0415 -- torch takes memory of its own

        evaluate(new_model(16, seed=0), traj)
        say("h of a network")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--filters", action="store_true")
    parser.add_argument("--memory", type=int, metavar="RUNS")
    chosen = parser.parse_args()
    pin()
    if chosen.memory is not None:
        memory(chosen.memory)
    elif chosen.filters:
        filters(chosen.runs)
    else:
        table(chosen.runs, chosen.rounds)


if __name__ == "__main__":
    main()
