"""A run at a time of what was recorded: how its disks moved, and files of it for other programs."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hthm import checks, mixtures, ranges
from hthm.engines.dsmc import no_positions
from hthm.engines.names import EXACT
from hthm.recording.paths import unwrapped, wrapped
from hthm.recording.spinning import Spinning
from hthm.rules import RoughDisks, spinning, text_of

if TYPE_CHECKING:
    import os

    from hthm.arrays import FloatArray
    from hthm.recording.frames import Frames

_BYTES: Final = 64
"""Of a disk in a frame while a run is written: its velocity, its place with and without the box, three dimensions."""


class OneRun(Spinning):
    """What `hthm.trajectories.Trajectories` say of one of their runs, wherever the recording is."""

    dt: float
    engine: str
    _positions: FloatArray | None

    @abstractmethod
    def as_frames(self) -> Frames:
        """Return the frames of all runs."""

    def run_velocities(self, run: int) -> FloatArray:
        """Velocities of a run at its start and after each frame, (frames + 1, n, 2) float64, of either recording.

        Raises
        ------
        TypeError, ValueError
            If there is no such run.
        AttributeError
            If they were not recorded.
        """
        run = checks.integer("run", run, least=0, most=len(self.collisions) - 1)
        frames, count = self.as_frames(), self.collisions.shape[1]
        velocities = np.empty((count + 1, self.initial.n, 2))
        velocities[0] = self.initial.velocities[run]
        frames.read(np.arange(run * count, (run + 1) * count, dtype=np.int64), velocities[1:])
        return velocities

    def unwrapped_positions(self, run: int) -> FloatArray:
        """Positions of a run without the box: whoever has gone round it n times is n boxes away.

        Parameters
        ----------
        run : int
            Which run.

        Returns
        -------
        (frames + 1, n, 2) float64
            At the start and after each frame. Less the positions in the box they are whole boxes, to rounding.

        Raises
        ------
        TypeError, ValueError
            If there is no such run, or it was recorded in a way that does not say how disks moved: as counts, or as
            velocities of the exact engine, which are those after each frame; or its engine knows no positions.
        """
        self._check_ways()
        return self._path(run, self.run_velocities(run))

    def turned(self, run: int) -> FloatArray:
        """Angles by which disks of a run have turned since its start, (frames + 1, n) float64, radians.

        Raises
        ------
        TypeError, ValueError, AttributeError
            As `unwrapped_positions`, or if the disks have no spins.
        """
        spins = self.run_spins(run)[..., np.newaxis]  # (frames + 1, n, 1)
        self._check_ways()
        log = self[run : run + 1].log if self.recording == "log" else None
        if log is not None and log.spins is not None:
            log = replace(log, velocities=log.spins[..., np.newaxis])
        return unwrapped(np.zeros((self.initial.n, 1)), spins, self.dt, log)[..., 0]

    def write(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 -- what pandas and matplotlib call it
        run: int = 0,
        frames: slice = slice(None),
        depth: float | None = None,
    ) -> None:
        """Write a run for other programs, its start and every frame: docs/data.md says who reads what.

        Parameters
        ----------
        path : path
            The file to make or to replace.
        format : {"h5md", "gsd", "extxyz"}, optional
            As the end of the file's name says unless given: .h5md, .gsd, .xyz or .extxyz. "gsd" needs the package of
            that name, and rounds to float32.
        run : int
            Which run.
        frames : slice
            Which frames, the start being number 0: ``slice(0, None, 10)`` is every tenth. All unless given; their
            numbers in the file are those they have here.
        depth : float, optional
            Third side of the box, for programs that know no other: that of the box unless given. It changes what
            they find: a g(r) in three dimensions counts in shells of that depth. GSD knows the plane, and has none.

        Raises
        ------
        TypeError, ValueError
            If there is no such run, frame or format, or the recording does not say where disks were: see
            `unwrapped_positions`.
        ModuleNotFoundError
            If the package that knows the format is not installed.
        MemoryError
            If the run does not fit into the available memory: where disks are follows from all frames before.
        OSError
            If the file cannot be written; what was there before is still there.
        """
        from hthm.recording.formats.particles import Particles  # noqa: PLC0415 -- import hthm is quick
        from hthm.recording.formats.writing import format_of, write_particles  # noqa: PLC0415 -- likewise

        name, start = format_of(path, format), self.initial
        depth = start.box if depth is None else checks.positive("depth", depth)
        if self._positions is None:
            self._check_ways()
        count = self.collisions.shape[1] + 1
        chosen = ranges.frames(frames, count)
        needed = (_BYTES + 16 * spinning(start.rule)) * count * start.n
        checks.memory("write", needed, "A run is made as a whole, whichever frames are written.")
        velocities = self.run_velocities(run)  # of a log they are made: once
        if self._positions is None:
            positions = wrapped(self._path(run, velocities), start.box)
        else:
            positions = np.concatenate([start.positions[run : run + 1], self._positions[run]])
        rough = start.rule if isinstance(start.rule, RoughDisks) else None
        diameters, masses, kinds = np.full(start.n, start.diameter), np.ones(start.n), None
        if start.kinds is not None:
            diameters, masses = mixtures.diameters(start.kinds), mixtures.masses(start.kinds)
            kinds = mixtures.numbers(start.kinds)
        particles = Particles(
            steps=np.arange(count, dtype=np.int64)[chosen],
            times=(self.dt * np.arange(count, dtype=np.float64))[chosen],
            positions=positions[chosen],
            velocities=velocities[chosen],
            box=start.box,
            depth=depth,
            diameters=diameters,
            masses=masses,
            rule=text_of(start.rule),
            spins=None if rough is None else self.run_spins(run)[chosen],
            inertias=None if rough is None else rough.inertia * masses * (diameters / 2) ** 2,
            kinds=kinds,
        )
        write_particles(particles, path, name)

    def _check_ways(self) -> None:
        """Refuse what does not say how disks moved between two frames."""
        wrong = no_positions(self.engine, "trajectories")
        if wrong:
            raise ValueError(wrong)
        if self.recording == "counts":
            raise ValueError("trajectories: must say how disks moved, got counts. Simulate with record='log'.")
        if self.recording == "velocities" and self.engine in EXACT:
            raise ValueError(
                f"trajectories: must say when disks collided, got velocities of the {self.engine!r} engine. "
                "Simulate with record='log'."
            )

    def _path(self, run: int, velocities: FloatArray) -> FloatArray:
        """Positions without the box of a run with these velocities at its start and after each frame."""
        log = self[run : run + 1].log if self.recording == "log" else None
        return unwrapped(self.initial.positions[run], velocities, self.dt, log)
