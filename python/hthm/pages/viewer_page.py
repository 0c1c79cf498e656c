"""The viewer: HTML that plays a run in a browser, from its log, as a page or as a part of one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.engines.dsmc import no_positions
from hthm.mixtures import words
from hthm.pages.scripts import joined, source
from hthm.pages.viewer_data import Fit, Way, fits_of, logged, nbytes, viewer_data
from hthm.pages.viewer_still import still
from hthm.pages.viewer_texts import EXACTNESS, QUESTION, SPINS, reversal_text
from hthm.rules import SmoothDisks, text_of

if TYPE_CHECKING:
    from hthm.pages.series import Series
    from hthm.trajectories import Trajectories

MOST_BYTES: Final = 32_000_000
"""Of a page: more, and browsers take long to open it."""
MOST_COLLISIONS: Final = 20_000
"""Of the run in a report, about 50 bytes each: two of the paper's runs have fewer."""
MOST_DISKS: Final = 10_000
"""Of the run in a report."""
_NAME: Final = re.compile(r"[A-Za-z][\w-]*")

# A module comes after those that it imports. The page holds one program: what a module exports is known to the rest.
_MODULES: Final = (
    "arrays", "recording", "rule", "fixed_step", "heap", "event_driven", "replay", "measures", "reversal",
    "ways", "words", "drawing", "stamps", "scene", "chart", "measurements", "following", "player", "main",
)  # fmt: skip


def viewer_html(
    traj: Trajectories,
    *,
    title: str,
    frames: int | None = None,
    fits: Iterable[Fit] = (),
    ways: Iterable[Way] = (),
    plain: bool = False,
    threads: int | None = None,
) -> str:
    """Return a self-contained page that plays a run.

    Parameters
    ----------
    traj : Trajectories
        Of one run, or the first of which is shown. What is no log is simulated again from its start.
    title : str
        What the page is called.
    frames : int, optional
        How many frames, from the start; all unless given.
    fits : iterable of Fit
        Curves beside H, such as learned functionals fitted to it.
    ways : iterable of Way
        Ways back from frames of it, simulated with more digits than a browser has.
    plain : bool
        Whether data is left uncompressed, for browsers that cannot unpack it.
    threads : int, optional
        Threads that measure, and simulate; as many as are granted unless given.

    Returns
    -------
    str
        HTML that needs no other file and no network.

    Raises
    ------
    ValueError
        If it would have more than `MOST_BYTES`, or its disks have no places to be shown at.
    MemoryError
        If the run has to be simulated again, and its log does not fit into memory.
    """
    text = _parts(traj, frames=frames, fits=fits, ways=ways, plain=plain, threads=threads, heading=2)
    text |= {"title": escape(title), "page_style": source("viewer", "page.css").strip()}
    return _filled("page.html", text)


def viewer_fragment(
    traj: Trajectories,
    *,
    name: str,
    frames: int | None = None,
    fits: Iterable[Fit] = (),
    ways: Iterable[Way] = (),
    plain: bool = False,
    threads: int | None = None,
    heading: int = 3,
    picture: bool = True,
) -> str:
    """Return the viewer as a part of another page: HTML for wherever a ``<div>`` may stand.

    It is shut off from the page around it: its elements, their names and its style are in a shadow tree, its program
    is a module. It listens to keys only while something in it has the focus, and does not begin to play by itself.

    Parameters
    ----------
    traj, frames, fits, ways, plain, threads
        As `viewer_html`.
    name : str
        The id of its ``<div>``, which must be the only one of that name in the page; several viewers take several.
    heading : int
        Rank of its headings: one below that of the section it is in, which has to say what run this is.
    picture : bool
        Whether there is a picture for who has switched JavaScript off; it takes most of the time.

    Returns
    -------
    str
        Some 50 kB of program, and the run; it needs no other file and no network.

    Raises
    ------
    ValueError, MemoryError
        As `viewer_html`; or if the name is none for an element.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"name: must be letters, digits, - and _ after a letter, got {name!r}.")
    text = _parts(
        traj, frames=frames, fits=fits, ways=ways, plain=plain, threads=threads, heading=heading, picture=picture
    )
    return _filled("fragment.html", text | {"name": name})


def played(series: Series, traj: Trajectories, threads: int | None = None) -> str:
    """The first run as HTML in which it plays, for a report.

    Parameters
    ----------
    series : Series
    traj : Trajectories
        The first of its runs.
    threads : int, optional

    Returns
    -------
    str
        Empty where disks have no places, or are too many for a page; it ends where its collisions are.
    """
    if no_positions(traj.engine, "traj") or traj.gas.n > MOST_DISKS:
        return ""
    done = np.cumsum(traj.collisions[0])
    frames = int(np.searchsorted(done, MOST_COLLISIONS, side="right"))
    if not frames:
        return ""
    return viewer_fragment(
        traj[:1], name="run-0", frames=frames, fits=fits_of(series, 0, frames), threads=threads, picture=False
    )


def _parts(
    traj: Trajectories,
    *,
    frames: int | None,
    fits: Iterable[Fit],
    ways: Iterable[Way],
    plain: bool,
    threads: int | None,
    heading: int,
    picture: bool = True,
) -> dict[str, str]:
    """What both kinds of pages are filled with."""
    wrong = no_positions(traj.engine, "trajectories")
    if wrong:
        raise ValueError(wrong)
    count = traj.collisions.shape[1]
    frames = count if frames is None else frames
    traj = logged(traj[:1], count, threads)
    fits, ways = tuple(fits), tuple(ways)
    data = viewer_data(traj, frames, fits, ways, plain=plain, threads=threads)
    _check_size(nbytes(data), frames, int(traj.collisions[0, :frames].sum()), plain=plain)
    kind = "fixed" if traj.log.times is None else "exact"
    gas = traj.initial
    smooth = isinstance(gas.rule, SmoothDisks)
    question = kind if data["smooth"] else "other"
    disks = f"{gas.n} disks of diameter {gas.diameter:.4g}" if gas.kinds is None else f"Disks, {words(gas.kinds)},"
    facts = (
        f"{disks} in a periodic box of side {gas.box:.4g}, {frames} frames of "
        f"{traj.dt:.4g} time units, {traj.collisions[0, :frames].sum()} collisions, engine {traj.engine}"
        f"{'' if smooth else ', ' + text_of(gas.rule)}."
    )
    h = np.array(data["h"], dtype=np.float64)
    learned = "Each learned h is drawn as a·h + b, with the a and b that fit it to H of this run best."
    text = {
        "h": f"h{heading}",
        "exactness": escape(EXACTNESS[kind] if gas.spins is None else f"{EXACTNESS[kind]} {SPINS}"),
        "question": escape(QUESTION[question]),
        "reversal": reversal_text(question, [(way.label, way.bits, way.returned) for way in ways]),
        "learned": escape(learned if fits else ""),
        "run": json.dumps(data, allow_nan=False).replace("</", "<\\/"),  # a label must not end the script
    }
    return {
        "facts": escape(facts),
        "style": source("viewer", "viewer.css").strip(),
        "parts": _filled("parts.html", text).strip(),
        "still": _filled("still.html", {"picture": still(traj, frames, h)}).strip() if picture else "",
        "program": program(),
    }


def _filled(name: str, text: Mapping[str, str]) -> str:
    """A file with its places filled."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: text[found[1]], source("viewer", name))


def program() -> str:
    """Return the page's program: its modules as one, in an order in which each finds what it imports."""
    return joined("viewer", _MODULES)


def _check_size(size: int, frames: int, collisions: int, *, plain: bool) -> None:
    """Refuse a page that browsers would take long to open.

    Raises
    ------
    ValueError
        If it is one.
    """
    if size <= MOST_BYTES:
        return
    fewer = int(0.9 * frames * MOST_BYTES / size)
    remedy = f"Give --frames {fewer}" if fewer else "Show fewer disks"
    raise ValueError(
        f"frames: must be few enough for a page of at most {MOST_BYTES // 1_000_000} MB, got {frames} with "
        f"{collisions} collisions, {size // 1_000_000} MB. {remedy}{', or leave --plain out' if plain else ''}."
    )
