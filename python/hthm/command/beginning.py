"""What the options of a command begin with: a preset, a file, or the folder of a run to go on with says it first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from hthm.choices.arrow import ARROW_PRESETS
from hthm.choices.config_file import KindError, read_config
from hthm.choices.entropy import EntropyConfig
from hthm.choices.kinds import COMMANDS as NAMES
from hthm.choices.kinds import Choices
from hthm.choices.run import PRESETS, GasChoices, TrainingChoices
from hthm.command.dataset_options import Simulate
from hthm.command.measurement_options import Arrow, ArrowPreset, Measurement
from hthm.command.options import Job, MainJob, OnKept, Options, Preset
from hthm.command.parsing import glanced
from hthm.command.wrong import UsageError, said
from hthm.pages.stored import DamagedFileError

Resumed = TypeVar("Resumed", bound=Choices)


def loaded(name: str) -> Any:  # noqa: ANN401 -- whatever has that name
    """Import what ``module:name`` names."""
    module, _, inner = name.partition(":")
    return getattr(import_module(module), inner)


@dataclass(frozen=True, kw_only=True)
class _Glance:
    """What decides on the defaults of all other options."""

    out: Path
    resume: bool = False


@dataclass(frozen=True, kw_only=True)
class _ArrowGlance:
    preset: ArrowPreset = "full"


@dataclass(frozen=True, kw_only=True)
class _StoreGlance:
    store: Path
    resume: bool = False


@dataclass(frozen=True, kw_only=True)
class _KeptGlance(_Glance):
    kept: Annotated[Path | None, tyro.conf.arg(name="from")] = None


@dataclass(frozen=True, kw_only=True)
class _MainGlance(_KeptGlance):
    preset: Preset | None = None
    config: Path | None = None


def begun(kinds_of_options: Sequence[type[Options]], arguments: Sequence[str]) -> Options:
    """Return the options that the arguments of a command are added to.

    Parameters
    ----------
    kinds_of_options : sequence of type
        Of the command; the main job has several, of which the arguments choose one.
    arguments : sequence of str
        As a shell hands them over, without the name of the command.

    Raises
    ------
    UsageError
        If an option cannot be.
    DamagedFileError, OSError
        If the choices of the run to go on with cannot be read.
    """
    defaults: list[Any] = [kind() for kind in kinds_of_options]
    first = defaults[0]
    if isinstance(first, Simulate):
        of_store = glanced(_StoreGlance(store=first.store), arguments)
        if of_store.resume:
            first = replace(first, choices=loaded("hthm.command.kept:begun_choices")(of_store.store))
    if isinstance(first, Measurement):
        of_folder = glanced(_Glance(out=first.out), arguments)
        if of_folder.resume:
            first = replace(first, choices=resumed_choices(of_folder.out, type(first.choices)))
        elif isinstance(first, Arrow):
            named = glanced(_ArrowGlance(), arguments).preset
            first = replace(first, preset=named, choices=ARROW_PRESETS[named])
    if not isinstance(first, Job):
        other: Options = first
        return other
    kinds = {type(default.choices): default for default in defaults}
    glances = {MainJob: _MainGlance, OnKept: _KeptGlance, Job: _Glance}
    glance = glanced(next(of for job, of in glances.items() if isinstance(first, job))(out=first.out), arguments)
    choices: GasChoices = first.choices
    others: dict[str, Any] = {}
    if isinstance(glance, _MainGlance):
        choices = _main_choices(glance, kinds)
        preset = "improved" if isinstance(choices, EntropyConfig) else glance.preset or "paper"
        others = {"preset": preset, "config": glance.config}
    elif glance.resume:
        choices = resumed_choices(glance.out, *kinds)
    if isinstance(glance, _KeptGlance) and glance.kept is not None and isinstance(choices, TrainingChoices):
        choices = loaded("hthm.command.kept:kept_choices")(glance.kept, choices)
    options: Options = replace(kinds[type(choices)], choices=choices, out=glance.out, **others)
    return options


def _main_choices(glance: _MainGlance, kinds: Iterable[type[GasChoices]]) -> GasChoices:
    """The choices that the main job begins with; a file says itself whether they are those of the improved preset."""
    if glance.config is not None:
        choices = file_choices(glance.config, *kinds)
    elif glance.resume:
        choices = resumed_choices(glance.out, *kinds)
    else:
        return EntropyConfig() if glance.preset == "improved" else PRESETS[glance.preset or "paper"]
    if glance.preset is not None and (glance.preset == "improved") != isinstance(choices, EntropyConfig):
        found = glance.config or glance.out / "config.json"
        raise UsageError(
            f"--preset: must be that of {found}, which holds choices of {NAMES[choices.kind]}, got {glance.preset}. "
            "Leave --preset out."
        )
    return choices


def resumed_choices(out: Path, *kinds: type[Resumed]) -> Resumed:
    """Return the choices of the run in a folder.

    Raises
    ------
    UsageError
        If there is none, or it is another command's.
    DamagedFileError
        If its config.json holds no choices.
    OSError
        If it cannot be read.
    """
    path = out / "config.json"
    if not path.exists():
        raise UsageError(f"--resume: must find a run to go on with, and {out} has no config.json.")
    try:
        return read_config(path, *kinds)
    except KindError as error:
        raise UsageError(f"--resume: {error}") from error
    except ValueError as error:
        raise DamagedFileError(f"{error}. Restore it, or run again with --overwrite.") from error


def file_choices(path: Path, *kinds: type[GasChoices]) -> GasChoices:
    """Read choices from a file.

    Raises
    ------
    UsageError
        If it cannot be read, or holds none, or another command's.
    """
    try:
        return read_config(path, *kinds)
    except (OSError, ValueError) as error:
        raise UsageError(f"--config: {said(error)}") from error
