"""What reads frames finds the same in every recording: an array, Trajectories of either kind, anybody's own class."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

import hthm
from hthm.arrays import FloatArray, IntArray
from hthm.deepsets import evaluate, new_model
from hthm.learning.arrow import train_arrow
from hthm.learning.plain_network import new_plain_network
from hthm.learning.recipes import ArrowConfig, TrainConfig
from hthm.learning.whole_runs import whole_runs
from hthm.measures.baselines import speed_statistics
from hthm.measures.isotropic import isotropic_h
from hthm.recording import frames as frames_module
from hthm.recording.disk_function import DiskFunction
from hthm.recording.frames import Frames, RunChanges, Steps
from hthm.recording.reading import FramesLike, frames_of
from hthm.train import train

DOCS = (Path(__file__).resolve().parent.parent / "docs" / "recordings.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OWN_CLASS, ITS_USE = BLOCKS.findall(DOCS.partition("## Your own frames")[2])
GAS = hthm.DiskGas(n=70, diameter=0.05)
RUNS, FRAMES = 4, 20


def folder_class() -> Any:  # noqa: ANN401 -- the page says what it is
    """The class of docs/recordings.md."""
    names: dict[str, Any] = {}
    exec(OWN_CLASS, names)  # noqa: S102 -- our own page
    return names["Folder"]


class Shards(Frames):
    """Runs of several logs, as a store on disk will have them: gone through one after the other."""

    def __init__(self, parts: list[Frames]) -> None:
        self.parts = parts
        self.leading = (sum(part.leading[0] for part in parts), parts[0].leading[1])
        self.n, self.speed = parts[0].n, parts[0].speed

    def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:
        first = 0
        for part in self.parts:
            here = np.flatnonzero((numbers >= first) & (numbers < first + len(part)))
            out[here] = part.take(numbers[here] - first, threads=threads)
            first += len(part)

    def speed_h(
        self, edges: FloatArray, *, threads: int, terms: FloatArray | None = None
    ) -> tuple[FloatArray, IntArray]:
        h, dropped = zip(*(part.speed_h(edges, threads=threads, terms=terms) for part in self.parts), strict=True)
        return np.concatenate(h), np.concatenate(dropped)

    def disk_sums(self, of: DiskFunction, disks: int) -> Iterator[tuple[int, FloatArray]]:
        before = 0
        for part in self.parts:
            for first, sums in part.disk_sums(of, disks):
                yield before + first, sums
            before += len(part)

    def changes(self, run: int, steps: Steps) -> RunChanges:
        for part in self.parts:
            if run < part.leading[0]:
                return part.changes(run, steps)
            run -= part.leading[0]
        raise IndexError(run)


def recorded(record: str) -> hthm.Trajectories:
    return hthm.simulate(GAS.sample(RUNS, seed=5), FRAMES, 0.1, record=record)  # type: ignore[arg-type]  # one of them


def folder(tmp_path: Path, velocities: FloatArray) -> Any:  # noqa: ANN401 -- as above
    paths = [tmp_path / f"{run}.npy" for run in range(len(velocities))]
    for path, run in zip(paths, velocities, strict=True):
        np.save(path, run)
    return folder_class()(paths, speed=GAS.speed)


@pytest.fixture
def everything(tmp_path: Path) -> dict[str, FramesLike]:
    """The same frames in every recording, the array first."""
    dense, log = recorded("velocities"), recorded("log")
    return {
        "array": dense.velocities,
        "dense": dense,
        "log": log,
        "files": folder(tmp_path, dense.velocities),
        "shards": Shards([log[:1].as_frames(), log[1:].as_frames()]),
    }


def weights(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach() for parameter in model.parameters()]


def trained(backend: str) -> Callable[[FramesLike], FloatArray]:
    def measure(frames: FramesLike) -> FloatArray:
        model = new_model(3, 0)
        config = TrainConfig(epochs=2, batch=7, learning_rate=1e-2, backend=backend)  # type: ignore[arg-type]  # one of them
        loss = train(model, frames, config).loss
        return np.concatenate([loss, torch.cat([one.reshape(-1) for one in weights(model)]).numpy()])

    return measure


READ: dict[str, Callable[[FramesLike], FloatArray | IntArray]] = {
    "speed_counts": lambda frames: hthm.speed_counts(frames, speed=GAS.speed, bins=7),
    "speed_h": lambda frames: hthm.speed_h(frames, speed=GAS.speed),
    "velocity_h": hthm.velocity_h,
    "velocity_h at a temperature": lambda frames: hthm.velocity_h(frames, temperature=np.full(FRAMES, GAS.temperature)),
    "isotropic_h": lambda frames: isotropic_h(frames, speed=GAS.speed),
    "statistics": lambda frames: np.stack(list(speed_statistics(frames, speed=GAS.speed).values())),
    "some frames": lambda frames: frames_of(frames).take(np.array([79, 0, 20, 20])),
    "another network": lambda frames: evaluate(new_plain_network(GAS.n, 3, 0), frames),
    "fused training": trained("fused"),
    "training in torch": trained("torch"),
}
"""What has the same bits from any recording."""

ROUNDED: dict[str, Callable[[FramesLike], FloatArray]] = {
    "evaluate": lambda frames: evaluate(new_model(3, 0).double(), frames),
    "whole runs": lambda frames: np.stack(
        [run.h(new_model(3, 0).double()).detach().numpy() for run in whole_runs(frames, "frames", torch.float64)]
    ),
    "train_arrow": lambda frames: np.array(
        [
            look.loss
            for look in train_arrow(new_model(3, 0).double(), frames, ArrowConfig(steps="frames", updates=5, looks=5))
        ]
    ),
}
"""What is summed in another order from a log."""


@pytest.mark.filterwarnings("ignore::hthm.h_functional.HRangeWarning")
@pytest.mark.parametrize("at_a_time", [1, 700, 2**20])
@pytest.mark.parametrize("name", READ)
def test_every_recording_gives_the_same_bits(
    name: str, at_a_time: int, everything: dict[str, FramesLike], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames_module, "_DISKS_AT_A_TIME", at_a_time)
    expected = READ[name](everything["array"])
    for kind, frames in everything.items():
        found = READ[name](frames)
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape), kind
        assert found.tobytes() == expected.tobytes(), f"{name} of {kind} is another than of an array"


@pytest.mark.parametrize("name", ROUNDED)
def test_every_recording_gives_the_same_but_for_rounding(name: str, everything: dict[str, FramesLike]) -> None:
    found = {kind: ROUNDED[name](frames) for kind, frames in everything.items()}
    for kind, values in found.items():
        assert_allclose(values, found["array"], rtol=1e-10, atol=1e-12, err_msg=kind)
    for same, like in (("dense", "array"), ("files", "array"), ("shards", "log")):
        assert found[same].tobytes() == found[like].tobytes(), f"{name} of {same} is another than of {like}"


def test_collisions_of_shards_are_those_of_the_log(everything: dict[str, FramesLike]) -> None:
    runs = zip(whole_runs(everything["shards"], "collisions"), whole_runs(everything["log"], "collisions"), strict=True)
    for found, expected in runs:
        assert torch.equal(found.velocities, expected.velocities)
        assert torch.equal(found.step, expected.step)
    with pytest.raises(ValueError, match="velocities: must be recorded as a log"):
        whole_runs(everything["files"], "collisions")


def test_no_more_than_a_block_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, asked = folder(tmp_path, recorded("velocities").velocities), []
    read = frames.read

    def counting(numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:
        asked.append(len(numbers))
        read(numbers, out, threads=threads)

    monkeypatch.setattr(frames, "read", counting)
    monkeypatch.setattr(frames_module, "_DISKS_AT_A_TIME", 3 * GAS.n)
    for name in ("speed_counts", "speed_h", "velocity_h", "training in torch"):
        READ[name](frames)
    assert max(asked) == 2 * 7  # both frames of a batch of pairs


def test_the_gas_s_speed_comes_with_the_frames(everything: dict[str, FramesLike]) -> None:
    expected = hthm.speed_h(everything["array"], speed=GAS.speed)
    for kind in ("dense", "log", "files", "shards"):
        assert hthm.speed_h(everything[kind]).tobytes() == expected.tobytes()
    with pytest.raises(TypeError, match="speed: must be given with an array of velocities"):
        hthm.speed_h(everything["array"])


class Lacking:
    leading, n, speed = (2, 3), 4, None

    def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None: ...


def test_what_is_not_all_that_frames_are_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"got Lacking, which lacks __len__, take, keep, chunks, .*Derive it from hthm"):
        hthm.velocity_h(Lacking())  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ({"leading": [2, 3]}, TypeError, "Own.leading: must be a tuple of whole numbers, got list"),
        ({"leading": (2, -1)}, ValueError, "Own.leading: must be at least 0, got -1"),
        ({"leading": (2, 3.0)}, TypeError, "Own.leading: must be a whole number, got float"),
        ({"n": 0}, ValueError, "Own.n: must be at least 1, got 0"),
    ],
)
def test_sizes_of_somebody_s_own_class_are_checked(sizes: dict[str, Any], error: type[Exception], message: str) -> None:
    class Own(Frames):
        leading, n = (2, 3), 4

        def read(self, numbers: IntArray, out: FloatArray, *, threads: int | None = None) -> None:  # noqa: ARG002 -- as Frames has it
            out[:] = 1

    frames = Own()
    vars(frames).update(sizes)
    with pytest.raises(error, match=message):
        hthm.velocity_h(frames)


@pytest.mark.parametrize("wrong", [-1, GAS.n])
def test_a_log_that_names_no_disk_is_refused_by_whoever_reads_it(wrong: int) -> None:
    log = recorded("log")
    log.log.pairs[len(log.log.pairs) // 2, 1] = wrong
    for read in (
        lambda: evaluate(new_model(3, 0), log),
        lambda: whole_runs(log, "frames"),
        lambda: whole_runs(log, "collisions"),
        lambda: hthm.velocity_h(log),
        log.dense,
    ):
        with pytest.raises(ValueError, match="pairs: must be numbers of disks, from 0 to"):
            read()


@pytest.mark.parametrize(("frame", "row"), [(0, -1), (7, 0), (FRAMES, 10**6)])
def test_a_log_of_other_runs_is_refused_by_whoever_reads_it(frame: int, row: int) -> None:
    log = recorded("log")
    log.log.frame_offsets[RUNS - 1, frame] = row
    for read in (lambda: evaluate(new_model(3, 0), log), lambda: whole_runs(log, "frames"), log.dense):
        with pytest.raises(ValueError, match="frame_offsets: must ascend within the"):
            read()


def test_the_page_s_own_frames_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OWN_CLASS + ITS_USE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_protocol_s_example_runs() -> None:
    assert doctest.testmod(frames_module).attempted
    assert not doctest.testmod(frames_module).failed


def test_recordings_need_no_torch() -> None:
    program = "import sys, hthm.recording.reading, hthm.recording.log; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"
