"""Weights come back as they were, and a file that holds none says what is wrong with it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from hthm import paper
from hthm.deepsets import DeepSets, new_model
from hthm.learning.recipes import PUBLISHED, entropic
from hthm.learning.weights import WeightsError, load_configuration, load_weights, save_weights
from published import WEIGHTS, needs_weights


def equal(one: nn.Module, other: nn.Module) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("width", [1, 16, 50])
def test_weights_and_configuration_come_back(tmp_path: Path, width: int) -> None:
    model, path = new_model(width, seed=3), tmp_path / "model.safetensors"
    configuration = {"seed": 3, "train": {"epochs": 120, "learning_rate": 4e-4}, "name": "ä"}
    save_weights(path, model, configuration)
    loaded = load_weights(path)
    assert loaded.width == width
    assert equal(loaded, model)
    assert load_configuration(path) == configuration
    assert list(tmp_path.iterdir()) == [path]


def test_the_architecture_comes_back_and_is_the_published_one_unless_named(tmp_path: Path) -> None:
    model, path = new_model(4, 0, entropic(paper.S0)), tmp_path / "model.safetensors"
    save_weights(path, model)
    loaded = load_weights(path)
    assert loaded.architecture == model.architecture == entropic(paper.S0)
    velocities = torch.randn(3, 7, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loaded(velocities), model(velocities))
    save_weights(path, new_model(4, 0))
    assert load_weights(path).architecture == PUBLISHED
    wrong = {"architecture": '{"activation": "sine"}'}
    safetensors.torch.save_file(model.state_dict(), path, wrong)
    with pytest.raises(WeightsError, match=r"model\.safetensors: must name an architecture of hthm.*activation: must"):
        load_weights(path)


def test_a_loaded_network_can_be_trained_on(tmp_path: Path) -> None:
    save_weights(tmp_path / "m.safetensors", new_model(4, 0))
    model = load_weights(tmp_path / "m.safetensors")
    model(torch.ones(3, 2)).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_torch_state_dicts_are_read(tmp_path: Path, suffix: str) -> None:
    model, path = new_model(8, 0), tmp_path / f"model{suffix}"
    torch.save(model.state_dict(), path)
    assert equal(load_weights(path), model)


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("ran"),))


def test_no_code_in_a_file_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"phi.0.bias": Malicious()}, "evil.pt")
    with pytest.raises(WeightsError, match=r"evil\.pt: must be a torch state dict, and holds something else"):
        load_weights("evil.pt")
    assert not Path("ran").exists()


def test_a_whole_module_is_not_a_state_dict(tmp_path: Path) -> None:
    torch.save(DeepSets(2), tmp_path / "m.pt")
    with pytest.raises(WeightsError, match=r"m\.pt: .* torch\.save\(model\.state_dict\(\), path\)"):
        load_weights(tmp_path / "m.pt")
    torch.save([torch.ones(3)], tmp_path / "m.pt")
    with pytest.raises(WeightsError, match="must be a torch state dict, got list"):
        load_weights(tmp_path / "m.pt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rho.2.bias": None}, "missing: rho.2.bias; not known: none"),
        ({"rho.4.bias": torch.ones(1)}, "missing: none; not known: rho.4.bias"),
        ({"phi.0.bias": None}, "must hold phi.0.bias .* got nothing. Its names are: phi.0.weight"),
        ({"phi.0.bias": torch.ones(4, 1)}, r"must hold phi.0.bias .* got float32 \(4, 1\)"),
        ({"phi.0.bias": torch.ones(0)}, r"must hold phi.0.bias .* got float32 \(0,\)"),
        ({"phi.0.bias": torch.ones(5)}, r"phi.0.weight must be float32 \(5, 2\), got float32 \(4, 2\)"),
        ({"phi.0.bias": torch.ones(20_000)}, "must hold a network at most 16384 wide, got 20000"),
        ({"rho.0.bias": torch.ones(4, dtype=torch.float64)}, r"must be float32 \(4,\), got float64 \(4,\)"),
        ({"rho.0.bias": torch.tensor([1, torch.nan, 0, 0])}, "rho.0.bias must be finite"),
    ],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_wrong_arrays_are_named(
    tmp_path: Path, change: dict[str, torch.Tensor | None], message: str, suffix: str
) -> None:
    state = {**new_model(4, 0).state_dict(), **change}
    present = {name: tensor for name, tensor in state.items() if tensor is not None}
    path = tmp_path / f"wrong{suffix}"
    if suffix == ".pt":
        torch.save(present, path)
    else:
        safetensors.torch.save_file(present, path)
    with pytest.raises(WeightsError, match=f"wrong{suffix}: .*{message}"):
        load_weights(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 7, b"not weights", struct.pack("<Q", 2**62) + b"{}", b"PK\3\4 cut short"]
)
def test_damaged_files_are_refused_with_their_path(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"whole{suffix}"
    if suffix == ".pt":
        torch.save(new_model(3, 0).state_dict(), path)
    else:
        save_weights(path, new_model(3, 0))
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(WeightsError, match="whole"):
            load_weights(path)


def test_missing_files_other_suffixes_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        load_weights(tmp_path / "gone.pt")
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(IsADirectoryError, match="folder"):
        load_weights(tmp_path / "folder.pt")
    with pytest.raises(WeightsError, match=r"model\.npz: must end in \.safetensors, \.pt, \.pth, got '\.npz'"):
        load_weights(tmp_path / "model.npz")


def test_what_cannot_be_saved_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with pytest.raises(TypeError, match="configuration: must be what JSON can hold"):
        save_weights(path, DeepSets(1), {"set": {1}})
    with pytest.raises(ValueError, match="configuration: must be what JSON can hold"):
        save_weights(path, DeepSets(1), {"nan": float("nan")})
    with pytest.raises(TypeError, match="model: must be a DeepSets, got Linear"):
        save_weights(path, nn.Linear(2, 2))  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match=r"path: must end in \.safetensors"):
        save_weights(tmp_path / "m.pt", DeepSets(1))
    assert not list(tmp_path.iterdir())


@needs_weights
@pytest.mark.parametrize("width", paper.WIDTHS)
def test_published_weights_load_with_their_width(width: int) -> None:
    path = WEIGHTS / f"d{width}.safetensors"
    assert load_weights(path).width == width
    assert load_configuration(path) == {}
