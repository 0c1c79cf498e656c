"""What a dataset decides of the choices: with ``--from``, of a run on it; with ``hthm simulate --resume``, all."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hthm.choices.run import GasChoices, TrainingChoices
from hthm.choices.seeds import HeldOutChoices, TablesConfig
from hthm.command.wrong import UsageError
from hthm.engines.choice import chosen
from hthm.mixtures import one_kind
from hthm.pages.stored import read_json
from hthm.recording.store.dataset import Dataset
from hthm.recording.store.folder import found
from hthm.recording.store.manifest import NAME, Manifest
from hthm.recording.store.writer import describe
from hthm.rules import only_smooth

if TYPE_CHECKING:
    from hthm.gas import State
    from hthm.pages.results import ResultsFolder

Choices = TypeVar("Choices", bound=TrainingChoices)

RUNS: Final = "runs.json"
"""The file of a results folder that says which dataset its runs are from, if they are from one."""
_ALONE: Final = (
    "What this study sets beside the runs, the Boltzmann equation and frame rates, is of the paper's gas. Measure "
    "these runs in Python: hthm.open(path)."
)
_SAME: Final = 1e-15  # 1 / (1 / frame_rate) is rounded twice


def kept_choices(path: Path, choices: Choices) -> Choices:
    """Return the choices with those that a dataset decides.

    Raises
    ------
    DatasetError, OSError
        If there is no dataset, or it cannot be read.
    """
    kept = Dataset(path)
    decided = {name: value for name, value in _decided(kept).items() if not _same(name, getattr(choices, name), value)}
    batch = max(1, min(choices.batch, kept.runs * (kept.frames - 1)))  # --batch says otherwise
    return replace(choices, **decided, batch=batch)


def kept_runs(path: Path, choices: GasChoices) -> Dataset:
    """Open the dataset of a run with these choices.

    Raises
    ------
    UsageError
        If a choice is not what the dataset has.
    DatasetError, OSError
        If there is no dataset, or it cannot be read.
    """
    kept = Dataset(path)
    for name, value in _decided(kept).items():
        ours = getattr(choices, name)
        if not _same(name, ours, value):
            raise UsageError(
                f"--{name.replace('_', '-')}: must be that of the runs in {path}, {value}, got {ours}. Leave it out."
            )
    if wrong := only_smooth(kept.gas.rule, "--from", _ALONE) or one_kind(kept.gas.kinds, "--from", _ALONE):
        raise UsageError(wrong)
    if kept.recording == "counts":
        raise UsageError(f"--from: must be a dataset with velocities, and {path} holds the number of collisions alone.")
    return kept


def check_kept(kept: Dataset, choices: GasChoices, start: State) -> None:
    """Refuse a dataset that a command cannot take its runs from, though it is of the same gas.

    Raises
    ------
    UsageError
        If held-out runs are among those of the dataset; or if its runs are to be simulated again from another s0, and
        are not those of the seed.
    """
    known = kept.recording != "frames"
    if isinstance(choices, TablesConfig) and not (known and choices.start().sha256() == start.sha256()):
        raise UsageError(
            f"--from: must be a dataset of the runs of --seed, which hthm tables simulates again from a rounded s0, "
            f"and {kept.path} holds others. Give their --seed, or take hthm compare."
        )
    if known and isinstance(choices, HeldOutChoices):
        ours = {positions.tobytes() for positions in start.positions}
        if any(positions.tobytes() in ours for positions in choices.held_out.start().positions):
            raise UsageError(
                f"--held-out-seed: must be that of runs which are not in {kept.path}, got {choices.held_out_seed}. "
                "Take another seed."
            )


def check_resumed(out: Path, kept: Dataset | None, *, resume: bool) -> None:
    """Refuse to go on with a run on other runs than those it was begun on: its networks have seen them.

    Raises
    ------
    UsageError
        If the folder's run is on a dataset and this is not, or the other way round, or on another dataset.
    DamagedFileError, OSError
        If the file that says so is damaged, or cannot be read.
    """
    if not resume or not (out / "config.json").exists():
        return
    theirs = read_json(out / RUNS, "path", "description") if (out / RUNS).exists() else None
    if theirs is None and kept is not None:
        raise UsageError(
            f"--from: must be left out to go on with the run in {out}, which simulated its runs, got {kept.path}."
        )
    if theirs is not None and (kept is None or theirs["description"] != _description(kept)):
        raise UsageError(
            f"--from: must be {theirs['path']}, or wherever that dataset is now, to go on with the run in {out}, got "
            f"{kept.path if kept else 'none'}."
        )


def note_runs(folder: ResultsFolder, kept: Dataset | None) -> None:
    """Write down which dataset a run is on, if it is on one; `check_resumed` reads it.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    if kept is not None:
        folder.write_json(RUNS, {"path": str(kept.path.absolute()), "description": _description(kept)})


def _description(kept: Dataset) -> str:
    return Manifest.read(kept.path).description.text()


def check_store(path: Path, choices: GasChoices, start: State) -> None:
    """Refuse a folder that cannot take the runs of these choices, before anything is made.

    Raises
    ------
    DatasetError
        If it is a file, or holds anything but these runs, as far as they are there.
    OSError
        If it cannot be read.
    """
    engine = chosen(choices.engine, start, choices.dt)
    of = describe(start, kind="log", frames=choices.frames, dt=choices.dt, engine=engine)
    found(path, Manifest.planned(of))


def begun_choices(path: Path) -> GasChoices:
    """Return the choices of the simulation that began a dataset, finished or not.

    Raises
    ------
    UsageError
        If there is none, or hthm simulate did not begin it.
    DatasetError, OSError
        If its manifest is damaged, or cannot be read.
    """
    if not (path / NAME).exists():
        raise UsageError(f"--resume: must find a dataset to go on with, and {path} has no {NAME}.")
    of = Manifest.read(path).description
    if of.seed is None:
        raise UsageError(f"--resume: must find a dataset that hthm simulate began, and {path} was made in another way.")
    names = ("n", "diameter", "box", "speed", "speeds", "overlaps", "runs", "frames", "seed", "engine")
    decided: dict[str, Any] = {name: getattr(of, name) for name in names}
    return GasChoices(**decided, frame_rate=1 / of.dt)


def _decided(kept: Dataset) -> dict[str, Any]:
    gas = kept.gas
    numbers = {"n": gas.n, "diameter": gas.diameter, "speed": gas.speed, "box": gas.box}
    return numbers | {"runs": kept.runs, "frames": kept.frames, "frame_rate": 1 / kept.dt}


def _same(name: str, ours: float, theirs: float) -> bool:
    return ours == theirs or (name == "frame_rate" and math.isclose(ours, theirs, rel_tol=_SAME))
