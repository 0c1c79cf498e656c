"""The options of the commands that measure row by row, whose docstrings head their help."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import tyro

from hthm.choices.arrow import ARROW_PRESETS, ArrowOfTimeConfig
from hthm.choices.bias import EstimatorsConfig
from hthm.choices.chaos import ChaosConfig
from hthm.choices.reversal import ReversalConfig

ArrowPreset: TypeAlias = Literal["full", "quick"]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What they share."""

    choices: EstimatorsConfig | ChaosConfig | ReversalConfig | ArrowOfTimeConfig
    out: Path
    threads: int | None = None
    """Threads; unless given, as many as are granted."""
    overwrite: bool = False
    """Replace the results of another run in that folder."""
    resume: bool = False
    """Go on after a stop, with the choices in the folder's config.json."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Estimators(Measurement):
    """Measure bias and spread of every estimator of H where H is known, and how far H moves with its bins."""

    choices: Annotated[EstimatorsConfig, tyro.conf.arg(name="")] = field(default_factory=EstimatorsConfig)
    out: Path = Path("hthm-estimators")
    """Folder for estimators.json, estimators.md and figures/."""
    resume: bool = False
    """Go on after a stop, with the choices in the folder's config.json; --sizes may be others."""


@dataclass(frozen=True, kw_only=True)
class Chaos(Measurement):
    """Measure what molecular chaos leaves out: the gas beside its Boltzmann equation, as N grows at fixed N times σ."""

    choices: Annotated[ChaosConfig, tyro.conf.arg(name="")] = field(default_factory=ChaosConfig)
    out: Path = Path("hthm-chaos")
    """Folder for chaos.json, chaos.md and figures/."""
    resume: bool = False
    """Go on after a stop, with the choices in the folder's config.json; --sizes may be others."""


@dataclass(frozen=True, kw_only=True)
class Reversal(Measurement):
    """Negate all velocities, and see whether the gas comes back: exactly, by the fixed step, and what networks say.

    Half a minute at the paper's size; --runs 2 --widths 4 --epochs 1 is a quick try. What came out: docs/reversal.md.
    """

    choices: Annotated[ReversalConfig, tyro.conf.arg(name="")] = field(default_factory=ReversalConfig)
    out: Path = Path("hthm-reversal")
    """Folder for reversal.json, reversal.md and figures/."""


@dataclass(frozen=True, kw_only=True)
class Arrow(Measurement):
    """Learn the direction of time where no entropy tells it: chiral disks in equilibrium, by states and by collisions.

    Some minutes; --preset quick goes the same way in seconds. What came out: docs/arrow-without-entropy.md.
    """

    preset: ArrowPreset = "full"
    """What the choices begin with: full, or the same way on less data. Other options change single choices."""
    choices: Annotated[ArrowOfTimeConfig, tyro.conf.arg(name="")] = field(default_factory=lambda: ARROW_PRESETS["full"])
    out: Path = Path("hthm-arrow")
    """Folder for arrow.json, arrow.md and figures/."""
