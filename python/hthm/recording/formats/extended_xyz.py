"""Extended XYZ: text that ASE, OVITO and many others read.

Every number has the 17 digits that float64 needs. Velocities stand there twice: OVITO looks for `velo` and ASE for
`momenta`, the same numbers where the mass is 1. The species is always X, for ASE knows no names but those of elements;
of which kind a disk of a mixture is, stands in `kind`. Spins are vectors out of the plane: as `omega`, LAMMPS'
name, OVITO takes them for angular velocities, and ASE has them among its arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TextIO

import numpy as np

if TYPE_CHECKING:
    from hthm.recording.formats.particles import Particles

_COLUMNS: Final = "species:S:1:pos:R:3:masses:R:1:radius:R:1:velo:R:3:momenta:R:3"
_KINDS: Final = ":kind:I:1"
_SPINS: Final = ":omega:R:3"


def write(particles: Particles, file: TextIO) -> None:
    """Write the frames one after the other."""
    box, kinds = particles.box, [""] * particles.n
    columns = _COLUMNS
    if particles.kinds is not None:
        columns += _KINDS
        kinds = [f" {kind}" for kind in particles.kinds.tolist()]
    if particles.spins is not None:
        columns += _SPINS
    sizes = list(zip(particles.masses.tolist(), (particles.diameters / 2).tolist(), kinds, strict=True))
    lattice = f"{box:.17g} 0 0 0 {box:.17g} 0 0 0 {particles.depth:.17g}"
    for frame, (step, time, positions, velocities) in enumerate(
        zip(particles.steps, particles.times, particles.positions, particles.velocities, strict=True)
    ):
        file.write(
            f'{particles.n}\nLattice="{lattice}" Properties={columns} pbc="T T F" Time={time:.17g} Step={step} '
            f'comment="hthm: hard disks in the plane, {particles.rule}; the third side of the box is '
            f"{particles.depth:.17g} for programs that know no other, and what they count in shells or by volume goes "
            'with it"\n'
        )
        numbers = np.concatenate([positions, velocities], axis=1).tolist()
        spins = [""] * len(numbers)
        if particles.spins is not None:
            spins = [f" 0 0 {spin:.17g}" for spin in particles.spins[frame].tolist()]
        file.writelines(
            f"X {x:.17g} {y:.17g} 0 {mass:.17g} {radius:.17g} {vx:.17g} {vy:.17g} 0 "
            f"{mass * vx:.17g} {mass * vy:.17g} 0{kind}{spin}\n"
            for (x, y, vx, vy), (mass, radius, kind), spin in zip(numbers, sizes, spins, strict=True)
        )
