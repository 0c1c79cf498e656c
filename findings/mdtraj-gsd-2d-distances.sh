#!/usr/bin/env bash
# Distances between disks of a 2-D GSD file are all 1.8e19 in MDTraj.
#
# Expected: distances by the nearest image. The GSD format has 2-D boxes, with L_z = 0 (schema "hoomd", chunk
#   configuration/dimensions), MDTraj says that it loads GSD (mdtraj.load_gsd), and mdtraj.compute_distances promises
#   the minimum image convention wherever there is a box. Or an error, if 2-D boxes are too much to ask.
# What happens: the valid box is loaded with a warning that it is invalid, its third vector is NaN, and every distance
#   is 1.8e19 (2 to the power 64), whatever the positions, not NaN and without another word. With opt=False an error is
#   raised; opt=True is the default.
# Why it matters: a program that hands a trajectory of disks to MDTraj gets no pair within any cutoff, so g(r) and
#   contact counts are zero, and no error stops it.
# Seen with: mdtraj 1.11.1.post2, gsd 5.0.1, Python 3.11:
#   distances: [1.8446743e+19 1.8446743e+19 1.8446743e+19], by hand: [1. 2. 1.]
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mdtraj==1.11.1.post2 gsd==5.0.1 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import sys
import warnings

import gsd.hoomd
import mdtraj
import numpy as np

frame = gsd.hoomd.Frame()
frame.particles.N = 5
frame.particles.position = [[0, 0, 0], [1, 0, 0], [0, 2, 0], [4.5, 0, 0], [-4.5, 0, 0]]
frame.configuration.box = [10, 10, 0, 0, 0, 0]
print("dimensions that gsd concludes:", frame.configuration.dimensions)
with gsd.hoomd.open("disks.gsd", "w") as file:
    file.append(frame)

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    loaded = mdtraj.load("disks.gsd")
print("warnings:", sorted({str(warning.message) for warning in caught}))
distances = mdtraj.compute_distances(loaded, [(0, 1), (0, 2), (3, 4)])[0]
print("box vectors:", loaded.unitcell_vectors[0].tolist())
print("distances:", distances, "by hand:", np.array([1.0, 2.0, 1.0]))
if not (distances > 1e19).all():
    sys.exit("changed: the distances are no longer 1.8e19")
print("as stated")
PROGRAM
