"""The options of ``hthm estimators``, whose docstring heads its help."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from hthm.choices.bias import EstimatorsConfig


@dataclass(frozen=True, kw_only=True)
class Estimators:
    """Measure bias and spread of every estimator of H where H is known, and how far H moves with its bins."""

    choices: Annotated[EstimatorsConfig, tyro.conf.arg(name="")] = field(default_factory=EstimatorsConfig)
    out: Path = Path("hthm-estimators")
    """Folder for estimators.json, estimators.md and figures/."""
    threads: int | None = None
    """Threads; unless given, as many as are granted."""
    overwrite: bool = False
    """Replace the results of another run in that folder."""
    resume: bool = False
    """Go on after a stop, with the choices in the folder's config.json."""
    debug: bool = False
    """Show where an error comes from."""
