"""What a training was like, epoch by epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from hthm import checks
from hthm.axes import labelled
from hthm.fit import critical_epoch
from hthm.integrity import with_checksum, without_checksum
from hthm.reprs import shown, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hthm.arrays import FloatArray


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch; losses and Δh are means over its batches, each taken before the step that followed it.

    Attributes
    ----------
    epoch : int
        Counted from 0, as in eq. (12) of arXiv:2508.14003.
    loss : float
        The loss that was minimised, eq. (11).
    loss0 : float
        The loss without a tilt, eq. (10b).
    mean_change : float
        Δh.
    negative_slope : float
        Eq. (12).
    seconds : float
        Wall clock.
    """

    epoch: int
    loss: float
    loss0: float
    mean_change: float
    negative_slope: float
    seconds: float

    def line(self) -> str:
        """Return it as one line of JSON, numbers to the last bit, with a checksum of its own."""
        return json.dumps(with_checksum(asdict(self))) + "\n"


@dataclass(frozen=True, eq=False)
class History:
    """The epochs of a training, in order.

    Attributes
    ----------
    epochs : list of Epoch
    """

    epochs: list[Epoch] = field(default_factory=list)

    def _parts(self) -> list[tuple[str, Any]]:
        """What is shown, by name."""
        parts: list[tuple[str, Any]] = [("epochs", len(self.epochs))]
        if self.epochs:
            names = ("final_loss", "final_loss0", "critical_epoch")
            parts += [(name, getattr(self, name)) for name in names]
        return parts

    def __repr__(self) -> str:
        return f"History({', '.join(f'{name}={shown(part)}' for name, part in self._parts())})"

    def _repr_html_(self) -> str:
        return table("History", self._parts())

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the mean losses of every epoch, and where the first is above zero.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; on those of a new figure unless given. Nothing is shown: that is up to the caller.

        Returns
        -------
        matplotlib.axes.Axes
            The losses are linear within a thousandth of zero, to which they come close, and logarithmic outside.

        Raises
        ------
        TypeError
            If `ax` is something else.
        ValueError
            If there is no epoch.
        """
        self._last()
        ax = labelled(ax, "epoch", "mean loss of the epoch (no unit)")
        epochs = np.arange(1, len(self.epochs) + 1)
        ax.axhline(0, color="0.75", linewidth=0.8)
        ax.plot(epochs, self.loss, label="loss, eq. (11)")
        ax.plot(epochs, self.loss0, linestyle="--", label="without a tilt, eq. (10b)")
        if self.critical_epoch is not None:
            ax.axvline(self.critical_epoch, color="0.5", linestyle=":", label=f"critical epoch {self.critical_epoch}")
        ax.set_yscale("symlog", linthresh=1e-3)
        ax.legend()
        return ax

    @property
    def loss(self) -> FloatArray:
        """Mean loss of every epoch, (epochs,)."""
        return np.array([epoch.loss for epoch in self.epochs], dtype=np.float64)

    @property
    def loss0(self) -> FloatArray:
        """Mean loss without a tilt of every epoch, (epochs,)."""
        return np.array([epoch.loss0 for epoch in self.epochs], dtype=np.float64)

    @property
    def mean_change(self) -> FloatArray:
        """Mean Δh of every epoch, (epochs,)."""
        return np.array([epoch.mean_change for epoch in self.epochs], dtype=np.float64)

    @property
    def final_loss(self) -> float:
        """Mean loss of the last epoch, as in Table 2."""
        return self._last().loss

    @property
    def final_loss0(self) -> float:
        """Mean loss without a tilt of the last epoch, as in Table 2."""
        return self._last().loss0

    @property
    def critical_epoch(self) -> int | None:
        """First epoch whose mean loss is above zero, counted from 1, as in Table 2; None if there is none."""
        return critical_epoch([epoch.loss for epoch in self.epochs])

    @property
    def seconds(self) -> float:
        """Wall clock of all epochs."""
        return sum(epoch.seconds for epoch in self.epochs)

    def _last(self) -> Epoch:
        if not self.epochs:
            raise ValueError("history: must have at least one epoch, got none.")
        return self.epochs[-1]


def read_history(path: str | os.PathLike[str]) -> History:
    """Read the log of a training, which may have been cut short in its last line.

    Parameters
    ----------
    path : path
        A `log_path` of `hthm.train.train`.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If a line before the last is no epoch, or not what was written, or the epochs are not in order.
    """
    lines = checks.path("path", path).read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines.pop()  # a kill or a full disk cut it short
    return History(list(_epochs(path, lines)))


def _epochs(path: str | os.PathLike[str], lines: Iterable[str]) -> Iterable[Epoch]:
    for number, line in enumerate(lines):
        try:
            entry = json.loads(line)
            yield epoch_of(without_checksum(entry) if isinstance(entry, dict) else entry, number)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{os.fspath(path)}: line {number + 1} must be an epoch, and is not ({error}).") from error


def epoch_of(entry: object, number: int) -> Epoch:
    """Return the epoch that an object of JSON stands for.

    Raises
    ------
    ValueError
        If it has other names, or values that are no numbers, or is not the epoch of this number.
    """
    names = [field.name for field in fields(Epoch)]
    if not isinstance(entry, dict) or sorted(entry) != sorted(names):
        raise ValueError(f"it must have {', '.join(names)}")
    for name in names:
        if type(entry[name]) not in {int, float}:  # not isinstance: True would be a number
            raise ValueError(f"{name} must be a number, got {entry[name]!r}")
    if entry["epoch"] != number:
        raise ValueError(f"it must be epoch {number}, got {entry['epoch']}")
    return Epoch(**entry)
