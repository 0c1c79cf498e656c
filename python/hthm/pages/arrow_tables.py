"""arrow.json for a reader: tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hthm.pages.decimals import NONE, number, table, with_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEAD: Final = (
    "Chiral disks, δ/σ = {:g}: which way time goes, by their states and by their collisions. Held-out runs, means with "
    "standard errors over the runs, nats. What is measured: docs/arrow-without-entropy.md.\n"
)
_STATE: Final = (
    "A functional of the state, h, in equilibrium: mean Δh of a step, its rise along a whole run for a disk beside "
    "what the collisions of that run tell, and its loss less ln 2, which no functional of a state can bring below 0.\n"
)
_PAIRS: Final = (
    "The classifier of pairs, f, over its trainings; the last row is the closed form of the dilute gas, the one above "
    "it a straight line through the densities. At once: collisions of pairs that a third disk has turned round.\n"
)
_TRAININGS: Final = (
    "Each training: loss less ln 2 beside the best by the senses alone; ⟨f⟩ − ⟨exp(−f)⟩ + 1, which bounds the mean log "
    "odds from below; the factor by which f would have to be stretched; share of collisions with the right sign.\n"
)
_THEOREM: Final = (
    "Slope of ln P(+k)/P(−k) of the net count k of collisions by sense, in windows of so many collisions: of the gas, "
    "with and without those at once, of each disk, and of the sum of f, for which it should be 1. Correlation of the "
    "sense with that of the next.\n"
)
_BOTH: Final = (
    "From equal speeds, where H falls besides. f = A·(−sense) + B·Δh by least squares; losses less ln 2; the effect of "
    "the sense on Δh; a·n of the fit of h to H of the velocities, −1 for an entropy.\n"
)


def arrow_markdown(results: Mapping[str, Any]) -> str:
    """Content of arrow.json in Markdown.

    Parameters
    ----------
    results : mapping
        As `hthm.command.arrow.measure_arrow` writes it; of an unfinished run rows are missing.

    Returns
    -------
    str
    """
    rest = [row for row in results["rows"] if row["part"] == "equilibrium"]
    both = [row for row in results["rows"] if row["part"] == "equal speeds"]
    parts = [_HEAD.format(results["config"]["ratio"])]
    if rest:
        parts += [_PAIRS, _pairs(rest, results["summary"]), _TRAININGS, _trainings(rest), _STATE, _state(rest)]
        parts += [_THEOREM, _theorem(rest)]
    if both:
        parts += [_BOTH, _beside(both)]
    return "\n".join(parts)


def _of(value: Mapping[str, float | None] | None) -> str:
    return NONE if value is None else with_error(value["mean"], value["error"])


def gas_name(row: Mapping[str, Any]) -> str:
    """Return what tables and legends call a gas."""
    return f"φ = {row['area_fraction']:g}" + ("" if row["ratio"] else ", δ = 0")


def _pairs(rows: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> str:
    lines = [
        [
            gas_name(row),
            str(row["collisions"]),
            *(
                _of(value)
                for value in (
                    row["outer"],
                    row["at_once"],
                    row["others"]["outer"],
                    row["odds"],
                    of["atom"],
                    row["nats"],
                    of["nats"],
                    row["mirror"],
                )
            ),
            *(_of(row["rate"][name]) for name in ("collisions", "nats")),
        ]
        for row, of in zip(rows, found["learned"], strict=True)
    ]
    names = ("outer", "at once", "others", "odds", "atom", "nats", "learned nats", "", "rate", "total")
    lines.append(["φ → 0", "", *(_of(found["dilute"].get(name)) for name in names)])
    expected = [number(found["expected"].get(name), 4) for name in names]
    expected[7] = number(-found["expected"]["nats"], 4)
    lines.append(["closed form", "", *expected])
    titles = (
        "gas", "collisions", "share at σ + δ", "at once", "share of the others", "log odds", "f, median of its size",
        "nats, by shares", "mean f",
        "mean f, mirror image", "collisions, of the dilute rate", "nats, of n/2 times it",
    )  # fmt: skip
    return table(titles, lines)


def _trainings(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        for of in row["trainings"]:
            of_senses = [
                f"{q[2]:+.3f} ({q[0]:+.3f} … {q[4]:+.3f})" if (q := of["atoms"][name]["quantiles"]) else NONE
                for name in ("outer", "inner")
            ]
            lines.append(
                [
                    gas_name(row),
                    str(of["seed"]),
                    _of(of["loss"]),
                    number(row["best_loss"]),
                    _of(of["nats"]),
                    _of(of["bound"]),
                    number(of["calibration"], 4),
                    _of(of["right"]) if row["ratio"] else NONE,
                    *of_senses,
                ]
            )
    titles = (
        "gas", "seed", "loss", "by shares", "mean f", "bound", "calibration", "right sign",
        "f at σ + δ, 5 … 95 %", "f at σ − δ, 5 … 95 %",
    )  # fmt: skip
    return table(titles, lines)


def _state(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        told = row["nats"]["mean"] * row["collisions"] / row["runs"] / row["n"]
        for steps, of in row["state"].items():
            lines.append(
                [f"{gas_name(row)}, by {steps}", _of(of["change"]), number(of["spread"]), _of(of["rise"]),
                 number(told), _of(of["loss"])]
            )  # fmt: skip
    return table(("h", "mean Δh", "std of Δh", "rise a disk", "told by collisions", "loss"), lines)


def _theorem(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        [
            gas_name(row),
            str(window["collisions"]),
            with_error(window["gas"]["value"], window["gas"]["error"]),
            _of(row["odds"]),
            with_error(window["others"]["value"], window["others"]["error"]),
            _of(row["others"]["odds"]),
            with_error(window["disk"]["value"], window["disk"]["error"]),
            with_error(window["learned"]["value"], window["learned"]["error"]) if row["ratio"] else NONE,
            *(_of(row["memory"][name]) for name in ("gas", "disk")),
        ]
        for row in rows
        for window in row["theorem"]["windows"]
    ]
    titles = (
        "gas", "collisions", "slope, gas", "log odds", "slope, others", "log odds, others", "slope, disk",
        "slope, sum of f", "correlation, gas",
        "correlation, disk",
    )  # fmt: skip
    return table(titles, lines)


def _beside(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        [
            gas_name(row),
            *(_of(row["sum"][name]) for name in ("sense", "state")),
            _of(row["odds"]),
            f"{number(row['sum']['left'])} of {number(row['sum']['spread'])}",
            *(_of(row["losses"][name]) for name in ("pairs", "state", "both")),
            _of(row["blind"]),
            _of(row["slope"]),
        ]
        for row in rows
    ]
    titles = (
        "gas",
        "A",
        "B",
        "log odds",
        "rms left",
        "loss of f",
        "loss of h",
        "loss of h and senses",
        "Δh by sense",
        "a·n",
    )
    return table(titles, lines)
