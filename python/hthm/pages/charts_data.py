"""What the report's charts show, packed small: H and fits of every run, speeds frame by frame, losses by epoch."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hthm.published import SHOWN_RUNS

if TYPE_CHECKING:
    from hthm.arrays import FloatArray
    from hthm.pages.series import Series, Speeds, Training

MOST_NUMBERS: Final = 1_250_000
"""Of all curves of all runs, 2.7 bytes each in the page: five curves of 500 runs of 500 frames."""
MOST_CURVES: Final = 5
"""H, and the first networks of every kind; more could not be told apart."""
_NO_NUMBER: Final = 2**16 - 1


def charts(series: Series, results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's program draws, as JSON can hold it, by the name of each chart.

    Parameters
    ----------
    series : Series
    results : mapping
        Content of results.json: what it says of learned entropies is nowhere else.

    Returns
    -------
    dict
        ``history``; ``speeds``, where they were counted frame by frame; ``losses``, where there are any.
    """
    found = {"history": history(series)}
    if series.speeds_by_frame is not None:
        found["speeds"] = _speeds(series.speeds_by_frame, series.gas.speed)
    losses = _losses(series.trainings) or _looks(results)
    return found | ({"losses": losses} if losses else {})


def history(series: Series) -> dict[str, Any]:
    """H and a·h + b of every run; of more than fit into the page, of fewer runs, or not of every frame.

    Returns
    -------
    dict
        ``runs`` of the ``all`` there are, at ``times``, each curve in 65535 levels between its lowest and its highest
        value; ``first`` is the run to begin with.
    """
    kinds: dict[tuple[int, str], Training] = {}
    for training in series.trainings:
        kinds.setdefault((training.width, training.steps), training)
    shown = list(kinds.values())[: MOST_CURVES - 1]
    runs, frames = series.H.shape
    every = -(-frames * (1 + len(shown)) // MOST_NUMBERS)
    at = slice(every - 1, None, every)
    times = series.times[at]
    kept = max(1, min(runs, MOST_NUMBERS // (len(times) * (1 + len(shown)))))
    curves = [{"label": "H", **_levels(series.H[:kept, at])}]
    for training in shown:
        fitted = training.a[:kept, np.newaxis] * training.h[:kept, at] + training.b[:kept, np.newaxis]
        label = {"label": f"a·h + b, {training.label}", "short": training.label}
        curves.append(label | _levels(fitted) | {"mse": _numbers(training.mse[:kept])})
    return {
        "runs": kept,
        "all": runs,
        "every": every,
        "first": SHOWN_RUNS[0] if kept > SHOWN_RUNS[0] else 0,
        "times": _numbers(times),
        "curves": curves,
        "means": [
            {"label": label, "values": _numbers(values[:, at].mean(axis=0))}
            for label, values in (("mean H of all runs", series.H), ("of the Boltzmann equation", series.boltzmann))
            if values is not None
        ],
    }


def _speeds(speeds: Speeds, speed: float) -> dict[str, Any]:
    """Counts of the speeds, in units of s0."""
    return {
        "times": _numbers(speeds.times),
        "edges": _numbers(speeds.edges / speed),
        "total": speeds.total,
        "first": int(np.argmin(np.abs(speeds.times - 0.25))),
        "counts": _packed(speeds.counts, "uint32"),
    }


def _losses(trainings: Sequence[Training]) -> dict[str, Any] | None:
    """Losses of the paper's trainings by epoch; None where there are none."""
    with_losses = [training for training in trainings if training.has_losses]
    epochs = max((len(training.loss) for training in with_losses), default=0)
    if not epochs:
        return None
    return {
        "x": "epoch",
        "y": "mean of the epoch",
        "symmetric": True,
        "at": list(range(1, epochs + 1)),
        "measures": [
            {"name": "loss", "label": "loss, eq. (11)"},
            {"name": "loss0", "label": "Loss0, eq. (10b)"},
            {"name": "slope", "label": "its negative slope"},
        ],
        "curves": [
            {
                "label": training.label,
                "width": training.width,
                "critical": training.critical_epoch,
                "values": {name: _numbers(getattr(training, name), epochs) for name in ("loss", "loss0", "slope")},
            }
            for training in with_losses
        ],
    }


def _looks(results: Mapping[str, Any]) -> dict[str, Any] | None:
    """Losses of learned entropies by update; None where there are none."""
    rows = [
        (width, row) for width, of in results["models"].items() for row in of["trainings"] if row.get("looks")
    ]  # of given networks nothing is known
    if not rows:
        return None
    updates = sorted({look["update"] for _, row in rows for look in row["looks"]})
    return {
        "x": "update",
        "y": "loss (nats)",
        "symmetric": False,
        "at": updates,
        "measures": [
            {"name": "held_out_loss", "label": "loss of runs that it did not see"},
            {"name": "loss", "label": "loss of its own runs"},
        ],
        "curves": [
            {
                "label": f"D = {width}, {row['steps']}, seed {row['seed']}",
                "width": f"{width}, {row['steps']}",
                "critical": None,
                "values": {
                    name: [{look["update"]: look[name] for look in row["looks"]}.get(update) for update in updates]
                    for name in ("held_out_loss", "loss")
                },
            }
            for width, row in rows
        ],
    }


def _levels(values: FloatArray) -> dict[str, Any]:
    """Numbers as levels between the least and the greatest, which are told; no number has a level of its own."""
    finite = np.isfinite(values)
    low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 0.0)
    scale = (_NO_NUMBER - 1) / (high - low) if high > low else 0.0
    levels = np.full(values.shape, _NO_NUMBER)
    levels[finite] = np.rint((values[finite] - low) * scale)
    return {"low": low, "high": high, **_packed(levels, "uint16")}


def _packed(values: NDArray[Any], kind: str) -> dict[str, str]:
    """Whole numbers in base64, in the byte order of every machine that has a browser; large ones as float64."""
    if values.size and values.max() > np.iinfo(kind).max:
        kind = "float64"
    content = values.astype(np.dtype(kind).newbyteorder("<")).tobytes()
    return {"kind": kind, "base64": base64.b64encode(content).decode("ascii")}


def _numbers(values: FloatArray, length: int | None = None) -> list[float | None]:
    """Numbers to six digits, filled up to a length; JSON knows no NaN."""
    found = [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()]
    return found + [None] * ((length or 0) - len(found))
