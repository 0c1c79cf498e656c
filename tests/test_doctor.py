"""``hthm doctor``: its checks find what is wrong, and its known answer is the oracle's."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

import hthm
import oracle
from hthm.command import doctor, self_check
from hthm.run import FAILED, main


def test_the_known_bits_are_the_oracles() -> None:
    state = self_check.known_gas()
    run = oracle.simulate(
        state.positions[0], state.velocities[0], frames=100, dt=1 / 64, box=state.box, diameter=state.diameter
    )
    assert hashlib.sha256(run.velocities.tobytes()).hexdigest().startswith(self_check.BITS)
    assert run.collisions.sum() > 1000  # so that it means something


def test_everything_is_right_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("hthm", "python", "packages", "processor", "threads", "memory", "limits", "runtimes"):
        assert f"\n{word}: " in f"\n{said}"
    assert said.count(" right\n") == len(self_check.CHECKS)


@pytest.mark.parametrize("name", ["known bits", "engines agree"])
def test_other_bits_are_a_fault(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def off(
        state: hthm.State, frames: int, dt: float, *, engine: str = "auto", threads: int | None = None
    ) -> hthm.Trajectories:
        found = hthm.simulate(state, frames, dt, engine=engine, threads=threads)
        if engine in {"auto", "cell_list"}:
            found.velocities[-1, -1, -1, -1] = np.nextafter(found.velocities[-1, -1, -1, -1], 9)
        return found

    monkeypatch.setattr(self_check, "simulate", off)
    monkeypatch.setattr(self_check, "CHECKS", {name: self_check.CHECKS[name]})
    assert main(["doctor"]) == FAILED
    captured = capsys.readouterr()
    assert f"these are wrong: {name}." in captured.err
    assert "check " + name in captured.out


def test_an_error_of_a_check_is_its_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise OSError("no such thing")

    monkeypatch.setattr(self_check, "CHECKS", {"broken": broken})
    assert list(self_check.self_checks()) == [("broken", "OSError: no such thing")]


def test_a_package_that_is_missing_is_said() -> None:
    assert doctor.installed("hthm-that-nobody-wrote") == "missing"
