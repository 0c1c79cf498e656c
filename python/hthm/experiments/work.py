"""What every experiment is given, in one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hthm.choices.run import GasChoices
from hthm.pages.results import environment

if TYPE_CHECKING:
    from pathlib import Path

    from hthm.deepsets import DeepSets
    from hthm.experiments.workers import Workers
    from hthm.gas import State
    from hthm.pages.console import Stages
    from hthm.pages.results import ResultsFolder
    from hthm.recording.store.dataset import Dataset

Choices_co = TypeVar("Choices_co", bound=GasChoices, covariant=True)


@dataclass(frozen=True)
class Work(Generic[Choices_co]):
    """Choices that nothing refuses any more, and a folder that is the experiment's own until it ends.

    Attributes
    ----------
    config : GasChoices
        Every choice.
    start : State
        Where the runs start that are trained on.
    given : tuple of DeepSets
        The networks of `config.weights`.
    folder : ResultsFolder
        Where everything is kept.
    stages : Stages
        What a person sees.
    resume : bool
        Whether what the folder holds is taken from there, and not made again.
    store : Path or None
        The dataset in which the runs are kept.
    kept : Dataset or None
        Runs to take in place of simulating.
    workers : Workers or None
        Who trains, if not this process.
    """

    config: Choices_co
    start: State
    given: tuple[DeepSets, ...]
    folder: ResultsFolder
    stages: Stages
    resume: bool = False
    store: Path | None = None
    kept: Dataset | None = None
    workers: Workers | None = None

    def origin(self) -> dict[str, Any]:
        """Return what made the results, as every file of results ends with it: the choices, and where they ran."""
        return {"config": self.config.as_json(), "environment": environment(self.config.threads)}
