#!/usr/bin/env bash
# Velocities get lost between ASE and OVITO, in files and in memory, and read as zero.
#
# Expected: velocities in extended XYZ are velocities for both programs. ASE's documentation of the format
#   (ase.io.extxyz.read_xyz) shows a column vel as the velocities and says that OVITO supports the format too;
#   OVITO has a property Velocity, and ovito.io.ase converts between the two programs.
# What happens: ASE takes velocities only from a column momenta, OVITO only from one named velo. A column vel, as in
#   ASE's own example, is velocities to neither. What one program writes, the other keeps as an array of no
#   meaning, and Atoms.get_velocities() returns zeros. ovito_to_ase does the same: the velocities are in an array
#   "Velocity", get_velocities() is zero, and the masses are those of the chemical element. Nothing warns.
# Why it matters: to a program that asks for velocities, a gas at rest looks like an answer. H of it is that of equal
#   speeds. A writer that wants to be read by both has to write two columns.
# Seen with: ase 3.29.0, ovito 3.17.2, Python 3.11: every "lost" below, and both "kept".
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ase==3.29.0 ovito==3.17.2 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import sys
import warnings

import ase.io
import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # OVITO's about how it was installed
    from ovito.io import export_file, import_file
    from ovito.io.ase import ovito_to_ase

warnings.simplefilter("error")
velocities = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]])


def ase_has(atoms):
    return bool(atoms.get_velocities().any())


def ovito_has(name):
    return "Velocity" in import_file(name).compute().particles


def write(name, column):
    rows = "".join(f"Ar {x} {x} 0 {v[0]} {v[1]} {v[2]}\n" for x, v in enumerate(velocities, start=1))
    lattice = 'Lattice="5 0 0 0 5 0 0 0 5"'
    with open(name, "w") as file:
        file.write(f'2\n{lattice} Properties=species:S:1:pos:R:3:{column}:R:3 pbc="T T T"\n{rows}')


for column in ("vel", "velo", "momenta"):
    write(f"{column}.xyz", column)
atoms = ase.Atoms("Ar2", positions=[[1, 1, 0], [2, 2, 0]], cell=[5, 5, 5], pbc=True)
atoms.set_velocities(velocities)
ase.io.write("ase.xyz", atoms, format="extxyz")
columns = ["Particle Type", *(f"Position.{axis}" for axis in "XYZ"), *(f"Velocity.{axis}" for axis in "XYZ")]
export_file(import_file("velo.xyz"), "ovito.xyz", "xyz", columns=columns)

seen = {
    "vel, as in ASE's example: ASE": ase_has(ase.io.read("vel.xyz", format="extxyz")),
    "vel, as in ASE's example: OVITO": ovito_has("vel.xyz"),
    "written by ASE: ASE": ase_has(ase.io.read("ase.xyz", format="extxyz")),
    "written by ASE: OVITO": ovito_has("ase.xyz"),
    "written by OVITO: ASE": ase_has(ase.io.read("ovito.xyz", format="extxyz")),
    "written by OVITO: OVITO": ovito_has("ovito.xyz"),
    "ovito_to_ase": ase_has(ovito_to_ase(import_file("velo.xyz").compute())),
}
for way, kept in seen.items():
    print(f"{way}: {'kept' if kept else 'lost'}")
if [way for way, kept in seen.items() if kept] != ["written by ASE: ASE", "written by OVITO: OVITO"]:
    sys.exit("changed: other ways than ASE to ASE and OVITO to OVITO keep the velocities")
print("as stated")
PROGRAM
