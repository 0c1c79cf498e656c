#!/usr/bin/env bash
# OVITO's GSD export forgets how often each particle crossed the periodic boundary.
#
# Expected: the image counts of a GSD file survive opening and exporting. The GSD schema "hoomd" keeps them in
#   particles/image, to unwrap positions with; OVITO's manual (GSD/HOOMD file reader) says that all chunks of the
#   particle data are loaded, and they are: as the property "Periodic Image". The page of the exporter names no
#   property that is left out.
# What happens: the exported file has image 0 for every particle, without a warning. The exporter counts the wraps
#   that it does itself, and does not look at the property. Velocities, masses and the step do come back.
# Why it matters: displacements, and so diffusion, come out wrong from such a file: a particle that went once round
#   the box of 10 has x = 1 in place of 11.
# Seen with: ovito 3.17.2, gsd 5.0.1, Python 3.11:
#   before: [[1, 0, 0], [2, -1, 0]]; in OVITO: the same; after: [[0, 0, 0], [0, 0, 0]]
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
frame.particles.velocity = [[1, 2, 0], [3, 4, 0]]
frame.particles.image = [[1, 0, 0], [2, -1, 0]]
frame.configuration.box = [10, 10, 10, 0, 0, 0]
with gsd.hoomd.open("before.gsd", "w") as file:
    file.append(frame)

opened = import_file("before.gsd")
export_file(opened, "after.gsd", "gsd/hoomd")
with gsd.hoomd.open("after.gsd") as file:
    after = file[0]
inside = opened.compute().particles["Periodic Image"][...]
print("images before:", frame.particles.image)
print("in OVITO:", inside.tolist())
print("images after:", after.particles.image.tolist(), "velocities after:", after.particles.velocity.tolist())
if inside.tolist() != frame.particles.image or after.particles.image.any():
    sys.exit("changed: OVITO loads other images, or exports some")
print("as stated")
PROGRAM
