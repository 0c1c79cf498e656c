"""Equal content is equal bytes, whatever else looks at the process meanwhile."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import hthm
import series_example

TIMES = 15


@contextmanager
def sampled() -> Iterator[None]:
    """Have a thread hold the frames of all others for a moment, again and again, as sampling profilers do.

    Dask's workers have one. What a frame that it holds refers to lives longer than the code says.
    """
    over = threading.Event()

    def sample() -> None:
        while not over.is_set():
            frames = sys._current_frames()  # noqa: SLF001 -- documented, for such tools
            time.sleep(0.0003)
            del frames

    thread, before = threading.Thread(target=sample), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(before)


def dataset(path: Path) -> bytes:
    hthm.simulate(hthm.DiskGas(n=200, diameter=0.01).sample(1, seed=5), 1000, record="log").save(path)
    return next(path.glob("runs-*")).read_bytes()


def series(path: Path) -> bytes:
    series_example.series(series_example.training(4, 0)).save(path)
    return path.read_bytes()


def h5md(path: Path) -> bytes:
    hthm.simulate(hthm.DiskGas(n=20, diameter=0.01).sample(1, seed=5), 20, record="log").write(path)
    return path.read_bytes()


@pytest.mark.parametrize("write", [dataset, series, h5md])
def test_a_profiler_changes_no_byte(write: Callable[[Path], bytes], tmp_path: Path) -> None:
    with sampled():
        assert len({write(tmp_path / f"{number}.h5md") for number in range(TIMES)}) == 1
