"""A dataset beside the dense array in .npy and in HDF5 with gzip: size, and how fast each is written and read.

One benchmark at a time: ``python -m pytest bench/bench_store.py``. The table, rounds interleaved, on one core:
``python -m bench.bench_store``, with ``--runs 500`` at the paper's size, for which there must be 15 GB of memory;
``--filters`` has the filters that were weighed, and ``--memory RUNS`` what going through so many runs takes.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest
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


def read_store(folder: Path) -> hthm.Trajectories:
    return hthm.open(folder).load()


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


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


def table(runs: int, rounds: int) -> None:
    """Print size and speeds of every way to keep the paper's runs."""
    traj = papers(runs)
    dense = traj.dense()
    with tempfile.TemporaryDirectory() as place:
        folders = {name: Path(place) / name for name in ("npy", "HDF5 with gzip", "dataset")}
        writes: dict[str, Callable[[], object]] = {
            "npy": lambda: write_npy(folders["npy"], dense),
            "HDF5 with gzip": lambda: write_hdf5(folders["HDF5 with gzip"], dense),
            "dataset": lambda: write_store(folders["dataset"], traj),
        }
        reads: dict[str, Callable[[], object]] = {
            "npy": lambda: read_npy(folders["npy"]),
            "HDF5 with gzip": lambda: read_hdf5(folders["HDF5 with gzip"]),
            "dataset": lambda: read_store(folders["dataset"]),
            "dataset, made dense": lambda: hthm.open(folders["dataset"])[...],
        }
        written = interleaved(writes, rounds)
        assert read_npy(folders["npy"]).tobytes() == dense.tobytes()
        assert read_hdf5(folders["HDF5 with gzip"]).tobytes() == dense.tobytes()
        assert hthm.open(folders["dataset"])[...].tobytes() == dense.tobytes()
        read = interleaved(reads, rounds)
        print(f"{runs} runs of the paper, {dense.nbytes / 1e6:.0f} MB dense; MB of the dense array a second")
        for name, took in read.items():
            nbytes = size(folders[name.partition(",")[0]])
            rate = f"{dense.nbytes / 1e6 / written[name].median:10.0f}" if name in written else " " * 10
            print(
                f"{name:22}{nbytes / 1e6:9.1f} MB  1/{dense.nbytes / nbytes:<6.1f} written{rate}"
                f"  read{dense.nbytes / 1e6 / took.median:8.0f}"
            )


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
