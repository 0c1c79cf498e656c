"""Does one learned entropy serve every start: −h/n against H of the velocities, with one constant for all."""

from __future__ import annotations

import statistics
from functools import cache, partial
from itertools import product
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hthm.deepsets import evaluate
from hthm.experiments.ensembles import held_out_start, training_start
from hthm.experiments.shipped_trainings import Learning, Runs, is_learned, learn_on_workers, learned
from hthm.experiments.trainings import all_learned
from hthm.learning.recipes import entropic
from hthm.measures.smooth_h import smooth_h
from hthm.pages.decimals import table
from hthm.pages.entropy_figures import universal_figure
from hthm.pages.print_style import save_figure
from hthm.pages.remarks import headed
from hthm.pages.results import network_name
from hthm.recording.reading import frames_of
from hthm.simulate import simulate
from hthm.starts.kinds import COMPARED, EQUILIBRIUM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hthm.arrays import FloatArray, IntArray
    from hthm.choices.entropy import UniversalConfig
    from hthm.experiments.work import Work
    from hthm.gas import State
    from hthm.pages.results import ResultsFolder
    from hthm.recording.frames import Steps
    from hthm.starts.kinds import NamedStart
    from hthm.trajectories import Trajectories

_KEY: Final = ("seed", "trained_on", "steps", "width")
"""What tells one network from the others, in universal.json."""
MOMENTS: Final = 60
"""Frames in which H is measured, closer together early than late."""


def run_universal(work: Work[UniversalConfig]) -> None:
    """Train on what `config.trained_on` names; write universal.json, universal.md and the figure.

    Raises
    ------
    OSError
        If a file cannot be written.
    ArrowDivergedError
        If a loss is not finite.
    """
    config, folder, stages = work.config, work.folder, work.stages
    with stages.stage("Simulate runs from every start, and measure their H"):
        sizes = (config.n, *config.sizes)
        held_out: dict[tuple[str, int], Trajectories] = {
            (kind, n): _held_out(config, kind, n) for kind in COMPARED for n in sizes
        }
        moments = _moments(config.frames)
        H = {key: _smooth(traj, moments, config.bandwidth) for key, traj in held_out.items()}  # noqa: N806 -- the paper's symbol
    results: dict[str, Any] = {
        "curves": {f"{kind}, n = {n}": values.tolist() for (kind, n), values in H.items()},
        "moments": moments.tolist(),
        "networks": folder.rows("universal.json", "networks", (*_KEY, "starts"), config) if work.resume else [],
        **work.origin(),
    }
    finished = {tuple(network[name] for name in _KEY) for network in results["networks"]}
    training: dict[str, Trajectories] = {}
    # A seed of every kind of runs before the next: what there is can be compared.
    keys = list(product(config.seeds, config.ensembles, config.steps, config.widths))
    learnings = {key: _learning(work, key) for key in keys}

    simulating = Lock()

    def runs_of(trained_on: str) -> Trajectories:
        with simulating:  # once, whoever asks first
            if trained_on not in training:
                training[trained_on] = _log(config, training_start(config, trained_on), config.training_frames)
            return training[trained_on]

    if work.workers is not None:
        left = {key: one for key, one in learnings.items() if key not in finished and not is_learned(one)}
        shared = cache(lambda trained_on: Runs.of(runs_of(trained_on)))
        learn_on_workers(work, ((one, shared(key[1])) for key, one in left.items()), len(left))

    def curves_of(learning: Learning, trained_on: str) -> dict[tuple[str, int], FloatArray]:
        with stages.stage(learning.title) as stage:
            model, _ = learned(work, learning, runs_of(trained_on), None, stage.report)
            return {(kind, n): -evaluate(model, runs).mean(axis=0)[moments] / n for (kind, n), runs in held_out.items()}

    with all_learned(
        work, [(one, partial(curves_of, one, key[1])) for key, one in learnings.items() if key not in finished]
    ) as found:
        for key, learning in learnings.items():
            if key in finished:
                stages.say(f"{learning.title}: finished before")
                continue
            network = dict(zip(_KEY, key, strict=True))
            results["networks"].append({**network, "starts": _compared(next(found), H, config.n)})
            _write(folder, results)
            learning.path.unlink(missing_ok=True)
    if finished.issuperset(keys):  # no training has written it: the choices beside it may be others today
        _write(folder, results)


def _learning(work: Work[UniversalConfig], key: tuple[int, str, Steps, int]) -> Learning:
    """One training, by the names in `_KEY`."""
    seed, trained_on, steps, width = key
    return Learning(
        f"Put {steps} in order, D = {width}, seed {seed}, {trained_on}",
        width,
        seed,
        entropic(work.config.speed),
        work.config.arrow_config(steps, seed),
        work.folder.model(f"{trained_on.replace(' ', '-')}-{network_name(width, seed, steps)}"),
        {**work.config.decisive(), "key": list(key)},
    )


def _write(folder: ResultsFolder, results: dict[str, Any]) -> None:
    folder.write_table("universal", results, universal_markdown(results))
    save_figure(partial(universal_figure, results), folder.figures, "universal")


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
    groups: dict[tuple[str, str, int], list[Mapping[str, Any]]] = {}
    for network in results["networks"]:
        groups.setdefault((network["trained_on"], network["steps"], network["width"]), []).append(network)
    rows = []
    for (trained_on, steps, width), networks in groups.items():
        for starts in zip(*(network["starts"] for network in networks), strict=True):  # the same start of all seeds
            first = starts[0]
            spreads = [_spread(starts, name) for name in ("learned_fall", "slope", "rms")]
            row = [trained_on, steps, first["kind"], f"{width}", f"{len(networks)}", f"{first['n']}"]
            rows.append([*row, f"{first['fall']:.3f}", *spreads])
    titles = ("trained on", "in order", "start", "D", "seeds", "n", "fall of H", "fall of −h/n", "slope", "rms")
    return headed(
        results,
        "−h/n against H of the velocities, which a smooth density of all runs gives (bandwidth "
        f"{results['config']['bandwidth']:g} s0), both as means over the runs. One constant a network, set at "
        "equilibrium with the disks it was trained with, makes −h/n comparable: the same for all starts and sizes. "
        "Fall: the first frame less the last, in nats. Slope: of −h/n on H over the frames; 1 is an entropy. rms: of "
        "−h/n less that constant from H, in nats. Medians over the seeds, least … most in brackets.\n\n"
        + table(titles, rows, text=3),
    )


def _spread(starts: Sequence[Mapping[str, Any]], name: str) -> str:
    """The median of several seeds, with the least and the most."""
    values = [start[name] for start in starts]
    if None in values:
        return "–"
    median = f"{statistics.median(values):.3f}"
    return median if len(values) == 1 else f"{median} ({min(values):.3f} … {max(values):.3f})"


def _log(config: UniversalConfig, state: State, frames: int) -> Trajectories:
    return simulate(state, frames, config.dt, engine=config.engine, threads=config.threads, record="log")


def _held_out(config: UniversalConfig, kind: NamedStart, n: int) -> Trajectories:
    """Runs that no training sees; of another size at the same area fraction."""
    return _log(config, held_out_start(config, kind, n), config.frames)


def _moments(frames: int) -> IntArray:
    """Frames in which H is measured, the first and the last among them."""
    return np.unique(np.geomspace(1, frames, min(MOMENTS, frames)).round().astype(np.int64)) - 1


def _smooth(traj: Trajectories, moments: IntArray, bandwidth: float) -> FloatArray:
    frames = frames_of(traj)
    runs = np.arange(traj.runs, dtype=np.int64) * traj.frames
    return np.array(
        [
            smooth_h(frames.take(runs + moment), speed=traj.gas.speed, bandwidth=bandwidth)  # (runs, n, 2)
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
