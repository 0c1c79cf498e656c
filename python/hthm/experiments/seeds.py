"""Tables 2 and 3 over several seeds, on the runs that were trained on and on runs that no training saw.

What a fit to H is worth is seen beside functionals that nobody had to learn, fitted to the same runs.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

from hthm.deepsets import evaluate, new_model
from hthm.experiments.shipped_trainings import Training, train_on_workers
from hthm.experiments.simulation import runs_of, simulated
from hthm.experiments.trainings import all_trained
from hthm.experiments.traps import Measured, trapped, traps_json
from hthm.h_functional import speed_h_in_range
from hthm.measures.baselines import FLOOR, NEAR, clock, ensemble_mean, speed_statistics
from hthm.pages.remarks import h_json
from hthm.pages.results import differing, network_name
from hthm.pages.spread import UNROUNDED, seeds_markdown, spread_json
from hthm.pages.stored import DamagedFileError, damaged, read_json
from hthm.pages.tables import fit_json, fit_or_none, history_json, published_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.arrays import FloatArray
    from hthm.choices.seeds import TablesConfig
    from hthm.deepsets import DeepSets
    from hthm.experiments.work import Work
    from hthm.pages.results import ResultsFolder

CLOCKS: Final = (25.0, 40.0)
"""Decays, in frames, of the clocks among the baselines: near the best, and a guess."""

STATISTICS: Final = {
    "near_start": f"share of the disks within {NEAR} of s0",
    "log_distance": f"mean of ln({FLOOR} + abs(s − s0))",
    "distance": "mean of abs(s − s0)",
    "speed": "mean speed",
    "kurtosis": "kurtosis",
}
"""How the tables call each of `hthm.measures.baselines.SPEED_STATISTICS`."""


def run_tables(work: Work[TablesConfig]) -> None:
    """Train every width with every seed, and write tables.json and tables.md, anew after each training.

    Raises
    ------
    OSError
        If a file cannot be written.
    TrainingDivergedError
        If a loss is not finite.

    Notes
    -----
    A network whose h is constant along a run cannot be fitted; its fit is null.
    """
    config, folder, stages = work.config, work.folder, work.stages
    threads, others = config.threads, config.held_out
    seen_runs, simulation = runs_of(work)
    with stages.stage("Simulate again from a rounded s0, and measure H"):
        seen = trapped(config, seen_runs)
    traj, held_out_simulation = simulated(others, others.start(), stages)
    H, left_out = speed_h_in_range(traj, threads=threads)  # noqa: N806 -- the paper's symbol
    held_out = Measured(traj, H)
    results: dict[str, Any] = {
        "simulation": simulation,
        "held_out": held_out_simulation,
        "models": {},
        "published": published_json(),
        "H": h_json(H, config.n, float(left_out.mean())),
        **work.origin(),
    }
    kept = _kept(work) if work.resume else {}
    with stages.stage("Fit baselines and given networks"):
        results["baselines"] = _baselines(seen[UNROUNDED], held_out)
        results["given"] = [
            kept.get(str(path)) or {"weights": str(path), "width": model.width, **_fits(model, seen, held_out)}
            for path, model in zip(config.weights, work.given, strict=True)
        ]
    _write(folder, results)
    train_on_workers(work, _to_train(work, kept), seen[UNROUNDED].traj)
    left = [key for key in product(config.widths, config.seeds) if network_name(*key) not in kept]
    with all_trained(work, left, seen[UNROUNDED].traj) as found:
        for width in config.widths:
            trainings: list[dict[str, Any]] = []
            for seed in config.seeds:
                name = network_name(width, seed)
                if name in kept:
                    stages.say(f"Train D = {width}, seed {seed}: finished before")
                    trainings.append(kept[name])
                else:
                    model, history = next(found)
                    trainings.append({"seed": seed, **history_json(history), **_fits(model, seen, held_out)})
                results["models"][str(width)] = {"trainings": trainings, "spread": spread_json(trainings)}
                _write(folder, results)


def _to_train(work: Work[TablesConfig], kept: Mapping[str, object]) -> list[Training]:
    """What is not there yet, for workers."""
    trainings = []
    for width, seed in product(work.config.widths, work.config.seeds):
        name = network_name(width, seed)
        files = work.folder.training(name)
        if not work.resume:
            files.checkpoint.unlink(missing_ok=True)
        if name not in kept and not (work.resume and files.model.exists()):
            title, config = f"Train D = {width}, seed {seed}", work.config.train_config(seed)
            trainings.append(Training(title, new_model, (width, seed), config, files.checkpoint))
    return trainings


def _kept(work: Work[TablesConfig]) -> dict[str, dict[str, Any]]:
    """What an interrupted command wrote of networks on the same runs: trained ones by name, given ones by path.

    Nothing where the file is damaged: the networks lie in files of their own, and are fitted again.
    """
    config, path = work.config, work.folder.path / "tables.json"
    try:
        old = read_json(path, "config", "given", "models")
        others = any(old["config"][name] != getattr(config, name) for name in ("held_out_runs", "held_out_seed"))
        if others or differing(old["config"], config):
            return {}
        kept = {fits["weights"]: fits for fits in old["given"]}
        for width, model in old["models"].items():
            kept |= {network_name(int(width), training["seed"]): training for training in model["trainings"]}
    except FileNotFoundError:
        return {}
    except (OSError, DamagedFileError) as error:
        work.stages.say(f"All networks are fitted again. {error}")
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        work.stages.say(f"All networks are fitted again. {damaged(path, f'{type(error).__name__}: {error}')}")
        return {}
    return kept


def _fits(model: DeepSets, seen: Mapping[str, Measured], held_out: Measured) -> dict[str, Any]:
    """H ≈ a·h + b on the runs of the training, with and without traps, and on the others."""
    traps = traps_json(model, seen)
    unrounded = None if traps is None else {name: traps[UNROUNDED][name] for name in ("mse", "a", "b", "unexplained")}
    return {"fit": unrounded, "traps": traps, "held_out": _fit(evaluate(model, held_out.traj), held_out.H)}


def _fit(h: FloatArray, H: FloatArray) -> dict[str, Any] | None:  # noqa: N803 -- the paper's symbol
    return fit_json(fit_or_none(h, H), H)


def _baselines(seen: Measured, held_out: Measured) -> dict[str, dict[str, Any]]:
    """The same fits of functionals that were not learned; the mean of H is that over the runs of the training."""
    fits: dict[str, dict[str, Any]] = {}
    for kind, runs in (("fit", seen), ("held_out", held_out)):
        count, frames = runs.H.shape
        functionals = {
            "ensemble mean of H": ensemble_mean(seen.H)[:1].repeat(count, axis=0),
            **{f"exp(−t / {decay:g} frames)": clock(count, frames, decay) for decay in CLOCKS},
            **{STATISTICS[name]: h for name, h in speed_statistics(runs.traj).items()},
        }
        for name, h in functionals.items():
            fits.setdefault(name, {})[kind] = _fit(h, runs.H)
    return fits


def _write(folder: ResultsFolder, results: dict[str, Any]) -> None:
    folder.write_table("tables", results, seeds_markdown(results))
