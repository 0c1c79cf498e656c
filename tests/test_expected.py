"""How long a run is said to take: every stage of what is left, and whether the machine is busy."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hthm import published
from hthm.choices.bias import EstimatorsConfig
from hthm.choices.entropy import AblationConfig, EntropyConfig, UniversalConfig
from hthm.choices.reversal import ReversalConfig
from hthm.choices.run import RunConfig
from hthm.choices.seeds import CompareConfig
from hthm.command import expected, expected_reversal, expected_trainings
from hthm.command.expected import announcement, expected_seconds, granted
from hthm.command.expected_memory import expected_bytes
from hthm.command.expected_reversal import Left
from hthm.command.remaining import trainings_left
from hthm.deepsets import new_model
from hthm.engines.precision import Precision
from hthm.experiments import bias, parts
from hthm.learning.timing import TimedTraining
from hthm.pages.results import ResultsFolder, claimed
from hthm.run import main
from hthm.simulate import simulate
from hthm.train import train

SMALL = RunConfig(
    n=60,
    diameter=0.03,
    runs=5,
    frames=11,
    widths=(4, 8),
    trainings=2,
    epochs=4,
    batch=10,
    frame_rates=(6,),
    rate_runs=2,
    threads=1,
)


@pytest.fixture
def a_second_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is measured takes a second, and every step a tenth."""

    def a_second(work: object) -> float:
        assert callable(work)
        work()
        return 1.0

    monkeypatch.setattr(expected, "_seconds", a_second)
    monkeypatch.setattr(expected, "_evaluation_seconds", lambda *_: 1.0)
    monkeypatch.setattr(expected_trainings, "step_seconds", lambda *_: 0.1)


def trainings(config: RunConfig) -> list[TimedTraining]:
    return [TimedTraining(new_model(width, 0), None, config.trainings) for width in config.widths]


@pytest.mark.usefixtures("a_second_each")
def test_every_stage_counts() -> None:
    seconds = expected_seconds(SMALL, SMALL.start(), trainings(SMALL))
    probed = 2 * 40  # frames of two runs in which everything is measured
    assert seconds["simulation"] == pytest.approx((5 * 11 + 2 * 6 * 11 / 60) / probed)
    assert seconds["training"] == pytest.approx(0.1 * 2 * 2 * (5 * 10 // 10) * 4)
    assert seconds["measures and fits"] == pytest.approx((1 + 1 + 2 * 2) * 5 * 11 / probed)  # H twice: Boltzmann's, too
    assert seconds["figures"] == 27 + 5 * 28  # imports, and five of so many loops
    assert len(seconds) == 4


def test_what_comes_before_the_first_frame_is_not_taken_for_the_cost_of_a_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    took = iter([1.3, 1.0, 1.1, 2.5, 1.9, 1.8])  # of the first frames, then of all of them
    monkeypatch.setattr(expected, "_seconds", lambda _: next(took))
    first, traj = (simulate(SMALL.start(), frames, SMALL.dt, record="log") for frames in (1, 5))
    assert expected._evaluation_seconds(new_model(4, 0), first, traj) == pytest.approx(0.8 * 5 / 4)  # noqa: SLF001 -- what is tested


@pytest.mark.usefixtures("a_second_each")
def test_only_what_is_left_counts() -> None:
    whole = expected_seconds(SMALL, SMALL.start(), trainings(SMALL))
    half = expected_seconds(SMALL, SMALL.start(), trainings(SMALL), [0.0, 2.0])
    assert half == whole | {"training": whole["training"] / 2}


@pytest.mark.usefixtures("a_second_each")
def test_trainings_side_by_side_are_tried_side_by_side() -> None:
    """Steps that take as long as those of one alone make it twice as fast; the last training has no other beside it."""
    alone, two = (replace(SMALL, threads=threads) for threads in (1, 2))
    start, timed = SMALL.start(), trainings(SMALL)
    assert expected_seconds(alone, start, timed)["training"] == 2 * expected_seconds(two, start, timed)["training"]
    left = [0.0, 1.0]
    assert expected_seconds(alone, start, timed, left) == expected_seconds(two, start, timed, left)


@pytest.mark.usefixtures("a_second_each")
def test_learned_entropies_count_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update on one of the runs that are probed, 40 frames each, takes a tenth of a second."""
    monkeypatch.setattr(expected_trainings, "train_arrow", lambda *_: [SimpleNamespace(seconds=2.0)])  # of 20 updates
    config = EntropyConfig(
        n=60, diameter=0.03, runs=3, check_runs=1, held_out_runs=2, training_frames=8, frames=12, updates=100,
        trainings=3, frame_rates=(6,), rate_runs=2, threads=1,
    )  # fmt: skip
    seconds = expected_seconds(config, config.gases[0].start(), [])
    probed = 2 * 40
    assert seconds["simulation"] == pytest.approx(((3 + 1) * 8 + 2 * 12 + 2 * 6 * 12 / 60) / probed)
    of_a_run = 0.1 * 8 / 40
    assert seconds["training"] == pytest.approx(3 * (50 + 100) * of_a_run)  # frames take half as many updates
    assert seconds["measures and fits"] == pytest.approx((2 + 3 * 2) * 2 * 12 / probed)  # H twice, and every h
    assert seconds["figures"] == 27 + 6 * 28
    assert len(seconds) == 4
    left = expected_seconds(config, config.gases[0].start(), [], [1.0, 0.0])
    assert left == seconds | {"training": pytest.approx(50 * of_a_run)}


def test_trainings_that_a_folder_holds_are_not_left(tmp_path: Path) -> None:
    assert trainings_left(SMALL, tmp_path) == [2.0, 2.0]
    traj = simulate(SMALL.start(), SMALL.frames, SMALL.dt, record="log")
    with claimed(tmp_path, SMALL) as folder:
        folder.model("d4-seed0").touch()

        def stop(_: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            train(
                new_model(8, 1),
                traj,
                SMALL.train_config(1),
                epoch_done=stop,
                checkpoint_path=folder.training("d8-seed1").checkpoint,
            )
    assert trainings_left(SMALL, tmp_path) == [1.0, 1.75]  # one of four epochs is done
    folder.training("d8-seed1").checkpoint.write_bytes(b"damaged")
    assert trainings_left(SMALL, tmp_path) == [1.0, 2.0]


def test_what_other_commands_have_left(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    (tmp_path / "models").mkdir()
    config = EntropyConfig(widths=(32, 64), trainings=2)
    folder.model("d64-frames-seed1").touch()
    assert trainings_left(config, tmp_path) == [2, 2, 1, 2]
    rows = [{"width": 32, "steps": "frames"}] * 2
    folder.write_json("ablation.json", {"trainings": rows})
    assert trainings_left(AblationConfig(changes=("recipe", "relu")), tmp_path) == [2 * 3 - 2, 2 * 3]
    folder.write_json("universal.json", {"networks": [{"width": 32, "steps": "collisions"}]})
    assert trainings_left(UniversalConfig(), tmp_path) == [1]
    assert trainings_left(CompareConfig(widths=(16,)), tmp_path) == [3.0, 3.0, 3.0]


def clock(*times: float) -> SimpleNamespace:
    """What a module asks for the time, to be told these."""
    return SimpleNamespace(perf_counter=iter(times).__next__)


def test_a_run_of_a_store_is_simulated_and_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries of a second each, and two seconds to write, of 10 frames of one run."""
    config = replace(SMALL, frames=50)
    monkeypatch.setattr(parts, "_TRIED", 600)
    monkeypatch.setattr(parts, "time", clock(0, 1, 1, 2, 2, 3, 3, 5))
    assert parts._run_seconds(config, 5) == pytest.approx((1 * 5, 2 * 5))  # noqa: SLF001 -- what is said
    monkeypatch.setattr(parts, "_run_seconds", lambda *_: (6.0, 1.0))
    workers: Any = SimpleNamespace(threads=3)
    assert parts._expected(config, 10, None) == "70 s"  # noqa: SLF001 -- likewise
    assert parts._expected(config, 10, workers).startswith("30 s on workers")  # noqa: SLF001 -- likewise


def test_bias_of_estimators_has_a_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample takes 1 ms, of which 10 are left, and two of twenty runs 3 s."""
    config = EstimatorsConfig(sizes=(10,), repeats=2)
    monkeypatch.setattr(bias, "bias_row", lambda *_: None)
    monkeypatch.setattr(bias, "edges_moved", lambda *_: None)
    samples = 0.001 * config.sets(10) * 10
    monkeypatch.setattr(bias, "time", clock(0, 4, 4, 7))
    assert bias.expected_seconds(config, [("", 10)], 1, edges=True) == pytest.approx(samples + 30)
    monkeypatch.setattr(bias, "time", clock(0, 4))
    assert bias.expected_seconds(config, [("", 10)], 1) == pytest.approx(samples)


def test_a_way_back_counts_by_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two runs: 1 s, and 0.1 s a frame, of every part; a step of a training takes 0.01 s."""
    monkeypatch.setattr(expected_reversal, "_taking", lambda *_: expected_reversal._Taking(1.0, 0.1))  # noqa: SLF001 -- what is tested
    monkeypatch.setattr(expected_reversal, "step_seconds", lambda *_: 0.01)
    config = ReversalConfig(
        n=30, diameter=0.04, runs=6, frames=100, turns=2, turned_runs=4, epochs=3, widths=(4, 8),
        precisions=("double", "quad"),
    )  # fmt: skip
    start = config.gas.sample(6, 0, overlaps="reject")

    def seconds(legs: tuple[Precision, ...] = (), growth: tuple[Precision, ...] = (), others: int = 0) -> float:
        left = Left(legs, growth, [print] * others, trains=others > 1)
        return expected_reversal.expected_seconds(config, start, 1, left)

    leg, turns = 3 * (1 + 10), 2 * (1 + 5 + 1 + 10)
    assert seconds() == 0
    assert seconds(("quad",)) == pytest.approx(leg)
    assert seconds((), ("double", "quad")) == pytest.approx(2 * turns)
    assert seconds(others=1) == pytest.approx(leg)
    steps = 3 * (6 * 99 // published.BATCH)
    assert seconds(others=2) == pytest.approx(2 * leg + 2 * steps * 0.01)


def test_what_comes_before_the_frames_of_a_way_back_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def taking(frames: int, *times: float) -> tuple[float, float]:
        monkeypatch.setattr(expected_reversal, "time", clock(*times))
        return expected_reversal._taking(lambda _: None, ReversalConfig(frames=frames))  # noqa: SLF001 -- what is tested

    assert taking(500, 0, 3, 5, 13) == pytest.approx((2.0, 0.1))  # 3 s for 10 frames, 8 s for 60
    assert taking(10, 0, 3) == (3.0, 0.0)  # all of a shorter run
    assert taking(500, 0, 3, 5, 7) == pytest.approx((3.0, 0.0))  # noise


@pytest.mark.usefixtures("a_second_each")
@pytest.mark.parametrize(
    ("options", "name", "row", "minutes"),
    [
        (["estimators", "--sizes", "100"], "bias", "edges_moved", 2),
        (["chaos", "--sizes", "100"], "chaos", "chaos_row", 2),
        (["arrow", "--area-fractions", "0.02"], "arrow", "equilibrium_row", 3),  # four rows of 20 s
        (["reversal", "--runs", "1"], "reversal", "leg_row", 2),
    ],
)
def test_figures_of_a_measurement_count(
    options: list[str],
    name: str,
    row: str,
    minutes: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two or three of 28 loops of a second, and what comes before them, beside what is measured."""

    def enough(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    module = f"hthm.command.{name}"
    monkeypatch.setattr(f"{module}.expected_seconds", lambda *_, **__: 20.0)
    monkeypatch.setattr(f"{module}.{row}", enough)
    assert main([*options, "--threads", "1", "--out", str(tmp_path / "out")]) == 130
    assert f"Expected: {minutes} min." in capsys.readouterr().out


@pytest.mark.parametrize(("share", "got"), [(1.0, 1.0), (0.5, 0.5), (1.5, 1.0)])
def test_the_share_that_is_granted_is_processor_time_over_time(
    share: float, got: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = SimpleNamespace(perf_counter=time.perf_counter, thread_time=lambda: share * time.perf_counter())
    monkeypatch.setattr(expected, "time", clocks)
    assert granted(3, 0.02) == pytest.approx(got, abs=0.02)


def test_a_busy_machine_is_said() -> None:
    seconds = {"simulation": 2.0, "training": 200.0, "figures": 4.0}
    quiet = announcement(seconds, 0.99)
    assert quiet == "Expected: 3 min, of which simulation 2.0 s, training 3 min, figures 4.0 s."
    assert announcement(seconds, 0.5).startswith(f"{quiet} The machine is busy with something else: this run gets 50 %")


def test_a_busy_loop_for_every_processor_is_noticed() -> None:
    # Other work only lowers the share, so that this fails on no machine, however busy.
    assert granted(2 * len(os.sched_getaffinity(0)), 0.3) < 0.8


def test_the_bytes_of_a_log_are_those_of_enskogs_collisions() -> None:
    """48 a collision, and as much for the Boltzmann equation beside it; a frame 24 for count, offset and H, and 8 for h
    of a network; 64 a disk for both states.
    """
    config = RunConfig(
        n=1000, runs=3, frames=200, engine="event", overlaps="reject", weights=(Path("model.safetensors"),)
    )
    collisions = config.gas.collision_rate * 1000 / 2 * 3 * 200 / 60
    bare = 2 * 48 * collisions + 3 * 200 * (24 + 8) + 3 * 1000 * 64
    assert expected_bytes(config) == pytest.approx(bare, abs=1)


def test_a_training_of_a_dataset_is_expected_to_take_bounded_memory() -> None:
    ten_times = RunConfig(runs=10 * published.RUNS)
    assert expected_bytes(ten_times) > 5e9
    assert expected_bytes(ten_times, of_disk=True) < 1.5e9
