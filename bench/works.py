"""Works that are timed in two builds of hthm side by side, by `bench.versus`: one process of each build runs this file.

It speaks hthm's public names only, and those of earlier versions too, for it is run with whatever build is there. Lines
on standard input are its orders, each answered by a line: ``["ready", work]`` prepares a work and is answered with a
digest of its result, ``["do", times]`` does it so many times and is answered with the seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

import hthm

if TYPE_CHECKING:
    import torch

Array: TypeAlias = NDArray[Any]

Recording: TypeAlias = Literal["velocities", "log", "counts"]

DT: Final = 1 / 60
Result: TypeAlias = "Array | list[Array]"
Work: TypeAlias = Callable[[], Result]
"""What is timed; it returns its result."""


def digest(result: Result) -> str:
    """Of the bytes of an array, of several, or of a network's weights."""
    sha = hashlib.sha256()
    for array in result if isinstance(result, list) else [result]:
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:16]


def gas_of(n: int, area_fraction: float) -> hthm.DiskGas:
    return hthm.DiskGas(n=n, diameter=float(np.sqrt(4 * area_fraction / (np.pi * n))), speed=hthm.paper.S0, box=1.0)


def fixed_step(
    engine: str,
    record: Recording,
    n: int = 1000,
    runs: int = 1,
    frames: int = 300,
    threads: int = 1,
    area_fraction: float = hthm.paper.GAS.area_fraction,
) -> Work:
    """Steps of the paper's density, unless another is given."""
    state = gas_of(n, area_fraction).sample(runs, seed=1)
    simulated = partial(hthm.simulate, state, frames, DT, engine=engine, threads=threads, record=record)

    def work() -> Result:
        trajectories = simulated()
        return [trajectories.collisions, trajectories.final.velocities]

    return work


def exact(n: int, area_fraction: float, collisions: float) -> Work:
    """So many collisions, about, from a lattice that has been mixed a little."""
    gas = gas_of(n, area_fraction)
    # By Henderson's contact value, whatever a build has for `collision_rate`: both go for the same time.
    contact = (1 - 7 * area_fraction / 16) / (1 - area_fraction) ** 2
    rate = 2 * n * gas.diameter * contact * float(np.sqrt(np.pi / 2)) * gas.speed
    mixed = hthm.simulate(gas.lattice_state(1, seed=1), 1, 4 / rate, engine="event", record="counts").final
    dt = 2 * collisions / (n * rate)

    def work() -> Result:
        trajectories = hthm.simulate(mixed, 1, dt, engine="event", threads=1, record="counts")
        return [trajectories.collisions, trajectories.final.velocities]

    return work


def functional(name: str, recording: Recording, frames: int = 500) -> Work:
    """H of a few of the paper's runs."""
    measure = getattr(hthm.h_functional, name)
    runs = 20 if (name, recording) == ("speed_h", "log") else 2
    trajectories = hthm.simulate(hthm.paper.GAS.sample(runs, seed=1), frames, DT, record=recording, threads=1)
    of = trajectories if recording == "log" else trajectories.velocities
    named = {"speed": hthm.paper.S0} if name == "speed_h" and recording != "log" else {}
    return partial(measure, of, threads=1, **named)


def weights(model: torch.nn.Module) -> list[Array]:
    return [parameter.detach().numpy() for parameter in model.parameters()]


def training(width: int, threads: int = 1) -> Work:
    """An epoch of the paper's training, with what comes before it."""
    import torch  # noqa: PLC0415 -- no other work needs it

    from hthm.deepsets import new_model  # noqa: PLC0415 -- likewise
    from hthm.train import TrainConfig, train  # noqa: PLC0415 -- likewise

    trajectories = hthm.simulate(hthm.paper.GAS.sample(60, seed=1), 200, DT, record="log", threads=1)
    torch.set_num_threads(threads)

    def work() -> Result:
        model = new_model(width, 0)
        train(model, trajectories, TrainConfig(epochs=2, backend="fused"))
        return weights(model)

    return work


class Steps:
    """Steps of the paper's training in a row, Adam included, of a training that waits in a thread in between."""

    STEPS: Final = 10

    def __init__(self, width: int) -> None:
        from hthm.deepsets import new_model  # noqa: PLC0415 -- no other work needs it, and it brings torch

        self._model = new_model(width, 0)
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._train, daemon=True).start()
        self._done.acquire()

    def __call__(self) -> Result:
        """Take the next ones."""
        self._go.release()
        self._done.acquire()
        return weights(self._model)

    def _train(self) -> None:
        import torch  # noqa: PLC0415 -- likewise

        from hthm.train import TrainConfig, train  # noqa: PLC0415 -- likewise

        torch.set_num_threads(1)
        trajectories = hthm.simulate(hthm.paper.GAS.sample(60, seed=1), 500, DT, record="log", threads=1)
        train(self._model, trajectories, TrainConfig(epochs=1000, backend="fused"), progress=self._pause)

    def _pause(self, done: int, _: int) -> None:
        if done % self.STEPS == 0:
            self._done.release()
            self._go.acquire()


def arrow(steps: str, blocks: int = 1) -> Work:
    """Updates of the learned entropy, D = 32."""
    import torch  # noqa: PLC0415 -- no other work needs it

    from hthm.deepsets import new_model  # noqa: PLC0415 -- likewise

    has_rooms = importlib.util.find_spec("hthm.learning") is not None
    arrow_of_time = importlib.import_module("hthm.learning.arrow" if has_rooms else "hthm.arrow")
    recipes = importlib.import_module("hthm.learning.recipes" if has_rooms else "hthm.deepsets")

    trajectories = hthm.simulate(hthm.paper.GAS.sample(8, seed=1), 300, DT, record="log", threads=1)
    torch.set_num_threads(1)

    def work() -> Result:
        model = new_model(32, 0, recipes.entropic(hthm.paper.S0))
        config = arrow_of_time.ArrowConfig(steps=steps, updates=10, blocks=blocks, looks=1)
        arrow_of_time.train_arrow(model, trajectories, config)
        return weights(model)

    return work


def evaluation(width: int) -> Work:
    """The functional of every frame of ten runs, from the log."""
    import torch  # noqa: PLC0415 -- no other work needs it

    from hthm.deepsets import evaluate, new_model  # noqa: PLC0415 -- likewise

    trajectories = hthm.simulate(hthm.paper.GAS.sample(10, seed=1), 500, DT, record="log", threads=1)
    torch.set_num_threads(1)
    return partial(evaluate, new_model(width, 0), trajectories)


ENGINES: Final = ("cell_list", "sorted_cells", "neighbor_list", "sweep_and_prune")
WORKS: Final[dict[str, Callable[[], Work]]] = {
    **{f"{engine}, recorded": partial(fixed_step, engine, "velocities") for engine in ENGINES},
    "all_pairs, recorded": partial(fixed_step, "all_pairs", "velocities", frames=20),
    "sorted_cells, counted": partial(fixed_step, "sorted_cells", "counts"),
    "sorted_cells, logged": partial(fixed_step, "sorted_cells", "log"),
    **{
        f"auto, {runs} runs of {n} disks at {f}": partial(fixed_step, "auto", "counts", n=n, runs=runs, area_fraction=f)
        for n, runs in ((30, 100), (90, 40), (300, 20))
        for f in (0.0283, 0.3, 0.5)
    },
    "sorted_cells, 1e6 disks": partial(fixed_step, "sorted_cells", "counts", n=1_000_000, frames=3),
    "sorted_cells, 1e6 disks, two threads": partial(
        fixed_step, "sorted_cells", "counts", n=1_000_000, frames=3, threads=2
    ),
    "two runs on two threads": partial(fixed_step, "sorted_cells", "counts", runs=2, frames=600, threads=2),
    **{f"event, 1000 disks at {f}": partial(exact, 1000, f, 5e4) for f in (0.0283, 0.3, 0.7)},
    **{f"event, 1e5 disks at {f}": partial(exact, 100_000, f, 2e5) for f in (0.0283, 0.3, 0.7)},
    "event, 1e6 disks at 0.0283": partial(exact, 1_000_000, 0.0283, 2e5),
    "speed_h, dense": partial(functional, "speed_h", "velocities"),
    "speed_h, log": partial(functional, "speed_h", "log"),
    "velocity_h, dense": partial(functional, "velocity_h", "velocities"),
    "velocity_h, log": partial(functional, "velocity_h", "log"),
    **{f"two epochs, D = {width}": partial(training, width) for width in (16, 32, 64, 128)},
    **{f"{Steps.STEPS} steps with Adam, D = {width}": partial(Steps, width) for width in (16, 32, 64, 128)},
    "two epochs, D = 32, two threads": partial(training, 32, threads=2),
    "10 updates by collisions": partial(arrow, "collisions"),
    "10 updates by frames": partial(arrow, "frames"),
    "10 updates by frames, 20 blocks": partial(arrow, "frames", blocks=20),
    **{f"evaluation, D = {width}": partial(evaluation, width) for width in (16, 64)},
}
"""Functions that prepare a work, by its name in the table."""


def main() -> None:
    """Obey the orders."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    work: Work | None = None
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            order, argument = json.loads(line)
            if order == "ready":
                work = WORKS[argument]()
                answer: object = digest(work())
            else:
                assert work is not None
                began = time.perf_counter()
                for _ in range(argument):
                    work()
                answer = time.perf_counter() - began
            print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
