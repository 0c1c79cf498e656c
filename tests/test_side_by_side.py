"""Trainings at the same time: results in order and to the same bits, threads shared out, ends that end all of them."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

import hthm
from hthm.choices.run import RunConfig
from hthm.experiments.side_by_side import Job, side_by_side
from hthm.experiments.trainings import all_trained
from hthm.experiments.work import Work
from hthm.learning.sharing import kernel_threads
from hthm.pages.console import Stages
from hthm.pages.results import ResultsFolder

if TYPE_CHECKING:
    from collections.abc import Callable


def steps(count: int, name: str = "", threads: list[int] | None = None) -> Callable[[], str]:
    """A training that asks for its threads before every step, as those of the kernel do."""

    def work() -> str:
        for _ in range(count):
            asked = kernel_threads()
            if threads is not None:
                threads.append(asked)
            time.sleep(0.001)
        return name

    return work


def test_results_come_in_order_and_the_longest_begins_first() -> None:
    begun: list[str] = []

    def job(name: str, size: float) -> Job[str]:
        def work() -> str:
            begun.append(name)
            return steps(5, name)()

        return Job(work, size)

    with side_by_side([job("a", 1), job("b", 2), job("c", 4), job("d", 3)], threads=2, at_once=2) as results:
        assert list(results) == ["a", "b", "c", "d"]
    assert set(begun[:2]) == {"c", "d"}


def test_threads_are_shared_out_and_the_last_one_has_all() -> None:
    of_short: list[int] = []
    of_long: list[int] = []
    met = threading.Barrier(2)

    def both(work: Callable[[], str]) -> Callable[[], str]:
        return lambda: (met.wait(10), work())[1]

    jobs = [Job(both(steps(5, "", of_short)), 1), Job(both(steps(100, "", of_long)), 2)]
    with side_by_side(jobs, threads=5, at_once=2) as results:
        list(results)
    assert of_short[0] == 2
    assert (of_long[0], of_long[-1]) == (2, 5)


def test_one_at_a_time_is_done_in_this_thread_when_asked_for_with_the_threads_of_torch() -> None:
    asked: list[tuple[threading.Thread, int]] = []
    job = Job(lambda: asked.append((threading.current_thread(), kernel_threads())), 1)
    with side_by_side([job, job], threads=8, at_once=1) as results:
        assert not asked
        next(results)
        assert asked == [(threading.current_thread(), torch.get_num_threads())]
        list(results)
    assert len(asked) == 2


def test_an_error_ends_the_others_and_is_the_one_that_is_raised() -> None:
    done: list[int] = []

    def fail() -> str:
        steps(3)()
        raise ArithmeticError("diverged")

    jobs = [Job(steps(10**6, "", done), 2), Job(fail, 1), Job(steps(10**6, "", done), 0)]
    with pytest.raises(ArithmeticError, match="diverged"), side_by_side(jobs, threads=2, at_once=2) as results:
        list(results)
    assert len(done) < 10**5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hthm-training")]


def test_what_stops_the_caller_stops_them() -> None:
    done: list[int] = []
    with (
        pytest.raises(KeyboardInterrupt),
        side_by_side([Job(steps(10**6, "", done), 1)] * 3, threads=2, at_once=2),
    ):
        raise KeyboardInterrupt
    assert len(done) < 10**5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hthm-training")]


TRAJ = hthm.simulate(hthm.DiskGas(n=30, diameter=0.05, speed=1.0).sample(2, seed=0), frames=40, record="log")
KEYS = [(3, 0), (8, 0), (5, 1)]


def work_in(folder: Path, *, threads: int, resume: bool = False) -> Work[Any]:
    config = RunConfig(n=30, diameter=0.05, speed=1.0, runs=2, frames=40, epochs=8, batch=4, threads=threads)
    for name in ("models", "history", "checkpoints"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Work(config, TRAJ.initial, (), ResultsFolder(folder), Stages(), resume)


def files(folder: Path, kind: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / kind).iterdir()}


def test_networks_are_those_of_trainings_one_after_the_other(tmp_path: Path) -> None:
    losses = {}
    for threads in (1, 2, 3):
        with all_trained(work_in(tmp_path / str(threads), threads=threads), KEYS, TRAJ) as found:
            losses[threads] = [[epoch.loss for epoch in history.epochs] for _, history in found]
        assert losses[threads] == losses[1]
        assert files(tmp_path / str(threads), "models") == files(tmp_path / "1", "models")
        assert not files(tmp_path / str(threads), "checkpoints")


def test_stopped_trainings_go_on_to_the_same_networks(tmp_path: Path) -> None:
    with all_trained(work_in(tmp_path / "whole", threads=2), KEYS, TRAJ) as found:
        list(found)
    stopped = tmp_path / "stopped"

    def stop() -> None:
        with all_trained(work_in(stopped, threads=2), KEYS, TRAJ):
            while not any((stopped / "checkpoints").glob("*.safetensors")):  # a file that is being written may be gone
                time.sleep(0.001)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert files(stopped, "models") != files(tmp_path / "whole", "models")
    with all_trained(work_in(stopped, threads=2, resume=True), KEYS, TRAJ) as found:
        list(found)
    assert files(stopped, "models") == files(tmp_path / "whole", "models")
