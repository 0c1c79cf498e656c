#!/usr/bin/env bash
# xarray appends to a zarr store in the type of what is there: counts turn negative, times are rounded.
#
# Expected: appending keeps the values, as xarray.concat does, or refuses. Dataset.to_zarr documents append_dim and
#   what has to agree (all other dimensions must keep their size); that the type of the first part is imposed on all
#   later ones is said nowhere.
# What happens: an int64 too large for the int32 of the store wraps round to a negative number, and float64 becomes
#   float32, without a word. Floats that are appended to integers are rounded; the warning that comes then is about NaN
#   without a _FillValue, and calls the variable None.
# Why it matters: sums of collisions turn negative, velocities lose the bits that decide a bin of H. A run whose first
#   frames fall on whole times, written as integers, gets the times 3.5, 4, 4.5 as 4, 4, 4, and the selection of a
#   time finds three frames. A program that appends has to fix every type when it creates the store.
# Seen with: xarray 2026.9.0, zarr 3.1.6, Python 3.11:
#   collisions: [1, 2, 3, 4, 4, 4, -1294967296], time: [0, 1, 2, 3, 4, 4, 4]
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check xarray==2026.9.0 zarr==3.1.6 numpy==2.4.6
cd "$folder"

venv/bin/python - <<'PROGRAM'
import sys
import warnings

import numpy as np
import xarray


def part(times, collisions, velocities):
    columns = {"collisions": ("time", collisions), "velocities": ("time", velocities)}
    return xarray.Dataset(columns, coords={"time": np.array(times)})


first = part([0, 1, 2, 3], np.array([1, 2, 3, 4], dtype="int32"), np.ones(4, dtype="float32"))
second = part([3.5, 4.0, 4.5], np.array([4, 4, 3_000_000_000], dtype="int64"), np.full(3, 0.1))
first.to_zarr("run.zarr")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    second.to_zarr("run.zarr", append_dim="time")
said = sorted({str(warning.message).splitlines()[0] for warning in caught})
stored = xarray.open_dataset("run.zarr", engine="zarr")
joined = xarray.concat([first, second], dim="time")
for name in ("collisions", "velocities", "time"):
    print(f"{name}: stored {stored[name].values.tolist()}, by concat {joined[name].values.tolist()}")
print("warnings:", said)
as_stated = {
    "counts wrap round": stored.collisions.values[-1] == -1_294_967_296,
    "float64 becomes float32": (stored.velocities.dtype, joined.velocities.dtype) == ("float32", "float64"),
    "times are rounded": stored.time.values.tolist() == [0, 1, 2, 3, 4, 4, 4],
    "the one warning is of NaN": all("NaN" in message or "onsolidated metadata" in message for message in said),
}
wrong = [claim for claim, holds in as_stated.items() if not holds]
if wrong:
    sys.exit(f"changed: no longer so: {', '.join(wrong)}")
print("as stated")
PROGRAM
