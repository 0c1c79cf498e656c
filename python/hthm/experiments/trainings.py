"""Trainings that survive a stop: each is kept in files of its own, and taken from there when a command goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hthm.deepsets import DeepSets, new_model
from hthm.learning.history import History, read_history
from hthm.learning.recipes import TrainConfig
from hthm.learning.weights import load_configuration, load_weights, save_weights
from hthm.train import train

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hthm.pages.console import Stages
    from hthm.pages.results import TrainingFiles
    from hthm.trajectories import Trajectories


def trained(
    title: str,
    width: int,
    traj: Trajectories,
    training: TrainConfig,
    files: TrainingFiles,
    stages: Stages,
    *,
    made_by: Mapping[str, Any],
    resume: bool,
) -> tuple[DeepSets, History]:
    """Train a network, or take it from its files where an interrupted command has finished it.

    Parameters
    ----------
    title : str
        What is said of it while it lasts.
    width : int
        D.
    traj : Trajectories
        What it is trained on.
    training : TrainConfig
        How.
    files : TrainingFiles
        Where it is kept; their folders exist.
    stages : Stages
        Where progress goes.
    made_by : mapping
        Every choice that a result depends on; kept with the network. One that other choices have made is not taken.
    resume : bool
        Whether a finished network is taken, and an unfinished training goes on after its last finished epoch.

    Returns
    -------
    DeepSets, History

    Raises
    ------
    TrainingDivergedError
        If a loss is not finite.
    CheckpointError
        If the training was begun with other choices, or its checkpoint is damaged.
    OSError
        If a file cannot be written.
    """
    wanted = {**made_by, "training": training.as_json()}
    if resume and files.model.exists():
        try:
            if load_configuration(files.model) == wanted:
                model, history = load_weights(files.model), _whole_history(files.history, training.epochs)
                files.checkpoint.unlink(missing_ok=True)
                stages.say(f"{title}: finished before")
                return model, history
        except (ValueError, OSError) as error:  # a WeightsError is a ValueError
            stages.say(f"{title}: is trained again. {error}")
    if not resume:
        files.checkpoint.unlink(missing_ok=True)
    if not files.checkpoint.exists():
        files.history.unlink(missing_ok=True)
    with stages.stage(title) as stage:
        model = new_model(width, training.seed)
        try:
            history = train(
                model,
                traj,
                training,
                progress=stage.report,
                log_path=files.history,
                checkpoint_path=files.checkpoint,
            )
        except OSError as error:
            if error.filename is None:  # a full disk under the log, the one file that is not written whole
                error.filename = str(files.history)
            raise
        critical = history.critical_epoch
        stage.found = (
            f"loss {history.final_loss:.3g}, Loss0 {history.final_loss0:.4g}, "
            f"critical epoch {'not reached' if critical is None else critical}"
        )
    save_weights(files.model, model, wanted)
    files.checkpoint.unlink()
    return model, history


def _whole_history(path: Path, epochs: int) -> History:
    """The log of a finished training: one that has lost its last lines would give other losses in silence."""
    history = read_history(path)
    if len(history.epochs) != epochs:
        raise ValueError(f"{path}: must have a line for each of {epochs} epochs, got {len(history.epochs)}.")
    return history
