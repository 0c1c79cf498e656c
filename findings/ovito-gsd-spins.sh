#!/usr/bin/env bash
# A GSD file that passes through OVITO comes out with particles that do not turn.
#
# Expected: a file that is opened and exported again, nothing being changed between, holds the same angular momenta and
#   moments of inertia. The GSD schema "hoomd" has both for each particle (particles/angmom, particles/moment_inertia),
#   OVITO reads and writes that format, and has standard properties of its own named Angular Momentum and Angular
#   Velocity, which its reader of extended XYZ fills from columns angular_momentum and omega.
# What happens: the reader of GSD makes user properties particles_angmom and particles_moment_inertia of them, which
#   nothing in OVITO takes for a rotation, and the exporter leaves them out: in the new file both read as the schema's
#   default, zero. Orientations, which are a standard property, come through. Nothing warns.
# Why it matters: in a gas of rough disks part of the energy is in the spins. Of a trajectory that was cut or filtered
#   in OVITO the energy is too small, and the disks do not turn.
# Seen with: ovito 3.17.2, gsd 5.0.1, Python 3.11:
#   before: angmom [[0, 0, 0, 3], [0, 0, 0, -1]], moment_inertia [[0, 0, 0.5], [0, 0, 0.5]]; after: all of them 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ovito==3.17.2 gsd==5.0.1 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import sys

import gsd.hoomd
from ovito.io import export_file, import_file

frame = gsd.hoomd.Frame()
frame.particles.N = 2
frame.particles.position = [[1, 2, 0], [3, 4, 0]]
frame.particles.orientation = [[1, 0, 0, 0], [0, 0, 0, 1]]
frame.particles.angmom = [[0, 0, 0, 3], [0, 0, 0, -1]]
frame.particles.moment_inertia = [[0, 0, 0.5], [0, 0, 0.5]]
frame.configuration.box = [10, 10, 0, 0, 0, 0]
with gsd.hoomd.open("before.gsd", "w") as file:
    file.append(frame)

pipeline = import_file("before.gsd")
names = sorted(pipeline.compute(0).particles.keys())
print("OVITO has", names)
export_file(pipeline, "after.gsd", "gsd/hoomd")
for name in ("before.gsd", "after.gsd"):
    with gsd.hoomd.open(name) as file:
        particles = file[0].particles
    print(f"{name}: angmom {particles.angmom.tolist()}, moment_inertia {particles.moment_inertia.tolist()}")
if "Angular Momentum" in names or particles.angmom.any() or particles.moment_inertia.any():
    sys.exit("changed: angular momenta are standard properties, or come through")
if particles.orientation[1].tolist() != [0, 0, 0, 1]:
    sys.exit("changed: orientations do not come through")
print("as stated")
PROGRAM
