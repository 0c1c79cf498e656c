"""An empty path, as a variable that is not set gives it, is not the present folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import hthm
from hthm.choices.config_file import read_config
from hthm.deepsets import new_model
from hthm.learning.history import read_history
from hthm.learning.recipes import TrainConfig
from hthm.learning.weights import load_weights, save_weights
from hthm.pages.series import Series
from hthm.recording.author import import_author
from hthm.recording.store.merging import merge
from hthm.recording.store.verification import repair, verify
from hthm.train import train


def test_an_empty_path_is_refused_by_every_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    state = hthm.DiskGas(n=3, diameter=0.01).sample(1, 0)
    traj = hthm.simulate(state, 3, record="log")
    hthm.simulate(state, 3, record="log", store="kept")
    model, config = new_model(3, 0), TrainConfig(epochs=1, batch=1)
    calls: dict[str, tuple[Callable[[], object], ...]] = {
        "store": (lambda: hthm.simulate(state, 3, store=""), lambda: import_author("velocities", "")),
        "folder": (lambda: import_author("", "kept"),),
        "out": (lambda: merge("", ["kept"]),),
        "parts": (lambda: merge("whole", [""]),),
        "log_path": (lambda: train(model, traj, config, log_path=""),),
        "checkpoint_path": (lambda: train(model, traj, config, checkpoint_path=""),),
        "path": (
            lambda: hthm.open(""),
            lambda: hthm.open("kept").dense(""),
            lambda: traj.save(""),
            lambda: traj.write("", format="h5md"),
            lambda: verify(""),
            lambda: repair(""),
            lambda: save_weights("", model),
            lambda: load_weights(""),
            lambda: read_history(""),
            lambda: Series.load(""),
            lambda: read_config(""),
        ),
    }
    for name, several in calls.items():
        for call in several:
            with pytest.raises(ValueError, match=rf"^{name}: must be a path, got nothing"):
                call()
    with pytest.raises(TypeError, match=r"^path: must be a path, got int"):
        hthm.open(3)  # type: ignore[arg-type]  # the slip is the test
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
