#!/usr/bin/env bash
# Dask's distributed delivers a float64 array at an address that is no multiple of 8.
#
# Expected: an array that was made by NumPy, whose memory is aligned, is aligned where it arrives: np.load, np.copy and
#   pickle all see to that.
# What happens: an array that is an argument of submit is a view of the bytes of the message that brought it, wherever
#   it lies in them. Its flags say ALIGNED False. Arithmetic in NumPy works on it all the same, so nobody notices.
# Why it matters: compiled code that takes the address of the numbers, as a simulation of disks does, must refuse such
#   an array, copy it without being asked, or read doubles across their borders, which C and C++ do not define. hthm
#   refuses arrays that are not aligned, and sends runs to workers as bytes.
# Seen with: distributed 2026.8.0, dask 2026.8.0, numpy 2.4.6, Python 3.11:
#   sent: aligned True, arrived: aligned False
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check distributed==2026.8.0 dask==2026.8.0 numpy==2.4.6
cd "$folder"

cat >program.py <<'PROGRAM'
import sys

import numpy as np
from distributed import Client, LocalCluster


def is_aligned(velocities):
    return bool(velocities.flags.aligned)


if __name__ == "__main__":
    velocities = np.arange(1000.0)
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        arrived = client.submit(is_aligned, velocities, pure=False).result(timeout=60)
    print(f"sent: aligned {is_aligned(velocities)}, arrived: aligned {arrived}")
    if arrived or not is_aligned(velocities):
        sys.exit("changed: the array arrives aligned")
    print("as stated")
PROGRAM
venv/bin/python program.py
