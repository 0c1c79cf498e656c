"""A file with a single changed bit is refused with its name; equal content gives equal bytes."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np
import pytest
import safetensors.torch
import torch

from hthm.deepsets import new_model
from hthm.integrity import BLANK, check_preface, is_whole, sealed, with_preface
from hthm.learning.adam import TorchAdam
from hthm.learning.checkpoint import Checkpoint, CheckpointError, compared, moments_like
from hthm.learning.history import Epoch, History
from hthm.learning.recipes import TrainConfig, entropic
from hthm.learning.tensor_file import DamagedError, packed, unpacked
from hthm.learning.weights import WeightsError, load_configuration, load_weights, save_weights
from hthm.pages.series import Series
from hthm.train import train
from series_example import series, training

CONFIG = TrainConfig(epochs=2, batch=8)
VELOCITIES = np.random.default_rng(0).normal(size=(2, 9, 5, 2))


def write_model(path: Path) -> None:
    save_weights(path, new_model(3, 0, entropic(0.14)), {"seed": 0, "choices": {'"hthm checksum":"': "ä"}})


def write_checkpoint(path: Path) -> None:
    train(new_model(3, 0), VELOCITIES, CONFIG, checkpoint_path=path)


def write_series(path: Path) -> None:
    series(training(16, 0), training(32, None)).save(path)


def read_checkpoint(path: Path) -> None:
    train(new_model(3, 0), VELOCITIES, CONFIG, checkpoint_path=path)


WRITERS = {"model.safetensors": write_model, "checkpoint.safetensors": write_checkpoint, "series.h5": write_series}
READERS: dict[str, Callable[[Path], object]] = {
    "model.safetensors": load_weights,
    "checkpoint.safetensors": read_checkpoint,
    "series.h5": Series.load,
}


def changed(content: bytes, count: int) -> Iterator[bytes]:
    """Yield copies with one other bit: in the first and last bytes, and in bytes spread over all of them."""
    places = {*range(16), *range(16, 700, 5), *range(len(content) - 16, len(content))}
    places |= set(np.random.default_rng(0).integers(len(content), size=count).tolist())
    for place in sorted(places & set(range(len(content)))):
        bit = 1 << (place % 8)
        yield content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


@pytest.mark.parametrize("name", WRITERS)
def test_a_changed_bit_is_noticed_and_the_file_named_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    READERS[name](path)
    for content in changed(path.read_bytes(), 100):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=name) as caught:  # WeightsError and CheckpointError are ValueErrors
            READERS[name](path)
        assert "\n" not in str(caught.value)


def test_a_changed_bit_of_a_configuration_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    write_model(path)
    assert load_configuration(path) == {"seed": 0, "choices": {'"hthm checksum":"': "ä"}}
    content = path.read_bytes()
    path.write_bytes(content.replace(b'seed\\": 0', b'seed\\": 1'))
    with pytest.raises(WeightsError, match=r"model\.safetensors: .*its checksum is not that of its content"):
        load_configuration(path)


@pytest.mark.parametrize("name", ["model.safetensors", "series.h5"])
def test_equal_content_gives_equal_bytes(tmp_path: Path, name: str) -> None:
    written = set()
    for number in range(20):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        WRITERS[name](path)
        written.add(path.read_bytes())
    assert len(written) == 1
    program = f"import pathlib, test_integrity as here; here.WRITERS[{name!r}](pathlib.Path({str(tmp_path / name)!r}))"
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent, check=True, timeout=60)
    assert (tmp_path / name).read_bytes() in written, "another process writes other bytes"


def test_equal_checkpoints_have_equal_bytes(tmp_path: Path) -> None:
    """All but the seconds of an epoch are equal whenever the same training is saved."""
    written = set()
    for number in range(20):
        model = new_model(3, 0)
        adam, shuffle = TorchAdam(model, 1e-3), torch.Generator().manual_seed(0)
        model(torch.ones(4, 2)).backward()
        adam.step()
        made_by = {"seed": 0, "epochs": 2, "batch": 8}
        Checkpoint(tmp_path / str(number), made_by, model, adam, shuffle).save(History([EPOCH]))
        written.add((tmp_path / str(number)).read_bytes())
    assert len(written) == 1


EPOCH = Epoch(epoch=0, loss=-0.1, loss0=-0.2, mean_change=0.3, negative_slope=1.0, seconds=2.0)


def test_the_format_is_that_of_safetensors_and_of_hdf5(tmp_path: Path) -> None:
    for name, write in WRITERS.items():
        write(tmp_path / name)
    tensors = safetensors.torch.load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(tensors[name], tensor) for name, tensor in new_model(3, 0).state_dict().items())
    content = (tmp_path / "model.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    assert (8 + length) % 8 == 0, "numbers must begin at a multiple of 8, as the format wants"
    assert h5py.is_hdf5(tmp_path / "series.h5")
    with h5py.File(tmp_path / "series.h5") as file:
        assert file.userblock_size == 512


def test_files_without_a_checksum_are_read(tmp_path: Path) -> None:
    """Files of others, and those of hthm before it had checksums."""
    model, path = new_model(3, 0), tmp_path / "model.safetensors"
    for strings in (None, {"checksum": "of another kind"}, {"format": "hthm DeepSets 1", "width": "3"}):
        safetensors.torch.save_file(model.state_dict(), path, strings)
        assert torch.equal(load_weights(path).get_parameter("phi.0.weight"), model.get_parameter("phi.0.weight"))
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path)
    whole = path.read_bytes()
    tensors, strings = unpacked(whole)
    safetensors.torch.save_file(tensors, path, strings | {"format": "hthm checkpoint 1"})
    read_checkpoint(path)
    safetensors.torch.save_file(tensors, path, strings)
    with pytest.raises(CheckpointError, match="its checksum is missing"):
        read_checkpoint(path)
    path = tmp_path / "series.h5"
    write_series(path)
    path.write_bytes(path.read_bytes()[512:])
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = "hthm series 1"
    assert len(Series.load(path).trainings) == 2


def test_a_checksum_stands_in_the_file_it_is_of() -> None:
    content = sealed(b"mark:" + BLANK.encode() + b" and more", b"mark:")
    assert is_whole(content, b"mark:")
    assert not is_whole(content + b"!", b"mark:")
    assert not is_whole(content[:20], b"mark:")
    assert not is_whole(b"nothing", b"mark:")
    assert check_preface(with_preface(b"content"))
    assert not check_preface(b"content")
    with pytest.raises(ValueError, match="checksum"):
        check_preface(with_preface(b"content")[:-1])


def test_what_is_no_tensor_is_named() -> None:
    with pytest.raises(TypeError, match="extra: must be a tensor to be saved, got str"):
        packed({"extra": "state"}, {})  # type: ignore[dict-item]  # wrong on purpose
    shared = torch.ones(3)
    tensors, _ = unpacked(packed({"one": shared, "other": shared}, {}))  # weights used twice
    assert sorted(tensors) == ["one", "other"]
    with pytest.raises(DamagedError, match="it is no safetensors file"):
        unpacked(b"nothing")


def test_tensors_are_compared_before_any_is_used() -> None:
    like = {"a": torch.empty((2, 3), device="meta"), "b": torch.empty((), device="meta")}
    good = {"a": torch.ones(2, 3), "b": torch.ones(())}
    assert compared(good, like) == ""
    assert compared({"a": torch.ones(2, 3)}, like) == "b is missing"
    assert compared(good | {"c": torch.ones(1)}, like) == "c is not known"
    assert compared(good | {"a": torch.ones(3, 2)}, like) == "a must be float32 (2, 3), got float32 (3, 2)"
    assert compared(good | {"b": torch.ones((), dtype=torch.float64)}, like) == "b must be float32 (), got float64 ()"
    many = {str(k): torch.ones(1) for k in range(5)}
    assert compared({}, many) == "0 is missing; 1 is missing; 2 is missing and 2 more"
    parameter = torch.nn.Parameter(torch.ones(2, 3, dtype=torch.float64))
    adam = torch.optim.Adam([parameter], fused=True)
    parameter.sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    adam.step()
    assert compared(adam.state[parameter], moments_like(parameter)) == "", "torch keeps something else by now"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"adam.0.exp_avg": torch.ones(1)}, r"adam\.0\.exp_avg must be float32 \(3, 2\), got float32 \(1,\)"),
        ({"adam.0.step": torch.ones(2)}, r"adam\.0\.step must be float32 \(\), got float32 \(2,\)"),
        ({"adam.0.exp_avg_sq": None}, r"adam\.0\.exp_avg_sq is missing"),
        ({"adam.x.step": torch.ones(())}, r"adam\.x\.step is not known"),
        ({"adam.99.step": torch.ones(())}, r"adam\.99\.step is not known"),
        ({"weights.phi.0.bias": torch.ones(4)}, r"weights\.phi\.0\.bias must be float32 \(3,\)"),
        ({"shuffle": torch.zeros(3, dtype=torch.uint8)}, r"shuffle must be uint8 \(\d+,\), got uint8 \(3,\)"),
        ({"epochs": '[{"epoch": 0}]'}, "it must have epoch, loss"),
        ({"epochs": "5"}, "must be the checkpoint of a training, and is not"),
        ({"made_by": "[3]"}, "must be the checkpoint of a training, and is not"),
    ],
)
def test_a_wrong_checkpoint_changes_nothing(
    tmp_path: Path, change: dict[str, torch.Tensor | str | None], message: str
) -> None:
    """Written by hand, with a checksum that fits: the comparison refuses them, and torch never sees them."""
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path)
    tensors, strings = unpacked(path.read_bytes())
    for name, value in change.items():
        if isinstance(value, str):
            strings[name] = value
        elif value is None:
            del tensors[name]
        else:
            tensors[name] = value
    path.write_bytes(packed(tensors, strings))
    model = new_model(3, 5)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=rf"checkpoint\.safetensors: .*{message}"):
        train(model, VELOCITIES, replace(CONFIG), checkpoint_path=path)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
