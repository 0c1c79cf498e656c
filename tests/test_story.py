"""What a report says first: sentences with the numbers of the run, and none that the run does not bear out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hthm.choices.run import RunConfig
from hthm.gas import DiskGas
from hthm.pages.decimals import number
from hthm.pages.deviations import of_fit, written
from hthm.pages.story import study_story
from hthm.published import PUBLISHED
from series_example import series, training

SHOWN = series(training(16, 0), training(32, 0), training(64, 0))


def results(**config: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever can be chosen
    return {
        "config": RunConfig(**config).as_json(),
        "simulation": {"seconds": 3.0, "collisions_per_run": {"mean": 7459.04, "sem": 3.42}},
        "H": {"moves": True},
        "models": {},
    }


def test_it_has_the_numbers() -> None:
    story = study_story(SHOWN, results())
    assert "5 runs of 1000 hard disks were simulated, 12 frames each (0.200 time units)" in story.done
    assert "3 networks of width D = 16, 32 and 64 were trained for 120 epochs" in story.done
    assert len(story.found) == 3
    fall, worth, beside = story.found
    assert f"from {SHOWN.H[:, 0].mean():.3f} nats in the first frame to {SHOWN.H[:, -2:].mean():.3f}" in fall
    assert "7459.0 ± 3.4 collisions a run" in fall
    best = min(SHOWN.trainings, key=lambda one: one.mse.mean())
    assert f"best is that of {best.label}: the mean square of H − a·h − b is {number(best.mse.mean())}" in worth
    values = [written(of_fit([one], PUBLISHED[one.width])["mse"]).replace("-", "−") for one in SHOWN.trainings]
    assert f"differ by {values[0]}, {values[1]} and {values[2]} standard errors over the runs" in beside


def test_one_is_not_many() -> None:
    one = series(training(16, 0, runs=1), runs=1)
    story = study_story(one, results())
    assert story.done.startswith("1 run of 1000 hard disks was simulated")
    assert "1 network of width D = 16 was trained" in story.done
    assert "learned h of it" in story.done
    assert len(story.found) == 2, "a single run has no standard error"


def test_what_cannot_be_compared_is_not() -> None:
    other = replace(SHOWN, gas=DiskGas(n=100, diameter=0.01))
    assert "nothing of theirs can be compared" in study_story(other, results(n=100, diameter=0.01)).found[2]
    assert study_story(SHOWN, results(epochs=5)).found[2].endswith("size or recipe are not the paper's.")
    seeds = replace(
        SHOWN, trainings=tuple(replace(training(16, seed), mse=np.full(5, 0.1 + seed)) for seed in range(2))
    )
    assert "of a training, from 2 seeds" in study_story(seeds, results()).found[2]


def test_dead_networks_and_given_ones_are_called_so() -> None:
    dead = replace(SHOWN, trainings=(replace(training(16, None), mse=np.full(5, np.nan)),))
    story = study_story(dead, results())
    assert "1 given network of width D = 16 put the frames in order" in story.done
    assert story.found[1] == "No network has an h that could be fitted."
    still = results() | {"H": {"moves": False}}
    assert "H does not move by more than its own noise" in study_story(SHOWN, still).found[1]
