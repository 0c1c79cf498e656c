"""What the report says first: what was asked, what was done, and what came out, with the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hthm.pages import deviations
from hthm.pages.decimals import number, with_error
from hthm.pages.remarks import another_gas, departures
from hthm.published import PUBLISHED

if TYPE_CHECKING:
    from hthm.pages.series import Series, Training

ASKED: Final = (
    "Boltzmann's H falls as a gas of colliding disks comes to equilibrium: that is the H-theorem. Can a network that "
    "sees nothing but velocities, and is only taught which of two moments comes first, find H by itself, and how close "
    "does it get?"
)
_LAST: Final = 0.2
"""Share of the frames, at the end, over which H is averaged once it has settled."""


class Story(NamedTuple):
    """Three paragraphs, the last of three sentences."""

    asked: str
    done: str
    found: tuple[str, ...]


def study_story(series: Series, results: Mapping[str, Any]) -> Story:
    """Tell a run of the paper's recipe.

    Parameters
    ----------
    series : Series
    results : mapping
        Content of results.json.
    """
    config, simulation = results["config"], results["simulation"]
    trainings = series.trainings
    names = _listed([str(width) for width in dict.fromkeys(training.width for training in trainings)])
    trained = [training for training in trainings if training.has_losses]
    if trained:
        how = (
            f"{_counted(len(trained), 'network')} of width D = {names} {'was' if len(trained) == 1 else 'were'} "
            f"trained for {config['epochs']} epochs on the order of consecutive frames"
        )
    else:
        how = f"{_counted(len(trainings), 'given network')} of width D = {names} put the frames in order"
    fitted = (
        f", and H was fitted by a·h + b, run by run, with the learned h of {'it' if len(trainings) == 1 else 'each'}"
    )
    done = f"{_simulated(series, simulation)} {how}{fitted}." if trainings else _simulated(series, simulation)
    found = (_fall(series, simulation), _worth(series, trainings, results), _beside(trainings, config))
    return Story(ASKED, done, tuple(sentence for sentence in found if sentence))


def entropy_story(series: Series, results: Mapping[str, Any]) -> Story:
    """Tell a run that learns an entropy."""
    config, simulation = results["config"], results["simulation"]
    rows = [(int(width), row) for width, of in results["models"].items() for row in of["trainings"] if row.get("looks")]
    done = (
        f"{_simulated(series, simulation)} {_counted(len(rows), 'network')} learned on {config['runs']} other runs, by "
        "logistic regression, which of two moments of a run comes first, and H was fitted by a·h + b on runs that none "
        "had seen."
    )
    found = [_fall(series, simulation), _worth(series, series.trainings, results)]
    published = [PUBLISHED[width].mse for width in PUBLISHED]
    if not another_gas(config):
        found.append(
            f"The published networks leave a mean square of {number(min(published))} to {number(max(published))} on "
            "the runs that they were trained on."
        )
    return Story(ASKED, done, tuple(found))


# ---- Sentences ------------------------------------------------------------------------------------------------------


def _simulated(series: Series, simulation: Mapping[str, Any]) -> str:
    runs, frames = series.H.shape
    return (
        f"{_counted(runs, 'run')} of {series.gas.n} hard disks {'was' if runs == 1 else 'were'} "
        f"{'taken from a dataset' if simulation['seconds'] is None else 'simulated'}, {frames} frames each "
        f"({number(float(series.times[-1]))} time units), and H of the speeds was measured in every frame."
    )


def _fall(series: Series, simulation: Mapping[str, Any]) -> str:
    last = max(1, round(_LAST * series.H.shape[1]))
    counted = simulation["collisions_per_run"]
    times = "" if counted["mean"] is None else f" by {with_error(counted['mean'], counted['sem'])} collisions a run"
    begin, end = series.H[:, 0].mean(), series.H[:, -last:].mean()
    verb = "falls" if begin > end else "goes"
    return f"H {verb} from {begin:.3f} nats in the first frame to {end:.3f} over the last fifth of the frames{times}."


def _worth(series: Series, trainings: Sequence[Training], results: Mapping[str, Any]) -> str:
    """How well the best h stands for H."""
    variance = float(series.H.var(axis=1).mean())
    worth = sorted(
        ((float(training.mse.mean()), training) for training in trainings if training.mse.min(initial=1) >= 0),
        key=lambda pair: pair[0],
    )
    if not worth:
        return "No network has an h that could be fitted." if trainings else ""
    mse, best = worth[0]
    share = f", which leaves {100 * mse / variance:.2g} % of the variance of H unexplained" if variance else ""
    others = ""
    if len(worth) > 1:
        largest = worth[-1][0]
        others = f"; the worst of the {len(worth)}, {worth[-1][1].label}, has a mean square of {number(largest)}"
    doubt = "" if results["H"]["moves"] else ", but H does not move by more than its own noise"
    return (
        f"The h that stands for H best is that of {best.label}: the mean square of H − a·h − b is {number(mse)}{share}"
        f"{others}{doubt}."
    )


def _beside(trainings: Sequence[Training], config: Mapping[str, Any]) -> str:
    """How far the fits are from the published ones."""
    if another_gas(config):
        return "The published networks saw another gas, so that nothing of theirs can be compared."
    found = [
        (width, of["mse"])
        for width, seeds in deviations.by_width(trainings).items()
        if (of := deviations.of_fit(seeds, PUBLISHED[width]))["mse"] is not None
    ]
    if not found:
        return ""
    values = _listed([deviations.written(value).replace("-", "−") for _, value in found])
    widths = _listed([str(width) for width, _ in found])
    seeds = max(len(seeds) for seeds in deviations.by_width(trainings).values())
    errors = f"of a training, from {seeds} seeds" if seeds > 1 else "over the runs"
    sentence = f"From the published mean squares these differ by {values} standard errors {errors} (D = {widths})"
    if departures(config):
        return f"{sentence}, as they may: size or recipe are not the paper's."
    return f"{sentence}."


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
