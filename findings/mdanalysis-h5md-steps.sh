#!/usr/bin/env bash
# MDAnalysis shows velocities of one time beside positions of another, for it does not read their steps.
#
# Expected: a frame has the velocities of its own step, or none. The H5MD specification 1.1 (section "Time-dependent
#   data") gives every element, position and velocity alike, its own step and time, so that each may be recorded as
#   often as it is needed; and MDAnalysis documents the step of a velocity as what "gives frame" (H5MDReader).
# What happens: row k of the velocities is shown with row k of the positions. Below, positions were recorded at the
#   steps 0, 10, 20, 30 and velocities at 0, 20, 40, 60: the frame of step 20 shows the velocities of step 40, though
#   those of step 20 are in the file. Nothing warns. (Open in their list of limitations.)
# Why it matters: the usual way to save space is to record one of the two more often. Whatever joins both, as the way
#   back in time does, or collisions found from a frame, is then wrong by a growing time.
# Seen with: MDAnalysis 2.11.0, h5py 3.16.0, Python 3.11:
#   step 20: position of step 20, velocity of step 40
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check MDAnalysis==2.11.0 h5py==3.16.0 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import sys

import h5py
import MDAnalysis
import numpy as np

text = h5py.string_dtype("ascii")
steps = {"position": np.array([0, 10, 20, 30]), "velocity": np.array([0, 20, 40, 60])}
with h5py.File("disks.h5md", "w") as file:
    about = file.create_group("h5md")
    about.attrs["version"] = np.array([1, 1], dtype="i4")
    about.create_group("author").attrs["name"] = np.array("nobody", dtype=text)
    creator = about.create_group("creator")
    creator.attrs["name"] = np.array("this script", dtype=text)
    creator.attrs["version"] = np.array("1", dtype=text)
    gas = file.create_group("particles/gas")
    for name, at in steps.items():
        element = gas.create_group(name)
        element["step"] = at
        element["time"] = at / 10
        element["value"] = at[:, None, None] * np.ones((1, 2, 3))  # every value is the step that it belongs to
    box = gas.create_group("box")
    box.attrs["dimension"] = 3
    box.attrs["boundary"] = np.array(["periodic"] * 3, dtype=text)
    edges = box.create_group("edges")
    edges["step"] = gas["position/step"]  # hard links, as the specification wants them here
    edges["time"] = gas["position/time"]
    edges["value"] = np.full((4, 3), 100.0)

universe = MDAnalysis.Universe.empty(2, trajectory=True)
universe.load_new("disks.h5md", convert_units=False)
shown = []
for frame in universe.trajectory:
    shown.append((int(frame.data["step"]), int(frame.positions[0, 0]), int(frame.velocities[0, 0])))
    print("step {}: position of step {}, velocity of step {}".format(*shown[-1]))
if shown != [(0, 0, 0), (10, 10, 20), (20, 20, 40), (30, 30, 60)]:
    sys.exit("changed: velocities are no longer taken by their row")
print("as stated")
PROGRAM
