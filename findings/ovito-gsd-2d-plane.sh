#!/usr/bin/env bash
# OVITO's GSD export lifts the disks of a 2-D system out of their plane.
#
# Expected: a 2-D GSD file that is opened and exported again holds the same positions. The GSD schema "hoomd" has 2-D
#   boxes with L_z = 0, OVITO's manual lists GSD among the formats it reads and writes, and nothing was changed between.
# What happens: OVITO makes the box one unit high, from z = 0 upwards. The exporter moves that box to the middle, and
#   the disks with it: z = 0 comes back as z = -0.5 and L_z = 0 as 1, while dimensions stays 2.
# Why it matters: tools for 2-D systems refuse such a file; freud stops with "A point with z != 0". Who exchanges disks
#   through OVITO has to put z and L_z back to 0.
# Seen with: ovito 3.17.2, gsd 5.0.1, freud-analysis 3.4.0, Python 3.11:
#   before: box [10, 10, 0], z [0, 0]; after: box [10, 10, 1], z [-0.5, -0.5]
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  ovito==3.17.2 gsd==5.0.1 freud-analysis==3.4.0 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import sys

import freud
import gsd.hoomd
from ovito.io import export_file, import_file

frame = gsd.hoomd.Frame()
frame.particles.N = 2
frame.particles.position = [[1, 2, 0], [3, 4, 0]]
frame.configuration.box = [10, 10, 0, 0, 0, 0]
with gsd.hoomd.open("before.gsd", "w") as file:
    file.append(frame)
export_file(import_file("before.gsd"), "after.gsd", "gsd/hoomd")


def neighbours(name):
    with gsd.hoomd.open(name) as file:
        frame = file[0]
    z = frame.particles.position[:, 2]
    box = frame.configuration.box[:3]
    print(f"{name}: dimensions {frame.configuration.dimensions}, box {box.tolist()}, z {z.tolist()}")
    search = freud.AABBQuery.from_system(frame)
    return z, len(search.query(frame.particles.position, {"r_max": 4, "exclude_ii": True}).toNeighborList())


z, found = neighbours("before.gsd")
print("freud finds", found, "neighbours")
try:
    z, found = neighbours("after.gsd")
except ValueError as error:
    print("freud says:", error)
else:
    sys.exit(f"changed: freud takes the exported file and finds {found} neighbours, z is {z.tolist()}")
print("as stated")
PROGRAM
