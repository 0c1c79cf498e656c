import os
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__version__: str
compiler: str
most_width: int

def adam_step(
    step: float,
    learning_rate: float,
    gradient: NDArray[np.float32],
    weights: NDArray[np.float32],
    mean: NDArray[np.float32],
    square: NDArray[np.float32],
) -> None: ...
def apply_momenta(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    momenta: NDArray[np.float64],
    exact: NDArray[np.int64],
    exact_velocities: NDArray[np.float64],
    threads: int,
) -> NDArray[np.float64]: ...
def apply_turns(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    turns: NDArray[np.float64],
    exact: NDArray[np.int64],
    exact_spins: NDArray[np.float64],
    threads: int,
) -> NDArray[np.float64]: ...
def count_overlaps(
    positions: NDArray[np.float64],
    box: float,
    diameter: float,
    threads: int,
    kinds: list[tuple[int, float, float]] = ...,
) -> NDArray[np.int64]: ...
def engines() -> list[str]: ...
def find_momenta(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    velocities: NDArray[np.float64],
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def find_turns(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    spins: NDArray[np.float64],
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def log_frames(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    velocities: NDArray[np.float64],
    numbers: NDArray[np.int64],
    out: NDArray[np.float64],
    threads: int,
) -> None: ...
def log_speed_counts(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    velocities: NDArray[np.float64],
    edges: NDArray[np.float64],
    threads: int,
) -> NDArray[np.int64]: ...
def log_speed_h(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    velocities: NDArray[np.float64],
    edges: NDArray[np.float64],
    terms: NDArray[np.float64] | None,
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def log_velocity_h(
    start: NDArray[np.float64],
    frame_offsets: NDArray[np.int64],
    pairs: NDArray[np.int32],
    velocities: NDArray[np.float64],
    temperature: NDArray[np.float64] | None,
    bins: int,
    reach: float,
    terms: NDArray[np.float64] | None,
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def place_disks(
    candidates: NDArray[np.float64],
    positions: NDArray[np.float64],
    placed: int,
    box: float,
    diameter: float,
    kinds: list[tuple[int, float, float]] = ...,
) -> tuple[int, int]: ...
def shear(
    *,
    positions: NDArray[np.float64],
    velocities: NDArray[np.float64],
    offsets: NDArray[np.float64],
    energies: NDArray[np.float64] | None,
    box: float,
    diameter: float,
    dt: float,
    rate: float,
    steps: int,
    threads: int,
    rule: tuple[str, list[float]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]: ...
def simd_level() -> str: ...
def speed_counts(velocities: NDArray[np.float64], edges: NDArray[np.float64], threads: int) -> NDArray[np.int64]: ...
def speed_h(
    velocities: NDArray[np.float64], edges: NDArray[np.float64], terms: NDArray[np.float64] | None, threads: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...
def velocity_h(
    velocities: NDArray[np.float64],
    temperature: NDArray[np.float64] | None,
    bins: int,
    reach: float,
    terms: NDArray[np.float64] | None,
    threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]: ...

class ArrowLoss:
    def __init__(self) -> None: ...
    def change(
        self,
        weights: NDArray[np.float32],
        width: int,
        form: tuple[float, bool, bool],
        run: WholeRun,
        velocities: NDArray[np.float32],
        parts: NDArray[np.int64] | None,
        count: int,
        change: NDArray[np.float64],
        threads: int,
    ) -> None: ...
    def loss(
        self,
        weights: NDArray[np.float32],
        width: int,
        form: tuple[float, bool, bool],
        run: WholeRun,
        velocities: NDArray[np.float32],
        parts: NDArray[np.int64] | None,
        count: int,
        cost: tuple[bool, float, float],
        chosen: NDArray[np.int64] | None,
        total: float,
        gradient: NDArray[np.float64],
        threads: int,
    ) -> float: ...

class Ensemble:
    def __init__(
        self,
        *,
        engine: str,
        positions: NDArray[np.float64],
        velocities: NDArray[np.float64],
        box: float,
        diameter: float,
        dt: float,
        first_run: int,
        random: NDArray[np.uint64] | None,
        threads: int,
        rule: tuple[str, list[float]] = ...,
        spins: NDArray[np.float64] | None = None,
        bits: int = 53,
        position_rests: NDArray[np.float64] | None = None,
        velocity_rests: NDArray[np.float64] | None = None,
        kinds: list[tuple[int, float, float]] = ...,
    ) -> None: ...
    def advance(
        self,
        *,
        first: int,
        count: int,
        collisions: NDArray[np.int64],
        velocities: NDArray[np.float64] | None,
        positions: NDArray[np.float64] | None,
        spins: NDArray[np.float64] | None,
        log: bool,
        threads: int,
    ) -> None: ...
    def move_log(self, rows: LogRows, threads: int) -> None: ...
    def write_state(self, *, positions: NDArray[np.float64], velocities: NDArray[np.float64]) -> None: ...
    def write_spins(self, spins: NDArray[np.float64]) -> None: ...
    def write_rests(self, *, positions: NDArray[np.float64], velocities: NDArray[np.float64]) -> None: ...
    def overtaken(self) -> list[int]: ...

class LogRows:
    def __init__(self, *, timed: bool, spins: bool = False) -> None: ...
    def release(
        self,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64] | None]: ...

class PairLoss:
    @staticmethod
    def from_dense(velocities: NDArray[np.float64], threads: int) -> PairLoss: ...
    @staticmethod
    def from_logs(
        logs: Iterable[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]],
        threads: int,
        memory: int | None = None,
        folder: str | os.PathLike[str] = "",
    ) -> PairLoss: ...
    def beside(self) -> PairLoss: ...
    @property
    def pairs(self) -> int: ...
    def loss(
        self,
        weights: NDArray[np.float32],
        width: int,
        pairs: NDArray[np.int64],
        negative_slope: float,
        penalty: float,
        change: NDArray[np.float64],
        gradient: NDArray[np.float32],
        threads: int,
    ) -> float: ...

class PhiSums:
    def __init__(self, weights: NDArray[np.float32], width: int) -> None: ...
    def of_log(
        self,
        start: NDArray[np.float64],
        frame_offsets: NDArray[np.int64],
        pairs: NDArray[np.int32],
        velocities: NDArray[np.float64],
        threads: int,
    ) -> NDArray[np.float64]: ...

class WholeRun:
    def __init__(self, n: int, steps: int, disks: NDArray[np.int32], step: NDArray[np.int64]) -> None: ...
    @property
    def steps(self) -> int: ...
