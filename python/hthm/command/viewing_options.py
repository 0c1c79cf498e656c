"""The options of ``hthm view`` and ``hthm animate``, whose docstrings head their help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True, kw_only=True)
class View:
    """Make a page that plays a run in any browser, offline: its disks, H, speeds, and a button that reverses time.

    Without SOURCE a run of the paper's gas is simulated for it. docs/viewer.md says what is exact in it.
    """

    source: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="SOURCE")] = None
    """Folder of a dataset, or of a finished run of hthm, whose learned h is then shown, too."""
    out: Path = Path("hthm-view.html")
    """The file to make. At the paper's size it takes about half a megabyte; 32 are the most."""
    run: int = 0
    """Which run, counted from 0."""
    frames: int | None = None
    """How many frames, from the start; all unless given. Fewer make a smaller page."""
    seed: int | None = None
    """Seed of the run that is simulated where there is no SOURCE; 0 unless given."""
    engine: str | None = None
    """Its engine; event, the exact one, shows best how far time can be reversed. auto unless given."""
    precision: str | None = None
    """quad or extended: simulate the run in as many bits, and store a way back in them, with --engine event."""
    plain: bool = False
    """Do not compress: a larger page, which browsers from before 2023 can read, too."""
    threads: int | None = None
    """Threads that simulate; as many as are granted unless given."""
    overwrite: bool = False
    """Replace a file that is there."""
    debug: bool = False
    """Show where an error comes from."""


@dataclass(frozen=True, kw_only=True)
class Animate:
    """Make a GIF or an MP4 of a run for a talk: its disks, H as time goes on, and the speeds beside Maxwell-Boltzmann.

    Without SOURCE a run of the paper's gas is simulated for it. An MP4 needs the extra hthm[video].
    """

    source: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="SOURCE")] = None
    """Folder of a dataset, or of a finished run of hthm, whose learned h is then shown, too."""
    out: Path = Path("hthm-run.gif")
    """The file to make: .gif, or .mp4, less than half as large."""
    run: int = 0
    """Which run, counted from 0."""
    frames: Annotated[str, tyro.conf.arg(metavar="A:B:STEP")] = "::2"
    """Which frames, the start being number 0; every other unless given, a picture each."""
    fps: float = 25
    """Pictures a second. A GIF takes the nearest of 50, 33.3, 25, 20, 16.7 and so on: its delays are whole hundredths
    of a second. What was taken is said at the end."""
    size: Annotated[str, tyro.conf.arg(metavar="WxH")] = "960x540"
    """Width and height in pixels; both even in an MP4. Type grows with them."""
    dark: bool = False
    """Light on dark."""
    colours: str = "speed"
    """Of the disks, from rest to 2 s0 and above: speed, which is blue, grey, orange; or a colour map of matplotlib."""
    seed: int | None = None
    """Seed of the run that is simulated where there is no SOURCE; 0 unless given."""
    engine: str | None = None
    """Its engine; auto unless given."""
    threads: int | None = None
    """Threads that simulate; as many as are granted unless given."""
    overwrite: bool = False
    """Replace a file that is there."""
    debug: bool = False
    """Show where an error comes from."""
