"""H of the Boltzmann equation, from where the runs of a gas start: what the H-theorem is about, beside the gas."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from hthm import checks
from hthm.engines.dsmc import ENGINE, MOST_BYTES, has_equation
from hthm.h_functional import speed_h_in_range
from hthm.pages.boltzmann import boltzmann_json
from hthm.pages.decimals import with_error
from hthm.recording.collision_log import ROW_BYTES
from hthm.simulate import simulate
from hthm.trajectories import Trajectories

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.pages.console import Stages
    from hthm.progress import Progress
    from hthm.recording.store.dataset import Dataset


def boltzmann_h(traj: Trajectories, *, threads: int | None = None, progress: Progress | None = None) -> FloatArray:
    """H of the speeds that the Boltzmann equation has of as many disks, started with the velocities of every run.

    Parameters
    ----------
    traj : Trajectories
        Runs of a gas, as `has_equation` has it.
    threads : int, optional
        As `simulate` takes them.
    progress : callable, optional
        As `simulate` takes it.

    Returns
    -------
    (runs, frames) float64
        In nats, at the times of the frames.

    Raises
    ------
    MemoryError
        If the collisions of a run for each thread do not fit into the available memory.

    Notes
    -----
    Disks of finite size collide χ times as often as the points of the equation, and that is no correlation of
    velocities: its time is counted in collisions of equilibrium, a frame being χ times as long.
    """
    gas = traj.gas
    a_run = max(1.0, ROW_BYTES * gas.collision_rate * traj.dt * gas.n / 2 * traj.frames)
    together = max(checks.threads(threads), int(MOST_BYTES / a_run))
    parts = []
    for first in range(0, traj.runs, together):

        def report(done: int, _: int, before: int = first * traj.frames) -> None:
            if progress is not None:
                progress(before + done, traj.runs * traj.frames)

        solved = simulate(
            traj.initial[first : first + together],
            traj.frames,
            traj.dt * gas.contact_value,
            engine=ENGINE,
            threads=threads,
            record="log",
            progress=report,
        )
        parts.append(speed_h_in_range(solved, threads=threads).h)
    return np.concatenate(parts)


def beside(
    traj: Trajectories | Dataset,
    H: FloatArray,  # noqa: N803 -- the paper's symbol
    threads: int | None,
    stages: Stages,
) -> tuple[FloatArray | None, dict[str, Any] | None]:
    """Solve the Boltzmann equation beside a gas as a stage of a command, where there is something to compare.

    Parameters
    ----------
    traj : Trajectories or Dataset
        Runs; of frames alone nobody knows where they started.
    H : (runs, frames) float64
        Of their speeds.
    threads : int, optional
        As `simulate` takes them.
    stages : Stages
        What a person sees.

    Returns
    -------
    boltzmann : (runs, frames) float64 or None
        As `boltzmann_h` returns it.
    of_boltzmann : dict or None
        What results.json says of it.

    Raises
    ------
    MemoryError
        As `boltzmann_h`.
    """
    if not (isinstance(traj, Trajectories) and has_equation(traj.gas, traj.dt, traj.engine)):
        return None, None
    with stages.stage("Solve the Boltzmann equation from the same starts") as stage:
        began = time.perf_counter()
        solved = boltzmann_h(traj, threads=threads, progress=stage.report)
        found = boltzmann_json(H, solved, traj.times, time.perf_counter() - began)
        largest = found["difference"]
        stage.found = f"H differs by {with_error(largest['largest'], largest['sem'])} nats where it is most"
    return solved, found
