#!/usr/bin/env bash
# The bytes of an HDF5 file that h5py writes in a Dask worker change from one time to the next.
#
# Expected: the same arrays, filters and versions, without track_times, make the same file: so they do in a plain Python
#   process, thousands of times, and checksums of files can be compared.
# What happens: HDF5 places the chunks of a dataset when it is flushed or closed, and h5py closes it when nothing in
#   Python refers to it any more. A worker's profiler looks at the frames of the threads that compute, every 10 ms
#   unless told otherwise (here every 1 ms), and holds them for a moment: a dataset then outlives the line that made it,
#   and its chunks come after the headers of the next one. The numbers are the same, the file is not.
# Why it matters: shards of a simulation whose checksums are compared between a cluster and one machine, or that are
#   stored by their checksums, differ now and then for no reason that one finds. Dataset.flush() after each dataset,
#   as hthm calls it, makes them equal.
# Seen with: h5py 3.16.0 (HDF5 2.0.0), distributed 2026.8.0, dask 2026.8.0, numpy 2.4.6, Python 3.11:
#   of 6000 files, the first with other bytes: here 6000, in a worker 1158, there if flushed 6000
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  distributed==2026.8.0 dask==2026.8.0 numpy==2.4.6 h5py==3.16.0
cd "$folder"

cat >program.py <<'PROGRAM'
import hashlib
import io
import sys

import dask
import h5py
import numpy as np
from distributed import Client, LocalCluster

MOST = 6_000


def files_until_two_differ(flushed):
    """How many files with the same content are written until one has other bytes; MOST if none has."""
    random = np.random.default_rng(0)
    velocities, pairs = random.random((2, 1000)), random.integers(0, 200, (2, 1000))
    first = None
    for number in range(1, MOST + 1):
        content = io.BytesIO()
        with h5py.File(content, "w", libver="v110") as file:
            for name, data in {"a": pairs, "b": velocities, "c": pairs, "d": velocities}.items():
                dataset = file.create_dataset(name, data=data, chunks=data.shape, compression=1, track_times=False)
                if flushed:
                    dataset.flush()
                del dataset
        digest = hashlib.sha256(content.getvalue()).hexdigest()
        first = first or digest
        if digest != first:
            return number
    return MOST


if __name__ == "__main__":
    here = files_until_two_differ(False)
    with (
        dask.config.set({"distributed.worker.profile.interval": "1ms"}),
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        there = client.submit(files_until_two_differ, False, pure=False).result(timeout=600)
        flushed = client.submit(files_until_two_differ, True, pure=False).result(timeout=600)
    print(f"of {MOST} files, the first with other bytes: here {here}, in a worker {there}, there if flushed {flushed}")
    if here < MOST or there == MOST or flushed < MOST:
        sys.exit("changed: a worker's files are as equal as those of a plain process, or flushing does not help")
    print("as stated")
PROGRAM
venv/bin/python program.py
