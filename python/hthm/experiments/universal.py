"""Does one learned entropy serve every start: −h/n against H of the velocities, with one constant for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.arrow import train_arrow
from hthm.deepsets import entropic, evaluate, new_model
from hthm.experiments.smooth_h import smooth_h
from hthm.experiments.starts import STARTS, started, together
from hthm.files import write_text
from hthm.frames import Frames
from hthm.gas import DiskGas
from hthm.results import environment
from hthm.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.console import Stages
    from hthm.experiments.entropy_choices import UniversalConfig
    from hthm.gas import FloatArray, IntArray, State
    from hthm.results import ResultsFolder
    from hthm.trajectories import Trajectories

BANDWIDTH: Final = 0.05
"""Of the density that H is measured with, in units of s0."""
MOMENTS: Final = 60
"""Frames in which H is measured, closer together early than late."""
EQUILIBRIUM: Final = "equilibrium"


def run_universal(config: UniversalConfig, start: State, folder: ResultsFolder, stages: Stages) -> None:
    """Train on equal speeds, and on a mixture of starts; write universal.json and universal.md.

    Parameters
    ----------
    config : UniversalConfig
        Every choice.
    start : State
        Where the runs of equal speeds start.
    folder : ResultsFolder
        Where everything goes.
    stages : Stages
        Where progress goes.

    Raises
    ------
    OSError
        If a file cannot be written.
    ArrowDivergedError
        If a loss is not finite.
    """
    share = max(1, config.runs // len(STARTS))
    mixture = together(config.gas, [started(config.gas, kind, share, config.seed) for kind in STARTS])
    with stages.stage("Simulate what is trained on, and the held-out runs from every start"):
        training = {
            "equal speeds": _simulated(config, start, config.training_frames),
            "mixture": _simulated(config, mixture, config.training_frames),
        }
        sizes = (config.n, *config.sizes)
        held_out = {(kind, n): _held_out(config, kind, n) for kind in STARTS for n in sizes}
        moments = _moments(config.frames)
        H = {key: _smooth(traj, moments) for key, traj in held_out.items()}  # noqa: N806 -- the paper's symbol
    results: dict[str, Any] = {
        "curves": {f"{kind}, n = {n}": values.tolist() for (kind, n), values in H.items()},
        "moments": moments.tolist(),
        "networks": [],
        "config": config.as_json(),
        "environment": environment(config.threads),
    }
    for seed in config.seeds:
        for trained_on, traj in training.items():
            for steps in config.steps:
                for width in config.widths:
                    with stages.stage(f"Put {steps} in order, D = {width}, seed {seed}, {trained_on}") as stage:
                        model = new_model(width, seed, entropic(config.speed))
                        train_arrow(model, traj, config.arrow_config(steps, seed), progress=stage.report)
                        curves = {
                            (kind, n): -evaluate(model, runs).mean(axis=0)[moments] / n
                            for (kind, n), runs in held_out.items()
                        }
                    results["networks"].append(
                        {
                            "trained_on": trained_on,
                            "steps": steps,
                            "width": width,
                            "seed": seed,
                            "starts": _compared(curves, H, config.n),
                        }
                    )
                    folder.write_json("universal.json", results)
                    write_text(folder.path / "universal.md", universal_markdown(results))


def universal_markdown(results: Mapping[str, Any]) -> str:
    """Content of universal.json in Markdown.

    Parameters
    ----------
    results : mapping
        As `run_universal` writes it.

    Returns
    -------
    str
    """
    rows = [
        f"| {network['trained_on']} | {network['steps']} | {network['seed']} | {start['kind']} | {start['n']} "
        f"| {start['fall']:.3f} | {start['learned_fall']:.3f} | {_slope(start['slope'])} | {start['rms']:.3f} |"
        for network in results["networks"]
        for start in network["starts"]
    ]
    return (
        "−h/n against H of the velocities, which a smooth density of all runs gives, both as means over the runs. "
        "One constant a network, set at equilibrium with the disks it was trained with, makes −h/n comparable: the "
        "same for all starts and sizes. Fall: the first frame less the last, in nats. Slope: of −h/n on H over the "
        "frames; 1 is an entropy. rms: of −h/n less that constant from H, in nats.\n\n"
        "| trained on | in order | seed | start | n | fall of H | fall of −h/n | slope | rms |\n"
        "|---|---|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _slope(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _simulated(config: UniversalConfig, state: State, frames: int) -> Trajectories:
    return simulate(state, frames, config.dt, engine=config.engine, threads=config.threads, record="log")


def _held_out(config: UniversalConfig, kind: str, n: int) -> Trajectories:
    """Runs that no training sees; of another size at the same area fraction."""
    gas = DiskGas(n=n, diameter=config.diameter * (config.n / n) ** 0.5, speed=config.speed, box=config.box)
    runs = max(4, round(config.held_out_runs * config.n / n))  # as many disks
    return _simulated(config, started(gas, kind, runs, config.seed + 2), config.frames)


def _moments(frames: int) -> IntArray:
    """Frames in which H is measured, the first and the last among them."""
    return np.unique(np.geomspace(1, frames, min(MOMENTS, frames)).round().astype(np.int64)) - 1


def _smooth(traj: Trajectories, moments: IntArray) -> FloatArray:
    frames = Frames(traj)
    runs = np.arange(traj.runs, dtype=np.int64) * traj.frames
    return np.array(
        [
            smooth_h(frames.take(runs + moment), speed=traj.gas.speed, bandwidth=BANDWIDTH)  # (runs, n, 2)
            for moment in moments
        ]
    )


def _compared(
    learned: Mapping[tuple[str, int], FloatArray],
    H: Mapping[tuple[str, int], FloatArray],  # noqa: N803 -- the paper's symbol
    n: int,
) -> list[dict[str, Any]]:
    """Every start and size, after the one constant."""
    constant = float((learned[EQUILIBRIUM, n] - H[EQUILIBRIUM, n]).mean())
    compared = []
    for (kind, size), curve in learned.items():
        measured, shifted = H[kind, size], curve - constant
        deviation = measured - measured.mean()
        slope = None if kind == EQUILIBRIUM else float(deviation @ curve / (deviation @ deviation))
        compared.append(
            {
                "kind": kind,
                "n": size,
                "fall": float(measured[0] - measured[-1]),
                "learned_fall": float(curve[0] - curve[-1]),
                "slope": slope,
                "rms": float(np.sqrt(np.square(shifted - measured).mean())),
                "learned": shifted.tolist(),
            }
        )
    return compared
