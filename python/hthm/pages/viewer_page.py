"""The viewer: one page of HTML that plays a run in a browser, from its log."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm.engines.dsmc import no_positions
from hthm.pages.print_style import BLUE, PAGE, RED, canvas
from hthm.pages.viewer_data import Fit, logged, nbytes, viewer_data
from hthm.simulate import simulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hthm.arrays import FloatArray
    from hthm.gas import State
    from hthm.trajectories import Trajectories

MOST_BYTES: Final = 32_000_000
"""Of a page: more, and browsers take long to open it."""
_STILL_DPI: Final = 110

# A module comes after those that it imports. The page holds one program: what a module exports is known to the rest.
_MODULES: Final = (
    "arrays", "recording", "rule", "fixed_step", "heap", "event_driven", "replay", "measures", "reversal",
    "drawing", "stamps", "scene", "chart", "measurements", "following", "player", "main",
)  # fmt: skip
_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)

_EXACT_OF: Final = {
    "fixed": (
        "Stored are the start, and for every collision its frame, its two disks and their velocities after it. "
        "Positions are made again by the operations of the fixed step in double precision, in its order, so that at "
        "every frame they have hthm's bits. Between two frames disks are drawn on the straight lines along which they "
        "drift."
    ),
    "exact": (
        "Stored are the start, and for every collision its time, its two disks and their velocities after it, to the "
        "bit as hthm has them. Positions are made again along straight lines from collision to collision; hthm rounds "
        "these sums in another order, so that they agree to rounding, and not in every bit."
    ),
}
_REVERSAL_OF: Final = {
    "fixed": (
        "All velocities are turned round, and the same rule goes on from there, in this browser, with hthm's bits. The "
        "fixed step does not come back, and would not with exact numbers: pairs that overlapped at a frame have "
        "already collided, the way back finds other overlaps, and the paths part within a few frames. Make the page "
        "with --engine event to see a dynamics that is reversible."
    ),
    "exact": (
        "All velocities are turned round, and the exact dynamics goes on from there, in this browser, in double "
        "precision. H climbs back to where it began, against the H-theorem: that is Loschmidt's paradox. It does not "
        "last, for every collision multiplies what rounding has done; once the separation reaches a diameter the "
        "disks meet others than before, and H falls again. Speeds within a millionth of s₀ count as s₀ on the way "
        "back: s₀ is an edge of the bins of H, and rounding alone would lower it by up to ln 2."
    ),
}


def viewer_html(
    traj: Trajectories,
    *,
    title: str,
    frames: int | None = None,
    fits: Iterable[Fit] = (),
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
    wrong = no_positions(traj.engine, "trajectories")
    if wrong:
        raise ValueError(wrong)
    count = traj.collisions.shape[1]
    frames = count if frames is None else frames
    traj = logged(traj[:1], count, threads)
    fits = tuple(fits)
    data = viewer_data(traj, frames, fits, plain=plain, threads=threads)
    _check_size(nbytes(data), frames, int(traj.collisions[0, :frames].sum()), plain=plain)
    kind = "fixed" if traj.log.times is None else "exact"
    gas = traj.initial
    facts = (
        f"{gas.n} disks of diameter {gas.diameter:.4g} in a periodic box of side {gas.box:.4g}, {frames} frames of "
        f"{traj.dt:.4g} time units, {traj.collisions[0, :frames].sum()} collisions, engine {traj.engine}."
    )
    learned = "Each learned h is drawn as a·h + b, with the a and b that fit it to H of this run best."
    text = {
        "title": escape(title),
        "facts": escape(facts),
        "style": _source("viewer.css").strip(),
        "picture": _still(traj, frames, np.array(data["h"], dtype=np.float64)),
        "exactness": escape(_EXACT_OF[kind]),
        "reversal": escape(_REVERSAL_OF[kind]),
        "learned": escape(learned if fits else ""),
        "run": json.dumps(data, allow_nan=False).replace("</", "<\\/"),  # a label must not end the script
        "script": program(),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: text[found[1]], _source("viewer.html"))


def program() -> str:
    """Return the page's program: its modules as one, in an order in which each finds what it imports."""
    texts = (_IMPORT.sub("", _source(f"{name}.js")) for name in _MODULES)
    return "\n\n".join(re.sub(r"^export ", "", text, flags=re.MULTILINE).strip() for text in texts)


def _source(name: str) -> str:
    return files("hthm.pages").joinpath("viewer", name).read_text(encoding="utf-8")


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


# ---- The picture for who has switched JavaScript off ----------------------------------------------------------------


def _still(traj: Trajectories, frames: int, h: FloatArray) -> str:
    """The start, the end and H, as a PNG in base64."""
    whole = frames == traj.collisions.shape[1]
    end = traj.final if whole else simulate(traj.initial, frames, traj.dt, engine=traj.engine, record="counts").final
    with canvas(PAGE, 2.6) as figure:
        start_axes, end_axes, h_axes = figure.subplots(1, 3)
        _draw_disks(start_axes, traj.initial, "t = 0")
        _draw_disks(end_axes, end, f"t = {frames * traj.dt:.4g}")
        h_axes.plot(traj.dt * np.arange(1, frames + 1), h, color=BLUE)
        h_axes.set_xlabel("time")
        h_axes.set_title("H (nats)")
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=_STILL_DPI)
    return base64.b64encode(content.getvalue()).decode("ascii")


def _draw_disks(axes: Axes, state: State, title: str) -> None:
    """Disks of the first run, bluer the slower and redder the faster than s0."""
    from matplotlib.collections import EllipseCollection  # noqa: PLC0415 -- import hthm.pages is quick
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 -- likewise

    colours = LinearSegmentedColormap.from_list("speeds", [BLUE, "#b5b5b5", RED])
    sizes = np.full(state.n, state.diameter)
    disks = EllipseCollection(
        sizes, sizes, np.zeros(state.n), units="xy", offsets=state.positions[0], transOffset=axes.transData,
        cmap=colours, clim=(0, 2 * state.gas.speed), array=np.hypot(*state.velocities[0].T), linewidths=0,
    )  # fmt: skip
    axes.add_collection(disks)
    axes.set(xlim=(0, state.box), ylim=(0, state.box), aspect="equal", xticks=[], yticks=[], title=title)
