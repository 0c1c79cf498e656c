"""How much memory a run will take, before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hthm.choices.entropy import EntropyConfig
from hthm.choices.run import RunConfig
from hthm.engines.dsmc import MOST_BYTES, has_equation
from hthm.engines.names import TIMED
from hthm.equilibrium import collisions_a_frame
from hthm.recording.collision_log import ROW_BYTES
from hthm.recording.store.frames import IN_MEMORY

if TYPE_CHECKING:
    from hthm.choices.run import TrainingChoices

_CHANGE: Final = 40  # bytes of a collision in the training kernel's store: two disks, each before and after
_SKETCH: Final = 320  # bytes of a frame in that store, beside a sixteenth of the frame itself
COUNTING: Final = ("run", "improved")
"""Kinds of runs that count collisions for Fig. 2, and solve the Boltzmann equation beside the gas."""


def expected_bytes(config: TrainingChoices | EntropyConfig, *, of_disk: bool = False) -> int:
    """How much memory a run is likely to need, in bytes, as far as the gas tells beforehand.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        The run.
    of_disk : bool
        Whether the log of the runs that are trained on stays in a dataset; most of what the kernel makes of a long one
        then stays on disk too.

    Returns
    -------
    int

    Notes
    -----
    `hthm.equilibrium.collisions_a_frame` gives the length of the log.
    """
    gas, frames = config.gas, config.recorded_runs * config.frames
    collisions = frames * gas.n * collisions_a_frame(gas, config.dt, exact=config.engine in TIMED)
    models = len(config.weights) + config.trains * len(config.widths) * config.trainings
    recording = (
        ROW_BYTES * collisions * (1 - of_disk * config.runs / config.recorded_runs)
        + frames * 16
        + config.recorded_runs * gas.n * 64
    )  # counts and offsets, first and last state
    training = 0.0 if not config.trains else _CHANGE * collisions + frames * (gas.n / 2 + _SKETCH)
    if of_disk:
        training = min(training, IN_MEMORY)
    later = max(training, _boltzmann_bytes(config))
    return round(max(recording + later + frames * 8 * (1 + models), _counting_bytes(config)))


def _boltzmann_bytes(config: TrainingChoices | EntropyConfig) -> float:
    """Memory that the collisions of the Boltzmann equation take, where it is solved beside the gas."""
    gas = config.gas
    if config.kind not in COUNTING or not has_equation(gas, config.dt, config.engine):
        return 0.0
    disks = config.recorded_runs * config.frames * gas.n
    return min(MOST_BYTES, ROW_BYTES * disks * collisions_a_frame(gas, config.dt, exact=True))


def _counting_bytes(config: TrainingChoices | EntropyConfig) -> float:
    """Memory that the counts of collisions at the highest frame rate of Fig. 2 take, where it is drawn."""
    if config.kind not in COUNTING or not isinstance(config, RunConfig | EntropyConfig):
        return 0.0
    return 16.0 * min(config.rate_runs, config.runs) * config.frames * config.dt * max(config.frame_rates)
