"""What a reader must know before believing a table: another gas, an H that does not move, disks that H leaves out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from hthm.choices.run import GasChoices, RunConfig
from hthm.engines.names import TIMED
from hthm.measures.movement import movement
from hthm.pages.decimals import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hthm.arrays import FloatArray

WITHOUT_EFFECT: Final = frozenset({"threads", "device", "weights", "seed", "training_seed", "trainings", "widths"})
"""Choices that change no result, or only which of equally good ones there are; all others are named, new ones too."""

ANOTHER_GAS: Final = "published, of another gas"
"""What a row of the paper's is called beside another gas: nothing of it can be compared."""

_SIZE: Final = frozenset({"runs", "frames", "frame_rate"})
"""Choices of the simulation that make no other gas."""


def departures(config: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what differs from the paper's, by name: what was chosen, and the paper's.

    Parameters
    ----------
    config : mapping
        Choices of any command, as results.json holds them. Of a recipe of its own, the simulation alone is compared.

    Returns
    -------
    dict of (object, object)
    """
    kind = GasChoices if "training_frames" in config else RunConfig
    theirs = RunConfig().as_json()
    found = {}
    for one in dataclasses.fields(kind):
        ours, paper = config.get(one.name, theirs[one.name]), theirs[one.name]
        if one.name not in WITHOUT_EFFECT and _effective(one.name, ours) != _effective(one.name, paper):
            found[one.name] = (ours, paper)
    return found


def another_gas(config: Mapping[str, Any]) -> bool:
    """Whether the gas, its start or its engine is not the paper's."""
    return bool(departures(config).keys() & ({one.name for one in dataclasses.fields(GasChoices)} - _SIZE))


def departures_line(config: Mapping[str, Any]) -> str:
    """Every difference in a line; empty where there is none."""
    found = departures(config)
    if not found:
        return ""
    differ = [
        f"{name.replace('_', ' ')} {_said(ours)} (paper: {_said(paper)})" for name, (ours, paper) in found.items()
    ]
    head = "Not the paper's gas" if another_gas(config) else "Not the paper's size or recipe"
    return f"{head}: {', '.join(differ)}."


def published_label(config: Mapping[str, Any]) -> str:
    """How a row of the paper's is called beside this run's."""
    if another_gas(config):
        return ANOTHER_GAS
    return "published, of other choices" if departures(config) else "published"


def published_unexplained(mse: float, results: Mapping[str, Any]) -> float | None:
    """1 − R² of a published MSE, beside the variance of our H; None where gas, start or length are not the paper's."""
    config, variance = results.get("config", {}), results.get("H", {}).get("variance")
    if not variance or another_gas(config) or departures(config).keys() & {"frames", "frame_rate"}:
        return None
    return float(mse / variance)


def _effective(name: str, value: Any) -> object:  # noqa: ANN401 -- whatever a choice can be
    """A choice as far as results depend on it."""
    if name == "engine":
        return value if value in TIMED else "fixed step"  # all of fixed step give the same bits
    if name == "speeds":
        return "equal" if value == "equal speeds" else value  # two names of one start
    if name == "backend":
        return value or "fused"
    return value


def _said(value: Any) -> str:  # noqa: ANN401 -- likewise
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def h_json(H: FloatArray, n: int, beyond: float | None) -> dict[str, Any]:  # noqa: N803 -- the paper's symbol
    """What results.json says of H.

    Parameters
    ----------
    H : (runs, frames) float64
        H of the speeds.
    n : int
        Disks of a run.
    beyond : float, optional
        Share of the disks of all frames that H leaves out; None where it was not kept.

    Returns
    -------
    dict
        As `hthm.measures.movement.Movement` has it, with `moves` and `beyond`.
    """
    found = movement(H, n)
    return {
        "variance": found.variance,
        "signal": found.signal,
        "noise": found.noise,
        "moves": found.moves,
        "beyond": beyond,
    }


def remarks(results: Mapping[str, Any]) -> list[str]:
    """Return what to say first, a sentence or two each; nothing for the paper's own run but what H leaves out.

    Parameters
    ----------
    results : mapping
        Content of results.json, tables.json and so on; what an older one lacks is not spoken of.

    Returns
    -------
    list of str
    """
    said = [departures_line(results.get("config", {}))]
    h = results.get("H", {})
    if h and not h["moves"]:
        moved = f"by {number(h['signal'], 2)} nats" if h["signal"] else "by nothing that shows"
        said.append(
            f"H moves less than its own noise: {moved} along a run, and runs waver by {number(h['noise'], 2)} nats. "
            "There is nothing to fit: a small MSE says nothing here, 1 − R² near 1 does, and a critical epoch means "
            "nothing."
        )
    if h and h["beyond"]:
        said.append(
            f"{number(100 * h['beyond'], 2)} % of the disks are faster than 2 s0, over all frames; H leaves them out, "
            "as the paper's does."
        )
    return [line for line in said if line]


def headed(results: Mapping[str, Any], markdown: str) -> str:
    """Tables in Markdown below what must be said first."""
    return "".join(f"> {line}\n\n" for line in remarks(results)) + markdown
