"""Everything that the tables, the figures and the report are drawn from, and its file ``series.h5``."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import h5py  # type: ignore[import-untyped]  # h5py ships no types
import numpy as np

from hthm import checks, files, integrity
from hthm.arrays import FloatArray, IntArray
from hthm.gas import DiskGas
from hthm.pages.quantities import Quantity, check_record, dtype_of, quantities
from hthm.recording.formats.packages import imported
from hthm.reprs import OneLine

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # its stubs are a package apart

FORMAT: Final = "hthm series 2"
"""What the attribute ``format`` of a file says; the number goes up when an older program could misread it."""
_UNGUARDED: Final = "hthm series 1"  # the same without a checksum

_LENGTH, _TIME, _SPEED = "length", "time", "length / time"  # of the gas: the paper's box is 1 long
_GAS: Final = {
    "n": ("1", "Disks"),
    "diameter": (_LENGTH, "Diameter of a disk"),
    "speed": (_SPEED, "Speed s0 of every disk at an equal start"),
    "box": (_LENGTH, "Side of the square, periodic box"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Training(OneLine):
    """One model, trained or given, and its h of every frame.

    Attributes
    ----------
    width : int
        Width D of the network.
    seed : int or None
        Seed of the training; None for given weights.
    h : (runs, frames) float64
    a, b, mse : (runs,) float64
        H ≈ a·h + b of each run, eqs. (15) and (16) of arXiv:2508.14003, and the mean square of what is left.
    loss, loss0, slope : (epochs,) float64
        Mean loss (11) and loss (10b) of every epoch, and the negative slope then; empty for given weights.
    critical_epoch : int or None
        First epoch, counted from 1, whose mean loss is above zero; None where there is none.
    steps : str
        What a training of `hthm.learning.arrow` put in order, frames or collisions; empty for others.
    """

    width: Annotated[int, Quantity("1", "Width D of the network", kind=int)]
    seed: Annotated[
        int | None, Quantity("1", "Seed of the training; absent for given weights", kind=int, optional=True)
    ]
    h: Annotated[FloatArray, Quantity("1", "Learned functional h of every frame", ("runs", "frames"))]
    a: Annotated[FloatArray, Quantity("nats", "Slope of H = a h + b", ("runs",))]
    b: Annotated[FloatArray, Quantity("nats", "Intercept of H = a h + b", ("runs",))]
    mse: Annotated[FloatArray, Quantity("nats^2", "Mean over the frames of (H - a h - b)^2", ("runs",))]
    loss: Annotated[FloatArray, Quantity("1", "Mean loss, eq. (11), of every epoch", ("epochs",))]
    loss0: Annotated[FloatArray, Quantity("1", "Mean loss, eq. (10b), of every epoch", ("epochs",))]
    slope: Annotated[FloatArray, Quantity("1", "Negative slope of the loss in every epoch", ("epochs",))]
    critical_epoch: Annotated[
        int | None,
        Quantity("1", "First epoch, from 1, of positive mean loss; absent if none", kind=int, optional=True),
    ]
    steps: str = ""

    def __post_init__(self) -> None:
        check_record(self)

    @property
    def has_losses(self) -> bool:
        """Whether it was trained as the paper's are: given weights have none, nor have those that order whole runs."""
        return len(self.loss) > 0

    @property
    def label(self) -> str:
        """Its name in tables and legends."""
        seed = "given" if self.seed is None else f"seed {self.seed}"
        return ", ".join(filter(None, [f"D = {self.width}", self.steps, seed]))


@dataclass(frozen=True, eq=False, repr=False)
class FrameRates(OneLine):
    """Collisions against the frame rate, Fig. 2.

    Attributes
    ----------
    rates : (rates,) int64
        Frames per unit time.
    collisions : (rates, counted_runs) int64
        Collisions of each run in the same physical time.
    time : float
        That time.
    exact : (exact_runs,) int64 or None
        Collisions of the exact, event-driven engine in that time, where it was asked.
    engine : str
        Engine of `collisions`; empty in files of older versions.
    """

    rates: Annotated[IntArray, Quantity("1 / time", "Frames per unit time", ("rates",), int)]
    collisions: Annotated[IntArray, Quantity("1", "Collisions of each run", ("rates", "counted_runs"), int)]
    time: Annotated[float, Quantity(_TIME, "Time in which they are counted")]
    exact: Annotated[
        IntArray | None,
        Quantity("1", "Collisions of each run of the exact engine", ("exact_runs",), int, optional=True),
    ] = None
    engine: str = ""

    def __post_init__(self) -> None:
        check_record(self)


@dataclass(frozen=True, eq=False, repr=False)
class Speeds(OneLine):
    """Counts of speeds at several times, over all runs, Fig. 3.

    Attributes
    ----------
    times : (shown,) float64
        From the start.
    edges : (bins + 1,) float64
        Edges of the bins.
    counts : (shown, bins) int64
    total : int
        Disks of all runs, those out of the bins' range too.
    """

    times: Annotated[FloatArray, Quantity(_TIME, "Times from the start", ("shown",))]
    edges: Annotated[FloatArray, Quantity(_SPEED, "Edges of the bins", ("edges",))]
    counts: Annotated[IntArray, Quantity("1", "Disks in every bin, over all runs", ("shown", "bins"), int)]
    total: Annotated[int, Quantity("1", "Disks of all runs", kind=int)]

    def __post_init__(self) -> None:
        sizes = check_record(self)
        if sizes["edges"] != sizes["bins"] + 1:
            raise ValueError(
                f"edges: must be one more than the {sizes['bins']} bins of counts, got {sizes['edges']}. "
                "Hand over what numpy.histogram returned."
            )


@dataclass(frozen=True, eq=False, repr=False)
class Series(OneLine):
    """What a run of the whole paper measured: every figure is drawn from it without simulating again.

    Attributes
    ----------
    gas : DiskGas
    times : (frames,) float64
        From the start.
    H : (runs, frames) float64
        H of the speeds, in nats.
    trainings : tuple of Training
    frame_rates : FrameRates
    speeds : Speeds
        Of all runs, at a few times.
    speeds_by_frame : Speeds or None
        Of the first runs, at every frame or evenly many of them; None in files of older versions.
    boltzmann : (runs, frames) float64 or None
        H of the speeds in the Boltzmann equation from the same starts, in nats, where it was solved.

    Raises
    ------
    TypeError, ValueError
        If an array has another dtype or shape than said, or the parts do not belong to the same runs and frames.
    """

    gas: DiskGas
    times: Annotated[FloatArray, Quantity(_TIME, "Times of the frames from the start", ("frames",))]
    H: Annotated[FloatArray, Quantity("nats", "H of the speeds of every frame, eq. (5)", ("runs", "frames"))]
    trainings: tuple[Training, ...]
    frame_rates: FrameRates
    speeds: Speeds
    speeds_by_frame: Speeds | None = field(default=None, repr=False)
    boltzmann: Annotated[
        FloatArray | None,
        Quantity("nats", "H of the speeds in the Boltzmann equation", ("runs", "frames"), optional=True),
    ] = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_record(self)
        for training in self.trainings:
            if training.h.shape != self.H.shape:
                raise ValueError(
                    f"h: must have the shape {self.H.shape} of H, got {training.h.shape} for {training.label}. "
                    "Evaluate the model on every run and frame."
                )

    def to_pandas(self) -> pd.DataFrame:
        """Return a row a run and frame, as a pandas.DataFrame.

        Returns
        -------
        pandas.DataFrame
            run from 0, frame from 1, time, H, and for every network h and the H that it stands for, a·h + b, named by
            its label such as ``h, D = 16, seed 0``; a second one of the same label has its number behind it.

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed; the extra `formats` brings it.
        """
        pandas = imported("pandas")
        runs, frames = self.H.shape
        columns: dict[str, object] = {
            "run": np.repeat(np.arange(runs), frames),
            "frame": np.tile(np.arange(1, frames + 1), runs),
            "time": np.tile(self.times, runs),
            "H": self.H.ravel(),
        }
        for number, training in enumerate(self.trainings):
            known = f"h, {training.label}" in columns
            label = f"{training.label}, {number}" if known else training.label
            columns[f"h, {label}"] = training.h.ravel()
            columns[f"a h + b, {label}"] = (training.a[:, np.newaxis] * training.h + training.b[:, np.newaxis]).ravel()
        return pandas.DataFrame(columns)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, whole or not at all; the same series gives the same bytes, and a checksum guards them.

        Raises
        ------
        OSError
            If the folder is missing or read-only, the disk is full, and so on.
        """
        # In memory first: a full disk is then met by plain writing, and not by HDF5 with a trace of its own.
        content = io.BytesIO()
        with h5py.File(content, "w", libver=("earliest", "v110"), track_order=False) as file:
            file.attrs["format"] = FORMAT
            file.attrs["source"] = "R. Lier, Machine Learning H-theorem, arXiv:2508.14003, measured anew by hthm"
            gas = file.create_group("gas")
            for name, (units, description) in _GAS.items():
                _describe(gas.create_dataset(name, data=getattr(self.gas, name)), units, description)
            _write(file, self)
            rates = file.create_group("frame_rates")
            rates.attrs["engine"] = self.frame_rates.engine
            _write(rates, self.frame_rates)
            _write(file.create_group("speeds"), self.speeds)
            if self.speeds_by_frame is not None:
                _write(file.create_group("speeds_by_frame"), self.speeds_by_frame)
            trainings = file.create_group("trainings")
            for number, training in enumerate(self.trainings):
                group = trainings.create_group(f"{number:04}")
                group.attrs["label"] = training.label
                group.attrs["steps"] = training.steps
                _write(group, training)
        files.write_bytes(path, integrity.with_preface(content.getvalue()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote.

        Raises
        ------
        OSError
            If there is no such file, or it cannot be read.
        ValueError
            If it is not a series, or is damaged.
        """
        content = checks.path("path", path).read_bytes()
        try:
            guarded = integrity.check_preface(content)  # before HDF5 reads what may be damaged
            with h5py.File(io.BytesIO(content), "r") as file:
                if (found := file.attrs.get("format")) != (FORMAT if guarded else _UNGUARDED):
                    raise ValueError(f"its format is {found!r} and not {FORMAT!r}")  # noqa: TRY301 -- worded below
                rates = file["frame_rates"]
                return cls(
                    gas=DiskGas(**{name: file["gas"][name][()].item() for name in _GAS}),
                    trainings=tuple(_training(group) for _, group in sorted(file["trainings"].items())),
                    frame_rates=FrameRates(**_values(FrameRates, rates), engine=rates.attrs.get("engine", "")),
                    speeds=Speeds(**_values(Speeds, file["speeds"])),
                    speeds_by_frame=(
                        Speeds(**_values(Speeds, file["speeds_by_frame"])) if "speeds_by_frame" in file else None
                    ),
                    **_values(cls, file),
                )
        except (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError) as damage:
            reason = str(damage).strip("\"'")
            raise ValueError(
                f"series: must be a whole file written by this version of hthm, got {os.fspath(path)} ({reason}). "
                "Run again to make it anew."
            ) from damage


def _write(group: h5py.Group, record: object) -> None:
    for name, quantity in quantities(type(record)).items():
        value = getattr(record, name)
        if value is not None:
            dataset = group.create_dataset(name, data=value, dtype=dtype_of(quantity))
            _describe(dataset, quantity.units, quantity.description)
            if quantity.shape:
                dataset.attrs["axes"] = ", ".join(quantity.shape)


def _describe(dataset: h5py.Dataset, units: str, description: str) -> None:
    dataset.attrs["units"] = units
    dataset.attrs["description"] = description


def _training(group: h5py.Group) -> Training:
    return Training(**_values(Training, group), steps=group.attrs.get("steps", ""))


def _values(kind: type, group: h5py.Group) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, quantity in quantities(kind).items():
        if quantity.optional and name not in group:
            values[name] = None
        else:
            values[name] = group[name][()] if quantity.shape else group[name][()].item()
    return values
