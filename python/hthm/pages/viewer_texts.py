"""What the viewer says of its pictures: what is exact in them, and what a way back is."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

EXACTNESS: Final = {
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
"""By kind of engine."""
SPINS: Final = (
    "Spins are stored likewise. The line on every disk turns with it; at the start all point to the right, for nothing "
    "says how a disk was turned."
)
"""Of disks that have them."""
QUESTION: Final = {
    "fixed": "Time reversed: why the fixed step does not come back",
    "exact": "Time reversed: Loschmidt's paradox, and why it does not help",
    "other": "Time reversed",
}
"""What heads the text on ways back."""

_PARADOX: Final = (
    "Turn all velocities round, and the disks retrace their way: H climbs back to where it began, against the "
    "H-theorem, and no law of motion is broken. That is Loschmidt's paradox. It does not help, because it takes every "
    "velocity to every digit."
)
_DOUBLE: Final = {
    "fixed": (
        "Double precision",
        (
            "All velocities are turned round, and the same rule goes on from there, in this browser, with hthm's bits. "
            "The fixed step does not come back, and would not with exact numbers: pairs that overlapped at a frame "
            "have already collided, the way back finds other overlaps, and the paths part within a few frames. Make "
            "the page with --engine event to see a dynamics that is reversible."
        ),
    ),
    "exact": (
        "Double precision",
        (
            "The exact dynamics, computed in this browser with 53 bits from wherever you reverse time. Every collision "
            "multiplies what rounding has done; once the separation reaches a diameter the disks meet others than "
            "before, and H falls again."
        ),
    ),
    "other": (
        "By the rule",
        (
            "This page goes on by the rule of smooth, equal disks alone, and these are others, so that it computes no "
            "way back. hthm does: hthm.simulate(traj.final.reversed(), ...)."
        ),
    ),
}
_STORED: Final = (
    "Simulated by hthm there and back with {bits} bits, and stored here, rounded to doubles. Its errors grow as fast; "
    "they begin smaller. {came} More digits buy time in proportion, and no more."
)
_CAME: Final = {
    True: "It came back in every bit of every position and velocity.",
    False: "It has not come back in every bit: the way is too long for its digits.",
}
_RECORDING: Final = (
    "The recording, backwards",
    (
        "The log read from its end: exact, and no dynamics. Nothing is computed but where the recording had the disks. "
        "The other ways are measured against it."
    ),
)
_EDGE: Final = (
    "H on the ways back counts speeds within a millionth of s₀ as s₀, an edge of its bins: rounding alone would lower "
    "it by up to ln 2."
)


def reversal_text(kind: str, ways: Iterable[tuple[str, int, bool]]) -> str:
    """Return HTML on the ways back that a page shows.

    Parameters
    ----------
    kind : str
        A key of `QUESTION`.
    ways : iterable of (str, int, bool)
        Those that are stored: name, bits, and whether they came back in every bit.
    """
    stored = ((label, _STORED.format(bits=bits, came=_CAME[returned])) for label, bits, returned in ways)
    rows = "\n".join(
        f"<dt>{escape(name[:1].upper() + name[1:])}</dt><dd>{escape(text)}</dd>"
        for name, text in (_DOUBLE[kind], *stored, _RECORDING)
    )
    begun = f"<p>{escape(_PARADOX)}</p>\n" if kind == "exact" else ""
    return f'{begun}<dl class="ways">\n{rows}\n</dl>\n<p>{escape(_EDGE)}</p>'
