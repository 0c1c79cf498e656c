"""Where the runs of a dataset start and end, as States of the gas that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hthm.gas import State, unchecked_state
from hthm.recording.store.gases import gas_of
from hthm.recording.store.shard_reading import read_start
from hthm.rules import spinning

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hthm.recording.store.description import Description
    from hthm.recording.store.manifest import Shard
    from hthm.recording.store.shard_writing import Recorded


def read_state(folder: Path, description: Description, shard: Shard, runs: slice = slice(None)) -> State:
    """Read where some runs of a shard start.

    Parameters
    ----------
    folder, description, shard, runs
        As `hthm.recording.store.shard_reading.read_start` takes them; all runs of the shard unless given.

    Raises
    ------
    DatasetError
        If the file is missing or damaged, or of another dataset.
    """
    chosen = slice(*runs.indices(shard.runs))
    positions, velocities = (
        read_start(folder, description, shard, chosen, name) for name in ("positions", "velocities")
    )
    gas = gas_of(description)
    spins = read_start(folder, description, shard, chosen, "spins") if spinning(gas.rule) else None
    return unchecked_state(positions, velocities, gas, spins)


def final_of(recorded: Recorded, start: State) -> State:
    """Return where runs that started there are in the end."""
    return unchecked_state(recorded.final_positions, recorded.final_velocities, start, recorded.final_spins)


def joined(states: Sequence[State]) -> State:
    """Return runs of one gas, one after the other: the state itself where there is one alone."""
    first = states[0]
    if len(states) == 1:
        return first
    positions, velocities = (
        np.concatenate([getattr(state, name) for state in states]) for name in ("positions", "velocities")
    )
    spins = [state.spins for state in states if state.spins is not None]
    return unchecked_state(positions, velocities, first, np.concatenate(spins) if spins else None)
