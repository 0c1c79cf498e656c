"""What a command cannot do it says at once, with the option's name, and makes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hthm
from hthm.choices.run import GasChoices
from hthm.experiments.frame_rate import legal_start
from hthm.run import main

GAS = ["--n=60", "--diameter=0.03", "--runs=5", "--frames=12", "--threads=1", "--widths=4"]
TINY = [*GAS, "--batch=16"]
LEARNED = ["--preset", "improved", *GAS]
LOOSE = ["--n=4", "--diameter=0.06", "--engine=event"]  # few enough for a first start without overlaps

REFUSED = {
    "a rate beyond all times": ([*TINY, "--frame-rate", "1e308"], "--frame-rate: must be between 1e-200 and 1e+200"),
    "a rate too low for a time": ([*TINY, "--frame-rate", "1e-320"], "--frame-rate: must be between"),
    "a rate at which nothing moves": ([*TINY, "--frame-rate", "1e100"], "--frame-rate: must leave disks the time to"),
    "a rate at which too much moves": (
        ["ablate", *GAS, "--frame-rate", "1e-20"],
        "--frame-rate: must be so high that disks cross less than 2^52 boxes",
    ),
    "disks too fast for the rate": ([*TINY, "--speed", "1e40"], "--frame-rate: must be so high"),
    "disks too slow for the rate": ([*TINY, "--speed", "1e-304"], "--frame-rate: must leave disks the time to move"),
    "a rate of Fig. 2 at which nothing moves": (
        [*TINY, "--frame-rates", "60", "9007199254740992", "--speed", "1e-4", "--frame-rate=1e10"],
        "--frame-rates: must leave disks the time to move",
    ),
    "a rate of Fig. 2 beyond all floats": ([*TINY, "--frame-rates", str(10**400)], "--frame-rates: must be at most"),
    "a rate of Fig. 2, improved": ([*LEARNED, "--frame-rates", str(10**20)], "--frame-rates: must be at most"),
    "disks too small to be counted exactly": ([*TINY, "--diameter", "1e-20"], "--diameter: must be more"),
    "too small, improved": ([*LEARNED, "--diameter", "1e-20"], "--diameter: must be more than 2^-51 boxes"),
    "overlaps": ([*TINY, "--engine", "event"], "--engine: must be one of fixed step"),
    "overlaps, improved": ([*LEARNED, "--engine", "event"], "--engine: must be one of fixed step"),
    "overlaps of held-out runs": (
        ["tables", *TINY, *LOOSE, "--runs=1", "--batch=4", "--held-out-runs=200"],
        "--engine: must be one of fixed step",
    ),
    "overlaps of runs to compare with": (
        ["compare", *TINY, *LOOSE, "--runs=1", "--batch=4", "--held-out-runs=200"],
        "--engine: must be one of fixed step",
    ),
    "overlaps of runs to check with": (
        [*LEARNED, *LOOSE, "--runs=1", "--check-runs=200"],
        "--engine: must be one of fixed step",
    ),
    "overlaps of runs to fit on": (
        ["ablate", *GAS, *LOOSE, "--runs=1", "--check-runs=1", "--held-out-runs=200"],
        "--engine: must be one of fixed step",
    ),
    "overlaps of other starts": (
        ["universal", *GAS, *LOOSE, "--runs=1", "--held-out-runs=200", "--sizes", "8"],
        "--engine: must be one of fixed step",
    ),
    "no room": ([*TINY, "--diameter", "0.2", "--overlaps", "reject"], "--overlaps: 'reject' must have an area"),
    "no room, universal": (["universal", *GAS, "--diameter", "0.2", "--overlaps", "reject"], "--overlaps: 'reject'"),
    "sizes that do not fit": (["universal", *GAS, "--diameter=0.1", "--sizes", "1"], "--sizes: must be numbers of"),
    "an s0 without digits": (["tables", *TINY, "--speed", "1e-9"], "--speed: must be between 1e-06 and 1e+30"),
    "no such start": ([*TINY, "--start", "two"], "--start"),
    "runs that no stream has": ([*TINY, "--runs", str(10**30)], "--runs: must be at most"),
    "frames beyond all floats": ([*TINY, "--frames", str(10**400)], "--frames: must be at most"),
    "a seed that torch cannot have": ([*TINY, "--training-seed", str(2**63)], "--training-seed: must be at most"),
    "a network too wide": ([*TINY, "--widths", str(10**30)], "--widths: must be at most"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_choices_that_do_not_go_together_are_refused_before_anything_is_made(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, said = REFUSED[case]
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert said in output.out + output.err
    assert "Traceback" not in output.err
    assert not list(tmp_path.iterdir())


def test_memory_for_long_counts_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*TINY, "--frame-rate", "1e-10"]) == 1
    assert "a higher --frame-rate" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


COMMANDS = [[], ["--preset", "improved"], *([name] for name in ("figures", "tables", "compare", "ablate", "universal"))]


@pytest.mark.parametrize("nothing", [["--out", ""], ["--out="]], ids=["apart", "joined"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words) or "everything")
def test_an_empty_folder_is_refused(
    command: list[str],
    nothing: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, *nothing]) == 2
    output = capsys.readouterr()
    assert "--out" in output.out + output.err
    assert "must be a path, got nothing" in " ".join((output.out + output.err).replace("│", " ").split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--config", "--weights", "--store", "--from"])
def test_an_empty_path_is_refused(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([option, ""]) == 2
    output = capsys.readouterr()
    assert option in output.out + output.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", ""],
        ["repair", ""],
        ["merge", ""],
        ["merge", "whole", ""],
        ["export", ""],
        ["export", "kept", ""],
        ["import-author", ""],
        ["import-author", "velocities", ""],
        ["simulate", "--store", ""],
    ],
    ids=" ".join,
)
def test_an_empty_dataset_is_refused(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert not list(tmp_path.iterdir())
    output = capsys.readouterr()
    told = output.out + output.err
    assert "got nothing" in told or "arguments: ['']" in " ".join(told.replace("│", " ").split())  # one of several


@pytest.mark.parametrize("rate", [1e-19, 1e-10, 0.1, 60.0, 1e10, 1e17, 1e30, 1e199])
@pytest.mark.parametrize("engine", ["auto", "event"])
def test_a_rate_is_refused_where_the_simulation_refuses_its_time(rate: float, engine: str) -> None:
    gas = GasChoices(n=3, diameter=0.01, runs=1, frames=2, frame_rate=rate, engine=engine, overlaps="reject")
    state = hthm.DiskGas(n=3, diameter=0.01).sample(1, 0, overlaps="reject")
    refused = False
    if engine == "auto" or rate > 1e-2:  # all else takes the exact engine for ever
        try:
            hthm.simulate(state, 2, 1 / rate, engine=engine, record="counts")
        except ValueError:
            refused = True
    try:
        gas.start()
    except ValueError as error:
        assert str(error).startswith("frame_rate: must")  # noqa: PT017 -- the message is the claim
        assert refused or rate < 1e-2
    else:
        assert not refused


def test_where_a_few_large_disks_jam_the_exact_engine_starts_from_a_lattice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hthm.starts.positions._MOST_TRIES", 2**12)
    gas = hthm.DiskGas(n=4, diameter=0.398)  # area fraction 0.498
    state = legal_start(gas, 40, 0)
    assert state is not None
    assert not np.count_nonzero(state.overlaps())
