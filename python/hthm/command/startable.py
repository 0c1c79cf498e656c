"""What the simulations of a command would refuse, asked before anything of it is made."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hthm.choices.entropy import EntropyConfig, UniversalConfig
from hthm.choices.run import RunConfig
from hthm.choices.seeds import HeldOutChoices
from hthm.command.expected_memory import COUNTING
from hthm.experiments.ensembles import held_out_start, training_start
from hthm.experiments.frame_rate import check_counts
from hthm.starts.kinds import COMPARED

if TYPE_CHECKING:
    from hthm.choices.run import TrainingChoices
    from hthm.gas import State


def check_simulations(config: TrainingChoices | EntropyConfig, start: State) -> None:
    """Refuse choices with which a simulation of a command would end in an error.

    Parameters
    ----------
    config : TrainingChoices or EntropyConfig
        The command's.
    start : State
        Where its runs start; all others are drawn to be looked at, which takes next to nothing beside simulating them.

    Raises
    ------
    ValueError
        The message begins with the choice.
    """
    config.check_start(start)
    if isinstance(config, UniversalConfig):
        for ensemble in config.ensembles:
            config.check_start(training_start(config, ensemble))
        for kind, n in product(COMPARED, (config.n, *config.sizes)):
            config.check_start(held_out_start(config, kind, n))
    elif isinstance(config, EntropyConfig):
        for gas in config.gases[1:]:
            gas.start()
    elif isinstance(config, HeldOutChoices):
        config.held_out.start()
    if config.kind in COUNTING and isinstance(config, RunConfig | EntropyConfig):
        check_counts(config, start)
